//! Submodules and large files: what a plain checkout does not bring.

use std::path::Path;
use std::time::Duration;

use crate::git::{Git, GitError};

/// Something about a worktree that its user should know; never a reason not to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// Its submodules are checked out.
    Submodules,
    /// Its submodules could not be checked out.
    SubmodulesFailed {
        /// What git said.
        reason: String,
    },
    /// It has files in LFS, and there is no `git-lfs`: they are pointers.
    LfsMissing,
}

impl std::fmt::Display for Extra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Submodules => f.write_str("submodules are checked out"),
            Self::SubmodulesFailed { reason } => {
                write!(
                    f,
                    "submodules could not be checked out: {reason}; `git submodule update --init` there tells more"
                )
            }
            Self::LfsMissing => {
                f.write_str("git-lfs is not installed: files in LFS are only pointers; install git-lfs")
            }
        }
    }
}

/// Brings the submodules of a fresh worktree, and says when LFS files are only pointers. `limit` is for the
/// submodules, which may come from the network.
///
/// # Errors
/// When git cannot be started.
pub fn extras(worktree: &Path, limit: Option<Duration>) -> Result<Vec<Extra>, GitError> {
    let mut found = Vec::new();
    if worktree.join(".gitmodules").is_file() {
        let git = Git::at(worktree).within(limit);
        found.push(match git.run(&["submodule", "update", "--init", "--recursive", "--quiet"]) {
            Ok(_) => Extra::Submodules,
            Err(GitError::Failed(failed)) => Extra::SubmodulesFailed { reason: first_complaint(&failed.stderr) },
            Err(error @ GitError::TimedOut { .. }) => Extra::SubmodulesFailed { reason: error.to_string() },
            Err(error) => return Err(error),
        });
    }
    if uses_lfs(worktree)? && !Git::at(worktree).output(&["lfs", "version"])?.ok() {
        found.push(Extra::LfsMissing);
    }
    Ok(found)
}

/// The first thing that went wrong: git tries again, and says what follows from it.
fn first_complaint(stderr: &str) -> String {
    let fatal = stderr.lines().find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
    fatal.or_else(|| stderr.lines().next()).unwrap_or_default().trim().to_owned()
}

fn uses_lfs(worktree: &Path) -> Result<bool, GitError> {
    let args =
        ["grep", "--quiet", "--no-recurse-submodules", "-F", "filter=lfs", "--", ".gitattributes", "**/.gitattributes"];
    Ok(Git::at(worktree).output(&args)?.ok())
}
