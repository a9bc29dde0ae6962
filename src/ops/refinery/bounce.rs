//! Beads that do not land: bounced to their worker, or set aside for a person.

use super::Run;
use crate::bead::transition::{Ending, Hold};
use crate::bead::{AttemptOutcome, Bead, State};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ledger::Transaction;
use crate::mail::Severity;
use crate::ops::{Talk, escalate};
use crate::refinery::{Cause, Event};

impl Run<'_> {
    pub(super) fn bounce(&mut self, member: &BeadId, cause: &Cause, talk: &mut dyn Talk) -> Outcome<()> {
        let Cause { reason, log, conflict } = cause;
        let home = self.open.home()?.clone();
        let tail = log.as_ref().and_then(|log| self.tails.get(log)).cloned().unwrap_or_default();
        let text = if tail.is_empty() { reason.to_owned() } else { format!("{reason}\n\n{tail}") };
        let own = self.own_branch(member)?;
        let bounced = self.open.ledger.transact(&self.actor, |tx| {
            self.put_evidence(tx);
            let mut bead = self.held(tx, member)?;
            let ending = Ending::new(AttemptOutcome::Bounced, text.clone());
            let ending = Ending { log: log.clone(), conflict: conflict.clone(), ..ending };
            bead.bounce(&self.actor, Hold { home: &home, lease: None }, ending)?;
            tx.put(&bead);
            tx.describe("bounce", format!("bounce {member}: {}", first_line(reason)));
            Ok(())
        });
        if let Err(failure) = bounced {
            return self.lost_hold(std::slice::from_ref(member), failure);
        }
        commit_point("bounce.recorded");
        self.is_recorded();
        if let Some(branch) = own {
            self.tell_owner(member, &branch, &text)?;
        }
        self.open.event("bead.bounced", &self.actor, Some(member), Some(&self.rig.name), reason);
        talk.note(&format!("{member} bounced: {}", first_line(reason)));
        self.report.bounced.push((member.clone(), reason.clone()));
        Ok(())
    }

    /// The bead as it is inside a transaction, if what was stacked and gated is still what was handed in: a newer commit of
    /// a person's branch may have taken its place since the queue was read.
    pub(super) fn held(&self, tx: &Transaction, id: &BeadId) -> Outcome<Bead> {
        let bead = tx.bead(id)?;
        if self.is_other(&bead) {
            return Err(Failure::new(Kind::Conflict, format!("{id} was handed in anew meanwhile"))
                .hint("the next run takes the newer commit"));
        }
        Ok(bead)
    }

    /// Whether another commit was handed in than the one that this run knows, if it knows the bead.
    fn is_other(&self, bead: &Bead) -> bool {
        let known = self.entries.get(&bead.id).map(|entry| entry.head.as_str());
        known.is_some_and(|known| bead.merge.as_ref().is_some_and(|merge| merge.head != known))
    }

    /// The bead left the queue under our hands (a person closed or released it, or handed in a newer commit): the queue
    /// is read anew.
    pub(super) fn lost_hold(&mut self, members: &[BeadId], failure: Failure) -> Outcome<()> {
        let snapshot = self.open.snapshot()?;
        let here = |bead: &Bead| matches!(bead.state, State::Submitted(_)) && !self.is_other(bead);
        let gone = members.iter().any(|id| !matches!(snapshot.find(id), Ok(Some(bead)) if here(&bead)));
        if gone { Ok(()) } else { Err(failure) }
    }

    pub(super) fn set_aside(&mut self, member: &BeadId, reason: &str, talk: &mut dyn Talk) -> Outcome<()> {
        let problem =
            escalate::problem(&self.actor, Some(member), Severity::Medium, format!("it cannot be merged: {reason}"));
        escalate::once(self.open, &problem)?;
        talk.warn(&format!("{member} set aside: {reason}"));
        self.report.set_aside.push((member.clone(), reason.to_owned()));
        self.core.apply(Event::SetAside(member.clone()));
        Ok(())
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
