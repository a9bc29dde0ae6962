//! A new worktree.

use std::path::Path;

use super::admin;
use crate::git::{Git, GitError, Oid};

/// A worktree as it is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Cut<'a> {
    /// The bare repository.
    pub repo: &'a Path,
    /// Where the worktree is or shall be.
    pub path: &'a Path,
    /// The branch to make (or to move) there, without `refs/heads/`; none for a detached HEAD.
    pub branch: Option<&'a str>,
    /// The commit to check out.
    pub commit: &'a Oid,
}

/// Makes a worktree at a path that does not exist or is an empty folder. Registers it without files under
/// `lock`, then checks out without it. The branch tracks nothing.
///
/// # Errors
/// When the path is taken, the branch is checked out elsewhere, the lock fails, or git fails.
pub fn add<G, E: From<GitError>>(cut: &Cut<'_>, lock: impl Fn() -> Result<G, E>) -> Result<(), E> {
    register(cut, &lock)?;
    Ok(check_out(cut)?)
}

fn register<G, E: From<GitError>>(cut: &Cut<'_>, lock: &impl Fn() -> Result<G, E>) -> Result<(), E> {
    if let Some(parent) = cut.path.parent() {
        std::fs::create_dir_all(parent).map_err(GitError::files("make", parent))?;
    }
    let guard = lock()?;
    let mut args: Vec<&std::ffi::OsStr> =
        ["worktree", "add", "--quiet", "--force", "--force", "--no-checkout", "--detach", "--"]
            .map(AsRef::as_ref)
            .to_vec();
    args.extend([cut.path.as_os_str(), cut.commit.as_str().as_ref()]);
    Git::on(cut.repo).run(&args)?;
    drop(guard);
    Ok(())
}

/// Checks out what is wanted, whatever is there now.
pub(super) fn check_out(cut: &Cut<'_>) -> Result<(), GitError> {
    let mut args = vec!["checkout", "--quiet", "--force", "--no-recurse-submodules"];
    match cut.branch {
        Some(branch) => {
            // Git before 2.43 lets `-B` move a branch under the feet of another worktree.
            if let Some(holder) = admin::holder(cut.repo, branch, cut.path) {
                return Err(GitError::BranchInUse { branch: branch.to_owned(), holder });
            }
            args.extend(["--no-track", "-B", branch]);
        }
        None => args.push("--detach"),
    }
    args.extend([cut.commit.as_str(), "--"]);
    Git::at(cut.path).run(&args).map(|_| ())
}
