//! What can go wrong with a worker's sandbox.

use std::path::PathBuf;

use crate::error::{Failure, Kind};
use crate::git::GitError;
use crate::runtime::RuntimeError;
use crate::store::StoreError;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolecatError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The registry lock of the repository could not be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A set-up command could not be run at all.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A set-up command failed.
    #[error("set-up command `{command}` {how}; its output is in {}", .log.display())]
    SetUp {
        /// The command.
        command: String,
        /// "ended with 1", "did not end within 600 s".
        how: String,
        /// Where its output is.
        log: PathBuf,
        /// The last lines of its output.
        tail: String,
    },
    /// A path of `copy`, `link` or `setup_inputs` cannot be used.
    #[error("{path:?} cannot be used here: {reason}")]
    Path {
        /// As it is written in the rig's file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    Files {
        /// The verb: "copy", "link".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl PolecatError {
    pub(super) fn files(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Files { action, path, source }
    }
}

impl From<PolecatError> for Failure {
    fn from(error: PolecatError) -> Self {
        match error {
            PolecatError::Git(error) => error.into(),
            PolecatError::Store(error) => Self::new(error.kind(), error.to_string()),
            PolecatError::Runtime(error) => Self::new(error.kind(), error.to_string()),
            PolecatError::SetUp { ref tail, .. } if !tail.is_empty() => {
                Self::new(Kind::External, format!("{error}\n{}", tail.trim_end()))
            }
            PolecatError::Path { .. } => Self::new(Kind::Invalid, error.to_string()),
            _ => Self::new(Kind::External, error.to_string()),
        }
    }
}
