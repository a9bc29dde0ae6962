//! What gates said before, from their documents in the ledger.

use super::{Run, parse};
use crate::error::Outcome;
use crate::git::bare;
use crate::ledger::{Document, Snapshot, Transaction};
use crate::refinery::{Event, Evidence, Subject, Verdict, definition};
use crate::town::{Gate, Phase, Rig, Seconds, Settings};

/// The gates of a phase, in order.
pub(crate) fn gates_of(rig: &Rig, phase: Phase) -> impl Iterator<Item = &Gate> {
    rig.gates.iter().filter(move |gate| gate.phase == phase)
}

/// The time limit of a gate that is in force.
pub(crate) fn limit_of(gate: &Gate, settings: &Settings) -> Seconds {
    gate.limit.unwrap_or(settings.gate_limit)
}

impl Run<'_> {
    /// The tree that a subject has.
    pub(super) fn tree_of(&mut self, subject: &Subject) -> Outcome<String> {
        if subject.phase == Phase::After {
            return Ok(subject.id.clone());
        }
        if let Some(tree) = self.trees.get(&subject.id) {
            return Ok(tree.clone());
        }
        let tree = bare::tree_of(&self.target.repo, &parse(&subject.id)?)?.to_string();
        self.trees.insert(subject.id.clone(), tree.clone());
        Ok(tree)
    }

    /// Each gate of the subject's phase with its document, where there is one.
    pub(super) fn recorded(
        &mut self,
        snapshot: &Snapshot,
        subject: &Subject,
    ) -> Outcome<Vec<(Gate, Option<Evidence>)>> {
        let tree = self.tree_of(subject)?;
        let mut found = on_record(snapshot, self.rig, &self.settings, subject, &tree)?;
        for (gate, evidence) in &mut found {
            let path = path_of(self.rig, &self.settings, gate, subject, &tree);
            let fresh = self.fresh.get(subject).into_iter().flatten();
            if let Some(fresh) = fresh.rev().find(|fresh| fresh.path() == path) {
                *evidence = Some(fresh.clone());
            }
            if let Some(Evidence { log: Some(log), tail, .. }) = evidence {
                self.tails.insert(log.clone(), tail.clone());
            }
        }
        Ok(found)
    }

    /// Tells the core what is on record of a subject.
    pub(super) fn recall(&mut self, snapshot: &Snapshot, subject: &Subject) -> Outcome<()> {
        if !self.recalled.insert(subject.clone()) {
            return Ok(());
        }
        if let Some(verdict) = verdict(&self.recorded(snapshot, subject)?) {
            self.core.apply(Event::Known { subject: subject.clone(), verdict });
        }
        Ok(())
    }

    /// The paths of the documents that let these subjects land.
    pub(super) fn paths_of(&mut self, subjects: &[Subject]) -> Outcome<Vec<String>> {
        let mut paths = Vec::new();
        for subject in subjects {
            let tree = self.tree_of(subject)?;
            paths.extend(
                gates_of(self.rig, subject.phase).map(|gate| path_of(self.rig, &self.settings, gate, subject, &tree)),
            );
        }
        Ok(paths)
    }

    /// The evidence that the ledger does not have yet goes into the transaction that acts on it.
    pub(super) fn put_evidence(&self, tx: &mut Transaction) {
        self.fresh.values().flatten().for_each(|evidence| tx.put(evidence));
    }

    /// Evidence that no landing or bounce will carry.
    pub(super) fn record_evidence(&mut self, what: &str) -> Outcome<()> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        self.open.ledger.transact(&self.actor, |tx| {
            self.put_evidence(tx);
            tx.describe("gate", format!("gate {what}"));
            Ok(())
        })?;
        self.is_recorded();
        Ok(())
    }
}

/// The gates of a subject's phase, as they are defined now, each with what it said of `tree`. A document that cannot be
/// read is as good as none, and is replaced when the gate has run.
pub(crate) fn on_record(
    snapshot: &Snapshot,
    rig: &Rig,
    settings: &Settings,
    subject: &Subject,
    tree: &str,
) -> Outcome<Vec<(Gate, Option<Evidence>)>> {
    let mut found = Vec::new();
    for gate in gates_of(rig, subject.phase) {
        let path = path_of(rig, settings, gate, subject, tree);
        let evidence = snapshot.text(&path)?.and_then(|text| Evidence::parse(&path, &text).ok());
        found.push((gate.clone(), evidence));
    }
    Ok(found)
}

fn path_of(rig: &Rig, settings: &Settings, gate: &Gate, subject: &Subject, tree: &str) -> String {
    Evidence::path_of(&rig.name, tree, &definition(gate, rig, limit_of(gate, settings), subject))
}

/// What documents say of a tree; none while a required gate has neither failed nor all have passed.
pub(super) fn verdict(recorded: &[(Gate, Option<Evidence>)]) -> Option<Verdict> {
    let required = recorded.iter().filter(|(gate, _)| gate.required);
    let red = required.filter_map(|(_, evidence)| evidence.as_ref()).find(|evidence| !evidence.passed());
    match red {
        Some(evidence) => Some(evidence.verdict()),
        None => recorded.iter().all(|(_, evidence)| evidence.is_some()).then_some(Verdict::Green),
    }
}
