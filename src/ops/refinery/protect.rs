//! Members that touch protected files wait until somebody approves of them.

use super::{Run, parse};
use crate::bead::Bead;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::changes::{Comparer, FileChange};
use crate::id::{Actor, BeadId};
use crate::mail::{Letter, MailId, Severity};
use crate::ops::{Talk, escalate};
use crate::refinery::Event;
use crate::refinery::protected::{Change, Rule, is_test};

/// How many files a reason names.
const NAMED: usize = 5;

impl Run<'_> {
    /// Sets the first member aside that waits for an approval; whether there was one.
    pub(super) fn hold_back(&mut self, base: &Oid, members: &[BeadId], talk: &mut dyn Talk) -> Outcome<bool> {
        let broken = |reason| Failure::new(Kind::Invalid, format!("protected of {}: {reason}", self.rig.name));
        let rule = Rule::of(self.rig).map_err(broken)?;
        if rule.is_empty() {
            return Ok(false);
        }
        let snapshot = self.open.snapshot()?;
        let comparer = Comparer::open(&self.target.repo);
        for id in members {
            let bead = snapshot.bead(id)?;
            let Some(merge) = bead.merge.as_ref().filter(|merge| !merge.is_approved()) else { continue };
            let head = parse(&merge.head)?;
            // Without an ancestor, or without the commit, there is nothing that could be stacked.
            let Some(from) = comparer.fork(&head, base)? else { continue };
            let changes: Vec<Change> = comparer.changes(&from, &head, &is_test)?.into_iter().map(change).collect();
            let touched = rule.touched(&changes);
            if !touched.is_empty() {
                self.wait_for_approval(&bead, &touched, talk)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn wait_for_approval(&mut self, bead: &Bead, touched: &[String], talk: &mut dyn Talk) -> Outcome<()> {
        let more = match touched.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named: Vec<&str> = touched.iter().take(NAMED).map(String::as_str).collect();
        let reason = format!("waits for approval: touches {}{more}", named.join(", "));
        let mut problem = escalate::problem(&self.actor, Some(&bead.id), Severity::Medium, reason.clone());
        problem.evidence.push(format!("gt queue show {}", bead.id));
        problem.evidence.push(format!("gt queue approve {}", bead.id));
        // Said once for each time that it is handed in, acknowledged or not.
        let subject = crate::escalation::letter(&problem, MailId::random(), Actor::Human, &[], self.open.now()).subject;
        let (letters, _) = self.open.snapshot()?.documents::<Letter>()?;
        let since = bead.merge.as_ref().map(|merge| merge.submitted);
        if !letters.iter().any(|letter| letter.subject == subject && Some(letter.created) >= since) {
            escalate::raise(self.open, &problem)?;
        }
        talk.warn(&format!("{} {reason}", bead.id));
        self.report.set_aside.push((bead.id.clone(), reason));
        self.core.apply(Event::SetAside(bead.id.clone()));
        Ok(())
    }
}

/// A change as the rule reads it.
fn change(FileChange { path, now, added, removed }: FileChange) -> Change {
    Change { path, now, added, removed }
}
