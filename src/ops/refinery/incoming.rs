//! A rig of a local repository: what the person committed comes in through the gates, and what landed is delivered.

use std::path::Path;

use super::Run;
use super::gate::Gating;
use crate::error::Outcome;
use crate::git::Oid;
use crate::git::bare::{self, Delivery};
use crate::git::merge::{self, Merged, NewCommit};
use crate::mail::Severity;
use crate::ops::{Talk, escalate};
use crate::refinery::{Subject, Verdict};
use crate::town::Remote;

/// What every letter about a delivery that waits says.
pub(super) const UNDELIVERED: &str = "landed work is not delivered to";

impl Run<'_> {
    /// Takes the person's own commits into the rig's target, gated like a submission.
    pub(super) fn take_incoming(&mut self, talk: &mut dyn Talk) -> Outcome<()> {
        if self.rig.remote != Remote::Local {
            return Ok(());
        }
        let Some(theirs) = bare::ref_tip(&self.target.repo, &self.target.tracking())? else { return Ok(()) };
        let ours = self.target.tip()?;
        if bare::is_ancestor(&self.target.repo, &theirs, &ours)? {
            return Ok(());
        }
        let Some(candidate) = self.candidate(&ours, &theirs)? else {
            return self.trouble("the commits that you made conflict with what landed", talk);
        };
        let tree = bare::tree_of(&self.target.repo, &candidate)?;
        let what = format!("your own commits on {}", self.target.branch);
        let subject = Subject::tree(&tree.to_string());
        let gating = Gating { commit: candidate.as_str(), subject: &subject, members: &[], what: &what };
        match self.verdict(&gating, talk)?.0 {
            Verdict::Green => {
                self.record_evidence(&what)?;
                self.target.advance(&ours, &candidate, "gt: the person's commits")?;
                self.open.event("target.moved", &self.actor, None, Some(&self.rig.name), format!("took in {what}"));
                Ok(())
            }
            Verdict::Red { reason, .. } => {
                self.record_evidence(&what)?;
                self.trouble(&format!("the commits that you made are red: {reason}"), talk)
            }
        }
    }

    fn candidate(&self, ours: &Oid, theirs: &Oid) -> Outcome<Option<Oid>> {
        let repo = &self.target.repo;
        if bare::is_ancestor(repo, ours, theirs)? {
            return Ok(Some(theirs.clone()));
        }
        let Merged::Tree(tree) = merge::stack(repo, ours, theirs)? else { return Ok(None) };
        let message = format!("Merge {} of {}\n", self.target.branch, self.rig.url);
        let commit = NewCommit {
            tree: &tree,
            parents: &[ours, theirs],
            author: &self.person,
            committer: &self.person,
            time: None,
            message: &message,
        };
        Ok(Some(merge::commit_tree(repo, &commit)?))
    }

    /// Landing goes on in the rig's own target; the person is told once.
    pub(super) fn trouble(&mut self, reason: &str, talk: &mut dyn Talk) -> Outcome<()> {
        talk.warn(reason);
        self.report.undelivered = Some(reason.to_owned());
        let summary = format!("{}: {reason}; {UNDELIVERED} {} until that is mended", self.rig.name, self.rig.url);
        escalate::once(self.open, &escalate::problem(&self.actor, None, Severity::Medium, summary))
    }

    /// Brings what landed to the person's repository, where its checkout allows it.
    pub(super) fn deliver(&mut self, talk: &mut dyn Talk) -> Outcome<()> {
        if self.rig.remote != Remote::Local || self.report.undelivered.is_some() {
            return Ok(());
        }
        let tip = self.target.tip()?;
        if bare::ref_tip(&self.target.repo, &self.target.tracking())?.as_ref() == Some(&tip) {
            return Ok(());
        }
        let delivery = bare::deliver_local(&self.target.repo, Path::new(&self.rig.url), &self.target.branch, &tip)?;
        let reason = match delivery {
            Delivery::Delivered => {
                self.fetch()?;
                self.open.event(
                    "target.delivered",
                    &self.actor,
                    None,
                    Some(&self.rig.name),
                    format!("{} to {}", tip.short(), self.rig.url),
                );
                return Ok(());
            }
            Delivery::Waiting { reason, paths } => {
                self.report.in_the_way = paths;
                reason
            }
            Delivery::Moved { tip } => format!("{} moved to {} meanwhile", self.target.branch, tip.short()),
            Delivery::Refused { reason } => format!("{} refuses it: {reason}", self.rig.url),
        };
        talk.warn(&format!("landed work waits to be taken by {}: {reason}{}", self.rig.url, self.in_the_way()));
        // Said once, however often it is tried.
        let text = format!("{reason}{}", self.in_the_way());
        let last = self.open.state()?.last_event(&self.rig.name, &["target.waiting", "target.delivered"])?;
        if !last.is_some_and(|last| last.what.kind == "target.waiting" && last.what.text == text) {
            self.open.event("target.waiting", &self.actor, None, Some(&self.rig.name), text);
        }
        self.report.undelivered = Some(reason);
        Ok(())
    }

    /// The files in the way, on one line.
    fn in_the_way(&self) -> String {
        const SHOWN: usize = 5;
        let paths = &self.report.in_the_way;
        let names: Vec<String> = paths.iter().take(SHOWN).map(|path| path.display().to_string()).collect();
        match paths.len() {
            0 => String::new(),
            count if count > SHOWN => format!(": {} and {} more", names.join(", "), count - SHOWN),
            _ => format!(": {}", names.join(", ")),
        }
    }
}
