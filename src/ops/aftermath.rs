//! What a predecessor that was killed, or that failed, left around a rig: locks of git that nobody holds any more, and
//! gates that still run.
//!
//! A lock of git is removed only when there is a witness of a death (our own lock around that work, or the session of the
//! worker), the lock is not older than what died, and nobody who could hold it lives. All others are waited for, then
//! named by git.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::OpenTown;
use crate::error::{Kind, Outcome};
use crate::git::stale::{self, GitLock, Verdict};
use crate::id::{RigName, WorkerRef};
use crate::runtime::{Users, users};
use crate::store::FileLock;

/// By how much the start of a process and the time of a file may be apart although the one came first.
const SLACK: Duration = Duration::from_millis(200);

/// How long to wait for somebody else who clears the same repository.
const PATIENCE: Duration = Duration::from_secs(10);

/// A lock of ours around work with git in a rig. Unless the work is said to have succeeded, the next owner looks for what
/// it left, as after a death: a git that it had started may have been killed alone.
#[derive(Debug)]
pub struct Guard {
    lock: Option<FileLock>,
}

impl Guard {
    /// Takes the lock at `path`, which guards work in `rig`, waiting for at most `limit`.
    ///
    /// # Errors
    /// When another process keeps it.
    pub fn acquire(open: &OpenTown, rig: &RigName, path: &Path, limit: Duration) -> Outcome<Self> {
        Ok(Self::over(open, rig, FileLock::acquire(path, limit)?))
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// When the lock file cannot be opened.
    pub fn try_acquire(open: &OpenTown, rig: &RigName, path: &Path) -> Outcome<Option<Self>> {
        Ok(FileLock::try_acquire(path)?.map(|lock| Self::over(open, rig, lock)))
    }

    /// Keeps all others away from the sandbox of a worker, waiting for at most `limit`.
    ///
    /// # Errors
    /// When another process keeps it.
    pub fn of_worker(open: &OpenTown, worker: &WorkerRef, limit: Duration) -> Outcome<Self> {
        Self::acquire(open, &worker.rig, &open.town.worker_lock(worker), limit)
    }

    fn over(open: &OpenTown, rig: &RigName, lock: FileLock) -> Self {
        if let Some(owner) = lock.dead_owner() {
            clear(open, rig, owner.since);
        }
        Self { lock: Some(lock) }
    }

    /// The work came to its end.
    pub fn succeeded(mut self) {
        drop(self.lock.take());
    }

    /// The work ended like this. A refusal is an end as good as any: nothing was killed.
    ///
    /// # Errors
    /// That of the work.
    pub fn after<T>(self, outcome: Outcome<T>) -> Outcome<T> {
        if outcome.as_ref().err().is_none_or(|failure| is_an_answer(failure.kind)) {
            self.succeeded();
        }
        outcome
    }
}

/// Whether a failure of this kind is what the work had to say, and not something that befell it.
fn is_an_answer(kind: Kind) -> bool {
    matches!(kind, Kind::Usage | Kind::NotFound | Kind::Ambiguous | Kind::Invalid | Kind::Conflict | Kind::Refused)
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.give_up();
        }
    }
}

/// Removes the locks of git in the repository of `rig` that were made since `since`, when something died that may have
/// left them, and that nobody holds. What cannot be removed stays for git to name.
///
/// Others work in the same repository meanwhile, and one git of theirs follows the other: a lock goes only when it is
/// the very file of which it was found that nobody holds it.
pub fn clear(open: &OpenTown, rig: &RigName, since: SystemTime) {
    let _alone = match FileLock::acquire(&open.town.lock_file(&format!("aftermath-{rig}")), PATIENCE) {
        Ok(lock) => lock,
        Err(error) => return tracing::warn!("locks of git that a dead process left stay: {error}"),
    };
    clear_in(&open.town.rig_repo(rig), &open.town.rig_dir(rig), since);
}

fn clear_in(repo: &Path, folder: &Path, since: SystemTime) {
    let folders = [folder.to_owned()];
    for lock in stale::find(repo) {
        if stale::judge(&lock, Some(since)) == Verdict::Remove && !is_held(&lock, repo, &folders) {
            match lock.remove() {
                Ok(true) => tracing::info!("{} was left by a process that died", lock.path.display()),
                Ok(false) => {}
                Err(error) => tracing::warn!("cannot remove {}: {error}", lock.path.display()),
            }
        }
    }
}

/// Whether somebody lives who may hold it: who began after it was made does not. Where the system does not tell, somebody
/// may, and the lock stays for git to name.
fn is_held(lock: &GitLock, repo: &Path, folders: &[std::path::PathBuf]) -> bool {
    let Users::These(users) = users(&lock.path, repo, folders) else { return true };
    users.iter().any(|user| user.started().is_none_or(|began| began <= lock.made + SLACK))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::{clear_in, is_an_answer};
    use crate::error::Kind;
    use crate::git::Git;
    use crate::git::testing::{Scene, write};

    #[test]
    fn a_refusal_is_no_death() {
        assert!(is_an_answer(Kind::Refused) && is_an_answer(Kind::NotFound) && is_an_answer(Kind::Usage));
        assert!(!is_an_answer(Kind::External) && !is_an_answer(Kind::Internal) && !is_an_answer(Kind::Retryable));
    }

    /// The session of another worker has ended, and what it may have left is looked for.
    #[test]
    fn a_worker_whose_gits_follow_each_other_meanwhile_keeps_their_locks() {
        let scene = Scene::new();
        let folder = scene.dir.path().canonicalize().expect("a folder").join("polecats");
        let worktree = folder.join("toast");
        let path = worktree.to_str().expect("text");
        let repo = scene.bare.canonicalize().expect("a folder");
        let tip = scene.tip();
        let args = ["worktree", "add", "--quiet", "-b", "work", path, tip.as_str()];
        Git::on(&repo).run(&args).expect("a worktree");
        let since = std::fs::metadata(&worktree).and_then(|meta| meta.modified()).expect("a time");
        let (git, over) = (Git::at(&worktree), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let clearing = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    clear_in(&repo, &folder, since - Duration::from_secs(5));
                }
            });
            let work = (0..80).try_for_each(|number| {
                write(&worktree, &[("file", &format!("{number}\n"))]);
                git.run(&["add", "--all"])?;
                git.run(&["commit", "--quiet", "--message", "work"]).map(drop)
            });
            over.store(true, Ordering::Relaxed);
            clearing.join().expect("no panic");
            work.expect("no git loses its lock");
        });
    }
}
