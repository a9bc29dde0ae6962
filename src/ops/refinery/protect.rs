//! Members that touch protected files wait until somebody approves of them.

use super::{Run, parse};
use crate::bead::Bead;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Git, Oid, bare};
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
        for id in members {
            let bead = snapshot.bead(id)?;
            let Some(merge) = bead.merge.as_ref().filter(|merge| !merge.is_approved()) else { continue };
            let head = parse(&merge.head)?;
            if bare::rev_parse(&self.target.repo, head.as_str())?.is_none() {
                continue;
            }
            let Some(from) = bare::merge_base(&self.target.repo, &head, base)? else { continue };
            let touched = rule.touched(&changes(&Git::on(&self.target.repo), &from, &head)?);
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

/// The files that differ, and of tests the lines.
fn changes(git: &Git, from: &Oid, head: &Oid) -> Outcome<Vec<Change>> {
    let listed = git.run(&["diff", "--name-status", "--find-renames", "-z", from.as_str(), head.as_str()])?;
    let mut words = listed.split('\0').filter(|word| !word.is_empty());
    let mut changes = Vec::new();
    while let (Some(status), Some(path)) = (words.next(), words.next()) {
        let path = path.to_owned();
        let now = match status.as_bytes().first() {
            Some(b'D') => None,
            Some(b'R') => words.next().map(str::to_owned),
            // A copy leaves what it is a copy of as it was.
            Some(b'C') => {
                let copy = words.next().map(str::to_owned);
                changes.push(Change { path: copy.clone().unwrap_or_default(), now: copy, ..Change::default() });
                continue;
            }
            _ => Some(path.clone()),
        };
        let mut change = Change { path, now, ..Change::default() };
        if let Some(now) = change.now.clone().filter(|now| is_test(now)) {
            read_lines(git, from, head, &now, &mut change)?;
        }
        changes.push(change);
    }
    Ok(changes)
}

fn read_lines(git: &Git, from: &Oid, head: &Oid, path: &str, change: &mut Change) -> Outcome<()> {
    let literal = format!(":(literal){path}");
    let before = format!(":(literal){}", change.path);
    let args =
        ["diff", "--unified=0", "--no-color", "--no-ext-diff", from.as_str(), head.as_str(), "--", &literal, &before];
    let output = git.output(&args)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in text.lines().filter(|line| !line.starts_with("+++") && !line.starts_with("---")) {
        match line.as_bytes().first() {
            Some(b'+') => change.added.push(line[1..].to_owned()),
            Some(b'-') => change.removed.push(line[1..].to_owned()),
            _ => {}
        }
    }
    Ok(())
}
