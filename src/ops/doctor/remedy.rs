//! What `gt doctor --fix` does. Each remedy may be carried out again, and may be killed anywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::locks::Place;
use crate::bead::transition::{Ending, Hold};
use crate::bead::{AttemptOutcome, State};
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Oid, bare, pins};
use crate::id::{Actor, BeadId, RigName, WorkerRef};
use crate::ops::ledger::maintain;
use crate::ops::rig::restore;
use crate::ops::{OpenTown, Silence, Talk, refinery, sandbox};
use crate::polecat;
use crate::store::free_path;

/// How long a fetch may take.
const NETWORK: Duration = Duration::from_secs(120);

/// One mechanical repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The next tick sees to it, and a tick is called anyway.
    Tick,
    /// Bring files, git's index and the hook in step with the ledger.
    Settle,
    /// Build the index of the ledger anew.
    RebuildIndex,
    /// Put local.toml back from its copy.
    RestoreLocal,
    /// Hide this pattern from git in the town, without touching a person's `.gitignore`.
    Hide(&'static str),
    /// Move a file of the town, relative to it, out of the way.
    SetAside(String),
    /// Move a dead lock of git out of the way, if it still is the one that was made then.
    MoveLock { path: PathBuf, made: SystemTime, place: Place },
    /// Fetch the repository of a rig anew.
    Restore(RigName),
    /// Put the settings of a rig's repository right.
    Settings(RigName),
    /// Fetch, so that the target shows.
    Fetch(RigName),
    /// End landings that were begun, and deliver.
    SettleRefinery(RigName),
    /// Pin the commit of a submitted bead.
    Pin(BeadId),
    /// Take a bead from a worker that does not exist.
    Release(BeadId),
    /// Mend the worktree of a worker without a bead, or take it away after keeping what is in it.
    Worktree(WorkerRef),
}

impl Remedy {
    /// Does it; false when there was nothing that could be done.
    ///
    /// # Errors
    /// When it cannot be done now.
    pub fn carry_out(&self, open: &OpenTown, talk: &mut dyn Talk) -> Outcome<bool> {
        match self {
            Self::Tick => return Ok(false),
            Self::Settle => maintain::settle(open).map(drop),
            Self::RebuildIndex => open.ledger.rebuild_index(),
            Self::RestoreLocal => open.keep_local().map(drop),
            Self::Hide(pattern) => Ok(polecat::hide(&open.town.git_dir(), [(*pattern).to_owned()])?),
            Self::SetAside(path) => set_aside(open, &open.town.root.join(path)),
            Self::MoveLock { path, made, place } => {
                if place.is_unused(path, *made) {
                    set_aside(open, path)
                } else {
                    Ok(())
                }
            }
            Self::Restore(rig) => {
                talk.step(&format!("fetching {rig}"));
                restore::restore(open, &open.town.rig(rig)?)
            }
            Self::Settings(rig) => bare::ensure_settings(&open.town.rig_repo(rig)).map_err(Failure::from),
            Self::Fetch(rig) => {
                talk.step(&format!("fetching {rig}"));
                bare::fetch(&open.town.rig_repo(rig), Some(NETWORK))?;
                crate::ops::target::Target::of(open, &open.town.rig(rig)?).tip().map(drop)
            }
            Self::SettleRefinery(rig) => {
                // What is still in the way is found again.
                let ran = refinery::settle(open, rig, &mut Silence)?;
                return Ok(!ran.busy && ran.undelivered.is_none());
            }
            Self::Pin(bead) => pin(open, bead),
            Self::Release(bead) => release(open, bead),
            Self::Worktree(worker) => worktree(open, worker),
        }
        .map(|()| true)
    }

    /// What was done.
    pub fn past(&self) -> String {
        match self {
            Self::Tick => "looked after the town".to_owned(),
            Self::Settle => "brought files, git's index and the hook in step with the ledger".to_owned(),
            Self::RebuildIndex => "built the index anew".to_owned(),
            Self::RestoreLocal => "put local.toml back".to_owned(),
            Self::Hide(pattern) => format!("hid {pattern} from git, in .git/info/exclude"),
            Self::SetAside(path) => format!("set {path} aside"),
            Self::MoveLock { path, .. } => format!("set the dead lock {} aside", path.display()),
            Self::Restore(rig) => format!("fetched the repository of {rig} anew"),
            Self::Settings(rig) => format!("put the settings of the repository of {rig} right"),
            Self::Fetch(rig) => format!("fetched {rig}"),
            Self::SettleRefinery(rig) => format!("ended what was begun in the refinery of {rig}, and delivered"),
            Self::Pin(bead) => format!("pinned the commit of {bead}"),
            Self::Release(bead) => format!("took {bead} from a worker that does not exist"),
            Self::Worktree(worker) => format!("mended the worktree of {}", worker.short()),
        }
    }
}

fn cannot(action: &str, path: &Path, error: std::io::Error) -> Failure {
    Failure::caused(Kind::External, format!("cannot {action} {}", path.display()), error)
}

/// Moves a file where nothing is ever deleted.
fn set_aside(open: &OpenTown, path: &Path) -> Outcome<()> {
    let folder = open.town.runtime_dir().join("aside");
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match fs::rename(path, free_path(&folder, |number| format!("{name}-{number}"))) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(cannot("set aside", path, error)),
        _ => Ok(()),
    }
}

fn pin(open: &OpenTown, id: &BeadId) -> Outcome<()> {
    let bead = open.snapshot()?.bead(id)?;
    let (State::Submitted(_), Some(merge)) = (&bead.state, &bead.merge) else { return Ok(()) };
    let head: Oid = merge
        .head
        .parse()
        .map_err(|error: crate::git::InvalidOid| Failure::new(Kind::Corrupt, format!("{id}: {error}")))?;
    let rig = open.rig_of(&id.prefix())?;
    Ok(pins::pin_work(&open.town.rig_repo(&rig.name), id, bead.attempt_number(), &head)?)
}

fn release(open: &OpenTown, id: &BeadId) -> Outcome<()> {
    let bead = open.snapshot()?.bead(id)?;
    let State::Hooked(claim) = &bead.state else { return Ok(()) };
    // What is in the folder of the unknown worker stays; its commits are pinned where that is possible.
    let head = sandbox::pin(open, &claim.assignee, &bead).ok().flatten();
    let by = Actor::Human;
    let reason = format!("no rig has a worker {}", claim.assignee);
    let ending =
        Ending { head: head.map(|head| head.to_string()), ..Ending::new(AttemptOutcome::Interrupted, reason.clone()) };
    open.ledger.transact(&by, |tx| {
        let mut bead = tx.bead(id)?;
        bead.release(&by, Hold { home: &claim.home, lease: Some(&claim.lease) }, ending.clone())?;
        tx.put(&bead);
        tx.describe("release", format!("release {id}: {reason}"));
        Ok(())
    })?;
    open.event("bead.released", &by, Some(id), None, reason);
    Ok(())
}

/// The next assignment cuts the worktree anew.
fn worktree(open: &OpenTown, worker: &WorkerRef) -> Outcome<()> {
    if sandbox::mended(open, worker)? {
        return Ok(());
    }
    let settings = open.settings_for(&open.town.rig(&worker.rig)?)?;
    polecat::remove(&sandbox::place(open, worker, &settings)?)?;
    Ok(())
}
