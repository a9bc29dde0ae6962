//! `gt queue reject`: a person sends a bead back to its worker.

use serde::Serialize;

use super::told_of;
use crate::bead::AttemptOutcome;
use crate::bead::transition::{Ending, Hold};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, WorkerRef};
use crate::ops::unsling::by_somebody_in_charge;
use crate::ops::{OpenTown, Report, escalate, pass};

/// A bead that was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The bead; it is open again.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Who had it, and gets it again.
    pub worker: Option<WorkerRef>,
    /// Why.
    pub reason: String,
}

impl Report for Rejected {
    const SCHEMA: &'static str = "gt.queue.reject/1";
}

/// Sends the bead that `word` means back with `reason`, which its worker reads. The attempt counts.
///
/// # Errors
/// When there is no such bead, it is not in the queue, or it is being landed right now.
pub fn reject(open: &OpenTown, word: &str, reason: &str) -> Outcome<Rejected> {
    by_somebody_in_charge(open)?;
    open.ledger.settle()?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Failure::new(Kind::Usage, "the worker has to know why").hint("`gt queue reject BEAD REASON`"));
    }
    let home = open.home()?.clone();
    let done = open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(&open.bead_id(tx.at_tip(), word)?)?;
        let ending = Ending::new(AttemptOutcome::Bounced, reason);
        bead.bounce(&open.actor, Hold { home: &home, lease: None }, ending)?;
        tx.put(&bead);
        told_of(tx.at_tip(), &bead.id)?.into_iter().for_each(|letter| escalate::acknowledge(tx, letter));
        tx.describe("reject", format!("reject {}: {}", bead.id, reason.lines().next().unwrap_or_default()));
        Ok(Rejected { worker: bead.prefer, bead: bead.id, title: bead.title, reason: reason.to_owned() })
    })?;
    commit_point("reject.recorded");
    let rejected = done.value;
    let rig = rejected.worker.as_ref().map(|worker| &worker.rig);
    open.event("bead.bounced", &open.actor, Some(&rejected.bead), rig, reason);
    pass::request(open);
    Ok(rejected)
}
