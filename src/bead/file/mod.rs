//! The file of a bead, and what convoys and mail need to write theirs in the same form.

mod json;
mod parse;
mod reader;
mod render;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use json::unknown_keys;
pub use reader::Reader;
pub use writer::Writer;

/// What is wrong with a file of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {reason}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct FileError {
    /// The file, relative to the town.
    pub path: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong there.
    pub reason: String,
}
