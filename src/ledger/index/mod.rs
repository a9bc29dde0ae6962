//! The index: a SQLite cache of the ledger at one commit. Deletable at any time.
//!
//! It stores each document's text, and for beads the columns that queries need and the JSON that
//! `--json` prints, so that a read command parses only what it shows.

mod alike;
mod compare;
mod condition;
mod query;
mod rows;
mod schema;
pub(super) mod update;

pub use alike::Holders;
pub use condition::{BeadQuery, Order};
pub use query::{Line, Row};
pub use schema::Index;

/// Why the index could not be used. It is a cache: the remedy is always to build it anew.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite said no.
    #[error("the index {path} cannot be {action}")]
    Sqlite {
        /// The file.
        path: String,
        /// What was tried.
        action: &'static str,
        /// SQLite's word.
        source: rusqlite::Error,
    },
    /// The ledger's objects could not be read.
    #[error(transparent)]
    Objects(#[from] crate::git::objects::ObjectsError),
}

impl IndexError {
    /// Whether the file could not be written for want of room or of permission, and is none the worse.
    pub fn is_of_the_disk(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure};
        let Self::Sqlite { source, .. } = self else { return false };
        let code = source.sqlite_error_code();
        code.is_some_and(|code| matches!(code, CannotOpen | DiskFull | PermissionDenied | ReadOnly | SystemIoFailure))
    }
}
