//! Starting: ready beads of convoys that are fed, and beads whose worker lost them.

use std::collections::BTreeSet;

use super::{Ticked, repair};
use crate::bead::ready;
use crate::bead::{Attempt, AttemptOutcome, Bead, Status};
use crate::convoy::{Convoy, Verdict};
use crate::error::Outcome;
use crate::id::{Actor, BeadId, WorkerKind};
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::convoy::with_members;
use crate::ops::hooking::{self, Wish};
use crate::ops::launch::{self, Start};
use crate::ops::{OpenTown, roster};
use crate::scheduler::{self, Feed};
use crate::town::Rig;

/// Starts what may start. What `auto_merge` says makes no difference here: it is about who asks for a tick, and about
/// merging.
pub(super) fn start(open: &OpenTown, rigs: &[Rig], ticked: &mut Ticked) -> Outcome<()> {
    let snapshot = open.snapshot()?;
    let rows = roster::all_rows(&snapshot)?;
    let context = roster::readiness(open, rigs);
    let mut feeds = convoys(open, &snapshot, &rows, &context, ticked)?;
    feeds.push(Feed { members: in_flight(&snapshot)?, workers: None });
    if feeds.iter().all(|feed| feed.members.is_empty()) {
        return Ok(());
    }
    let plan = scheduler::next(&ready::queue(&rows, &context), &roster::town(open, &snapshot, rigs)?, &feeds);
    ticked.held_back = plan.refusals.into_iter().map(|(bead, refusal)| (bead, refusal.to_string())).collect();
    let mut hooked = Vec::new();
    for start in plan.starts {
        let by = Actor::Witness(start.worker.rig.clone());
        let wish = Wish { worker: Some(start.worker.clone()), ..Wish::default() };
        let done = hooking::hook(open, &by, &start.bead, &wish);
        if let Some(done) = ticked.note(start.bead.as_str(), done) {
            repair::forget(open, &start.bead)?;
            hooked.push(done);
        }
    }
    for (hooked, started) in launch::start_all(open, hooked) {
        let name = hooked.bead.to_string();
        if let Some(Start::Started(_)) = ticked.note(&name, started) {
            ticked.started.push((hooked.bead, hooked.worker));
        }
    }
    Ok(())
}

/// The convoys that are fed; one whose beads are all closed is closed here.
fn convoys(
    open: &OpenTown,
    snapshot: &Snapshot,
    rows: &[ready::Row],
    context: &ready::Context,
    ticked: &mut Ticked,
) -> Outcome<Vec<Feed>> {
    let (convoys, broken) = snapshot.documents::<Convoy>()?;
    ticked.troubles.extend(broken.into_iter().map(|error| error.to_string()));
    let taken_back = taken_back(snapshot)?;
    let mut feeds = Vec::new();
    for convoy in convoys.into_iter().filter(|convoy| convoy.closed.is_none()) {
        let accounts = ready::account(&with_members(snapshot, rows, &convoy)?, context);
        if convoy.verdict(&accounts) == Verdict::Finished {
            let closed = close(open, &convoy);
            ticked.note(convoy.id.as_str(), closed);
        } else if convoy.feed {
            let members = convoy.members.into_iter().filter(|id| !taken_back.contains(id)).collect();
            feeds.push(Feed { members, workers: convoy.workers });
        }
    }
    Ok(feeds)
}

fn close(open: &OpenTown, convoy: &Convoy) -> Outcome<()> {
    let by = Actor::Mayor;
    open.ledger.transact(&by, |tx| {
        let Some(mut convoy) = tx.document::<Convoy>(&convoy.id.path())? else { return Ok(()) };
        convoy.closed = Some(tx.now());
        convoy.feed = false;
        tx.put(&convoy);
        tx.describe("close-convoy", format!("close {}: {}", convoy.id, convoy.title));
        Ok(())
    })?;
    open.event("convoy.closed", &by, None, convoy.rig.as_ref(), format!("{}: {}", convoy.id, convoy.title));
    Ok(())
}

/// Open beads that were slung and came back without a person taking them: bounced, given up by a worker, or
/// interrupted. What a person asked for once goes on.
fn in_flight(snapshot: &Snapshot) -> Outcome<BTreeSet<BeadId>> {
    let open = snapshot.beads(&BeadQuery::of(Status::Open))?;
    Ok(open.into_iter().filter(came_back).map(|bead| bead.id).collect())
}

fn came_back(bead: &Bead) -> bool {
    let last = bead.attempts.last().map(|attempt| attempt.outcome);
    !is_taken_back(bead)
        && matches!(last, Some(AttemptOutcome::Bounced | AttemptOutcome::Ended | AttemptOutcome::Interrupted))
}

/// Open beads that a person took from their worker: they stay open until a person slings them again.
fn taken_back(snapshot: &Snapshot) -> Outcome<BTreeSet<BeadId>> {
    let open = snapshot.beads(&BeadQuery::of(Status::Open))?;
    Ok(open.into_iter().filter(is_taken_back).map(|bead| bead.id).collect())
}

/// Whether a person took an open bead from its worker, or it is a person's own branch that was sent back to them.
pub fn is_taken_back(bead: &Bead) -> bool {
    let crew = |last: &Attempt| last.worker.as_ref().is_some_and(|worker| worker.kind == WorkerKind::Crew);
    bead.attempts.last().is_some_and(|last| match last.outcome {
        AttemptOutcome::Released => true,
        AttemptOutcome::Bounced => crew(last),
        _ => false,
    })
}
