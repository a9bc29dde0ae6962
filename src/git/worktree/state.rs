//! What a worktree is like right now.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::admin;
use crate::git::{Git, GitError, Oid};

/// The condition of a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing that `git status` would show.
    Clean,
    /// Work that is in no commit.
    Dirty {
        /// Tracked files that are changed, staged, deleted or conflicting.
        changed: Vec<PathBuf>,
        /// Files and folders that git does not know and does not ignore.
        untracked: Vec<PathBuf>,
    },
    /// A merge, a rebase or the like was begun and not ended.
    Busy {
        /// Which.
        operation: Operation,
        /// As for [`State::Dirty`].
        changed: Vec<PathBuf>,
        /// As for [`State::Dirty`].
        untracked: Vec<PathBuf>,
    },
    /// There is no such folder.
    Missing,
    /// The folder is not (or no longer) a worktree of this repository.
    Foreign {
        /// What is wrong with it.
        reason: String,
    },
}

/// An operation of git that takes several steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `git merge`
    Merge,
    /// `git rebase`
    Rebase,
    /// `git am`
    Mailbox,
    /// `git cherry-pick`
    CherryPick,
    /// `git revert`
    Revert,
    /// `git bisect`
    Bisect,
}

impl Operation {
    /// The first operation that has left its files in `git_dir`.
    pub(super) fn of(git_dir: &Path) -> Option<Self> {
        const MARKS: [(&str, Operation); 8] = [
            ("rebase-apply/applying", Operation::Mailbox),
            ("rebase-merge", Operation::Rebase),
            ("rebase-apply", Operation::Rebase),
            ("MERGE_HEAD", Operation::Merge),
            ("CHERRY_PICK_HEAD", Operation::CherryPick),
            ("REVERT_HEAD", Operation::Revert),
            ("sequencer", Operation::CherryPick),
            ("BISECT_LOG", Operation::Bisect),
        ];
        MARKS.iter().find(|(mark, _)| git_dir.join(mark).exists()).map(|(_, operation)| *operation)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "merge",
            Self::Rebase => "rebase",
            Self::Mailbox => "mailbox import (git am)",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Bisect => "bisect",
        })
    }
}

/// A worktree's condition and what is checked out in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its condition.
    pub state: State,
    /// The commit of its HEAD; none when it has none, is missing or foreign.
    pub head: Option<Oid>,
    /// The branch of its HEAD without `refs/heads/`; none when detached.
    pub branch: Option<String>,
}

/// Looks at the worktree `path` of the bare repository `repo`. One run of git, and none when the folder is
/// missing or foreign; a repository above the folder is never taken for it.
///
/// # Errors
/// When git fails.
pub fn look(repo: &Path, path: &Path) -> Result<Look, GitError> {
    look_for(repo, path, "normal")
}

/// The same without a search for files that git does not know, which takes half of the time.
///
/// # Errors
/// When git fails.
pub fn look_at_tracked(repo: &Path, path: &Path) -> Result<Look, GitError> {
    look_for(repo, path, "no")
}

fn look_for(repo: &Path, path: &Path, untracked: &str) -> Result<Look, GitError> {
    let lost = |state| Ok(Look { state, head: None, branch: None });
    match admin::find(repo, path) {
        admin::Found::Ours(git_dir) => status(path, &git_dir, untracked),
        admin::Found::Missing => lost(State::Missing),
        admin::Found::Foreign(reason) => lost(State::Foreign { reason }),
    }
}

/// Looks at any checkout, such as a person's own.
///
/// # Errors
/// When `path` is no checkout, or git fails.
pub fn look_at(path: &Path) -> Result<Look, GitError> {
    let git_dir = Git::at(path).run(&["rev-parse", "--absolute-git-dir"])?;
    status(path, Path::new(&git_dir), "normal")
}

fn status(path: &Path, git_dir: &Path, untracked: &str) -> Result<Look, GitError> {
    let untracked = format!("--untracked-files={untracked}");
    let args = [
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--no-renames",
        untracked.as_str(),
        "--ignore-submodules=none",
        "--no-ahead-behind",
    ];
    // A monitor that lies would hide work.
    let listing = Git::at(path).with("core.fsmonitor", "false").raw(&args)?;
    let (mut look, changed, untracked) = parse(&listing);
    look.state = match Operation::of(git_dir) {
        Some(operation) => State::Busy { operation, changed, untracked },
        None if changed.is_empty() && untracked.is_empty() => State::Clean,
        None => State::Dirty { changed, untracked },
    };
    Ok(look)
}

/// Reads `git status --porcelain=v2 --branch -z --no-renames`.
fn parse(listing: &[u8]) -> (Look, Vec<PathBuf>, Vec<PathBuf>) {
    let mut look = Look { state: State::Clean, head: None, branch: None };
    let (mut changed, mut untracked) = (Vec::new(), Vec::new());
    for entry in listing.split(|byte| *byte == 0) {
        match entry {
            [b'#', rest @ ..] => {
                let rest = String::from_utf8_lossy(rest);
                if let Some(oid) = rest.strip_prefix(" branch.oid ") {
                    look.head = oid.parse().ok();
                } else if let Some(branch) = rest.strip_prefix(" branch.head ").filter(|name| *name != "(detached)") {
                    look.branch = Some(branch.to_owned());
                }
            }
            // The path follows after a fixed number of fields that contain no space.
            [b'1', ..] => changed.extend(after_fields(entry, 8)),
            [b'u', ..] => changed.extend(after_fields(entry, 10)),
            [b'?', b' ', path @ ..] => untracked.push(PathBuf::from(OsStr::from_bytes(path))),
            _ => {}
        }
    }
    (look, changed, untracked)
}

fn after_fields(entry: &[u8], count: usize) -> Option<PathBuf> {
    entry.splitn(count + 1, |byte| *byte == b' ').nth(count).map(|path| PathBuf::from(OsStr::from_bytes(path)))
}

/// The paths of a `-z` listing.
pub fn paths_of(listing: &[u8]) -> impl Iterator<Item = PathBuf> + '_ {
    listing.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(|path| PathBuf::from(OsStr::from_bytes(path)))
}
