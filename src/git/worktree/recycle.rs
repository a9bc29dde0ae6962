//! A used worktree made as good as new, with its warm files and caches.

use std::fs;
use std::path::Path;

use super::add::{Cut, add, check_out};
use super::admin;
use super::remove::remove;
use super::state::{State, look_at_tracked};
use crate::git::{Git, GitError, staging};

/// How long an id is in a repository of git's usual kind.
const SHA1_DIGITS: usize = 40;

/// How a worktree was made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recycled {
    /// The old one was cleaned and reused.
    Warm,
    /// There was none, or it could not be cleaned: a new one was cut.
    New,
}

/// What half-done operations leave in a worktree's git folder, and settings of that worktree alone.
const LEFTOVERS: &[&str] = &[
    "AUTO_MERGE",
    "BISECT_ANCESTORS_OK",
    "BISECT_EXPECTED_REV",
    "BISECT_FIRST_PARENT",
    "BISECT_HEAD",
    "BISECT_LOG",
    "BISECT_NAMES",
    "BISECT_RUN",
    "BISECT_START",
    "BISECT_TERMS",
    "CHERRY_PICK_HEAD",
    "MERGE_AUTOSTASH",
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "MERGE_RR",
    "NOTES_MERGE_PARTIAL",
    "NOTES_MERGE_REF",
    "NOTES_MERGE_WORKTREE",
    "REBASE_HEAD",
    "REVERT_HEAD",
    "SQUASH_MSG",
    "config.worktree",
    "index.lock",
    "HEAD.lock",
    "info/sparse-checkout",
    "info/sparse-checkout.lock",
    "rebase-apply",
    "rebase-merge",
    "refs",
    "sequencer",
];

/// Makes the worktree ready at `cut.commit` on `cut.branch`: every tracked file as committed, nothing
/// untracked. Ignored files stay; with `keep` only those that match one of its patterns (as in `.gitignore`)
/// do. What cannot be cleaned is moved into the folder `trash` and cut anew.
///
/// Whoever worked there must have ended, and everything worth keeping must be pinned: this forgets it.
///
/// # Errors
/// When the branch is checked out elsewhere, the lock fails, or git fails.
pub fn recycle<G, E: From<GitError>>(
    cut: &Cut<'_>,
    keep: Option<&[String]>,
    trash: &Path,
    lock: impl Fn() -> Result<G, E>,
) -> Result<Recycled, E> {
    if let admin::Found::Ours(git_dir) = admin::find(cut.repo, cut.path) {
        match clean(cut, &git_dir, keep) {
            Ok(true) => return Ok(Recycled::Warm),
            // Not this worktree's fault: a new one would meet the same.
            Err(error @ GitError::BranchInUse { .. }) => return Err(error.into()),
            Ok(false) | Err(_) => {}
        }
    }
    remove(cut.repo, cut.path, trash, &lock)?;
    add(cut, lock)?;
    Ok(Recycled::New)
}

fn clean(cut: &Cut<'_>, git_dir: &Path, keep: Option<&[String]>) -> Result<bool, GitError> {
    for name in LEFTOVERS {
        erase(&git_dir.join(name))?;
    }
    let git = Git::at(cut.path);
    if odd_index(cut, &git, git_dir)? {
        erase(&git_dir.join("index"))?;
    }
    check_out(cut)?;
    let mut args = vec!["clean", "--quiet", "-ffd"];
    if let Some(keep) = keep {
        args.push("-x");
        for pattern in keep {
            args.extend(["-e", pattern]);
        }
    }
    // At once: the one removes what git does not know, the other looks at what it knows.
    let (cleaned, after) = std::thread::scope(|scope| {
        let looking = scope.spawn(|| look_at_tracked(cut.repo, cut.path));
        (git.run(&args), looking.join())
    });
    cleaned?;
    let after = after.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(after.state == State::Clean && after.head.as_ref() == Some(cut.commit) && after.branch.as_deref() == cut.branch)
}

/// Whether any entry hides its file from git or is in conflict, or the index cannot be read.
fn odd_index(cut: &Cut<'_>, git: &Git, git_dir: &Path) -> Result<bool, GitError> {
    // Starting git and reading its list takes as long as the rest of the work on a large repository.
    if cut.commit.as_str().len() == SHA1_DIGITS
        && let Some(plain) = staging::is_plain(git_dir)
    {
        return Ok(!plain);
    }
    let output = git.output(&["ls-files", "-v", "-z"])?;
    let odd = |entry: &[u8]| !entry.is_empty() && entry[0] != b'H';
    Ok(!output.ok() || output.stdout.split(|byte| *byte == 0).any(odd))
}

fn erase(path: &Path) -> Result<(), GitError> {
    let gone = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    gone.map_err(GitError::files("remove", path))
}
