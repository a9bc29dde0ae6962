//! News of the origin, and what is to be done without.

use std::time::Duration;

use super::Run;
use super::incoming::UNDELIVERED;
use crate::error::{Failure, Kind, Outcome};
use crate::git::bare::{self, Branch};
use crate::ledger::Transaction;
use crate::mail::{Letter, Severity};
use crate::ops::{Talk, escalate};
use crate::town::Remote;

impl Run<'_> {
    /// How long one fetch or push may take.
    pub(super) fn network(&self) -> Option<Duration> {
        Some(self.settings.network_limit.duration())
    }

    /// Fetches every branch of the origin.
    pub(super) fn fetch(&self) -> Outcome<Branch> {
        Ok(bare::fetch_with(&self.target.repo, &self.rig.branch, self.network())?)
    }

    /// Fetches, where nothing can be done without the target.
    pub(super) fn fetch_target(&self) -> Outcome<()> {
        match self.fetch()? {
            Branch::There => Ok(()),
            Branch::Gone => Err(Failure::new(Kind::NotFound, self.gone())),
        }
    }

    /// Fetches at the beginning of a run. Whether the queue can be worked on; if not, the report says why.
    pub(super) fn has_news(&mut self, talk: &mut dyn Talk) -> Outcome<bool> {
        match self.fetch() {
            Err(failure) => {
                self.report.waiting = Some(format!("{} cannot be read: {failure}", self.rig.url));
                Ok(false)
            }
            Ok(Branch::There) => Ok(true),
            Ok(Branch::Gone) if self.rig.remote == Remote::Local => self.trouble(&self.gone(), talk).map(|()| true),
            // A push would make it anew, with everything in it; whether that is wanted is the person's to say.
            Ok(Branch::Gone) => {
                let reason = self.gone();
                let mut problem =
                    escalate::problem(&self.actor, None, Severity::High, format!("{}: {reason}", self.rig.name));
                problem.evidence.push(format!(
                    "Push it again, or name another: gt config set rigs.{}.branch BRANCH",
                    self.rig.name
                ));
                escalate::once(self.open, &problem)?;
                self.report.waiting = Some(reason);
                Ok(false)
            }
        }
    }

    fn gone(&self) -> String {
        format!("the branch {} of {} is gone", self.rig.branch, self.rig.url)
    }

    /// What was said of the rig as a whole is over once something landed, and what was said of a delivery once it was
    /// made.
    pub(super) fn see_to_letters(&self) -> Outcome<()> {
        let report = &self.report;
        if report.waiting.is_some() || report.undelivered.is_some() {
            return Ok(());
        }
        let over = |letter: &Letter| !report.landed.is_empty() || letter.subject.contains(UNDELIVERED);
        let (mut letters, _) = self.open.snapshot()?.documents::<Letter>()?;
        letters.retain(|letter| letter.is_open_escalation() && letter.bead.is_none() && letter.from == self.actor);
        letters.retain(over);
        if letters.is_empty() {
            return Ok(());
        }
        self.open.ledger.transact(&self.actor, |tx: &mut Transaction| {
            letters.iter().cloned().for_each(|letter| escalate::acknowledge(tx, letter));
            tx.describe("acknowledge", format!("what was in the way of {} is over", self.rig.name));
            Ok(())
        })?;
        Ok(())
    }
}
