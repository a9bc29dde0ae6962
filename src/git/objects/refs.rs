//! The refs of the ledger: read without libgit2 where that is possible, moved by compare-and-swap.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Objects, ObjectsError};
use crate::git::Oid;

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
    /// Moves a ref from `old` to `new`, durably; false when it stands somewhere else by now. A person's git holds the
    /// lock of a ref for milliseconds, which are waited for.
    ///
    /// Done as git's files backend does it: `NAME.lock` is made, the old value compared, the new one written, synced and
    /// renamed into place. libgit2 would want a second repository with its own configuration to sync. No reflog is
    /// kept of the ledger, whose history is its log.
    ///
    /// # Errors
    /// When the ref cannot be written, for example because of a lock file that somebody left.
    pub fn swap(&self, name: &str, old: Option<&Oid>, new: &Oid) -> Result<bool, ObjectsError> {
        let path = self.dir.join(name);
        let lock = RefLock::take(self.dir.join(format!("{name}.lock")))?;
        let found = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().ok(),
            Err(_) => self.tip(name)?,
        };
        if found.as_ref() != old {
            return Ok(false);
        }
        lock.publish(&path, new).map(|()| true)
    }
}

/// The lock of a ref; removed when it is dropped.
struct RefLock {
    file: File,
    path: PathBuf,
}

impl RefLock {
    fn take(path: PathBuf) -> Result<Self, ObjectsError> {
        let start = Instant::now();
        loop {
            match File::create_new(&path) {
                Ok(file) => return Ok(Self { file, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if start.elapsed() >= REF_PATIENCE {
                        return Err(ObjectsError::Locked { path });
                    }
                    // There is no event to wait for.
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && start.elapsed() < REF_PATIENCE => {
                    let folder = path.parent().unwrap_or(&path);
                    fs::create_dir_all(folder).map_err(|source| ObjectsError::File {
                        action: "create",
                        path: folder.to_owned(),
                        source,
                    })?;
                }
                Err(source) => return Err(ObjectsError::File { action: "create", path, source }),
            }
        }
    }

    fn publish(mut self, place: &Path, tip: &Oid) -> Result<(), ObjectsError> {
        let folder = place.parent().unwrap_or(place);
        let done = writeln!(self.file, "{tip}")
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.path, place))
            .and_then(|()| File::open(folder)?.sync_all());
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
