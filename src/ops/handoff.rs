//! `gt handoff`: a worker goes on in a fresh session.
//!
//! What it noted stands on the bead, where the fresh session reads it. A session cannot end itself and begin anew, so a
//! detached process does that; it counts neither as a try nor as an attempt.

use serde::Serialize;

use super::bead::note;
use super::{OpenTown, Report, pass, resume, session, who};
use crate::bead::{Note, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, SessionId, WorkerRef};
use crate::runtime;

/// Work that goes on in a fresh session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedOff {
    /// The bead; it stays on the hook.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// The worker.
    pub worker: WorkerRef,
    /// The session that ends; none when none runs, and the next tick starts one.
    pub ends: Option<SessionId>,
}

impl Report for HandedOff {
    const SCHEMA: &'static str = "gt.handoff/1";
}

/// Notes `text` on the bead of the worker that stands here, and sets a fresh session going in the same worktree.
///
/// # Errors
/// When nothing is hooked to the worker, its lease is stale, or the text is empty or too long.
pub fn handoff(open: &OpenTown, text: &str) -> Outcome<HandedOff> {
    let text = note::check(text)?;
    let snapshot = open.snapshot()?;
    let (bead, lease) = who::hooked_bead(open, &snapshot)?;
    let worker = bead.claim().expect("a hooked bead has a claim").assignee.clone();
    let id = bead.id;
    // Before the note: the fresh session must not go on in the conversation that is full.
    resume::begin_fresh(open, &id)?;
    open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(&id)?;
        if bead.status() != Status::Hooked || bead.claim().map(|claim| &claim.lease) != Some(&lease) {
            let stands = bead.state.describe();
            return Err(Failure::new(Kind::Conflict, format!("{id} is not on the hook of {worker}: it is {stands}")));
        }
        bead.notes.push(Note::new(tx.now(), open.actor.clone(), format!("Handoff: {text}")));
        tx.put(&bead);
        tx.describe("handoff", format!("hand off {id} by {}: {}", worker.name, bead.title));
        Ok(())
    })?;
    commit_point("handoff.noted");
    open.event("worker.handoff", &open.actor, Some(&id), Some(&worker.rig), text.lines().next().unwrap_or_default());
    let live = session::live(open, &worker)?.filter(|live| live.row.lease.as_ref() == Some(&lease));
    let ends = live.map(|live| live.row.id);
    match &ends {
        Some(session) => renew(open, &worker, session)?,
        None => pass::request(open),
    }
    Ok(HandedOff { bead: id, title: bead.title, worker, ends })
}

fn renew(open: &OpenTown, worker: &WorkerRef, session: &SessionId) -> Outcome<()> {
    let program = open.program()?.display().to_string();
    let town = open.town.root.display().to_string();
    let worker = worker.to_string();
    let words = ["--town", &town, "--quiet", "polecat", "restart", &worker, "--session", session.as_str()];
    let argv: Vec<String> = std::iter::once(program).chain(words.map(str::to_owned)).collect();
    runtime::spawn_detached(&argv, &open.town.root, &pass::person_env(open))
        .map_err(|error| Failure::caused(Kind::External, "no fresh session could be set going", error))
}
