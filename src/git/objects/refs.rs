//! The refs of the ledger: read without libgit2 where that is possible, moved by compare-and-swap.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Durability, Objects, ObjectsError};
use crate::git::Oid;
use crate::git::staging::{is_same, link};

/// How long to wait for the lock of a ref.
const REF_PATIENCE: Duration = Duration::from_secs(2);

/// The commit a loose ref file holds, without opening the repository; the slow way when it is packed.
///
/// # Errors
/// When the repository cannot be opened although the ref is not loose.
pub fn quick_tip(git_dir: &Path, name: &str) -> Result<Option<Oid>, ObjectsError> {
    if let Ok(text) = fs::read_to_string(git_dir.join(name))
        && let Ok(oid) = text.trim().parse()
    {
        return Ok(Some(oid));
    }
    Objects::open(git_dir)?.tip(name)
}

/// The ref that HEAD names, such as `refs/heads/main`; nothing when it is detached or unreadable.
pub fn head_ref(git_dir: &Path) -> Option<String> {
    let text = fs::read_to_string(git_dir.join("HEAD")).ok()?;
    text.strip_prefix("ref: ").map(|name| name.trim().to_owned())
}

impl Objects {
    /// Moves a ref from `old` to `new`; false when it stands somewhere else by now. It is durable when
    /// [`Objects::sync_ref`] was called. A person's git holds the lock of a ref for milliseconds, which are waited for.
    ///
    /// Done as git's files backend does it: `NAME.lock` is made, the old value compared, the new one written, synced and
    /// renamed into place. libgit2 would want a second repository with its own configuration to sync. No reflog is
    /// kept of the ledger, whose history is its log.
    ///
    /// # Errors
    /// When the ref cannot be written, for example because of a lock file that somebody left.
    pub fn swap(&self, name: &str, old: Option<&Oid>, new: &Oid, durability: Durability) -> Result<bool, ObjectsError> {
        let path = self.dir.join(name);
        let lock = RefLock::take(&self.dir, name)?;
        let found = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().ok(),
            Err(_) => self.tip(name)?,
        };
        if found.as_ref() != old {
            return Ok(false);
        }
        lock.publish(&path, new, durability).map(|()| true)
    }

    /// Makes durable where a ref stands.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync_ref(&self, name: &str) -> Result<(), ObjectsError> {
        let path = self.dir.join(name);
        let folder = path.parent().unwrap_or(&self.dir);
        let synced = File::open(&path).and_then(|file| file.sync_all()).and_then(|()| File::open(folder)?.sync_all());
        synced.map_err(|source| ObjectsError::File { action: "sync", path: path.clone(), source })
    }

    /// Puts a ref that stands on nothing that can be read on `tip`, durably.
    pub(super) fn put_ref(&self, name: &str, tip: &Oid) -> Result<(), ObjectsError> {
        RefLock::take(&self.dir, name)?.publish(&self.dir.join(name), tip, Durability::Now)?;
        self.sync_ref(name)
    }
}

/// The lock of a ref; removed when it is dropped.
///
/// It is a hard link to one of two files of ours, in turn: so the next one knows the lock that a killed one left, and no
/// file is made and removed for each move of the ref.
struct RefLock {
    file: File,
    path: PathBuf,
}

/// The files of ours that a ref and its lock are links to.
fn slots(git_dir: &Path) -> [PathBuf; 2] {
    [git_dir.join("gt").join("ref.0"), git_dir.join("gt").join("ref.1")]
}

/// Removes the lock of the ref `name` that a killed predecessor left, and no other. Only who keeps all processes of ours
/// away may ask for it.
///
/// # Errors
/// When it cannot be removed.
pub fn clear_own_lock(git_dir: &Path, name: &str) -> io::Result<()> {
    let lock = git_dir.join(format!("{name}.lock"));
    if slots(git_dir).iter().any(|slot| is_same(slot, &lock)) { fs::remove_file(lock) } else { Ok(()) }
}

impl RefLock {
    fn take(git_dir: &Path, name: &str) -> Result<Self, ObjectsError> {
        let path = git_dir.join(format!("{name}.lock"));
        let fail = |source| ObjectsError::File { action: "create", path: path.clone(), source };
        let [one, other] = slots(git_dir);
        let slot = if is_same(&one, &git_dir.join(name)) { other } else { one };
        let folders = [path.parent(), slot.parent()];
        // A file that somebody has one more name for is theirs as well.
        if fs::symlink_metadata(&slot).is_ok_and(|meta| meta.nlink() > 1) && !is_same(&slot, &path) {
            fs::remove_file(&slot).map_err(fail)?;
        }
        let start = Instant::now();
        loop {
            let made = File::options().append(true).create(true).open(&slot).and_then(|_| link(&slot, &path));
            match made.and_then(|()| File::options().write(true).open(&path)) {
                Ok(file) => return Ok(Self { file, path }),
                Err(error) if start.elapsed() >= REF_PATIENCE => {
                    return Err(match error.kind() {
                        io::ErrorKind::AlreadyExists => ObjectsError::Locked { path },
                        _ => fail(error),
                    });
                }
                // Git holds it for milliseconds; there is no event to wait for.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    folders.iter().flatten().try_for_each(fs::create_dir_all).map_err(fail)?;
                }
                Err(error) => return Err(fail(error)),
            }
        }
    }

    fn publish(self, place: &Path, tip: &Oid, durability: Durability) -> Result<(), ObjectsError> {
        let text = format!("{tip}\n");
        let done = (self.file.set_len(text.len() as u64))
            .and_then(|()| self.file.write_all_at(text.as_bytes(), 0))
            .and_then(|()| if durability == Durability::Now { self.file.sync_all() } else { Ok(()) })
            .and_then(|()| fs::rename(&self.path, place));
        done.map_err(|source| ObjectsError::File { action: "write", path: place.to_owned(), source })
    }
}

impl Drop for RefLock {
    fn drop(&mut self) {
        // Renamed into place, it is gone already, and the name may be another's by now: only one's own is removed.
        let own = self.file.metadata().map(|meta| (meta.dev(), meta.ino())).ok();
        let there = fs::symlink_metadata(&self.path).map(|meta| (meta.dev(), meta.ino())).ok();
        if own.is_some() && own == there {
            let _ = fs::remove_file(&self.path);
        }
    }
}
