//! `gt bead reopen`: a closed or failed bead is to be done after all.

use serde::Serialize;

use super::note;
use crate::error::Outcome;
use crate::id::BeadId;
use crate::ops::{OpenTown, Report, escalate, pass};

/// A bead that is open again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reopened {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
}

impl Report for Reopened {
    const SCHEMA: &'static str = "gt.bead.reopen/1";
}

/// Reopens the bead that `bead` means; attempts so far count no more.
///
/// # Errors
/// When there is none, or it is open and has not failed.
pub fn reopen(open: &OpenTown, bead: &str, reason: &str) -> Outcome<Reopened> {
    let reason = note::check(reason)?;
    let committed = open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(&open.bead_id(tx.at_tip(), bead)?)?;
        bead.reopen(&open.actor, reason)?;
        tx.put(&bead);
        escalate::in_hand(tx, &bead.id)?;
        tx.describe("reopen", format!("reopen {}: {}", bead.id, bead.title));
        Ok(Reopened { bead: bead.id, title: bead.title })
    })?;
    let reopened = committed.value;
    open.event("bead.reopened", &open.actor, Some(&reopened.bead), None, reason);
    pass::request(open);
    Ok(reopened)
}
