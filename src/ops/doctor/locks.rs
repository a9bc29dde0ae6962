//! Lock files of git: whose they are, and whether they may be moved away.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::finding::Sheet;
use super::remedy::Remedy;
use crate::clock::short;
use crate::git::stale::{self, GitLock};
use crate::id::RigName;
use crate::ops::OpenTown;
use crate::runtime::{Users, users};
use crate::store::FileLock;

/// A lock without a user is dead after so long: programs that are not git hold one for moments.
const DEAD_AFTER: Duration = Duration::from_secs(60);

/// A repository in which locks may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its git folder.
    git_dir: PathBuf,
    /// Where its worktrees lie.
    folders: Vec<PathBuf>,
    /// Since when an owner of a lock of ours around this repository is dead, if one is.
    dead_since: Option<SystemTime>,
}

impl Place {
    /// The town's own repository.
    pub fn town(open: &OpenTown) -> Self {
        let dead_since = dead_since(&[open.town.ledger_lock()]);
        Self { git_dir: open.town.git_dir(), folders: Vec::new(), dead_since }
    }

    /// The repository of a rig.
    pub fn rig(open: &OpenTown, rig: &RigName) -> Self {
        let town = &open.town;
        let dead_since = dead_since(&[town.refinery_lock(rig), town.worktrees_lock(rig), town.tick_lock()]);
        Self { git_dir: town.rig_repo(rig), folders: vec![town.rig_dir(rig)], dead_since }
    }

    /// Says of each lock whether it is held, and by whom, or dead.
    pub fn look(&self, sheet: &mut Sheet) {
        stale::find(&self.git_dir).iter().for_each(|lock| self.judge(lock, sheet));
    }

    /// A lock may be moved away only when no program that could hold it lives.
    fn judge(&self, lock: &GitLock, sheet: &mut Sheet) {
        let path = lock.path.display();
        let age = lock.made.elapsed().unwrap_or_default();
        let Some(users) = self.users(&lock.path) else {
            return sheet.warn("locks", format!("the lock {path} was made {} ago", short(age)), |finding| {
                finding.next("when no git program runs in that repository any more, move it away")
            });
        };
        if let Some(holder) = users.first() {
            return sheet.warn("locks", format!("the lock {path} may be held by {holder}"), |finding| {
                finding.next("wait for that program to end, or end it")
            });
        }
        let ours = stale::judge(lock, self.dead_since) == stale::Verdict::Remove;
        if ours || age >= DEAD_AFTER {
            let why = if ours { "a gt that was killed left it" } else { "no program holds it" };
            let what = format!("the lock {path} is dead: {why}; it was made {} ago", short(age));
            let remedy = Remedy::MoveLock { path: lock.path.clone(), made: lock.made, place: self.clone() };
            return sheet.problem("locks", what, |finding| finding.mended_by(remedy));
        }
        let what = format!("the lock {path} was made {} ago, and nobody seems to hold it", short(age));
        sheet.warn("locks", what, |finding| finding.next("look again in a minute: then it counts as dead"));
    }

    /// Whether the lock at `path` is still the one that was made then, and still without a user.
    pub fn is_unused(&self, path: &Path, made: SystemTime) -> bool {
        let same = std::fs::metadata(path).and_then(|meta| meta.modified()).is_ok_and(|now| now == made);
        same && self.users(path).is_some_and(|users| users.is_empty())
    }

    /// Who may hold the lock at `path`, for people; none where the system does not tell.
    fn users(&self, path: &Path) -> Option<Vec<String>> {
        match users(path, &self.git_dir, &self.folders) {
            Users::These(users) => Some(users.into_iter().map(crate::store::ProcessId::describe).collect()),
            Users::Unknown => None,
        }
    }
}

/// Since when the last owner of one of these locks of ours is dead: what git locked for it may still lie there.
fn dead_since(locks: &[PathBuf]) -> Option<SystemTime> {
    let owners = locks.iter().filter_map(|lock| FileLock::recorded_owner(lock));
    owners.filter(|owner| !owner.process.is_alive()).map(|owner| owner.since).min()
}
