//! The two halves of a worktree: its `.git` file and its folder in the repository, which must agree.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError};

/// What the `.git` of a folder says.
pub(super) enum Found {
    /// It is a worktree of the repository; this is its folder there.
    Ours(PathBuf),
    /// There is no folder.
    Missing,
    /// It is something else, and this is what.
    Foreign(String),
}

/// The folder `<repo>/worktrees/<id>` of the worktree at `path`, also when the worktree itself is gone or
/// broken: it holds HEAD and its reflog.
pub fn admin_dir(repo: &Path, path: &Path) -> Option<PathBuf> {
    let wanted = canonical(&path.join(".git"));
    let folders = fs::read_dir(repo.join("worktrees")).ok()?.flatten().map(|entry| entry.path());
    let mut ours =
        folders.filter(|folder| read_path(&folder.join("gitdir")).is_some_and(|link| canonical(&link) == wanted));
    ours.next()
}

/// Every worktree that a repository has registered, read once: for looking at many.
#[derive(Debug, Clone, Default)]
pub struct Registry(BTreeMap<PathBuf, PathBuf>);

/// A registered worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Where it is, or was.
    pub path: PathBuf,
    /// Its folder in the repository.
    pub folder: PathBuf,
}

impl Registry {
    /// Reads the registry of `repo`; empty when there is none.
    pub fn read(repo: &Path) -> Self {
        let folders = fs::read_dir(repo.join("worktrees")).into_iter().flatten().flatten().map(|entry| entry.path());
        Self(folders.filter_map(|folder| Some((canonical(&read_path(&folder.join("gitdir"))?), folder))).collect())
    }

    /// As [`admin_dir`].
    pub fn folder_of(&self, path: &Path) -> Option<&Path> {
        self.0.get(&canonical(&path.join(".git"))).map(PathBuf::as_path)
    }

    /// All of them, in the order of their paths.
    pub fn all(&self) -> impl Iterator<Item = Registered> {
        self.0
            .iter()
            .map(|(link, folder)| Registered { path: link.parent().unwrap_or(link).to_owned(), folder: folder.clone() })
    }
}

/// The other worktree that has `branch` checked out.
pub(super) fn holder(repo: &Path, branch: &str, except: &Path) -> Option<PathBuf> {
    let wanted = format!("ref: refs/heads/{branch}");
    let own = canonical(&except.join(".git"));
    let folders = fs::read_dir(repo.join("worktrees")).ok()?.flatten().map(|entry| entry.path());
    let holding =
        folders.filter(|folder| fs::read_to_string(folder.join("HEAD")).is_ok_and(|head| head.trim() == wanted));
    let mut links =
        holding.filter_map(|folder| read_path(&folder.join("gitdir"))).filter(|link| canonical(link) != own);
    links.next().map(|link| link.parent().unwrap_or(&link).to_owned())
}

/// What keeps the folder at `path` from being a worktree of `repo`, if anything does. No run of git.
pub fn damage(repo: &Path, path: &Path) -> Option<String> {
    match find(repo, path) {
        Found::Ours(_) => None,
        Found::Missing => Some("the folder is gone".to_owned()),
        Found::Foreign(reason) => Some(reason),
    }
}

/// Joins the two halves of worktrees again where one was damaged and the other tells where it belongs: a lost `.git`
/// file, a moved folder that is at `path` now. What cannot be mended stays as it is.
///
/// # Errors
/// When the lock fails or git cannot be started.
pub fn mend<G, E: From<GitError>>(repo: &Path, path: &Path, lock: impl Fn() -> Result<G, E>) -> Result<(), E> {
    let guard = lock()?;
    if path.is_dir() {
        Git::on(repo).output(&["worktree".as_ref(), "repair".as_ref(), path.as_os_str()])?;
    }
    drop(guard);
    Ok(())
}

pub(super) fn find(repo: &Path, path: &Path) -> Found {
    let foreign = |reason: String| Found::Foreign(reason);
    if !path.is_dir() {
        return match fs::symlink_metadata(path) {
            Err(_) => Found::Missing,
            Ok(_) => foreign("it is not a folder".to_owned()),
        };
    }
    let link = path.join(".git");
    match fs::symlink_metadata(&link) {
        Err(_) => return foreign("its .git file is gone".to_owned()),
        Ok(meta) if !meta.is_file() => return foreign("its .git is a repository of its own".to_owned()),
        Ok(_) => {}
    }
    let Some(target) = read_path(&link).map(|target| path.join(target)) else {
        return foreign("its .git file cannot be read".to_owned());
    };
    if target.parent().map(canonical) != Some(canonical(&repo.join("worktrees"))) {
        return foreign(format!("its .git file points to {}", target.display()));
    }
    if !target.join("HEAD").exists() {
        return foreign("the repository does not know it any more".to_owned());
    }
    match read_path(&target.join("gitdir")) {
        Some(back) if canonical(&back) == canonical(&link) => Found::Ours(target),
        _ => foreign("the repository has this worktree at another place".to_owned()),
    }
}

/// The path in a `.git` or `gitdir` file.
fn read_path(file: &Path) -> Option<PathBuf> {
    let bytes = fs::read(file).ok()?;
    let bytes = bytes.strip_prefix(b"gitdir: ").unwrap_or(&bytes);
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'))?;
    Some(PathBuf::from(OsStr::from_bytes(&bytes[..=end])))
}

/// The real path; of something that is not there, the real path of its folder and its name.
fn canonical(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => canonical(parent).join(name),
        _ => path.to_owned(),
    }
}
