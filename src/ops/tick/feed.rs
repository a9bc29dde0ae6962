//! Starting: ready beads of convoys that are fed, and beads whose worker lost them.

use std::collections::BTreeSet;

use super::{Ticked, repair};
use crate::bead::ready;
use crate::bead::{Attempt, AttemptOutcome, Bead, Status};
use crate::convoy::{Convoy, ConvoyId, Verdict};
use crate::error::Outcome;
use crate::id::{Actor, BeadId, WorkerKind};
use crate::ledger::{BeadQuery, Ledger, Snapshot};
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
            let closed = close(&open.ledger, &convoy.id, context);
            if let Some(true) = ticked.note(convoy.id.as_str(), closed) {
                let text = format!("{}: {}", convoy.id, convoy.title);
                open.event("convoy.closed", &Actor::Mayor, None, convoy.rig.as_ref(), text);
            }
        } else if convoy.feed {
            let members = convoy.members.into_iter().filter(|id| !taken_back.contains(id)).collect();
            feeds.push(Feed { members, workers: convoy.workers });
        }
    }
    Ok(feeds)
}

/// Closes a convoy whose beads are all closed at the moment when that is written down: one that was reopened since
/// somebody looked, or that was added, keeps it going. Answers whether it was closed now.
fn close(ledger: &Ledger, id: &ConvoyId, context: &ready::Context) -> Outcome<bool> {
    let committed = ledger.transact(&Actor::Mayor, |tx| {
        let convoy = tx.document::<Convoy>(&id.path())?.filter(|convoy| convoy.closed.is_none());
        let Some(mut convoy) = convoy else { return Ok(false) };
        // That a member is closed depends on nothing but itself.
        let members = with_members(tx.at_tip(), &[], &convoy)?;
        if convoy.verdict(&ready::account(&members, context)) != Verdict::Finished {
            return Ok(false);
        }
        convoy.closed = Some(tx.now());
        convoy.feed = false;
        tx.put(&convoy);
        tx.describe("close-convoy", format!("close {id}: {}", convoy.title));
        Ok(true)
    })?;
    Ok(committed.value)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::{Closing, Resolution, State};
    use crate::clock::Clock;

    #[test]
    fn a_convoy_whose_bead_was_reopened_since_somebody_looked_goes_on() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let documents = [("town.toml".to_owned(), "name = \"test\"\n".to_owned())];
        let ledger = Ledger::create(dir.path(), "main", Clock::System, &documents, "init").expect("a new ledger");
        let (id, now) = (ConvoyId::random(), Clock::System.now());
        let context = ready::Context::at(now);
        let becomes = |bead: &BeadId, state: State| {
            let done = ledger.transact(&Actor::Human, |tx| {
                tx.put(&Bead { state: state.clone(), ..Bead::new(bead.clone(), "Add login", now) });
                tx.put(&Convoy { members: [bead.clone()].into(), ..Convoy::new(id.clone(), "Login", now) });
                tx.describe("edit", format!("edit {bead}"));
                Ok(())
            });
            done.expect("written");
        };
        let bead: BeadId = "web-x7k2m".parse().expect("valid");
        let is_closed = || {
            let convoy = ledger.snapshot().expect("readable").document::<Convoy>(&id.path()).expect("readable");
            convoy.expect("it is there").closed.is_some()
        };
        // What a tick saw as finished is open again by the time that it writes.
        becomes(&bead, State::Open);
        assert!(!close(&ledger, &id, &context).expect("answered") && !is_closed());
        becomes(&bead, State::Closed(Closing { resolution: Resolution::Done, at: now }));
        assert!(close(&ledger, &id, &context).expect("answered") && is_closed());
        // Two that saw the same close it once.
        assert!(!close(&ledger, &id, &context).expect("answered"));
        let none = ConvoyId::random();
        assert!(!close(&ledger, &none, &context).expect("answered"));
    }
}
