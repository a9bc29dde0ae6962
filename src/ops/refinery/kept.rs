//! What gates said and no transaction has recorded yet: one file for each result, from the moment that it is known
//! until a landing, a bounce or a wait brings it into the ledger. So a kill in between buys no gate twice.

use std::path::PathBuf;

use super::Run;
use super::evidence::limit_of;
use crate::env::commit_point;
use crate::error::Outcome;
use crate::id::RigName;
use crate::ledger::{Document, Snapshot};
use crate::ops::OpenTown;
use crate::refinery::{Evidence, Subject, definition};
use crate::store::write_atomic;
use crate::town::Phase;

/// Keeps a result. Where the disk does not take it, the run goes on: it has the result in memory.
pub(super) fn keep(open: &OpenTown, evidence: &Evidence) {
    let path = file_of(open, evidence);
    let folder = open.town.kept_evidence(&evidence.rig);
    let written =
        std::fs::create_dir_all(&folder).and_then(|()| write_atomic(&path, evidence.render().as_bytes(), 0o600));
    if let Err(error) = written {
        tracing::warn!("{} cannot be kept: {error}", path.display());
    }
    commit_point("gate.kept");
}

/// What is kept of a rig. A file that cannot be read is as good as none.
pub(crate) fn kept(open: &OpenTown, rig: &RigName) -> Vec<Evidence> {
    let files = std::fs::read_dir(open.town.kept_evidence(rig)).into_iter().flatten().filter_map(Result::ok);
    let documents = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "toml"));
    documents
        .filter_map(|path| Evidence::parse(&path.display().to_string(), &std::fs::read_to_string(&path).ok()?).ok())
        .collect()
}

/// Lets go of a result: the ledger has it, or a person wants the gate to run again.
pub(crate) fn let_go(open: &OpenTown, evidence: &Evidence) {
    let _ = std::fs::remove_file(file_of(open, evidence));
}

fn file_of(open: &OpenTown, evidence: &Evidence) -> PathBuf {
    let name = format!("{}-{}.toml", evidence.tree, evidence.definition);
    open.town.kept_evidence(&evidence.rig).join(name)
}

impl Run<'_> {
    /// Takes over what a killed predecessor had bought.
    pub(super) fn take_over(&mut self, snapshot: &Snapshot) -> Outcome<()> {
        for evidence in kept(self.open, &self.rig.name) {
            // It was killed between the transaction and this.
            if snapshot.text(&evidence.path())?.is_some() {
                let_go(self.open, &evidence);
                continue;
            }
            let subject = self.subject_of(&evidence);
            self.fresh.entry(subject).or_default().push(evidence);
        }
        Ok(())
    }

    /// What was gated. A result of a gate that is defined otherwise by now is recorded, and answers nothing.
    fn subject_of(&self, evidence: &Evidence) -> Subject {
        let commit = Subject::commit(&evidence.commit);
        let mut gates = self.rig.gates.iter().filter(|gate| gate.phase == Phase::Before);
        let by_itself = gates
            .any(|gate| definition(gate, self.rig, limit_of(gate, &self.settings), &commit) == evidence.definition);
        if by_itself { commit } else { Subject::tree(&evidence.tree) }
    }

    /// The ledger has everything that was fresh.
    pub(super) fn is_recorded(&mut self) {
        commit_point("gate.recorded");
        for evidence in std::mem::take(&mut self.fresh).into_values().flatten() {
            let_go(self.open, &evidence);
        }
    }
}
