//! A person's own branch: when it is sent back, there is no worker that takes it up, so the person is told.

use super::Run;
use crate::error::Outcome;
use crate::id::{BeadId, WorkerKind};
use crate::mail::Severity;
use crate::ops::escalate;

impl Run<'_> {
    /// The branch of a bead that a person put into the queue.
    pub(super) fn own_branch(&self, member: &BeadId) -> Outcome<Option<String>> {
        let Some(bead) = self.open.snapshot()?.find(member)? else { return Ok(None) };
        let crew = bead.claim().is_some_and(|claim| claim.assignee.kind == WorkerKind::Crew);
        Ok(bead.merge.filter(|_| crew).map(|merge| merge.branch))
    }

    /// Tells the person that their branch was sent back.
    pub(super) fn tell_owner(&self, member: &BeadId, branch: &str, reason: &str) -> Outcome<()> {
        let first = reason.lines().next().unwrap_or_default();
        let summary = format!("your branch {branch} was sent back: {first}");
        let mut problem = escalate::problem(&self.actor, Some(member), Severity::Medium, summary);
        problem.evidence = reason.lines().skip(1).filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        problem.evidence.push(format!("When it is mended: gt queue add {branch} --bead {member}"));
        escalate::once(self.open, &problem)
    }
}
