//! Gating: the rig's gates on exactly the tree that would land.

use super::evidence::verdict;
use super::job::Job;
use super::{Run, kept, parse};
use crate::error::Outcome;
use crate::git::{Oid, bare};
use crate::id::BeadId;
use crate::ops::Talk;
use crate::ops::target::Target;
use crate::refinery::{Event, Evidence, GateOutcome, Subject, Verdict};
use crate::town::{Gate, Phase, Remote};

/// What is to be gated.
pub(super) struct Gating<'g> {
    /// The commit to check out.
    pub commit: &'g str,
    /// Under what the verdict is remembered.
    pub subject: &'g Subject,
    /// The beads in it.
    pub members: &'g [BeadId],
    /// What it is, for people.
    pub what: &'g str,
}

impl Run<'_> {
    pub(super) fn gate(
        &mut self,
        commit: &str,
        subject: &Subject,
        members: &[BeadId],
        talk: &mut dyn Talk,
    ) -> Outcome<()> {
        let mut what = match members {
            [] => format!("the target {}", self.target.branch),
            members => members.iter().map(BeadId::as_str).collect::<Vec<_>>().join(", "),
        };
        if subject.phase == Phase::Before {
            what.push_str(" by itself");
        }
        let event = match self.verdict(&Gating { commit, subject, members, what: &what }, talk) {
            Ok((verdict, true)) => Event::Gated { subject: subject.clone(), verdict },
            Ok((verdict, false)) => Event::Known { subject: subject.clone(), verdict },
            Err(failure) => Event::GateBroken { reason: failure.to_string() },
        };
        self.core.apply(event);
        Ok(())
    }

    /// What the gates say, from documents where they exist; nothing is gated twice with the same gates. Answers also
    /// whether anything had to run.
    pub(super) fn verdict(&mut self, wanted: &Gating<'_>, talk: &mut dyn Talk) -> Outcome<(Verdict, bool)> {
        let snapshot = self.open.snapshot()?;
        let recorded = self.recorded(&snapshot, wanted.subject)?;
        if let Some(verdict) = verdict(&recorded) {
            return Ok((verdict, false));
        }
        talk.step(&format!("gating {}", wanted.what));
        let missing: Vec<Gate> =
            recorded.into_iter().filter(|(_, evidence)| evidence.is_none()).map(|(gate, _)| gate).collect();
        let job = Job {
            open: self.open,
            rig: self.rig,
            settings: &self.settings,
            bench: &self.bench,
            actor: &self.actor,
            commit: parse(wanted.commit)?,
            tree: self.trees.get(&wanted.subject.id).unwrap_or(&wanted.subject.id).clone(),
            subject: wanted.subject.clone(),
            beads: wanted.members,
            what: wanted.what.to_owned(),
            keep: true,
        };
        let before = self.target.tip()?;
        let fresh = job.run(&missing)?;
        let fresh = self.undisturbed(&before, fresh)?;
        self.report.gate_runs += 1;
        self.report.gates_run += fresh.len();
        for evidence in fresh.iter().filter(|evidence| evidence.is_flaky()) {
            talk.note(&format!("{}: {}", wanted.what, evidence.sentence()));
        }
        for evidence in fresh.iter().filter(|evidence| !evidence.passed() && !evidence.required) {
            talk.warn(&format!("{}: {} (advisory)", wanted.what, evidence.sentence()));
        }
        self.fresh.entry(wanted.subject.clone()).or_default().extend(fresh);
        let recorded = self.recorded(&snapshot, wanted.subject)?;
        Ok((verdict(&recorded).unwrap_or(Verdict::Green), true))
    }

    /// The rig's own target is in reach of its gates, and nobody but the refinery moves it: what they did to it is
    /// undone, and nothing passed.
    fn undisturbed(&self, before: &Oid, mut fresh: Vec<Evidence>) -> Outcome<Vec<Evidence>> {
        let Target { repo, name, .. } = &self.target;
        let now = bare::ref_tip(repo, name)?;
        if self.rig.remote == Remote::Remote || now.as_ref() == Some(before) {
            return Ok(fresh);
        }
        bare::swap_ref(repo, name, now.as_ref(), before, "gt: a gate moved it")?;
        for evidence in fresh.iter_mut().filter(|evidence| evidence.passed()) {
            (evidence.outcome, evidence.tail) = (GateOutcome::ChangedFiles, format!("changed: {name}\n"));
            kept::keep(self.open, evidence);
        }
        Ok(fresh)
    }
}
