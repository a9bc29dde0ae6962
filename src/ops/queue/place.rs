//! `gt queue bump` and `gt queue lower`: a person changes the order of the queue.

use std::collections::BTreeSet;

use serde::Serialize;

use super::list::of_rig;
use super::not_queued;
use crate::bead::{Bead, Status};
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ledger::BeadQuery;
use crate::ops::unsling::by_somebody_in_charge;
use crate::ops::{OpenTown, Report, pass};

/// Where a bead is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Before all others.
    Front,
    /// After all others.
    Back,
}

/// A bead that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Its place now, from 1. What it needs stands before it.
    pub place: usize,
    /// How many wait.
    pub of: usize,
    /// What moved with it to the front, because it needs that.
    pub with: Vec<BeadId>,
}

impl Report for Moved {
    const SCHEMA: &'static str = "gt.queue.move/1";
}

/// Puts the submitted bead that `word` means at an end of its queue. At the front, whatever of the queue it needs comes
/// with it, because it cannot land before that.
///
/// # Errors
/// When there is no such bead, or it is not in the queue.
pub fn put(open: &OpenTown, word: &str, end: End) -> Outcome<Moved> {
    by_somebody_in_charge(open)?;
    let done = open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(&open.bead_id(tx.at_tip(), word)?)?;
        if bead.status() != Status::Submitted {
            return Err(not_queued(&bead));
        }
        let query = BeadQuery::of(Status::Submitted).with_prefix(&bead.id.prefix());
        let mut others = tx.at_tip().beads(&query)?;
        others.retain(|other| other.id != bead.id);
        let with = if end == End::Front { needed(&bead, &others) } else { BTreeSet::new() };
        let places = others.iter().filter(|other| !with.contains(&other.id)).filter_map(place_of);
        let (event, place) = match end {
            End::Front => ("bump", places.min().unwrap_or(0).min(0).saturating_sub(1)),
            End::Back => ("lower", places.max().unwrap_or(0).max(0).saturating_add(1)),
        };
        for moved in others.iter_mut().filter(|other| with.contains(&other.id)).chain([&mut bead]) {
            let missing = || Failure::new(Kind::Corrupt, format!("{} is submitted without [merge]", moved.id));
            moved.merge.as_mut().ok_or_else(missing)?.place = place;
            tx.put(moved);
        }
        tx.describe(event, format!("{event} {} in the queue", bead.id));
        Ok((bead.id, bead.title, with))
    })?;
    let (bead, title, with) = done.value;
    let rig = open.rig_of(&bead.prefix())?;
    let queue = of_rig(open, &rig)?;
    let place = queue.iter().find(|queued| queued.bead == bead).map_or(0, |queued| queued.place);
    open.event("queue.changed", &open.actor, Some(&bead), Some(&rig.name), format!("moved to place {place}"));
    pass::request(open);
    Ok(Moved { bead, title, place, of: queue.len(), with: with.into_iter().collect() })
}

/// What of the queue a bead needs, at first or at second hand.
fn needed(bead: &Bead, others: &[Bead]) -> BTreeSet<BeadId> {
    let mut found = BTreeSet::new();
    let mut wanted: Vec<&BeadId> = bead.needs.iter().collect();
    while let Some(id) = wanted.pop() {
        let Some(need) = others.iter().find(|other| other.id == *id) else { continue };
        if found.insert(id.clone()) {
            wanted.extend(&need.needs);
        }
    }
    found
}

fn place_of(bead: &Bead) -> Option<i32> {
    Some(bead.merge.as_ref()?.place)
}
