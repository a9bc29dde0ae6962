//! `gt handoff`: a worker goes on in a fresh session.
//!
//! What it noted stands on the bead, where the fresh session reads it. A session cannot end itself and begin anew, so a
//! detached process does that; it counts neither as a try nor as an attempt.

use serde::Serialize;

use super::bead::note;
use super::{OpenTown, Report, pass, resume, session, who};
use crate::bead::{Bead, Note, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, State};
use crate::id::{Actor, BeadId, SessionId, WorkerRef};
use crate::runtime;
use crate::store::SessionRow;

/// What every note of this kind begins with.
const HANDOFF: &str = "Handoff:";
/// How many files that are not committed are named, and how many bytes their names may take of a note.
const FILES: usize = 30;
/// See [`FILES`].
const NAMES: usize = Note::LIMIT / 2;

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
        bead.notes.push(Note::new(tx.now(), open.actor.clone(), format!("{HANDOFF} {text}")));
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

/// Notes for the fresh session of a worker whose context ran out before it could note anything itself: what its worktree
/// tells. Written once for a session, and from then on its worker begins anew.
///
/// # Errors
/// When the worktree cannot be looked at or the ledger not be written.
pub(super) fn note_for(open: &OpenTown, bead: &Bead, by: &Actor, row: &SessionRow, why: &str) -> Outcome<()> {
    resume::begin_fresh(open, &bead.id)?;
    let Some(claim) = bead.claim() else { return Ok(()) };
    if bead.notes.iter().any(|note| note.by == *by && note.at >= row.created && note.text.starts_with(HANDOFF)) {
        return Ok(());
    }
    let worker = &claim.assignee;
    let text = format!("{HANDOFF} {why}. {}", standing(open, worker)?);
    open.ledger.transact(by, |tx| {
        let mut bead = tx.bead(&bead.id)?;
        if bead.claim().map(|now| &now.lease) == Some(&claim.lease) {
            bead.notes.push(Note::new(tx.now(), by.clone(), text.clone()));
            tx.put(&bead);
            tx.describe("handoff", format!("hand off {} by {}: {}", bead.id, worker.name, bead.title));
        }
        Ok(())
    })?;
    commit_point("handoff.noted");
    open.event("worker.handoff", by, Some(&bead.id), Some(&worker.rig), why);
    Ok(())
}

/// Where the work of a worker stands, from its worktree.
fn standing(open: &OpenTown, worker: &WorkerRef) -> Outcome<String> {
    let look = worktree::look(&open.town.rig_repo(&worker.rig), &open.town.worktree(worker))?;
    let head = look.head.map_or_else(|| "no commit".to_owned(), |head| head.short().to_owned());
    let (changed, untracked) = match look.state {
        State::Dirty { changed, untracked } | State::Busy { changed, untracked, .. } => (changed, untracked),
        State::Clean | State::Missing | State::Foreign { .. } => (Vec::new(), Vec::new()),
    };
    let mut taken = 0;
    let files = changed.iter().chain(&untracked).take(FILES).map(|path| path.display().to_string());
    let fits = |name: &String| {
        taken += name.len();
        taken <= NAMES
    };
    let named = files.take_while(fits).collect::<Vec<_>>().join(", ");
    let open_files = match changed.len() + untracked.len() {
        0 => "Everything is committed".to_owned(),
        all => format!("Not committed: {named} ({all} in all)"),
    };
    Ok(format!("The worktree is at {head}. {open_files}. `git log` tells what was done; look before you go on."))
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
