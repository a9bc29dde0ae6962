//! What every file of the ledger has: a path, a text, and a way between the two.

use std::fmt;

/// A kind of file in the ledger.
pub trait Document: Sized {
    /// The folder of its kind, such as `beads`; the first part of its path.
    const FOLDER: &'static str;

    /// Where it lies, relative to the town's root, with `/`.
    fn path(&self) -> String;

    /// Reads it from its text.
    ///
    /// # Errors
    /// Names the file, the line and the rule that it breaks.
    fn parse(path: &str, text: &str) -> Result<Self, DocumentError>;

    /// Its canonical text.
    fn render(&self) -> String;
}

/// A file of the ledger that cannot be read as what its path says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DocumentError {
    /// The path relative to the town's root.
    pub path: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.reason),
            None => write!(f, "{}: {}", self.path, self.reason),
        }
    }
}
