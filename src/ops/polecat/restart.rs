//! `gt polecat restart`: a fresh session on the same hook, in the worktree as it is.

use std::time::Duration;

use serde::Serialize;

use crate::bead::{Bead, Status};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{SessionId, WorkerRef};
use crate::ledger::BeadQuery;
use crate::ops::aftermath::Guard;
use crate::ops::launch::{self, Start};
use crate::ops::{OpenTown, Report, resume, sandbox, session, tick};

/// How long another process may take to start or end a session of the same worker.
const ANOTHER_START: Duration = Duration::from_secs(60);

/// A worker with a fresh session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restarted {
    /// Who.
    pub worker: WorkerRef,
    /// The start; none when the session that was to be replaced is not the one that runs.
    pub start: Option<Start>,
}

impl Report for Restarted {
    const SCHEMA: &'static str = "gt.polecat.restart/1";
}

/// Keeps what the worker that `word` means has, ends its session, and starts it again on the bead on its hook. It counts
/// neither as a try nor as an attempt. With `only`, nothing happens unless that session is the one that runs.
///
/// # Errors
/// When there is no such worker, nothing is hooked to it, its work cannot be kept, or the start fails.
pub fn restart(open: &OpenTown, word: &str, only: Option<&SessionId>) -> Outcome<Restarted> {
    open.ledger.settle()?;
    let snapshot = open.snapshot()?;
    let worker = open.worker(&snapshot, word)?;
    let query = BeadQuery::of(Status::Hooked).held_by(&worker);
    let bead = snapshot.beads(&query)?.into_iter().next().ok_or_else(|| nothing(&worker))?;
    let live = session::live(open, &worker)?.map(|live| live.row.id);
    if only.is_some() && live.as_ref() != only {
        return Ok(Restarted { worker, start: None });
    }
    if only.is_none() {
        tick::forget(open, &bead.id)?;
    }
    let start = again(open, &worker, &bead)?;
    Ok(Restarted { worker, start: Some(start) })
}

fn again(open: &OpenTown, worker: &WorkerRef, bead: &Bead) -> Outcome<Start> {
    let claim = bead.claim().expect("a hooked bead has a claim");
    resume::begin_fresh(open, &bead.id)?;
    sandbox::secure(open, worker, "before a restart")?;
    let alone = Guard::of_worker(open, worker, ANOTHER_START)?;
    let start = launch::start_anew(open, alone, bead, claim)?;
    let text = format!("{} was restarted", worker.short());
    open.event("worker.restarted", &open.actor, Some(&bead.id), Some(&worker.rig), text);
    Ok(start)
}

fn nothing(worker: &WorkerRef) -> Failure {
    Failure::new(Kind::NotFound, format!("nothing is hooked to {}", worker.short()))
        .hint(format!("`gt sling BEAD {}` gives it something to do", worker.short()))
}
