//! `gt queue approve`: somebody lets a change of protected files land.

use serde::Serialize;

use super::{not_queued, told_of};
use crate::bead::{Approval, Bead, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId};
use crate::ledger::Snapshot;
use crate::ops::{OpenTown, Report, escalate, pass, who};

/// A bead that was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approved {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// The commit that it holds for.
    pub head: String,
    /// Whether it was approved before.
    pub again: bool,
}

impl Report for Approved {
    const SCHEMA: &'static str = "gt.queue.approve/1";
}

/// Approves of the commit that is submitted now. Another one needs another approval.
///
/// # Errors
/// When there is no such bead, it is not in the queue, or whoever asks may not.
pub fn approve(open: &OpenTown, word: &str) -> Outcome<Approved> {
    open.ledger.settle()?;
    let done = open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(&open.bead_id(tx.at_tip(), word)?)?;
        allow(open, tx.at_tip(), &bead)?;
        let (Status::Submitted, Some(merge)) = (bead.status(), &mut bead.merge) else {
            return Err(not_queued(&bead));
        };
        let (again, head) = (merge.is_approved(), merge.head.clone());
        if !again {
            let (by, at) = (open.actor.clone(), tx.now());
            merge.approved = Some(Approval { by, at, head: head.clone(), extra: toml::Table::new() });
            tx.put(&bead);
            told_of(tx.at_tip(), &bead.id)?.into_iter().for_each(|letter| escalate::acknowledge(tx, letter));
            tx.describe("approve", format!("approve {}: {}", bead.id, bead.title));
        }
        Ok(Approved { bead: bead.id, title: bead.title, head, again })
    })?;
    commit_point("approve.recorded");
    let approved = done.value;
    if !approved.again {
        let text = format!("{} may land", approved.head.get(..10).unwrap_or(&approved.head));
        open.event("queue.changed", &open.actor, Some(&approved.bead), None, text);
    }
    pass::request(open);
    Ok(approved)
}

/// A person may, and the worker of a bead for a reviewer that is tied to this one.
fn allow(open: &OpenTown, snapshot: &Snapshot, bead: &Bead) -> Outcome<()> {
    let worker = match &open.actor {
        person if person.is_person() => return Ok(()),
        Actor::Worker(worker) => worker,
        other => return Err(refused(&format!("{other} may not approve"))),
    };
    if bead.claim().is_some_and(|claim| claim.assignee == *worker) {
        return Err(refused(&format!("{worker} did {} itself", bead.id)));
    }
    let (own, _) = who::hooked_bead(open, snapshot)?;
    let tied = own.needs.contains(&bead.id)
        || own.related.contains(&bead.id)
        || bead.related.contains(&own.id)
        || own.discovered_from.as_ref() == Some(&bead.id);
    if own.role.as_str() != "reviewer" || !tied {
        return Err(refused(&format!("{} is no review of {}", own.id, bead.id)));
    }
    Ok(())
}

fn refused(message: &str) -> Failure {
    Failure::new(Kind::Refused, message.to_owned())
        .hint("A person approves, or the worker of a bead with the role reviewer that is related to it.")
}
