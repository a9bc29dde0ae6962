//! `gt queue retry`: a person says that a verdict was not the bead's fault.
//!
//! What is forgotten are red documents only: of the target as it is, of every tree with the bead in it, and of the run
//! that sent the bead back. Git keeps them in the ledger's history.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{evidence_of, merged, not_queued, own_evidence, told_of};
use crate::bead::{AttemptOutcome, Bead, Status};
use crate::error::Outcome;
use crate::git::bare;
use crate::git::merge::Merged;
use crate::id::BeadId;
use crate::ledger::{Document, Snapshot};
use crate::ops::refinery::{kept, let_go};
use crate::ops::target::Target;
use crate::ops::unsling::by_somebody_in_charge;
use crate::ops::{OpenTown, Report, escalate, pass};
use crate::refinery::{Evidence, Subject};
use crate::town::Rig;

/// A bead that is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Red documents that were forgotten, as sentences.
    pub forgotten: Vec<String>,
    /// Whether it was set aside until now.
    pub was_set_aside: bool,
    /// Whether it is in the queue; otherwise the next time that it is handed in counts.
    pub queued: bool,
}

impl Report for Retried {
    const SCHEMA: &'static str = "gt.queue.retry/1";
}

/// Lets the gates run again for the bead that `word` means.
///
/// # Errors
/// When there is no such bead, or it is neither in the queue nor was sent back from it.
pub fn retry(open: &OpenTown, word: &str) -> Outcome<Retried> {
    by_somebody_in_charge(open)?;
    open.ledger.settle()?;
    let snapshot = open.snapshot()?;
    let bead = snapshot.bead(&open.bead_id(&snapshot, word)?)?;
    let queued = bead.status() == Status::Submitted;
    let sent_back = bead.attempts.last().is_some_and(|attempt| attempt.outcome == AttemptOutcome::Bounced);
    if !queued && !sent_back {
        return Err(not_queued(&bead));
    }
    let rig = open.rig_of(&bead.id.prefix())?;
    let red = red(open, &snapshot, &rig, &bead)?;
    let unrecorded = unrecorded(open, &rig, &bead);
    let done = open.ledger.transact(&open.actor, |tx| {
        red.iter().for_each(|evidence| tx.remove(evidence.path()));
        let letters = told_of(tx.at_tip(), &bead.id)?;
        let was_set_aside = !letters.is_empty();
        letters.into_iter().for_each(|letter| escalate::acknowledge(tx, letter));
        tx.describe("retry", format!("retry {}: {}", bead.id, bead.title));
        Ok(was_set_aside)
    })?;
    unrecorded.iter().for_each(|evidence| let_go(open, evidence));
    open.event("bead.retried", &open.actor, Some(&bead.id), Some(&rig.name), "its gates run again");
    pass::request(open);
    let forgotten = red.iter().chain(&unrecorded).map(Evidence::sentence).collect();
    Ok(Retried { bead: bead.id, title: bead.title, forgotten, was_set_aside: done.value, queued })
}

/// What a killed run had found red: of a tree with the bead in it, or of the target.
fn unrecorded(open: &OpenTown, rig: &Rig, bead: &Bead) -> Vec<Evidence> {
    let mut found = kept(open, &rig.name);
    found.retain(|evidence| !evidence.passed() && (evidence.beads.is_empty() || evidence.beads.contains(&bead.id)));
    found
}

fn red(open: &OpenTown, snapshot: &Snapshot, rig: &Rig, bead: &Bead) -> Outcome<Vec<Evidence>> {
    let target = Target::of(open, rig);
    let tip = target.tip()?;
    let tree = bare::tree_of(&target.repo, &tip)?;
    let mut found = evidence_of(open, snapshot, rig, &Subject::tree(&tree.to_string()), &tree)?;
    found.extend(evidence_of(open, snapshot, rig, &Subject::commit(&tip.to_string()), &tree)?);
    if let Some(Merged::Tree(tree)) = merged(&target, &tip, bead)? {
        found.extend(evidence_of(open, snapshot, rig, &Subject::tree(&tree.to_string()), &tree)?);
    }
    found.extend(own_evidence(open, snapshot, rig, &target, bead)?);
    let last = bead.attempts.last().and_then(|attempt| attempt.log.clone());
    let (all, _) = snapshot.documents::<Evidence>()?;
    let concerns = |evidence: &Evidence| {
        evidence.rig == rig.name && (evidence.beads.contains(&bead.id) || (last.is_some() && evidence.log == last))
    };
    found.extend(all.into_iter().filter(concerns));
    let mut seen = BTreeSet::new();
    found.retain(|evidence| !evidence.passed() && seen.insert(evidence.path()));
    Ok(found)
}
