//! `gt bead dep add` and `gt bead dep remove`: what a bead waits for.

use serde::Serialize;

use super::brief::Neighbour;
use super::cycle;
use crate::bead::Bead;
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ledger::Transaction;
use crate::ops::{OpenTown, Report, pass, who};

/// What a bead needs, after a change of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// What was added or removed.
    pub changed: Vec<Neighbour>,
    /// Whether it was added.
    pub added: bool,
    /// What was there already.
    pub unchanged: Vec<BeadId>,
    /// Everything that it needs now.
    pub needs: Vec<BeadId>,
}

impl Report for Needs {
    const SCHEMA: &'static str = "gt.bead.dep/1";
}

/// Makes the bead `bead` wait for `needs`: all of them or none.
///
/// # Errors
/// When one of them does not exist, or the bead would then wait for itself; the cycle is named.
pub fn add(open: &OpenTown, bead: &str, needs: &[String]) -> Outcome<Needs> {
    let committed = open.ledger.transact(&open.actor, |tx| {
        let mut bead = begin(open, tx, bead)?;
        let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
        for need in needs {
            let need = open.bead_id(tx.at_tip(), need)?;
            if bead.needs.insert(need.clone()) {
                cycle::refuse(tx.at_tip(), &bead)?;
                changed.push(Neighbour::look(tx.at_tip(), &need)?);
            } else {
                unchanged.push(need);
            }
        }
        Ok(finish(tx, bead, changed, unchanged, true))
    })?;
    Ok(tell(open, committed.value))
}

/// Makes the bead `bead` not wait for `needs` any more: all of them or none.
///
/// # Errors
/// When it does not wait for one of them.
pub fn remove(open: &OpenTown, bead: &str, needs: &[String]) -> Outcome<Needs> {
    let committed = open.ledger.transact(&open.actor, |tx| {
        let mut bead = begin(open, tx, bead)?;
        let mut changed = Vec::new();
        for text in needs {
            let need = needed(open, tx, &bead, text)?;
            bead.needs.remove(&need);
            changed.push(Neighbour::look(tx.at_tip(), &need)?);
        }
        Ok(finish(tx, bead, changed, Vec::new(), false))
    })?;
    Ok(tell(open, committed.value))
}

fn begin(open: &OpenTown, tx: &Transaction, text: &str) -> Outcome<Bead> {
    who::check_lease(open, tx.at_tip())?;
    tx.bead(&open.bead_id(tx.at_tip(), text)?)
}

/// The need that `text` means; one that does not exist as a bead can be removed as well.
fn needed(open: &OpenTown, tx: &Transaction, bead: &Bead, text: &str) -> Outcome<BeadId> {
    let id = match text.parse::<BeadId>() {
        Ok(id) if bead.needs.contains(&id) => id,
        _ => open.bead_id(tx.at_tip(), text)?,
    };
    if bead.needs.contains(&id) {
        return Ok(id);
    }
    let failure = Failure::new(Kind::NotFound, format!("{} does not need {id}", bead.id));
    Err(if bead.needs.is_empty() {
        failure.hint("It needs nothing.")
    } else {
        let all: Vec<&str> = bead.needs.iter().map(BeadId::as_str).collect();
        failure.hint(format!("It needs {}.", all.join(", ")))
    })
}

fn finish(tx: &mut Transaction, bead: Bead, changed: Vec<Neighbour>, unchanged: Vec<BeadId>, added: bool) -> Needs {
    tx.put(&bead);
    let names: Vec<&str> = changed.iter().map(|need| need.id.as_str()).collect();
    let (event, verb) = if added { ("dep-add", "needs") } else { ("dep-remove", "does not need") };
    tx.describe(event, format!("{} {verb} {}: {}", bead.id, names.join(", "), bead.title));
    Needs { needs: bead.needs.into_iter().collect(), bead: bead.id, title: bead.title, changed, unchanged, added }
}

fn tell(open: &OpenTown, needs: Needs) -> Needs {
    if needs.changed.is_empty() {
        return needs;
    }
    let names: Vec<&str> = needs.changed.iter().map(|need| need.id.as_str()).collect();
    let verb = if needs.added { "needs" } else { "does not need" };
    open.event(
        "bead.needs",
        &open.actor,
        Some(&needs.bead),
        None,
        format!("{} {verb} {}", needs.bead, names.join(", ")),
    );
    pass::request(open);
    needs
}
