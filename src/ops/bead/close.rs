//! `gt bead close`: ends a bead that is not to be merged.

use serde::Serialize;

use super::brief::state_of;
use super::note;
use crate::bead::{Note, Resolution, word};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, WorkerRef};
use crate::ledger::Transaction;
use crate::ops::{OpenTown, Report, pass, session};

/// As what, and why.
#[derive(Debug, Clone)]
pub struct Request {
    /// As what.
    pub resolution: Resolution,
    /// For a duplicate: the bead that is the same work.
    pub of: Option<String>,
    /// Why; becomes a note.
    pub reason: Option<String>,
}

/// A bead that was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// As what it was closed.
    pub closed_as: Resolution,
    /// The worker that had it; its session was ended, its worktree is as it was.
    pub taken_from: Option<WorkerRef>,
}

impl Report for Closed {
    const SCHEMA: &'static str = "gt.bead.close/1";
}

/// Closes the bead that `bead` means.
///
/// # Errors
/// When there is none, it is closed already, lands just now, or `of` names no other bead.
pub fn close(open: &OpenTown, bead: &str, request: &Request) -> Outcome<Closed> {
    check(request)?;
    let committed = open.ledger.transact(&open.actor, |tx| closed(open, tx, bead, request))?;
    commit_point("close.done");
    let closed = committed.value;
    if let Some(worker) = &closed.taken_from {
        session::end_all(open, worker, "closed")?;
    }
    let rig = closed.taken_from.as_ref().map(|worker| &worker.rig);
    let text = format!("closed as {}: {}", word(closed.closed_as), closed.title);
    open.event("bead.closed", &open.actor, Some(&closed.bead), rig, text);
    pass::request(open);
    Ok(closed)
}

fn check(request: &Request) -> Outcome<()> {
    if let Some(reason) = &request.reason {
        note::check(reason)?;
    }
    match (request.resolution, &request.of) {
        (Resolution::Duplicate, None) => Err(Failure::new(Kind::Usage, "a duplicate needs the bead that it doubles")
            .hint("`gt bead close BEAD --as duplicate --of OTHER`")),
        (Resolution::Cancelled | Resolution::Done, Some(_)) => {
            Err(Failure::new(Kind::Usage, "--of is for duplicates")
                .hint("`gt bead close BEAD --as duplicate --of OTHER`"))
        }
        (Resolution::Merged, _) => Err(Failure::new(Kind::Usage, "only the merge queue closes a bead as merged")
            .hint("`gt done` hands work in; `gt bead close BEAD --as done` ends what needs no commit")),
        _ => Ok(()),
    }
}

fn closed(open: &OpenTown, tx: &mut Transaction, text: &str, request: &Request) -> Outcome<Closed> {
    let id = open.bead_id(tx.at_tip(), text)?;
    let mut bead = tx.bead(&id)?;
    let taken_from = bead.claim().map(|claim| claim.assignee.clone()).filter(|_| state_of(&bead) == "hooked");
    let (resolution, now) = (request.resolution, tx.now());
    bead.close(&open.actor, resolution, now)?;
    let mut why = request.reason.as_deref().map(|reason| reason.trim().to_owned());
    if let Some(of) = &request.of {
        let of = open.bead_id(tx.at_tip(), of)?;
        if of == id {
            return Err(Failure::new(Kind::Usage, format!("{id} cannot double itself")));
        }
        let named = format!("The same work as {of}.");
        why = Some(why.map_or_else(|| named.clone(), |reason| format!("{named} {reason}")));
        bead.related.insert(of);
    }
    if let Some(why) = why {
        bead.notes.push(Note::new(now, open.actor.clone(), why));
    }
    tx.put(&bead);
    tx.describe("close", format!("close {id} as {}: {}", word(resolution), bead.title));
    Ok(Closed { bead: id, title: bead.title, closed_as: resolution, taken_from })
}
