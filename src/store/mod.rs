//! Files that several processes share: atomic writes, locks, and the SQLite file of local state.
//!
//! Everything here is about one machine. What must survive it belongs to the ledger, in git; what can be
//! asked of the machine again (is it running?) is not stored but derived.

mod atomic;
mod foreign;
mod free;
mod lock;
mod process;
mod room;
mod state;
#[cfg(test)]
mod tests;
mod watch;
mod written;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use atomic::{TEMPORARY_SUFFIX, change_places, sync_dir, write_atomic};
pub use foreign::{Foreign, Record};
pub use free::free_path;
pub use lock::{FileLock, Owner};
pub use process::{ProcessId, boot_id};
pub use room::{SEE_TO_THE_DISK, hindrance};
pub use state::{
    Counter, Delivery, Event, Message, Mode, NewEvent, NewMessage, SessionAgent, SessionEnd, SessionRow, StateDb,
    Tuning,
};
pub use watch::Watch;
pub use written::{written, written_at};

/// Why a file could not be locked, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the lock, and kept it for longer than the caller wanted to wait.
    #[error("{path} is locked by {holder}, and still was after {waited:.1?}", path = path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, for people: `process 4711 (gt sling web-x7k2m)`.
        holder: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried: "open the lock".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// SQLite refused something.
    #[error("cannot {action} in {path}: {source}", path = path.display())]
    Database {
        /// What was tried: "record the session".
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// Its reason.
        source: rusqlite::Error,
    },
    /// The database is damaged. It was moved aside, so the next command starts with an empty one.
    #[error("{path} is damaged ({reason}); it was kept as {kept_as}", path = path.display(), kept_as = kept_as.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
        /// Where the damaged file is now.
        kept_as: PathBuf,
    },
    /// The database was written by a newer `gt`.
    #[error("{path} has version {found}, and this gt knows versions up to {known}", path = path.display())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
}

impl StoreError {
    fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// The class of this failure.
    pub fn kind(&self) -> crate::error::Kind {
        use crate::error::Kind;
        match self {
            Self::Locked { .. } => Kind::Retryable,
            Self::Io { .. } | Self::Database { .. } => Kind::External,
            Self::Damaged { .. } => Kind::Corrupt,
            Self::TooNew { .. } => Kind::Refused,
        }
    }

    /// What to do next, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Locked { .. } => Some("wait for that process to end, then try again"),
            Self::Io { .. } => None,
            Self::Database { .. } => Some("see whether the disk is full or read-only, then try again"),
            Self::Damaged { .. } => Some("try again: sessions are found anew from their run folders"),
            Self::TooNew { .. } => Some("install the newer gt"),
        }
    }
}

impl From<StoreError> for crate::error::Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::new(error.kind(), error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
