//! Locks between processes that know whether their last owner died.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{ProcessId, StoreError};

/// The record has a fixed length, so that one write replaces it whole and a kill never leaves half of it.
const RECORD: usize = 80;

/// Who held a lock, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The process.
    pub process: ProcessId,
    /// When the lock was taken. After owners that died one after the other: when the first of them took it, because
    /// what any of them left half done may still lie there.
    pub since: SystemTime,
}

/// An exclusive lock on a file, held until it is dropped or the process ends.
///
/// The file itself stays: it names the present owner, and tells the next one whether its predecessor let go or died.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
    died: Option<Owner>,
    since: SystemTime,
    unfinished: bool,
}

impl FileLock {
    /// Takes the lock, waiting for at most `limit`. The error names the process that holds it.
    pub fn acquire(path: &Path, limit: Duration) -> Result<Self, StoreError> {
        let start = Instant::now();
        // Found out before the lock is there: nobody else has to wait for it.
        let _ = ProcessId::current();
        loop {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(lock);
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(locked(path, start.elapsed()));
            }
            match wait_for(path, left)? {
                Some(file) if is_at(&file, path) => return Self::take(file, path),
                Some(_) => {}
                None => return Err(locked(path, start.elapsed())),
            }
        }
    }

    /// Takes the lock if nobody holds it.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, StoreError> {
        loop {
            let file = open(path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, path) => return Self::take(file, path).map(Some),
                // Somebody removed the file meanwhile: a lock on it keeps nobody out.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(StoreError::io("lock", path, source)),
            }
        }
    }

    /// Whether the last owner vanished without letting go: what it guarded may be half done.
    pub fn previous_owner_died(&self) -> bool {
        self.died.is_some()
    }

    /// The owner that vanished, if one did.
    pub fn dead_owner(&self) -> Option<Owner> {
        self.died
    }

    /// Lets go of the lock as if its owner had vanished: what was begun under it did not come to its end, and the next
    /// owner is to look at what is left of it.
    pub fn give_up(mut self) {
        self.unfinished = true;
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who holds the lock at `path` now, or held it when it died; `None` when the last owner let go.
    pub fn recorded_owner(path: &Path) -> Option<Owner> {
        File::open(path).ok().and_then(|file| read_record(&file))
    }

    /// Lets go of the lock as the death of a process does: the record stays.
    #[cfg(test)]
    pub(super) fn die(self) {
        let _ = self.file.unlock();
        std::mem::forget(self);
    }

    fn take(file: File, path: &Path) -> Result<Self, StoreError> {
        let died = read_record(&file);
        let failed = |source| StoreError::io("write the owner into", path, source);
        let write = |since| write_record(&file, &record(Owner { process: ProcessId::current(), since }));
        let mut since = died.map_or_else(now, |owner| owner.since);
        write(since).map_err(failed)?;
        if died.is_none() {
            // The times of files come from a coarser clock that is behind by milliseconds: by this clock, what is made
            // from now on is never older than the record.
            since = file.metadata().and_then(|meta| meta.modified()).map_err(failed)?.min(since);
            write(since).map_err(failed)?;
        }
        Ok(Self { file, path: path.to_owned(), died, since, unfinished: false })
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A panic may leave the guarded thing half done: the next owner looks. The record names nobody then, because
        // this process may live on.
        let text = if self.unfinished || std::thread::panicking() {
            record(Owner { process: ProcessId { pid: 0, start_ticks: 0 }, since: self.since })
        } else {
            "free".to_owned()
        };
        let _ = write_record(&self.file, &text);
        let _ = self.file.unlock();
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn open(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| StoreError::io("open the lock", path, source))
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(held), Ok(named)) => held.ino() == named.ino() && held.dev() == named.dev(),
        _ => false,
    }
}

/// Waits for the lock in the kernel's queue, which polling would neither respect nor match in speed. The system call
/// has no time limit, hence the thread: when it comes too late, it drops the file and with it the lock.
fn wait_for(path: &Path, limit: Duration) -> Result<Option<File>, StoreError> {
    let file = open(path)?;
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("lock".to_owned())
        .spawn(move || {
            let locked = file.lock().map(|()| file);
            let _ = sender.send(locked);
        })
        .map_err(|source| StoreError::io("wait for", path, source))?;
    match receiver.recv_timeout(limit) {
        Ok(Ok(file)) => Ok(Some(file)),
        Ok(Err(source)) => Err(StoreError::io("lock", path, source)),
        Err(_) => Ok(None),
    }
}

fn locked(path: &Path, waited: Duration) -> StoreError {
    let holder = match FileLock::recorded_owner(path) {
        Some(owner) => owner.process.describe(),
        None => "another process".to_owned(),
    };
    StoreError::Locked { path: path.to_owned(), holder, waited }
}

fn record(owner: Owner) -> String {
    let since = owner.since.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("held {} {since}", owner.process)
}

fn write_record(file: &File, text: &str) -> io::Result<()> {
    file.write_all_at(format!("{text:<width$}\n", width = RECORD - 1).as_bytes(), 0)
}

fn read_record(file: &File) -> Option<Owner> {
    let mut bytes = [0; RECORD];
    let length = file.read_at(&mut bytes, 0).ok()?;
    let text = std::str::from_utf8(&bytes[..length]).ok()?;
    let (process, since) = text.strip_prefix("held ")?.trim_end().rsplit_once(' ')?;
    let since = UNIX_EPOCH + Duration::from_nanos(since.parse().ok()?);
    Some(Owner { process: process.parse().ok()?, since })
}
