//! `gt polecat stop`: the session ends, and so does the hooking.
//!
//! A worker whose session is gone while its bead stays hooked is what the tick repairs, so a stop that is to last takes
//! the bead back as well.

use serde::Serialize;

use crate::bead::Status;
use crate::error::Outcome;
use crate::id::WorkerRef;
use crate::ledger::BeadQuery;
use crate::ops::aftermath::Guard;
use crate::ops::unsling::{self, PATIENCE, Unslung};
use crate::ops::{OpenTown, Report, sandbox, session};

/// A worker that was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Who.
    pub worker: WorkerRef,
    /// The bead that was taken back from it.
    pub released: Option<Unslung>,
    /// How many sessions were ended.
    pub sessions: usize,
}

impl Report for Stopped {
    const SCHEMA: &'static str = "gt.polecat.stop/1";
}

/// Stops the worker that `word` means: keeps what it has, ends its sessions, and takes back the bead on its hook. What
/// it handed in stays in the merge queue.
///
/// # Errors
/// When there is no such worker, or its work cannot be kept.
pub fn stop(open: &OpenTown, word: &str, why: Option<&str>) -> Outcome<Stopped> {
    unsling::by_somebody_in_charge(open)?;
    open.ledger.settle()?;
    let worker = open.worker(&open.snapshot()?, word)?;
    Guard::of_worker(open, &worker, PATIENCE)?.after(stop_alone(open, worker, why))
}

fn stop_alone(open: &OpenTown, worker: WorkerRef, why: Option<&str>) -> Outcome<Stopped> {
    let query = BeadQuery::of(Status::Hooked).held_by(&worker);
    let hooked = open.snapshot()?.beads(&query)?.into_iter().next();
    let released = match hooked.as_ref().and_then(|bead| Some((bead, bead.claim()?))) {
        Some((bead, claim)) if claim.home == *open.home()? => {
            Some(unsling::take_back(open, bead, claim, why.unwrap_or("its worker was stopped by a person"))?)
        }
        _ => None,
    };
    let before = released.as_ref().map_or(0, |released| released.sessions);
    let sessions = before + session::end_all(open, &worker, "stopped")?;
    if released.is_none() {
        sandbox::secure(open, &worker, "stopped")?;
    }
    open.event("worker.stopped", &open.actor, None, Some(&worker.rig), format!("{} was stopped", worker.short()));
    Ok(Stopped { worker, released, sessions })
}
