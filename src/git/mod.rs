//! tmp
mod error;
pub mod objects;
mod oid;
mod program;
pub mod staging;
#[cfg(test)]
mod testing;
mod timed;
pub mod stale {
    pub fn remove_if_newer(path: &std::path::Path, since: std::time::SystemTime) -> bool {
        let _ = (path, since);
        false
    }
}
pub use error::{Failed, GitError};
pub use oid::{InvalidOid, Oid};
pub use program::{Git, GitOutput, OLDEST, Version, version};

impl From<GitError> for crate::error::Failure {
    fn from(e: GitError) -> Self {
        crate::error::Failure::new(crate::error::Kind::External, e.to_string())
    }
}
