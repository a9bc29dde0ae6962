//! What nobody has committed yet is pinned by the clock, so that no change gets older than the settings allow.

use std::time::Duration;

use super::Ticked;
use crate::bead::{Bead, Status};
use crate::error::Outcome;
use crate::id::WorkerRef;
use crate::ledger::BeadQuery;
use crate::ops::aftermath::Guard;
use crate::ops::{OpenTown, sandbox};
use crate::town::Rig;

/// How long it is remembered when somebody's worktree was last looked at.
const MEMORY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Looks at the worktrees of all who have a bead, and of crew, that were not looked at for the interval.
pub(super) fn see_to(open: &OpenTown, rigs: &[Rig], ticked: &mut Ticked) -> Outcome<()> {
    let (hooked, home) = (open.snapshot()?.beads(&BeadQuery::of(Status::Hooked))?, open.home()?);
    let claims = hooked.iter().filter_map(Bead::claim).filter(|claim| claim.home == *home);
    let with_beads: Vec<WorkerRef> = claims.map(|claim| claim.assignee.clone()).collect();
    for rig in rigs {
        let own = with_beads.iter().filter(|worker| worker.rig == rig.name).cloned();
        for worker in own.chain(rig.crew()) {
            let kept = keep(open, rig, &worker);
            ticked.note(&worker.short(), kept);
        }
    }
    Ok(())
}

/// The first look only begins the time: what is there then is as old as the session at most.
fn keep(open: &OpenTown, rig: &Rig, worker: &WorkerRef) -> Outcome<()> {
    let interval = open.settings_for(rig)?.snapshot_interval.duration();
    let (state, key, now) = (open.state()?, format!("snapshot:{worker}"), open.now());
    let last = state.counter(&key, now)?;
    if last.as_ref().is_some_and(|last| now < last.updated + interval) {
        return Ok(());
    }
    if last.is_some() {
        // Whoever is at it keeps what is there, where they take anything away.
        let Some(guard) = Guard::try_acquire(open, &worker.rig, &open.town.worker_lock(worker))? else {
            return Ok(());
        };
        guard.after(sandbox::secure(open, worker, "by the clock"))?;
    }
    state.count(&key, now, Some(now + MEMORY))?;
    Ok(())
}
