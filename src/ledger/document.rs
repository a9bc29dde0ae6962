//! What every file of the ledger has: a path, a text, and a way between the two.

/// A file of the ledger that cannot be read as what its path says it is.
pub use crate::bead::FileError as DocumentError;

use crate::bead::Bead;

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

impl Document for Bead {
    const FOLDER: &'static str = "beads";

    fn path(&self) -> String {
        self.id.path()
    }

    fn parse(path: &str, text: &str) -> Result<Self, DocumentError> {
        Self::parse(path, text)
    }

    fn render(&self) -> String {
        self.render()
    }
}
