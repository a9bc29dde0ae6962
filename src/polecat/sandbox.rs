//! A worktree made ready for one attempt at one bead, and its removal.

use std::path::PathBuf;
use std::time::Duration;

use super::PolecatError;
use super::furnish::{Furnishing, furnish};
use super::identity::{Identity, dress, undress};
use super::secure::{Place, Secured, secure_or_set_aside};
use super::setup::{SetUp, SetUpOutcome, set_up};
use crate::git::Oid;
use crate::git::worktree::{self, Cut, Extra, Recycled, State};
use crate::id::{BeadId, WorkerName};

/// How long submodules may take, which can come from the network.
const SUBMODULES: Duration = Duration::from_secs(600);

/// A sandbox as it is wanted.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Where.
    pub place: Place,
    /// For which bead.
    pub bead: BeadId,
    /// For which attempt at it, from 1.
    pub attempt: u32,
    /// The commit to start from.
    pub start: Oid,
    /// The person's files in it.
    pub furnishing: Furnishing,
    /// The commands that make it fit for work.
    pub set_up: SetUp,
    /// Who stands in its commits.
    pub identity: Identity,
}

/// A sandbox that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The worktree.
    pub path: PathBuf,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// Whether it was reused or cut.
    pub recycled: Recycled,
    /// How the work that was in it is kept.
    pub secured: Secured,
    /// What set-up did.
    pub set_up: SetUpOutcome,
    /// What the worker and the person should know: missing files, submodules, LFS.
    pub notes: Vec<String>,
}

/// The branch of an attempt: `polecat/<name>/<bead>-<attempt>`.
pub fn branch_name(worker: &WorkerName, bead: &BeadId, attempt: u32) -> String {
    format!("{}/{bead}-{attempt}", branches_of(worker))
}

/// What the branches of a worker begin with: `polecat/<name>`.
pub fn branches_of(worker: &WorkerName) -> String {
    format!("polecat/{worker}")
}

/// Makes the sandbox ready: keeps what is in it, recycles or cuts it at the start commit on the attempt's
/// branch, brings the person's files, runs set-up when needed. No session may run in it. Repeating it after
/// a crash is safe: whatever a killed one left is kept again and made anew.
///
/// # Errors
/// When what was there could not be kept, git fails, or set-up fails.
pub fn prepare(spec: &Spec) -> Result<Prepared, PolecatError> {
    let place = &spec.place;
    let branch = branch_name(&place.worker, &spec.bead, spec.attempt);
    let secured = secure_or_set_aside(place, &format!("before {}", spec.bead))?;
    let cut = Cut { repo: &place.repo, path: &place.worktree, branch: Some(&branch), commit: &spec.start };
    let recycled = worktree::recycle(&cut, spec.furnishing.keep.as_deref(), &place.trash, || place.lock())?;
    worktree::discard(&place.trash)?;
    dress(place, &spec.identity)?;
    let mut notes = Vec::new();
    if let Secured::Aside { path, reason } = &secured {
        notes.push(format!("the last worktree could not be snapshot and is kept at {}: {reason}", path.display()));
    }
    let extras = worktree::extras(&place.worktree, Some(SUBMODULES))?;
    notes.extend(extras.iter().filter(|extra| **extra != Extra::Submodules).map(ToString::to_string));
    notes.extend(furnish(&place.repo, &place.worktree, &spec.furnishing)?);
    let set_up = set_up(&place.repo, &place.worktree, &spec.set_up)?;
    notes.extend(left_by_set_up(place, set_up)?);
    Ok(Prepared { path: place.worktree.clone(), branch, recycled, secured, set_up, notes })
}

fn left_by_set_up(place: &Place, outcome: SetUpOutcome) -> Result<Option<String>, PolecatError> {
    if !matches!(outcome, SetUpOutcome::Ran { .. }) {
        return Ok(None);
    }
    Ok(match worktree::look(&place.repo, &place.worktree)?.state {
        State::Dirty { changed, untracked } => {
            let names: Vec<String> =
                changed.iter().chain(&untracked).take(5).map(|path| path.display().to_string()).collect();
            Some(format!("set-up left files that git does not ignore: {}", names.join(", ")))
        }
        _ => None,
    })
}

/// Removes the sandbox of a worker after keeping what is in it; its files are deleted in the background.
///
/// # Errors
/// When what is there could not be kept, or git fails.
pub fn remove(place: &Place) -> Result<Secured, PolecatError> {
    let secured = secure_or_set_aside(place, "before removal")?;
    undress(place)?;
    worktree::remove(&place.repo, &place.worktree, &place.trash, &|| place.lock())?;
    worktree::discard(&place.trash)?;
    Ok(secured)
}
