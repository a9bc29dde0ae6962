//! Escalations: a problem is written to the mailbox of who is told next, and counted so that it is told once.

use serde::Serialize;

use super::{OpenTown, Report};
use crate::error::Outcome;
use crate::escalation::{self, Next, Problem};
use crate::id::{Actor, BeadId};
use crate::ledger::Transaction;
use crate::mail::{Letter, MailId, Severity};

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
    let (letters, _) = open.snapshot()?.documents::<Letter>()?;
    let subject = escalation::letter(problem, MailId::random(), Actor::Human, &[], open.now()).subject;
    let told = letters.iter().any(|letter| letter.is_open_escalation() && letter.subject == subject);
    if told { Ok(()) } else { raise(open, problem).map(drop) }
}

/// What somebody wants to be heard.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What is wrong: the first line says it, the rest explains.
    pub text: String,
    /// How bad it is; medium when not said.
    pub severity: Option<Severity>,
    /// The bead that it is about, where it is not the one on the speaker's hook.
    pub bead: Option<String>,
}

/// A worker or a person says that somebody has to look. The bead stays where it is.
///
/// # Errors
/// When the text is empty, the bead does not exist, or the worker's lease is stale.
pub fn escalate(open: &OpenTown, request: &Request) -> Outcome<Escalated> {
    let text = super::bead::note::check(&request.text)?;
    let snapshot = open.snapshot()?;
    let own = own_bead(open, &snapshot)?;
    let bead = match &request.bead {
        Some(word) => Some(snapshot.bead(&open.bead_id(&snapshot, word)?)?),
        None => own,
    };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let severity = request.severity.unwrap_or(Severity::Medium);
    let id = bead.as_ref().map(|bead| &bead.id);
    let mut problem = problem(&open.actor, id, severity, first.trim().trim_end_matches('.'));
    problem.evidence = rest.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if let Some(claim) = bead.as_ref().and_then(|bead| bead.claim()) {
        problem.worker = Some(claim.assignee.clone());
    }
    raise(open, &problem)
}

/// The bead on the hook of the worker that speaks; a person, and a worker without one, speak of none.
fn own_bead(open: &OpenTown, snapshot: &crate::ledger::Snapshot) -> Outcome<Option<crate::bead::Bead>> {
    if !matches!(open.actor, Actor::Worker(_)) {
        return Ok(None);
    }
    match super::who::hooked_bead(open, snapshot) {
        Ok((bead, _)) => Ok(Some(bead)),
        Err(failure) if failure.kind == crate::error::Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What was said about a bead is seen to: whoever took it back, opened it again or gave it to somebody knows.
///
/// # Errors
/// When the ledger cannot be read.
pub fn in_hand(tx: &mut Transaction, id: &BeadId) -> Outcome<()> {
    let (letters, _) = tx.at_tip().documents::<Letter>()?;
    let about = letters.into_iter().filter(|letter| letter.is_open_escalation() && letter.bead.as_ref() == Some(id));
    about.for_each(|letter| acknowledge(tx, letter));
    Ok(())
}

/// Somebody is at what the letter tells.
pub fn acknowledge(tx: &mut Transaction, mut letter: Letter) {
    letter.acknowledged = Some(tx.now());
    tx.put(&letter);
}
