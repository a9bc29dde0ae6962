//! What can go wrong with git, told apart without searching its messages.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Oid;
use crate::error::{Failure, Kind};

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no git program.
    #[error("git is not installed or not in PATH; install git 2.38 or newer with the system's package manager")]
    NotInstalled,
    /// The git program lacks what this product needs.
    #[error("git {found} is too old; install git 2.38 or newer")]
    TooOld {
        /// What `git --version` says.
        found: String,
    },
    /// The folder that git was to run in is not there.
    #[error("the folder {} does not exist", .dir.display())]
    NoFolder {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder is not the repository or worktree that it should be.
    #[error("{} is not a git repository that can be used here: {reason}", .dir.display())]
    NotARepository {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The program could not be started.
    #[error("git could not be started in {}: {source}", .dir.display())]
    Start {
        /// The folder that it was to run in.
        dir: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A command ended with an error.
    #[error("{0}")]
    Failed(Box<Failed>),
    /// A command ran longer than it was allowed to, and was ended with everything it had started.
    #[error("`{command}` in {} did not end within {} s and was stopped; check the network and the remote, then try again", .dir.display(), .limit.as_secs())]
    TimedOut {
        /// The command line.
        command: String,
        /// The folder that it ran in.
        dir: PathBuf,
        /// The time that it had.
        limit: Duration,
    },
    /// A command's answer was not of the documented form.
    #[error("`{command}` answered something unexpected: {answer:?}")]
    Answer {
        /// The command line.
        command: String,
        /// The part that was not understood.
        answer: String,
    },
    /// A ref is held by a lock file.
    #[error("the ref {name} is locked by {}; another git may be running, or one was killed", .lock.display())]
    Locked {
        /// The full name of the ref.
        name: String,
        /// The lock file.
        lock: PathBuf,
    },
    /// A branch is checked out in another worktree.
    #[error("the branch {branch} is checked out in {}", .holder.display())]
    BranchInUse {
        /// The branch.
        branch: String,
        /// The worktree that has it.
        holder: PathBuf,
    },
    /// A pin exists and holds something else.
    #[error("{name} already holds {found}, not {wanted}")]
    PinTaken {
        /// The full name of the ref.
        name: String,
        /// What it holds.
        found: Oid,
        /// What it was to hold.
        wanted: Oid,
    },
    /// A file of the repository could not be read or changed.
    #[error("cannot {action} {}: {source}", .path.display())]
    Files {
        /// The verb: "read", "remove", "move".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A git command that ended with an error.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The command line, without our own options.
    pub command: String,
    /// The folder that it ran in.
    pub dir: PathBuf,
    /// Its exit status; none when a signal ended it.
    pub status: Option<i32>,
    /// The last lines of what it said on stderr.
    pub stderr: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed in {}", self.command, self.dir.display())?;
        match self.status {
            Some(status) => write!(f, " (exit {status})")?,
            None => f.write_str(" (killed)")?,
        }
        if !self.stderr.is_empty() {
            write!(f, ": {}", self.stderr)?;
        }
        Ok(())
    }
}

impl GitError {
    /// The exit status when a command ended with an error by itself.
    pub fn status(&self) -> Option<i32> {
        match self {
            Self::Failed(failed) => failed.status,
            _ => None,
        }
    }

    /// Wraps a failure of the file system, for `map_err`.
    pub(crate) fn files(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Files { action, path, source }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let kind = match &error {
            GitError::NoFolder { .. } => Kind::NotFound,
            GitError::NotARepository { .. } => Kind::Invalid,
            GitError::TimedOut { .. } | GitError::Locked { .. } => Kind::Retryable,
            GitError::PinTaken { .. } | GitError::BranchInUse { .. } => Kind::Conflict,
            _ => Kind::External,
        };
        Self::new(kind, error.to_string())
    }
}

/// The last lines of `text`, at most 20 and 2,000 characters: where git says what went wrong.
pub(super) fn tail(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let tail = lines[lines.len().saturating_sub(20)..].join("\n");
    let skip = tail.chars().count().saturating_sub(2_000);
    tail.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_end() {
        let long: String = (0..100).map(|n| format!("line {n}\n\n")).collect();
        let tail = tail(long.as_bytes());
        assert!(tail.ends_with("line 99") && tail.starts_with("line 80"), "{tail}");
        assert_eq!(super::tail(&[b'x'; 5_000]).len(), 2_000);
    }
}
