//! `gt unsling`: a person takes a bead back from its worker.
//!
//! What the worker has is kept before the bead is open again; the recorded attempt does not count, and the tick does
//! not start the bead by itself.

use std::time::Duration;

use serde::Serialize;

use super::aftermath::Guard;
use super::{OpenTown, Report, escalate, sandbox, session, tick};
use crate::bead::transition::{Ending, Hold};
use crate::bead::{AttemptOutcome, Bead, Claim, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, WorkerRef};

/// How long to wait for somebody who starts or stops the same worker.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A bead that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unslung {
    /// The bead; it is open now.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Who had it.
    pub worker: WorkerRef,
    /// The commit that the worker had come to; the next attempt goes on from it.
    pub head: Option<String>,
    /// How many sessions were ended.
    pub sessions: usize,
    /// What could not be kept by git; it was left where it is.
    pub warning: Option<String>,
}

impl Report for Unslung {
    const SCHEMA: &'static str = "gt.unsling/1";
}

/// Takes back the bead that `word` means, a bead or its worker.
///
/// # Errors
/// When nobody holds it, it is held in another clone, or it is being landed right now.
pub fn unsling(open: &OpenTown, word: &str, reason: Option<&str>) -> Outcome<Unslung> {
    by_somebody_in_charge(open)?;
    open.ledger.settle()?;
    let snapshot = open.snapshot()?;
    let id = open.bead_id(&snapshot, word)?;
    let (bead, claim) = held(open, &snapshot.bead(&id)?)?;
    let guard = Guard::of_worker(open, &claim.assignee, PATIENCE)?;
    guard.after(take_back(open, &bead, &claim, reason.unwrap_or("taken back by a person")))
}

/// A worker gives up a bead by saying why, not by letting go.
pub(super) fn by_somebody_in_charge(open: &OpenTown) -> Outcome<()> {
    match &open.actor {
        Actor::Mayor => Ok(()),
        person if person.is_person() => Ok(()),
        other => Err(Failure::new(Kind::Refused, format!("{other} may not do that: it is for a person or the mayor"))
            .hint("A worker that cannot go on runs `gt escalate`.")),
    }
}

fn held(open: &OpenTown, bead: &Bead) -> Outcome<(Bead, Claim)> {
    let Some(claim) = bead.claim() else {
        return Err(Failure::new(Kind::Conflict, format!("nobody holds {}: it is {}", bead.id, bead.state.describe())));
    };
    if claim.home != *open.home()? {
        let message =
            format!("{} is held by {} in another clone of this town ({})", bead.id, claim.assignee, claim.home);
        return Err(Failure::new(Kind::Refused, message).hint("Take it back there."));
    }
    if bead.merge.as_ref().is_some_and(|merge| merge.intent.is_some()) {
        return Err(Failure::new(Kind::Conflict, format!("{} is being landed right now", bead.id))
            .hint("`gt queue show` says how it goes; what landed can be reverted by another bead."));
    }
    Ok((bead.clone(), claim.clone()))
}

/// Ends the session of this hooking, keeps what is there, and opens the bead again. The caller holds the worker's lock.
pub(super) fn take_back(open: &OpenTown, bead: &Bead, claim: &Claim, reason: &str) -> Outcome<Unslung> {
    let worker = &claim.assignee;
    let sessions = end_sessions(open, claim)?;
    commit_point("unsling.ended");
    let head = match bead.status() {
        Status::Hooked => sandbox::pin(open, worker, bead)?.map(|head| head.to_string()),
        _ => None,
    };
    // The worktree stays where it is, so what git cannot keep is not lost either; it is moved aside before any reuse.
    let warning = sandbox::secure(open, worker, "unslung").err().map(|failure| failure.to_string());
    commit_point("unsling.pinned");
    let id = &bead.id;
    let released = open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(id)?;
        let ending = Ending { head: head.clone(), ..Ending::new(AttemptOutcome::Released, reason) };
        bead.release(&open.actor, Hold { home: &claim.home, lease: Some(&claim.lease) }, ending)?;
        let head = bead.attempts.last().and_then(|attempt| attempt.head.clone());
        tx.put(&bead);
        escalate::in_hand(tx, id)?;
        tx.describe("release", format!("unsling {id} from {}: {}", worker.name, bead.title));
        Ok(head)
    })?;
    commit_point("unsling.released");
    tick::forget(open, id)?;
    open.event("bead.released", &open.actor, Some(id), Some(&worker.rig), reason);
    let (worker, title) = (worker.clone(), bead.title.clone());
    Ok(Unslung { bead: id.clone(), title, worker, head: released.value, sessions, warning })
}

/// Only those of this hooking: a worker whose bead waits in the queue may be at work on another one.
fn end_sessions(open: &OpenTown, claim: &Claim) -> Outcome<usize> {
    let mut count = 0;
    for sighting in session::sightings(open)? {
        if sighting.row.lease.as_ref() == Some(&claim.lease) {
            session::close(open, &sighting.row, Some("unslung"))?;
            count += 1;
        }
    }
    Ok(count)
}
