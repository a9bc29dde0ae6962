//! What stands in the way of updating a person's checkout.

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::git::worktree::{State, look_at, paths_of};
use crate::git::{Git, GitError, Oid};

/// A reason to wait, with the files it is about.
pub(super) struct Obstacle {
    pub(super) reason: String,
    pub(super) paths: Vec<PathBuf>,
}

/// The worktrees of a repository in which the branch `name` (in full) is checked out.
pub(super) fn checkouts(git_dir: &Path, name: &str) -> Result<Vec<PathBuf>, GitError> {
    let wanted = format!("branch {name}");
    let hits = worktrees(git_dir)?.into_iter().filter(|(_, fields)| fields.contains(&wanted));
    Ok(hits.map(|(path, _)| path).collect())
}

/// The worktree in which the branch `name` is being rebased: its HEAD is detached, and the end of the rebase
/// will move the branch.
pub(super) fn rebasing(git_dir: &Path, name: &str) -> Result<Option<PathBuf>, GitError> {
    let linked = fs::read_dir(git_dir.join("worktrees")).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in std::iter::once(git_dir.to_owned()).chain(linked) {
        for state in ["rebase-merge/head-name", "rebase-apply/head-name"] {
            if fs::read_to_string(folder.join(state)).is_ok_and(|head| head.trim() == name) {
                let link = fs::read_to_string(folder.join("gitdir")).unwrap_or_default();
                let path = if link.is_empty() { folder.as_path() } else { Path::new(link.trim()) };
                return Ok(Some(path.parent().unwrap_or(path).to_owned()));
            }
        }
    }
    Ok(None)
}

fn worktrees(git_dir: &Path) -> Result<Vec<(PathBuf, Vec<String>)>, GitError> {
    let listing = Git::on(git_dir).raw(&["worktree", "list", "--porcelain", "-z"])?;
    let mut found: Vec<(PathBuf, Vec<String>)> = Vec::new();
    for field in listing.split(|byte| *byte == 0).filter(|field| !field.is_empty()) {
        if let Some(path) = field.strip_prefix(b"worktree ") {
            found.push((PathBuf::from(std::ffi::OsStr::from_bytes(path)), Vec::new()));
        } else if let Some((_, fields)) = found.last_mut() {
            fields.push(String::from_utf8_lossy(field).into_owned());
        }
    }
    Ok(found
        .into_iter()
        .filter(|(path, fields)| path.exists() && !fields.iter().any(|field| field == "bare"))
        .collect())
}

/// What would be lost or mixed up if `checkout` moved from `tip` to `commit`; both are known to `rig`.
pub(super) fn find(rig: &Path, checkout: &Path, tip: Option<&Oid>, commit: &Oid) -> Result<Option<Obstacle>, GitError> {
    let obstacle = |reason: &str, paths: Vec<PathBuf>| Ok(Some(Obstacle { reason: reason.to_owned(), paths }));
    match look_at(checkout)?.state {
        State::Busy { operation, .. } => return obstacle(&format!("a {operation} is in progress"), Vec::new()),
        State::Dirty { changed, .. } if !changed.is_empty() => return obstacle("it has uncommitted changes", changed),
        _ => {}
    }
    let changes = changes(rig, tip, commit)?;
    let touched = touched(checkout, &changes)?;
    if !touched.is_empty() {
        return obstacle("files that git was told not to look at would be overwritten", touched);
    }
    let paths = overwritten(checkout, &changes)?;
    if paths.is_empty() { Ok(None) } else { obstacle("untracked or ignored files would be overwritten", paths) }
}

/// The files of `checkout` that are changed, and those that git does not know and `commit` would overwrite. None where
/// something else is in the way.
#[expect(clippy::type_complexity, reason = "two lists of the same, and nothing else knows them")]
pub(super) fn files(
    rig: &Path,
    checkout: &Path,
    tip: Option<&Oid>,
    commit: &Oid,
) -> Result<Option<(Vec<PathBuf>, Vec<PathBuf>)>, GitError> {
    let changed = match look_at(checkout)?.state {
        State::Clean => Vec::new(),
        State::Dirty { changed, .. } => changed,
        State::Busy { .. } | State::Missing | State::Foreign { .. } => return Ok(None),
    };
    let changes = changes(rig, tip, commit)?;
    let free = touched(checkout, &changes)?.is_empty();
    Ok(if free { Some((changed, overwritten(checkout, &changes)?)) } else { None })
}

/// Files that git was told not to look at and that change.
fn touched(checkout: &Path, changes: &[Change]) -> Result<Vec<PathBuf>, GitError> {
    let hidden = hidden(checkout)?;
    Ok(changes.iter().filter(|change| hidden.contains(&change.path)).map(|c| c.path.clone()).collect())
}

/// Untracked and ignored files that the changes would overwrite.
fn overwritten(checkout: &Path, changes: &[Change]) -> Result<Vec<PathBuf>, GitError> {
    let tracked: HashSet<PathBuf> = paths_of(&Git::at(checkout).raw(&["ls-files", "-z"])?).collect();
    let mut paths = Vec::new();
    for change in changes.iter().filter(|change| change.added) {
        in_the_way(checkout, &change.path, &tracked, &mut paths)?;
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

struct Change {
    path: PathBuf,
    added: bool,
}

fn changes(rig: &Path, tip: Option<&Oid>, commit: &Oid) -> Result<Vec<Change>, GitError> {
    let git = Git::on(rig);
    let Some(tip) = tip else {
        let listing = git.raw(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit.as_str()])?;
        return Ok(paths_of(&listing).map(|path| Change { path, added: true }).collect());
    };
    let args = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", tip.as_str(), commit.as_str()];
    let listing = git.raw(&args)?;
    let mut fields = listing.split(|byte| *byte == 0);
    let mut found = Vec::new();
    while let (Some(status @ [_, ..]), Some(path)) = (fields.next(), fields.next()) {
        found.push(Change { path: PathBuf::from(std::ffi::OsStr::from_bytes(path)), added: status == b"A" });
    }
    Ok(found)
}

/// Tracked files whose changes `git status` does not show: assume-unchanged and skip-worktree.
fn hidden(checkout: &Path) -> Result<HashSet<PathBuf>, GitError> {
    let listing = Git::at(checkout).raw(&["ls-files", "-v", "-z"])?;
    let odd = |entry: &&[u8]| entry.len() > 2 && (entry[0] == b'S' || entry[0].is_ascii_lowercase());
    let paths = listing
        .split(|byte| *byte == 0)
        .filter(odd)
        .map(|entry| PathBuf::from(std::ffi::OsStr::from_bytes(&entry[2..])));
    Ok(paths.filter(|path| fs::symlink_metadata(checkout.join(path)).is_ok()).collect())
}

/// Collects what lies at `path` (a file that the update adds) and is not tracked: the file itself, a file
/// where one of its folders must be, or the files of a folder where it must be.
fn in_the_way(
    checkout: &Path,
    path: &Path,
    tracked: &HashSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<(), GitError> {
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        let there = fs::symlink_metadata(checkout.join(folder));
        if there.is_ok_and(|there| !there.is_dir()) && !tracked.contains(folder) {
            found.push(folder.to_owned());
        }
    }
    match fs::symlink_metadata(checkout.join(path)) {
        Ok(there) if there.is_dir() => untracked_below(checkout, path, tracked, found),
        Ok(_) if !tracked.contains(path) => {
            found.push(path.to_owned());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn untracked_below(
    checkout: &Path,
    folder: &Path,
    tracked: &HashSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<(), GitError> {
    let full = checkout.join(folder);
    for entry in fs::read_dir(&full).map_err(GitError::files("read", &full))? {
        let entry = entry.map_err(GitError::files("read", &full))?;
        let path = folder.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            untracked_below(checkout, &path, tracked, found)?;
        } else if !tracked.contains(&path) {
            found.push(path);
        }
    }
    Ok(())
}
