//! `gt queue bump` and `gt queue lower`: a person changes the order of the queue.

use serde::Serialize;

use super::list::of_rig;
use crate::bead::Status;
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
    /// Its place now, from 1. What it needs stays before it.
    pub place: usize,
    /// How many wait.
    pub of: usize,
}

impl Report for Moved {
    const SCHEMA: &'static str = "gt.queue.move/1";
}

/// Puts the submitted bead that `word` means at an end of its queue.
///
/// # Errors
/// When there is no such bead, or it is not in the queue.
pub fn put(open: &OpenTown, word: &str, end: End) -> Outcome<Moved> {
    by_somebody_in_charge(open)?;
    let done = open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(&open.bead_id(tx.at_tip(), word)?)?;
        if bead.status() != Status::Submitted {
            let message = format!("{} is not in the merge queue: it is {}", bead.id, bead.state.describe());
            return Err(Failure::new(Kind::Conflict, message).hint("`gt queue list` shows what is"));
        }
        let query =
            BeadQuery { status: vec![Status::Submitted], prefix: vec![bead.id.prefix()], ..BeadQuery::default() };
        let others = tx.at_tip().beads(&query)?;
        let places: Vec<i32> = others
            .iter()
            .filter(|other| other.id != bead.id)
            .filter_map(|other| Some(other.merge.as_ref()?.place))
            .collect();
        let merge =
            bead.merge.as_mut().ok_or_else(|| Failure::new(Kind::Corrupt, "a submitted bead without [merge]"))?;
        let (event, place) = match end {
            End::Front => ("bump", places.iter().copied().min().unwrap_or(0).min(0).saturating_sub(1)),
            End::Back => ("lower", places.iter().copied().max().unwrap_or(0).max(0).saturating_add(1)),
        };
        merge.place = place;
        tx.put(&bead);
        tx.describe(event, format!("{event} {} in the queue", bead.id));
        Ok((bead.id, bead.title))
    })?;
    let (bead, title) = done.value;
    let rig = open.rig_of(&bead.prefix())?;
    let queue = of_rig(open, &rig)?;
    let place = queue.iter().find(|queued| queued.bead == bead).map_or(0, |queued| queued.place);
    open.event("queue.changed", &open.actor, Some(&bead), Some(&rig.name), format!("moved to place {place}"));
    pass::request(open);
    Ok(Moved { bead, title, place, of: queue.len() })
}
