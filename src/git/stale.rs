//! Lock files that a killed git left behind.
//!
//! Git's locks carry no owner. The one case in which such a file is known to be dead: we hold our own lock,
//! whose record says that its last owner vanished, and the file was made after that owner began.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Longer than a living git holds the lock of a ref.
const ALIVE: Duration = Duration::from_millis(100);

/// A `*.lock` file of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitLock {
    /// The file.
    pub path: PathBuf,
    /// When it was made.
    pub made: SystemTime,
    /// Which file has this name: its device, its number, and when it last changed, in seconds and nanoseconds.
    file: [i64; 4],
}

impl GitLock {
    fn of(path: PathBuf, meta: &Metadata) -> Self {
        Self { path, made: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), file: file(meta) }
    }

    /// Removes it, unless another file has its name by now: one git after the other makes a lock of the same name, and
    /// the next one's is not dead because the last one's was let go. False: it is gone, and what is there is another's.
    ///
    /// Two who remove locks at once are to keep away from each other: what the one removed may be there again when the
    /// other comes to it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> io::Result<bool> {
        if !fs::symlink_metadata(&self.path).is_ok_and(|meta| file(&meta) == self.file) {
            return Ok(false);
        }
        fs::remove_file(&self.path).map(|()| true)
    }
}

fn file(meta: &Metadata) -> [i64; 4] {
    [meta.dev().cast_signed(), meta.ino().cast_signed(), meta.ctime(), meta.ctime_nsec()]
}

/// What may be done about a [`GitLock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the owner that vanished.
    Remove,
    /// Another git may hold it: wait, then name it.
    Wait,
}

/// Decides about a lock file. `dead_since` is when the vanished owner of *our* lock took it, and `None` when
/// the last owner ended properly. To be asked only while holding our lock.
pub fn judge(lock: &GitLock, dead_since: Option<SystemTime>) -> Verdict {
    match dead_since {
        Some(began) if lock.made >= began => Verdict::Remove,
        _ => Verdict::Wait,
    }
}

/// The lock files of the git folder `dir`: of its refs, index, HEAD and packed refs, and of its worktrees.
pub fn find(dir: &Path) -> Vec<GitLock> {
    let mut found = Vec::new();
    collect(dir, false, &mut found);
    collect(&dir.join("refs"), true, &mut found);
    for worktree in fs::read_dir(dir.join("worktrees")).into_iter().flatten().flatten() {
        collect(&worktree.path(), false, &mut found);
        collect(&worktree.path().join("refs"), true, &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(dir: &Path, deep: bool, found: &mut Vec<GitLock>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
        if meta.is_dir() {
            if deep {
                collect(&path, deep, found);
            }
        } else if path.extension().is_some_and(|end| end == "lock") {
            found.push(GitLock::of(path, &meta));
        }
    }
}

/// Removes one lock file of a ref if it was made at or after `since`, when a dead owner of our own lock had taken that.
/// A living git holds such a lock for milliseconds, so one that goes by itself is somebody else's.
pub fn clear_one(path: &Path, since: SystemTime) {
    let look = || fs::symlink_metadata(path).ok().map(|meta| GitLock::of(path.to_owned(), &meta));
    let Some(first) = look() else { return };
    if judge(&first, Some(since)) == Verdict::Wait {
        return;
    }
    let start = Instant::now();
    while start.elapsed() < ALIVE {
        std::thread::park_timeout(Duration::from_millis(5));
        if look().as_ref() != Some(&first) {
            return;
        }
    }
    if !is_open(path) {
        let _ = first.remove();
    }
}

/// Whether a living process has the file open. Where there is no `/proc`, nobody can tell.
fn is_open(path: &Path) -> bool {
    let Ok(wanted) = path.canonicalize() else { return false };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = processes.filter(|entry| entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()));
    let mut files = numbered.flat_map(|entry| fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten());
    files.any(|file| fs::read_link(file.path()).is_ok_and(|target| target == wanted))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::git::bare::swap_ref;
    use crate::git::testing::Scene;

    #[test]
    fn only_what_is_newer_than_a_dead_owner_goes() {
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let second = Duration::from_secs(1);
        for (made, dead_since, wanted) in [
            (began + second, Some(began), Verdict::Remove),
            (began, Some(began), Verdict::Remove),
            (began - second, Some(began), Verdict::Wait),
            (began + second, None, Verdict::Wait),
        ] {
            let lock = GitLock { path: PathBuf::from("HEAD.lock"), made, file: [0; 4] };
            assert_eq!(judge(&lock, dead_since), wanted, "{made:?} {dead_since:?}");
        }
    }

    #[test]
    fn the_lock_of_the_next_git_does_not_go_for_that_of_the_last_one() {
        let scene = Scene::new();
        let path = scene.bare.join("index.lock");
        fs::write(&path, "").expect("written");
        let [lock] = &find(&scene.bare)[..] else { panic!("there is one") };
        fs::rename(&path, scene.bare.join("index")).expect("as git lets go of it");
        fs::write(&path, "").expect("written");
        assert!(!lock.remove().expect("no failure") && path.exists());
        let [lock] = &find(&scene.bare)[..] else { panic!("there is one") };
        assert!(lock.remove().expect("no failure") && !path.exists());
        assert!(!lock.remove().expect("nothing to remove"));
    }

    #[test]
    fn a_ref_moves_again_after_the_dead_lock_went() {
        let scene = Scene::new();
        let began = SystemTime::now() - Duration::from_secs(5);
        let lock = scene.bare.join("refs/gt/x.lock");
        fs::create_dir_all(scene.bare.join("refs/gt")).expect("a folder");
        for path in [&lock, &scene.bare.join("HEAD.lock"), &scene.bare.join("packed-refs.lock")] {
            fs::write(path, "").expect("written");
        }
        let tip = scene.tip();
        let removable = |since| find(&scene.bare).into_iter().filter(move |lock| judge(lock, since) == Verdict::Remove);
        assert_eq!((removable(None).count(), find(&scene.bare).len()), (0, 3));
        let removed: Vec<_> = removable(Some(began)).map(|lock| lock.remove().expect("removable")).collect();
        assert_eq!(removed.len(), 3);
        assert_eq!(find(&scene.bare).len(), 0);
        assert!(swap_ref(&scene.bare, "refs/gt/x", None, &tip, "test").expect("no failure"));
    }
}
