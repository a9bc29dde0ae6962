//! The index file of the ledger, kept in step with the branch so that `git status` stays clean.
//!
//! The order is what makes it safe: `index.lock` is taken before the branch moves and renamed over the
//! index after it. A person's `git commit` in between fails on the lock instead of committing a stale
//! index and with it putting other documents back. A kill in between leaves `index.lock` behind: as it is a
//! hard link to a file of ours, the next transaction knows it from the lock of any other program.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use git2::{Index, IndexEntry, IndexTime};

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
    /// libgit2 could not read or write the index.
    #[error("cannot rewrite the index {path}")]
    Index {
        /// The index file.
        path: PathBuf,
        /// libgit2's word.
        source: git2::Error,
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
    /// An entry that is neither `old` nor `new` was staged by a person and stays.
    ///
    /// # Errors
    /// When the index cannot be read or written; the lock is given back all the same.
    pub fn publish(self, root: &Path, staged: &[Staged]) -> Result<(), StagingError> {
        let current = self.git_dir.join("index");
        let next = self.git_dir.join("gt").join("index.next");
        match fs::copy(&current, &next) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::remove_file(&next) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&next)(error)),
                _ => {}
            },
            Err(error) => return Err(file_error(&next)(error)),
        }
        // libgit2's own lock on the copy, left by a predecessor that was killed: whoever has `index.lock` is alone here.
        let _ = fs::remove_file(next.with_extension("next.lock"));
        let index_error = |source| StagingError::Index { path: current.clone(), source };
        let mut index = Index::open(&next).map_err(index_error)?;
        if let Ok(written) = fs::metadata(&current) {
            smudge(&mut index, written.mtime() as i32).map_err(index_error)?;
        }
        for staged in staged {
            bring_in_step(&mut index, root, staged).map_err(index_error)?;
        }
        index.write().map_err(index_error)?;
        // Dropping the lock removes it, and not by renaming it over the index: it stays ours to know to the end.
        fs::rename(&next, &current).map_err(file_error(&current))
    }
}

/// The lock, and the file of ours that it is a link to.
fn places(git_dir: &Path) -> (PathBuf, PathBuf) {
    (git_dir.join("index.lock"), git_dir.join("gt").join("index.mark"))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> StagingError {
    let path = path.to_owned();
    move |source| StagingError::File { path, source }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::symlink_metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Makes the lock. Where the file system knows no hard links it is a plain file, and a killed one stays until a
/// person removes it.
fn link(mark: &Path, lock: &Path) -> io::Result<()> {
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

/// What the index of the repository at `git_dir` has at `paths`, in their order.
///
/// # Errors
/// When the index cannot be read.
pub fn staged_at<'p>(
    git_dir: &Path,
    paths: impl IntoIterator<Item = &'p str>,
) -> Result<Vec<Option<Oid>>, StagingError> {
    let path = git_dir.join("index");
    let index = Index::open(&path).map_err(|source| StagingError::Index { path, source })?;
    Ok(paths.into_iter().map(|path| index.get_path(Path::new(path), 0).map(|entry| entry.id.into())).collect())
}

/// Makes git look again at entries that are not older than the index, which was written at `written` seconds.
///
/// Git trusts times of a whole second, except for files of the very second in which the index was written. Writing
/// it anew, later, would take that mistrust away, and with it sight of an edit from that second: git does the same.
fn smudge(index: &mut Index, written: i32) -> Result<(), git2::Error> {
    let doubtful: Vec<IndexEntry> =
        index.iter().filter(|entry| entry.mtime.seconds() >= written && entry.file_size > 0).collect();
    doubtful.into_iter().try_for_each(|entry| index.add(&IndexEntry { file_size: 0, ..entry }))
}

fn bring_in_step(index: &mut Index, root: &Path, staged: &Staged) -> Result<(), git2::Error> {
    let path = Path::new(&staged.path);
    let present: Option<Oid> = index.get_path(path, 0).map(|entry| entry.id.into());
    if present != staged.old && present != staged.new {
        return Ok(());
    }
    match &staged.new {
        None => match present {
            Some(_) => index.remove(path, 0),
            None => Ok(()),
        },
        Some(id) => index.add(&entry(root, staged, git2::Oid::from_str(id.as_str())?)),
    }
}

/// An entry with the file's times when the file has that content, else with times that make git look again.
fn entry(root: &Path, staged: &Staged, id: git2::Oid) -> IndexEntry {
    let zero = IndexTime::new(0, 0);
    let mut entry = IndexEntry {
        ctime: zero,
        mtime: zero,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: staged.path.clone().into_bytes(),
    };
    if staged.in_step
        && let Ok(meta) = fs::symlink_metadata(root.join(&staged.path))
    {
        // The index format keeps the low 32 bits of each.
        entry.ctime = IndexTime::new(meta.ctime() as i32, meta.ctime_nsec() as u32);
        entry.mtime = IndexTime::new(meta.mtime() as i32, meta.mtime_nsec() as u32);
        entry.dev = meta.dev() as u32;
        entry.ino = meta.ino() as u32;
        entry.uid = meta.uid();
        entry.gid = meta.gid();
        entry.file_size = meta.size() as u32;
    }
    entry
}
