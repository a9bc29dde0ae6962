//! Escalations: a problem is written to the mailbox of who is told next, and counted so that it is told once.

use serde::Serialize;

use super::{OpenTown, Report};
use crate::error::Outcome;
use crate::escalation::{self, Next, Problem};
use crate::id::{Actor, BeadId};
use crate::mail::{MailId, Severity};

/// A problem as somebody reports it.
pub fn problem(from: &Actor, bead: Option<&BeadId>, severity: Severity, summary: impl Into<String>) -> Problem {
    Problem {
        severity,
        from: from.clone(),
        bead: bead.cloned(),
        worker: None,
        summary: summary.into(),
        evidence: Vec::new(),
    }
}

/// Somebody was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalated {
    /// The letter.
    pub id: MailId,
    /// Who was told.
    pub to: Actor,
    /// What.
    pub subject: String,
}

impl Report for Escalated {
    const SCHEMA: &'static str = "gt.escalate/1";
}

/// Tells the next one up.
///
/// # Errors
/// When the ledger cannot be written.
pub fn raise(open: &OpenTown, problem: &Problem) -> Outcome<Escalated> {
    let now = open.now();
    let to = match escalation::next(problem, &[], false, now) {
        Next::Tell(actor) => actor,
        _ => Actor::Human,
    };
    let letter = escalation::letter(problem, MailId::random(), to.clone(), &[], now);
    open.ledger.transact(&problem.from, |tx| {
        tx.put(&letter);
        tx.describe("escalate", format!("escalate to {to}: {}", letter.subject));
        Ok(())
    })?;
    open.event("escalated", &problem.from, problem.bead.as_ref(), None, &letter.subject);
    Ok(Escalated { id: letter.id, to, subject: letter.subject })
}

/// Tells the next one up, unless the same was told and is not yet acknowledged.
///
/// # Errors
/// As [`raise`].
pub fn once(open: &OpenTown, problem: &Problem) -> Outcome<()> {
    let (letters, _) = open.snapshot()?.documents::<crate::mail::Letter>()?;
    let subject = escalation::letter(problem, MailId::random(), Actor::Human, &[], open.now()).subject;
    let told = letters.iter().any(|letter| letter.is_open_escalation() && letter.subject == subject);
    if told { Ok(()) } else { raise(open, problem).map(drop) }
}
