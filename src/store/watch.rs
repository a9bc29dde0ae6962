//! Waiting until something in a folder changes.

use std::io;
use std::path::Path;
use std::time::Duration;

/// Tells of changes of the files right inside of one folder. Nothing is read while nothing happens.
#[derive(Debug)]
pub struct Watch {
    /// When to look again although nothing more was told, the next pause last.
    echoes: Vec<Duration>,
    #[cfg(target_os = "linux")]
    changes: tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>,
}

/// A database is told of before its last step, which makes the change visible, is done: hence some further looks.
const ECHOES: [Duration; 3] = [Duration::from_secs(2), Duration::from_millis(300), Duration::from_millis(30)];

/// How long a watcher believes that nothing happened, where the system cannot tell or might have missed it.
const PATIENCE: Duration = Duration::from_secs(if cfg!(target_os = "linux") { 60 } else { 1 });

impl Watch {
    /// Begins to watch `folder`. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the folder cannot be watched.
    #[cfg(target_os = "linux")]
    #[allow(deprecated, reason = "an owned descriptor is what the newer, unsafe function asks for")]
    pub fn begin(folder: &Path) -> io::Result<Self> {
        use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
        let changes = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&changes, folder, WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE)?;
        Ok(Self { echoes: Vec::new(), changes: tokio::io::unix::AsyncFd::new(changes)? })
    }

    /// Begins to watch `folder`: here, to look at it every now and then.
    ///
    /// # Errors
    /// None.
    #[cfg(not(target_os = "linux"))]
    pub fn begin(_folder: &Path) -> io::Result<Self> {
        Ok(Self { echoes: Vec::new() })
    }

    /// Returns when something changed since the last call; at times also when nothing did.
    pub async fn changed(&mut self) {
        let pause = self.echoes.pop().unwrap_or(PATIENCE);
        #[cfg(target_os = "linux")]
        if tokio::time::timeout(pause, self.drain()).await.is_ok() {
            self.echoes = ECHOES.to_vec();
        }
        #[cfg(not(target_os = "linux"))]
        tokio::time::sleep(pause).await;
    }

    #[cfg(target_os = "linux")]
    async fn drain(&self) -> io::Result<()> {
        let mut ready = self.changes.readable().await?;
        let mut buffer = [0; 4096];
        while rustix::io::read(self.changes.get_ref(), &mut buffer).is_ok_and(|count| count > 0) {}
        ready.clear_ready();
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_and_silence_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut watch = Watch::begin(folder.path()).expect("watched");
            let brief = Duration::from_millis(50);
            assert!(tokio::time::timeout(brief, watch.changed()).await.is_err(), "nothing happened");
            std::fs::write(folder.path().join("state.db-wal"), "x").expect("writable");
            tokio::time::timeout(Duration::from_secs(20), watch.changed()).await.expect("it was told");
        });
    }
}
