//! Landing by somebody else: green work is pushed as a branch of its own and closed when the target has it.
//!
//! The offer is in the ledger before the push and is marked after it, so that a kill in between pushes the very same
//! commit again. No branch is ever pushed over: each attempt has its own.

use super::{Run, parse, queue};
use crate::bead::{Bead, Offer};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::bare::{self, Push};
use crate::git::merge::{self, Merged};
use crate::id::BeadId;
use crate::ops::Talk;
use crate::refinery::{Cause, Event, Stack};

impl Run<'_> {
    /// Offers the one bead of a green stack.
    pub(super) fn offer(&mut self, stack: &Stack, talk: &mut dyn Talk) -> Outcome<()> {
        for member in &stack.members {
            let gates = self.gates_of(stack, &member.bead)?;
            let written = self.open.ledger.transact(&self.actor, |tx| {
                self.put_evidence(tx);
                let mut bead = self.held(tx, &member.bead)?;
                let branch = branch_of(&bead);
                let (commit, extra) = (member.commit.clone(), toml::Table::new());
                bead.offer(&self.actor, Some(Offer { branch: branch.clone(), commit, pushed: false, extra }))?;
                if let Some(merge) = &mut bead.merge {
                    merge.gates.clone_from(&gates);
                }
                tx.put(&bead);
                tx.describe("offer", format!("offer {} as {branch}", member.bead));
                Ok(())
            });
            if let Err(failure) = written {
                return self.lost_hold(std::slice::from_ref(&member.bead), failure);
            }
            self.is_recorded();
            commit_point("offer.recorded");
            self.push_offer(&member.bead, talk)?;
        }
        self.core.apply(Event::Landed);
        Ok(())
    }

    /// Pushes what the ledger says is offered.
    fn push_offer(&mut self, id: &BeadId, talk: &mut dyn Talk) -> Outcome<()> {
        let bead = self.open.snapshot()?.bead(id)?;
        let Some(Offer { branch, commit, .. }) = bead.merge.and_then(|merge| merge.offer) else { return Ok(()) };
        let url = &self.rig.url;
        let refused = match bare::push_commit(&self.target.repo, "origin", &parse(&commit)?, &branch, self.network())? {
            Push::Landed => None,
            Push::LostRace { .. } => Some(format!("{url} has another branch {branch}")),
            Push::Refused { reason } => Some(format!("{url} refuses the push of {branch}: {reason}")),
            Push::Unreachable { reason } => {
                return Err(Failure::new(Kind::Retryable, format!("{url} cannot be reached: {reason}"))
                    .hint("The offer goes on at the next run."));
            }
        };
        commit_point("offer.pushed");
        if let Some(reason) = refused {
            self.mark_offer(id, false)?;
            return self.set_aside(id, &reason, talk);
        }
        self.mark_offer(id, true)?;
        let told = format!("as the branch {branch} of {url}");
        self.open.event("bead.offered", &self.actor, Some(id), Some(&self.rig.name), &told);
        talk.note(&format!("{id} is offered {told}"));
        self.report.offered.push(id.clone());
        Ok(())
    }

    /// Marks an offer as pushed, or takes it back.
    fn mark_offer(&self, id: &BeadId, pushed: bool) -> Outcome<()> {
        self.open.ledger.transact(&self.actor, |tx| {
            let mut bead = tx.bead(id)?;
            let offer = bead.merge.as_ref().and_then(|merge| merge.offer.clone()).filter(|_| pushed);
            bead.offer(&self.actor, offer.map(|offer| Offer { pushed, ..offer }))?;
            tx.put(&bead);
            let verb = if pushed { "is offered" } else { "could not be offered" };
            tx.describe("offer", format!("{id} {verb}"));
            Ok(())
        })?;
        Ok(())
    }

    /// What became of the branches that were offered: in the target, in conflict with it, or still waiting.
    pub(super) fn settle_offers(&mut self, talk: &mut dyn Talk) -> Outcome<()> {
        for bead in queue::submitted(self.open, &self.open.snapshot()?, self.rig)? {
            let Some(offer) = bead.merge.as_ref().and_then(|merge| merge.offer.clone()) else { continue };
            if !offer.pushed {
                self.push_offer(&bead.id, talk)?;
            }
            self.settle_offer(&bead, &offer, talk)?;
        }
        Ok(())
    }

    fn settle_offer(&mut self, bead: &Bead, offer: &Offer, talk: &mut dyn Talk) -> Outcome<()> {
        let repo = self.target.repo.clone();
        let (tip, commit) = (self.target.tip()?, parse(&offer.commit)?);
        if bare::is_ancestor(&repo, &commit, &tip)? {
            return self.close_as_merged(&bead.id, commit.as_str(), talk);
        }
        match merge::stack(&repo, &tip, &commit)? {
            // Squashed or rebased on its way: all that it changes is there.
            Merged::Tree(tree) if tree == bare::tree_of(&repo, &tip)? => {
                self.close_as_merged(&bead.id, tip.as_str(), talk)
            }
            Merged::Conflict { paths, details, .. } => {
                let reason = self.conflict_text(&tip, &commit, &paths, &details)?;
                let reason = format!("offered as {}, {reason}", offer.branch);
                self.bounce(&bead.id, &Cause { reason, log: None, conflict: paths }, talk)
            }
            _ => Ok(()),
        }
    }
}

/// The branch of an attempt: `gt/web-x7k2m`, and `gt/web-x7k2m-2` for the second.
fn branch_of(bead: &Bead) -> String {
    match bead.attempt_number() {
        1 => format!("gt/{}", bead.id),
        number => format!("gt/{}-{number}", bead.id),
    }
}
