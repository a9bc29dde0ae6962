//! `gt refinery status`: how the merge queues of the rigs stand.

use serde::Serialize;

use super::list::{Queued, Standing, of_rig};
use super::told;
use crate::error::Outcome;
use crate::git::{Oid, bare};
use crate::id::{Actor, BeadId, RigName};
use crate::ops::target::Target;
use crate::ops::{OpenTown, Page, Row};
use crate::store::FileLock;
use crate::town::{Remote, Rig};

/// The refinery of one rig.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// The rig.
    pub rig: RigName,
    /// Whether it is parked, so that nothing merges by itself.
    pub parked: bool,
    /// Why the queue is paused.
    pub paused: Option<String>,
    /// The process that works through the queue now.
    pub process: Option<i32>,
    /// Where work lands.
    pub branch: String,
    /// The commit there; none when it cannot be read.
    pub tip: Option<Oid>,
    /// How many beads wait.
    pub waiting: usize,
    /// What is next.
    pub next: Option<BeadId>,
    /// What stays until a person acts.
    pub set_aside: Vec<BeadId>,
    /// What was said of the rig as a whole: a red target, gates that cannot be run.
    pub problems: Vec<String>,
    /// How many landed commits the person's own repository does not have yet.
    pub undelivered: usize,
}

impl Row for State {
    const SCHEMA: &'static str = "gt.refinery.status/1";
}

/// The refinery of the rig, or of each rig.
///
/// # Errors
/// When there is no such rig, or the ledger cannot be read.
pub fn status(open: &OpenTown, rig: Option<&str>) -> Outcome<Page<State>> {
    let rigs = open.rigs(rig)?;
    Ok(Page::complete(rigs.iter().map(|rig| of(open, rig)).collect::<Outcome<_>>()?))
}

fn of(open: &OpenTown, rig: &Rig) -> Outcome<State> {
    let target = Target::of(open, rig);
    let tip = bare::ref_tip(&target.repo, &target.name).ok().flatten();
    let queue = of_rig(open, rig)?;
    let aside = |queued: &Queued| matches!(queued.standing, Standing::SetAside { .. });
    let owner = FileLock::recorded_owner(&open.town.refinery_lock(&rig.name)).map(|owner| owner.process);
    let actor = Actor::Refinery(rig.name.clone());
    let letters = told(&open.snapshot()?)?;
    let of_all = letters.iter().filter(|letter| letter.from == actor && letter.bead.is_none());
    Ok(State {
        rig: rig.name.clone(),
        parked: rig.parked,
        paused: rig.paused.clone(),
        process: owner.filter(|owner| owner.is_alive()).map(|owner| owner.pid),
        branch: rig.branch.clone(),
        undelivered: undelivered(rig, &target, tip.as_ref()),
        tip,
        waiting: queue.len(),
        next: queue.iter().find(|queued| !aside(queued)).map(|queued| queued.bead.clone()),
        set_aside: queue.iter().filter(|queued| aside(queued)).map(|queued| queued.bead.clone()).collect(),
        problems: of_all.map(|letter| letter.subject.clone()).collect(),
    })
}

fn undelivered(rig: &Rig, target: &Target, tip: Option<&Oid>) -> usize {
    let theirs = bare::ref_tip(&target.repo, &target.tracking()).ok().flatten();
    match (rig.remote, theirs, tip) {
        (Remote::Local, Some(theirs), Some(tip)) => bare::count(&target.repo, &theirs, tip).unwrap_or(0),
        _ => 0,
    }
}
