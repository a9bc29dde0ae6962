//! Keeping everything that a worker has, before it is stopped, restarted, recycled or removed.

use std::path::PathBuf;
use std::time::Duration;

use super::PolecatError;
use crate::git::pins::{Snapshot, Subject, snapshot};
use crate::git::{Git, Person};
use crate::id::WorkerName;
use crate::store::{FileLock, free_path};

/// How long to wait for the registry of worktrees, which is held for milliseconds at a time.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(30);

/// A worker's sandbox and the folders around it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The rig's bare repository.
    pub repo: PathBuf,
    /// The worktree.
    pub worktree: PathBuf,
    /// Whose it is.
    pub worker: WorkerName,
    /// Where folders go that may be deleted; on the same file system.
    pub trash: PathBuf,
    /// Where folders go that could not be kept by a ref; never deleted.
    pub aside: PathBuf,
    /// The lock of the repository's registry of worktrees.
    pub registry_lock: PathBuf,
    /// The author of snapshots.
    pub by: Person,
}

/// What [`secure`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secured {
    /// Everything is reachable from lasting refs already.
    Nothing,
    /// This ref keeps it.
    Ref(Snapshot),
    /// A ref could not: the folder itself was moved here and stays.
    Aside {
        /// Where it is now.
        path: PathBuf,
        /// Why git could not keep its files.
        reason: String,
    },
}

impl Place {
    /// The guard of the registry of worktrees.
    pub(super) fn lock(&self) -> Result<FileLock, PolecatError> {
        Ok(FileLock::acquire(&self.registry_lock, REGISTRY_PATIENCE)?)
    }

    /// All branches that were ever made for this worker.
    fn branches(&self) -> Result<Vec<String>, PolecatError> {
        // A name is a polecat's or a crew member's, and nobody else's ever.
        let [pooled, crew] = ["polecat", "crew"].map(|kind| format!("refs/heads/{kind}/{}", self.worker));
        let text = Git::on(&self.repo).run(&["for-each-ref", "--format=%(refname:lstrip=2)", &pooled, &crew])?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn snapshot(&self, why: &str) -> Result<Option<Snapshot>, PolecatError> {
        let branches = self.branches()?;
        let subject = Subject {
            repo: &self.repo,
            worktree: &self.worktree,
            worker: &self.worker,
            branches: &branches,
            why,
            by: &self.by,
        };
        Ok(snapshot(&subject)?)
    }
}

/// Keeps every commit that was ever a tip of this worker, and everything uncommitted in its worktree, by a
/// ref below `refs/gt/`. The worktree is not touched. `why` is for the message: "before a restart".
///
/// # Errors
/// When not everything could be kept; then nothing may be forgotten.
pub fn secure(place: &Place, why: &str) -> Result<Secured, PolecatError> {
    Ok(place.snapshot(why)?.map_or(Secured::Nothing, Secured::Ref))
}

/// Like [`secure`], but a worktree whose files git cannot keep is moved aside, so that its place is free. So is a
/// repository of its own that somebody put there: a snapshot has its files and not its commits.
pub(super) fn secure_or_set_aside(place: &Place, why: &str) -> Result<Secured, PolecatError> {
    let reason = match secure(place, why) {
        Ok(_) if place.worktree.join(".git").is_dir() => "it is a repository of its own".to_owned(),
        Ok(secured) => return Ok(secured),
        Err(error) if !place.worktree.exists() => return Err(error),
        Err(error) => error.to_string(),
    };
    let path = free_path(&place.aside, |number| format!("{}-{number}", place.worker));
    std::fs::create_dir_all(&place.aside).map_err(PolecatError::files("make", &place.aside))?;
    std::fs::rename(&place.worktree, &path).map_err(PolecatError::files("move aside", &place.worktree))?;
    // Its commits are in the repository, whatever became of its files.
    place.snapshot(why)?;
    Ok(Secured::Aside { path, reason })
}
