//! What events change.

use super::decide::{Leave, Stage};
use super::pair::{Found, Pair};
use super::search::Search;
use super::{Cause, Entry, Event, Left, Refinery, Stack, Subject, Target, Verdict};
use crate::id::BeadId;

impl Refinery {
    /// Takes note of what happened.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Submitted(entry) => drop(self.entries.insert(entry.bead.clone(), entry)),
            Event::Withdrawn(bead) => self.withdraw(&bead),
            Event::Target(target) => self.set_target(target),
            Event::Stacked(stack) => self.accept(stack),
            Event::SetAside(bead) => self.put_aside(bead),
            Event::Known { subject, verdict } => self.learn(subject, verdict),
            Event::Gated { subject, verdict } => self.gated(subject, verdict),
            Event::GateBroken { reason } => self.broken = Some(reason),
            Event::Again => self.again(),
            Event::Landed => self.landed(),
            Event::Raced => (self.stage, self.target) = (Stage::Idle, None),
        }
    }

    fn withdraw(&mut self, bead: &BeadId) {
        self.entries.remove(bead);
        self.set_aside.remove(bead);
        self.forget(bead);
    }

    fn put_aside(&mut self, bead: BeadId) {
        self.forget(&bead);
        self.set_aside.insert(bead);
    }

    /// Drops every plan that this bead is part of.
    fn forget(&mut self, bead: &BeadId) {
        self.passed_over.remove(bead);
        self.alone.retain(|other| other != bead);
        self.leaving.retain(|(other, _)| other != bead);
        let concerned = match &self.stage {
            Stage::Idle => false,
            Stage::Stacked(stack) => stack.has(bead),
            Stage::Trial(pair) => pair.culprit == *bead,
        };
        if concerned {
            self.stage = Stage::Idle;
        }
        self.search.take_if(|search| search.has(bead));
    }

    fn set_target(&mut self, target: Target) {
        if self.target.as_ref() == Some(&target) {
            return;
        }
        if matches!(&self.stage, Stage::Stacked(stack) if stack.base != target.tip) {
            self.stage = Stage::Idle;
        }
        self.passed_over.clear();
        self.search = None;
        self.target = Some(target);
        self.review();
    }

    fn accept(&mut self, stack: Stack) {
        if let Stage::Trial(pair) = &mut self.stage {
            match pair.accept(&stack) {
                Some(text) => self.end_trial(&text),
                None => self.review(),
            }
            return;
        }
        self.stage = Stage::Idle;
        let on_target = self.target.as_ref().is_some_and(|target| target.tip == stack.base);
        if !on_target || !stack.members.iter().all(|member| self.entries.contains_key(&member.bead)) {
            return;
        }
        if self.search.is_some() {
            self.accept_for_search(stack);
        } else {
            self.part_from(&stack);
            self.accept_batch(stack);
        }
        self.review();
    }

    /// What could not be stacked leaves the queue, or is tried alone once the others are through.
    fn part_from(&mut self, stack: &Stack) {
        for (bead, left) in &stack.left {
            let bead = bead.clone();
            match left {
                Left::AlreadyIn { landed } => self.leaving.push_back((bead, Leave::Merged(landed.clone()))),
                Left::Unmergeable(reason) => self.leaving.push_back((bead, Leave::SetAside(reason.clone()))),
                Left::Conflict { with_base: true, reason, paths } => {
                    let cause = Cause { reason: reason.clone(), log: None, conflict: paths.clone() };
                    self.leaving.push_back((bead, Leave::Bounced(cause)));
                }
                Left::Conflict { with_base: false, .. } if !self.alone.contains(&bead) => self.alone.push_back(bead),
                Left::Conflict { .. } | Left::Follows(_) => {}
            }
        }
    }

    fn accept_batch(&mut self, stack: Stack) {
        if stack.tip() == &stack.base {
            let landed = |bead| (bead, Leave::Merged(stack.base.clone()));
            self.leaving.extend(stack.beads().into_iter().map(landed));
            return;
        }
        // A beginning that is known to be red makes the rest of the batch a waste of a run.
        let red = |tree| matches!(self.verdicts.get(&Subject::tree(tree)), Some(Verdict::Red { .. }));
        let known = stack.members.iter().position(|member| red(&member.tree));
        match known.map(|place| place + 1).filter(|length| *length < stack.members.len()) {
            Some(length) => {
                let mut search = Search::new(&stack);
                search.narrow(&stack.beads()[..length], false);
                self.search = Some(search);
            }
            None => self.stage = Stage::Stacked(stack),
        }
    }

    fn accept_for_search(&mut self, stack: Stack) {
        let wanted = self.search.as_ref().map(|search| search.wanted(|one, other| self.follows(one, other)));
        let first = wanted.as_ref().and_then(|wanted| wanted.first());
        if stack.members.first().map(|member| &member.bead) == first {
            self.stage = Stage::Stacked(stack);
        } else if !self.narrow(&[]) {
            self.search = None;
        }
    }

    /// Whether the search could go on from this.
    fn narrow(&mut self, tested: &[BeadId]) -> bool {
        let Some(mut search) = self.search.take() else { return false };
        if tested.is_empty() && search.suspects.len() != 2 {
            return false;
        }
        let tied = search.suspects.len() == 2 && self.follows(&search.suspects[1], &search.suspects[0]);
        search.narrow(tested, tied);
        self.search = Some(search);
        true
    }

    fn gated(&mut self, subject: Subject, verdict: Verdict) {
        self.broken = None;
        if let Some(search) = &mut self.search {
            search.runs += 1;
        }
        self.learn(subject, verdict);
    }

    fn learn(&mut self, subject: Subject, verdict: Verdict) {
        self.verdicts.insert(subject, verdict);
        self.review();
    }

    /// Draws the conclusions from what is known now.
    fn review(&mut self) {
        self.review_before();
        if matches!(self.base_verdict(), Some(Verdict::Red { .. })) {
            self.search = None;
        }
        match std::mem::take(&mut self.stage) {
            Stage::Idle => {}
            Stage::Stacked(stack) => self.review_stack(stack),
            Stage::Trial(pair) => self.review_trial(pair),
        }
    }

    /// A commit that is red by itself is bounced when the target is green by itself.
    fn review_before(&mut self) {
        let Some(target) = &self.target else { return };
        let base = self.verdicts.get(&Subject::commit(&target.tip));
        for entry in self.entries.values() {
            let Some(Verdict::Red { reason, log, .. }) = self.verdicts.get(&Subject::commit(&entry.head)) else {
                continue;
            };
            let leaves = self.leaving.iter().any(|(bead, _)| *bead == entry.bead);
            match base {
                Some(Verdict::Green) if !leaves => {
                    let cause = Cause { reason: reason.clone(), log: log.clone(), conflict: Vec::new() };
                    self.leaving.push_back((entry.bead.clone(), Leave::Bounced(cause)));
                }
                Some(Verdict::Red { .. }) => drop(self.passed_over.insert(entry.bead.clone())),
                _ => {}
            }
        }
    }

    fn review_stack(&mut self, stack: Stack) {
        let verdict = stack.tree().and_then(|tree| self.verdicts.get(&Subject::tree(tree))).cloned();
        let Some(Verdict::Red { reason, log, .. }) = verdict else {
            self.stage = Stage::Stacked(stack);
            return;
        };
        let base = self.base_verdict().cloned();
        if matches!(base, Some(Verdict::Red { .. })) {
            self.passed_over.extend(stack.beads());
            return;
        }
        if self.search.as_ref().is_some_and(|search| search.culprit().is_none()) {
            self.narrow(&stack.beads());
        } else if self.search.is_none() {
            self.search = Some(Search::new(&stack));
        }
        let Some(culprit) = self.search.as_ref().and_then(Search::culprit) else { return };
        match base {
            _ if stack.beads() != [culprit.clone()] => {}
            Some(_) => self.blame((reason, log)),
            None => self.stage = Stage::Stacked(stack),
        }
    }

    /// The target is green, and red with this one bead on top.
    fn blame(&mut self, red: (String, Option<String>)) {
        let Some(search) = self.search.take() else { return };
        let Some(entry) = search.culprit().and_then(|bead| self.entries.get(bead)) else { return };
        let bead = entry.bead.clone();
        let (reason, log) = red.clone();
        let Some(pair) = Pair::new(entry, search.start.clone(), &search.landed, red) else {
            self.leaving.push_back((bead, Leave::Bounced(Cause { reason, log, conflict: Vec::new() })));
            return;
        };
        self.stage = Stage::Trial(pair);
        if !self.rules.pairs && !search.affords_trial() {
            let Stage::Trial(pair) = &self.stage else { return };
            let text = pair.suspicion();
            self.end_trial(&text);
        }
    }

    fn review_trial(&mut self, mut pair: Pair) {
        let verdict = pair.trial.as_ref().and_then(|(_, tree)| self.verdicts.get(&Subject::tree(tree)));
        let said = verdict.and_then(|verdict| pair.learn(verdict));
        let said = said.or_else(|| match pair.next() {
            Found::Say(text) => Some(text),
            Found::Try(_) => None,
        });
        self.stage = Stage::Trial(pair);
        if let Some(text) = said {
            self.end_trial(&text);
        }
    }

    fn end_trial(&mut self, text: &str) {
        let Stage::Trial(pair) = std::mem::take(&mut self.stage) else { return };
        let cause = pair.cause(text);
        self.leaving.push_back((pair.culprit, Leave::Bounced(cause)));
    }

    fn landed(&mut self) {
        let Stage::Stacked(stack) = std::mem::take(&mut self.stage) else { return };
        let Some(tree) = stack.tree().cloned() else { return };
        if self.rules.offer {
            self.search = None;
            for bead in stack.beads() {
                self.entries.entry(bead).and_modify(|entry| entry.offered = true);
            }
            return;
        }
        let landed: Vec<Entry> = stack.beads().iter().filter_map(|bead| self.entries.remove(bead)).collect();
        self.alone.retain(|bead| !stack.has(bead));
        let search = self.search.take().map(|mut search| {
            search.advance(landed);
            search
        });
        self.set_target(Target { tip: stack.tip().clone(), tree });
        self.search = search.filter(|search| !search.suspects.is_empty());
    }

    fn again(&mut self) {
        self.broken = None;
        self.set_aside.clear();
        self.passed_over.clear();
        self.leaving.clear();
        self.verdicts.retain(|_, verdict| *verdict == Verdict::Green);
        (self.stage, self.search) = (Stage::Idle, None);
    }
}
