//! Beads that nobody holds and that ask for something: epics that are over, and beads that failed.

use std::cell::OnceCell;

use super::Ticked;
use crate::bead::ready::{self, Account, Row, Standing};
use crate::bead::{Bead, Resolution, word};
use crate::error::Outcome;
use crate::escalation::Problem;
use crate::id::{Actor, BeadId, Prefix};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mail::{Letter, Severity};
use crate::ops::{OpenTown, escalate, roster};
use crate::town::Rig;

/// Epics whose children are all closed close themselves, and who has to know hears of each bead that failed.
pub(super) fn see_to(open: &OpenTown, rigs: &[Rig], ticked: &mut Ticked) -> Outcome<()> {
    let snapshot = open.snapshot()?;
    let rows = roster::all_rows(&snapshot)?;
    // Read when the first failed bead is met: most towns have none.
    let letters = OnceCell::new();
    for Account { id, standing, .. } in ready::account(&rows, &roster::readiness(open, rigs)) {
        match standing {
            Standing::Epic { closes_as: Some(resolution), .. } => {
                let closed = close(open, &by(rigs, &id), &id, resolution);
                if ticked.note(id.as_str(), closed) == Some(true) {
                    ticked.closed.push(id);
                }
            }
            Standing::Failed { attempts } => {
                let told = letters_of(&letters, &snapshot)
                    .and_then(|letters| tell(open, &snapshot.bead(&id)?, &by(rigs, &id), attempts, letters));
                if ticked.note(id.as_str(), told) == Some(true) {
                    ticked.escalated.push(id);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// On whose behalf: the witness of the bead's rig, or the mayor.
fn by(rigs: &[Rig], id: &BeadId) -> Actor {
    let prefix = id.prefix();
    let rig = rigs.iter().find(|rig| rig.prefix == prefix && prefix != Prefix::town());
    rig.map_or(Actor::Mayor, |rig| Actor::Witness(rig.name.clone()))
}

/// Closes an epic, unless a child has come or was opened again meanwhile. Whether it was closed.
fn close(open: &OpenTown, by: &Actor, id: &BeadId, resolution: Resolution) -> Outcome<bool> {
    let done = open.ledger.transact(by, |tx| {
        let children = tx.at_tip().beads(&BeadQuery::children_of(id))?;
        let closed: Vec<Option<Resolution>> = children.iter().map(|child| Row::from(child).resolution).collect();
        if ready::epic_closes_as(&closed) != Some(resolution) {
            return Ok(false);
        }
        let mut bead = tx.bead(id)?;
        bead.close(by, resolution, tx.now())?;
        tx.put(&bead);
        tx.describe("close", format!("close {id}: all of its beads are closed"));
        Ok(true)
    })?;
    if done.value {
        open.event("bead.closed", by, Some(id), None, "all of its beads are closed");
    }
    Ok(done.value)
}

fn letters_of<'l>(letters: &'l OnceCell<Vec<Letter>>, snapshot: &Snapshot) -> Outcome<&'l [Letter]> {
    if letters.get().is_none() {
        let _ = letters.set(snapshot.documents::<Letter>()?.0);
    }
    Ok(letters.get().expect("it was just set"))
}

/// Tells that a bead failed, once for each time that it did: the subject names the attempt. True when it was told now.
fn tell(open: &OpenTown, bead: &Bead, by: &Actor, attempts: usize, letters: &[Letter]) -> Outcome<bool> {
    let id = &bead.id;
    let last = bead.attempt_number() - 1;
    let summary = match usize::try_from(last) {
        Ok(number) if number == attempts => format!("it failed after {attempts} attempts"),
        _ => format!("it failed after {attempts} attempts, the last was number {last}"),
    };
    let ending = format!(": {summary}");
    if letters.iter().any(|letter| letter.bead.as_ref() == Some(id) && letter.subject.ends_with(&ending)) {
        return Ok(false);
    }
    let evidence =
        bead.attempts.iter().rev().filter(|attempt| attempt.outcome.counts()).take(attempts).map(|attempt| {
            let reason = attempt.reason.lines().next().unwrap_or_default();
            format!("attempt {} was {}: {reason}", attempt.number, word(attempt.outcome))
        });
    let evidence = evidence.chain([format!("nobody tries again before `gt bead reopen {id} -m WHY`")]).collect();
    escalate::raise(open, &Problem { evidence, ..escalate::problem(by, Some(id), Severity::High, summary) })?;
    Ok(true)
}
