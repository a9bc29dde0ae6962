//! The index file of the ledger, kept in step with the branch so that `git status` stays clean.
//!
//! The order is what makes it safe: `index.lock` is taken before the branch moves and renamed over the
//! index after it. A person's `git commit` in between fails on the lock instead of committing a stale
//! index and with it putting other documents back. A kill in between leaves `index.lock` behind: as it is a
//! hard link to a file of ours, the next transaction knows it from the lock of any other program.

mod file;

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use file::IndexFileError;
use file::{Facts, IndexFile};

use super::Oid;

/// Why the index could not be brought in step.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// A file could not be written.
    #[error("cannot write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The index is none that can be read.
    #[error("cannot read the index {path}")]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong with it.
        source: IndexFileError,
    },
}

/// One path of the index to bring in step.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The path in the tree.
    pub path: String,
    /// The blob that the branch had there before.
    pub old: Option<Oid>,
    /// The blob that the branch has there now.
    pub new: Option<Oid>,
    /// Whether the file on disk has exactly the content of `new`, so that its times may be recorded.
    pub in_step: bool,
}

/// The lock on the index that git itself takes; released when dropped.
pub struct IndexLock {
    git_dir: PathBuf,
    lock: PathBuf,
}

/// Lets two files that exist change their names.
pub type Exchange = fn(&Path, &Path) -> io::Result<()>;

impl IndexLock {
    /// Takes `index.lock`; nothing when somebody else still holds it after `patience`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn take(git_dir: &Path, patience: Duration) -> Result<Option<Self>, StagingError> {
        let (lock, mark) = places(git_dir);
        OpenOptions::new().append(true).create(true).open(&mark).map_err(file_error(&mark))?;
        let start = Instant::now();
        loop {
            match link(&mark, &lock) {
                Ok(()) => return Ok(Some(Self { git_dir: git_dir.to_owned(), lock })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(StagingError::File { path: lock, source }),
            }
            if start.elapsed() >= patience {
                return Ok(None);
            }
            // Another git program holds it for milliseconds; there is no event to wait for.
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Removes the `index.lock` that a killed predecessor left, and no other. Only who keeps all processes of ours away
    /// may ask for it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear_own(git_dir: &Path) -> Result<(), StagingError> {
        let (lock, mark) = places(git_dir);
        if is_same(&mark, &lock) { fs::remove_file(&lock).map_err(file_error(&lock)) } else { Ok(()) }
    }

    /// Writes the index with `staged` brought in step and gives the lock back.
    ///
    /// An entry that is neither `old` nor `new` was staged by a person and stays. `exchange` lets two files change their
    /// names in one step, where the system can do that: some file systems write a file to the disk at once that is
    /// renamed over another one.
    ///
    /// # Errors
    /// When the index cannot be read or written; the lock is given back all the same.
    pub fn publish(self, root: &Path, staged: &[Staged], exchange: Exchange) -> Result<(), StagingError> {
        let current = self.git_dir.join("index");
        let mut index = read(&current)?;
        if let Ok(written) = fs::metadata(&current) {
            // Git trusts times of a whole second, except for files of the very second in which the index was written.
            // Writing it anew, later, would take that mistrust away, and with it sight of an edit from that second:
            // git does the same. The format keeps the low 32 bits of a time.
            index.doubt_since(written.mtime() as u32);
        }
        for staged in staged {
            bring_in_step(&mut index, root, staged);
        }
        let next = self.git_dir.join("gt").join("index.next");
        write(&next, &index.render()).map_err(file_error(&next))?;
        // Dropping the lock removes it, and not by renaming it over the index: it stays ours to know to the end.
        match exchange(&next, &current) {
            Ok(()) => fs::remove_file(&next).map_err(file_error(&next)),
            Err(_) => fs::rename(&next, &current).map_err(file_error(&current)),
        }
    }
}

fn read(path: &Path) -> Result<IndexFile, StagingError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(file_error(path))?,
    };
    IndexFile::parse(bytes).map_err(|source| StagingError::Index { path: path.to_owned(), source })
}

#[expect(clippy::disallowed_methods, reason = "written beside its place and renamed into it")]
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)
}

/// The lock, and the file of ours that it is a link to.
fn places(git_dir: &Path) -> (PathBuf, PathBuf) {
    (git_dir.join("index.lock"), git_dir.join("gt").join("index.mark"))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> StagingError {
    let path = path.to_owned();
    move |source| StagingError::File { path, source }
}

pub(in crate::git) fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::symlink_metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Makes the lock. Where the file system knows no hard links it is a plain file, and a killed one stays until a
/// person removes it.
pub(in crate::git) fn link(mark: &Path, lock: &Path) -> io::Result<()> {
    match fs::hard_link(mark, lock) {
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            OpenOptions::new().write(true).create_new(true).open(lock).map(drop)
        }
        made => made,
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.lock);
    }
}

/// Whether the index in the git folder `git_dir` is there as it was written.
/// Only of repositories whose ids are SHA-1.
pub fn is_whole(git_dir: &Path) -> bool {
    fs::read(git_dir.join("index")).is_ok_and(|bytes| file::has_sum(&bytes))
}

/// What the index of the repository at `git_dir` has at `paths`, in their order.
///
/// # Errors
/// When the index cannot be read.
pub fn staged_at<'p>(
    git_dir: &Path,
    paths: impl IntoIterator<Item = &'p str>,
) -> Result<Vec<Option<Oid>>, StagingError> {
    let index = read(&git_dir.join("index"))?;
    Ok(paths.into_iter().map(|path| index.blob(path)).collect())
}

/// Whether no entry of the index in the git folder `git_dir` hides its file from git, and none is in conflict; nothing
/// where this cannot be told without git. Only of repositories whose ids are SHA-1.
pub(in crate::git) fn is_plain(git_dir: &Path) -> Option<bool> {
    let bytes = fs::read(git_dir.join("index")).ok()?;
    IndexFile::parse(bytes).ok().map(|index| index.is_plain())
}

fn bring_in_step(index: &mut IndexFile, root: &Path, staged: &Staged) {
    let present = index.blob(&staged.path);
    if present != staged.old && present != staged.new {
        return;
    }
    match &staged.new {
        None => index.remove(&staged.path),
        Some(id) => index.put(&staged.path, id, facts(root, staged)),
    }
}

/// The file's times when the file has that content, else times that make git look again.
fn facts(root: &Path, staged: &Staged) -> Facts {
    match fs::symlink_metadata(root.join(&staged.path)) {
        // The index format keeps the low 32 bits of each.
        Ok(meta) if staged.in_step => Facts {
            changed: (meta.ctime() as u32, meta.ctime_nsec() as u32),
            modified: (meta.mtime() as u32, meta.mtime_nsec() as u32),
            device: meta.dev() as u32,
            inode: meta.ino() as u32,
            user: meta.uid(),
            group: meta.gid(),
            size: meta.size() as u32,
        },
        _ => Facts::default(),
    }
}
