//! Repositories inside a worktree: submodules, and whatever a worker cloned or made there.
//!
//! To git they are one entry or nothing at all. Their files go into the snapshot as ordinary files, and those
//! of their commits that no remote of theirs has are fetched into `refs/gt/nested/`.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::snapshot::Folder;
use crate::git::worktree::paths_of;
use crate::git::{Git, GitError};
use crate::id::WorkerName;

/// The repositories in `folder` with work of their own, relative to it.
pub(super) fn find(folder: &Folder) -> Result<Vec<PathBuf>, GitError> {
    let untracked = folder.git().raw(&["ls-files", "--others", "--exclude-standard", "-z"])?;
    // Of all untracked things only a repository is listed as a folder.
    let mut found: Vec<PathBuf> =
        paths_of(&untracked).filter(|path| path.as_os_str().as_bytes().ends_with(b"/")).collect();
    // Submodules, and repositories that somebody staged as if they were one.
    let listing = folder.git().raw(&["ls-files", "--stage", "-z"])?;
    for entry in listing.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 ")) {
        let path = entry.splitn(2, |byte| *byte == b'\t').nth(1).unwrap_or_default();
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(path));
        if folder.path.join(&path).join(".git").exists() && has_work(&folder.path.join(&path))? {
            found.push(path);
        }
    }
    Ok(found)
}

fn has_work(repository: &Path) -> Result<bool, GitError> {
    let git = Git::at(repository);
    let args = ["status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=none"];
    Ok(!git.output(&args)?.stdout.is_empty() || has_own_commits(&git)?)
}

/// Whether it has commits that none of its remotes has; also when that cannot be read.
fn has_own_commits(git: &Git) -> Result<bool, GitError> {
    for source in ["--all", "HEAD"] {
        if source == "HEAD" && !git.output(&["rev-parse", "--verify", "--quiet", "HEAD"])?.ok() {
            continue;
        }
        let own = git.output(&["rev-list", "--max-count=1", source, "--not", "--remotes"])?;
        if !own.ok() || !own.stdout.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether it is another worktree of `repo`, whose refs are there anyway.
fn shares(repo: &Path, git: &Git) -> Result<bool, GitError> {
    let common = git.run(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    Ok(Path::new(&common).canonicalize().ok() == repo.canonicalize().ok())
}

/// Puts the files of `inner` into the index of `outer` and keeps its commits in `repo`.
pub(super) fn keep(
    repo: &Path,
    worker: &WorkerName,
    outer: &Folder,
    inner: &Path,
    temporary: &Path,
) -> Result<(), GitError> {
    let token = nanoid::nanoid!(8, &crate::id::ALPHABET);
    let path = outer.path.join(inner);
    let git = Git::at(&path);
    if git.output(&["rev-parse", "--git-dir"])?.ok() && has_own_commits(&git)? {
        let prefix = format!("refs/gt/nested/{worker}/{token}");
        let (all, head) = (format!("+refs/*:{prefix}/refs/*"), format!("+HEAD:{prefix}/HEAD"));
        let source = path.to_string_lossy();
        if !shares(repo, &git)? {
            crate::git::bare::fetch_from(repo, &source, &[&all], None)?;
        }
        if git.output(&["rev-parse", "--verify", "--quiet", "HEAD"])?.ok() {
            crate::git::bare::fetch_from(repo, &source, &[&head], None)?;
        }
    }
    let folder = Folder { git_dir: repo.to_owned(), path, index: temporary.join(&token) };
    let deeper = find(&folder)?;
    folder.add_all(&deeper)?;
    for repository in &deeper {
        keep(repo, worker, &folder, repository, temporary)?;
    }
    let tree = folder.write_tree()?;
    let mut prefix = b"--prefix=".to_vec();
    prefix.extend(inner.as_os_str().as_bytes());
    if !prefix.ends_with(b"/") {
        prefix.push(b'/');
    }
    // A submodule's own entry would be in the way of its files.
    let link: [&std::ffi::OsStr; 4] =
        ["update-index".as_ref(), "--force-remove".as_ref(), "--".as_ref(), inner.as_os_str()];
    outer.git().output(&link)?;
    let graft: [&std::ffi::OsStr; 3] =
        ["read-tree".as_ref(), std::ffi::OsStr::from_bytes(&prefix), tree.as_str().as_ref()];
    outer.git().run(&graft)?;
    fs::remove_file(&folder.index).ok();
    Ok(())
}
