//! Decides what starts when, within capacity. Pure: values in, decisions out.
//!
//! [`next`] answers for the tick: which beads start now, with which worker, and why the others do not.
//! [`admit`] answers for a person who slings one bead by hand.

mod pick;
mod refusal;
#[cfg(test)]
mod tests;

pub use refusal::Refusal;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::bead::ready::{Account, Row, Standing};
use crate::id::{BeadId, Prefix, RigName, RoleName, WorkerName, WorkerRef};

/// Everything that counts, as it is now.
#[derive(Debug, Clone, Default)]
pub struct Town {
    /// Every rig.
    pub rigs: Vec<Rig>,
    /// Every polecat that may take work.
    pub workers: Vec<Worker>,
    /// The most workers at work in the whole town; none means no limit.
    pub limit: Option<u32>,
}

/// One rig, as far as starting goes.
#[derive(Debug, Clone)]
pub struct Rig {
    /// Its name.
    pub name: RigName,
    /// The prefix of its beads.
    pub prefix: Prefix,
    /// Whether it is parked.
    pub parked: bool,
    /// The most workers at work in it; none means no limit.
    pub limit: Option<u32>,
    /// The most workers at work in it by role; a role that is not named has no limit of its own.
    pub pools: BTreeMap<RoleName, u32>,
    /// Names that nobody in the town has, in the order in which they are given.
    pub free_names: Vec<WorkerName>,
}

/// One worker.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Who.
    pub who: WorkerRef,
    /// Which pool it belongs to.
    pub role: RoleName,
    /// What it does.
    pub state: WorkerState,
}

/// What a worker does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerState {
    /// Nothing; it may get a bead.
    Free,
    /// It has this bead on its hook.
    Hooked(BeadId),
    /// It may not get a bead, for this reason: "its worktree has changes that nobody committed".
    Unfit(String),
}

/// A convoy that is fed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Its beads.
    pub members: BTreeSet<BeadId>,
    /// The most workers at its beads at once.
    pub workers: Option<u32>,
}

/// One start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Start {
    /// What starts.
    pub bead: BeadId,
    /// With whom.
    pub worker: WorkerRef,
    /// The role of the bead, and so of a new worker.
    pub role: RoleName,
    /// Whether the worker does not exist yet, and its name is to be reserved in the transaction.
    pub new: bool,
}

/// What starts now and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In the order in which they start.
    pub starts: Vec<Start>,
    /// Ready beads of fed convoys that do not start now, and why.
    pub refusals: Vec<(BeadId, Refusal)>,
}

/// What the tick starts: ready members of fed convoys, in the order of `ready`, as long as there is room.
/// One worker gets one bead; the worker that a bead prefers gets it if it is free.
///
/// `ready` are the ready beads in the order of [`crate::bead::ready::queue`].
pub fn next(ready: &[&Row], town: &Town, feeds: &[Feed]) -> Plan {
    let mut board = pick::Board::new(town);
    let mut plan = Plan::default();
    let wanted: BTreeSet<&WorkerRef> = ready.iter().filter_map(|row| row.prefer.as_ref()).collect();
    for row in ready {
        let feeds: Vec<&Feed> = feeds.iter().filter(|feed| feed.members.contains(&row.id)).collect();
        if feeds.is_empty() {
            continue;
        }
        match board.feed_room(&feeds).and_then(|()| board.start(row, &wanted)) {
            Ok(start) => plan.starts.push(start),
            Err(refusal) => plan.refusals.push((row.id.clone(), refusal)),
        }
    }
    plan
}

/// What a person asked for by `gt sling BEAD [RIG|WORKER]`.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The bead.
    pub row: &'a Row,
    /// How it stands.
    pub account: &'a Account,
    /// The worker that is to have it, if the person named one. A name that is not there yet is made.
    pub worker: Option<&'a WorkerRef>,
    /// The rig in which it is to start, if the person named one; otherwise the bead's.
    pub rig: Option<&'a RigName>,
}

/// Whether the bead may start, and with whom. The person's word stands in for a convoy that feeds it, but not
/// for room, and not for anything else that keeps a bead from being ready.
///
/// # Errors
/// Why not.
pub fn admit(asked: &Asked<'_>, town: &Town) -> Result<Start, Refusal> {
    match &asked.account.standing {
        Standing::Ready => {}
        Standing::Epic { .. } => return Err(Refusal::Epic),
        standing => return Err(Refusal::NotReady { why: standing.clone() }),
    }
    let mut board = pick::Board::new(town);
    match asked.worker {
        Some(worker) => board.start_with(asked.row, worker),
        None => board.start_in(asked.row, asked.rig, &BTreeSet::new()),
    }
}
