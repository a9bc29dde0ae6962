//! From what happened to what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use super::{Commit, Decision, Entry, Event, Rules, Stacked, Target, Tree, Verdict, Waiting, order};
use crate::id::BeadId;

/// What is at hand.
#[derive(Debug, Clone, Default)]
enum Stage {
    #[default]
    Idle,
    /// A stack, to be gated and landed.
    Stacked(Stacked),
    /// A bead leaves the queue.
    Leaving(BeadId, Leave),
}

#[derive(Debug, Clone)]
enum Leave {
    Bounced(String),
    SetAside(String),
    Merged,
}

/// The queue of one rig, and what is known about its trees.
#[derive(Debug, Clone, Default)]
pub struct Refinery {
    rules: Rules,
    entries: BTreeMap<BeadId, Entry>,
    target: Option<Target>,
    stage: Stage,
    verdicts: BTreeMap<Tree, Verdict>,
    /// The size of the next stack, where a red one was halved.
    limit: Option<usize>,
    /// The size of the smallest stack that was red. When a beginning of it lands, the rest of it is red.
    red: Option<usize>,
    set_aside: BTreeSet<BeadId>,
    /// Beads that are red on a target that is red itself.
    passed_over: BTreeSet<BeadId>,
    broken: Option<String>,
}

impl Refinery {
    /// An empty queue.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Takes note of what happened.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Submitted(entry) => drop(self.entries.insert(entry.bead.clone(), entry)),
            Event::Withdrawn(bead) => self.withdraw(&bead),
            Event::Target(target) => self.set_target(target),
            Event::Stacked(stack) => self.stage = self.accept(stack),
            Event::Conflict { member, after, reason } => self.conflict(member, &after, reason),
            Event::AlreadyIn(member) => self.stage = Stage::Leaving(member, Leave::Merged),
            Event::Unmergeable { member, reason } => self.stage = Stage::Leaving(member, Leave::SetAside(reason)),
            Event::SetAside(bead) => self.put_aside(bead),
            Event::Gated { tree, verdict } => self.gated(tree, verdict),
            Event::GateBroken { reason } => self.broken = Some(reason),
            Event::Again => self.again(),
            Event::Landed => self.landed(),
            Event::Raced => (self.stage, self.target) = (Stage::Idle, None),
        }
    }

    /// What is to be done next. Asking changes nothing.
    pub fn decide(&self) -> Decision {
        match &self.stage {
            Stage::Leaving(member, leave) => self.leave(member, leave),
            Stage::Stacked(stack) => self.judge(stack),
            Stage::Idle => self.next_stack(),
        }
    }

    fn leave(&self, member: &BeadId, leave: &Leave) -> Decision {
        let member = member.clone();
        match leave {
            Leave::Bounced(reason) => Decision::Bounce { member, reason: reason.clone(), log: None },
            Leave::SetAside(reason) => Decision::SetAside { member, reason: reason.clone() },
            Leave::Merged => {
                let landed = self.entries.get(&member).map(|entry| entry.head.clone()).unwrap_or_default();
                Decision::CloseAsMerged { member, landed }
            }
        }
    }

    fn next_stack(&self) -> Decision {
        if self.entries.is_empty() {
            return Decision::Wait(Waiting::Empty);
        }
        let Some(target) = &self.target else { return Decision::ReadTarget };
        let mut members = self.candidates();
        members.truncate(self.limit.unwrap_or(self.rules.batch).max(1));
        if !members.is_empty() {
            return Decision::Stack { base: target.tip.clone(), members };
        }
        match self.verdicts.get(&target.tree).filter(|_| !self.passed_over.is_empty()) {
            Some(Verdict::Red { reason, .. }) => Decision::Wait(Waiting::TargetRed { reason: reason.clone() }),
            _ => Decision::Wait(Waiting::SetAside(self.set_aside.iter().cloned().collect())),
        }
    }

    /// The queue in its order, without what was set aside or passed over, and what needs that.
    fn candidates(&self) -> Vec<BeadId> {
        let mut out: BTreeSet<BeadId> = self.set_aside.union(&self.passed_over).cloned().collect();
        let mut candidates = Vec::new();
        for placed in order(self.entries.values()) {
            let held = self.entries[&placed.bead].needs.iter().any(|need| out.contains(need));
            if held || out.contains(&placed.bead) {
                out.insert(placed.bead);
            } else {
                candidates.push(placed.bead);
            }
        }
        candidates
    }

    fn judge(&self, stack: &Stacked) -> Decision {
        match self.verdicts.get(&stack.tree) {
            Some(Verdict::Green) => Decision::Land(stack.clone()),
            Some(Verdict::Red { reason, log }) => self.blame(stack, reason, log.clone()),
            None => self.gate(&stack.tip, &stack.tree, stack.beads()),
        }
    }

    /// A red bead is to blame only if the target without it is green.
    fn blame(&self, stack: &Stacked, reason: &str, log: Option<String>) -> Decision {
        let target = self.target.as_ref().filter(|target| target.tip == stack.base);
        let Some(target) = target else { return Decision::ReadTarget };
        if self.verdicts.contains_key(&target.tree) {
            let member = stack.members[0].0.clone();
            return Decision::Bounce { member, reason: reason.to_owned(), log };
        }
        self.gate(&target.tip, &target.tree, Vec::new())
    }

    fn gate(&self, commit: &Commit, tree: &Tree, members: Vec<BeadId>) -> Decision {
        match &self.broken {
            Some(reason) => Decision::Wait(Waiting::GateBroken { reason: reason.clone() }),
            None => Decision::Gate { commit: commit.clone(), tree: tree.clone(), members },
        }
    }

    fn withdraw(&mut self, bead: &BeadId) {
        self.entries.remove(bead);
        self.set_aside.remove(bead);
        self.passed_over.remove(bead);
        let concerned = match &self.stage {
            Stage::Idle => false,
            Stage::Stacked(stack) => stack.members.iter().any(|(member, _)| member == bead),
            Stage::Leaving(member, _) => member == bead,
        };
        if concerned {
            self.start_over();
        }
    }

    /// Back to whole stacks.
    fn start_over(&mut self) {
        (self.stage, self.limit, self.red) = (Stage::Idle, None, None);
    }

    fn put_aside(&mut self, bead: BeadId) {
        self.set_aside.insert(bead);
        self.start_over();
    }

    fn set_target(&mut self, target: Target) {
        if self.target.as_ref() == Some(&target) {
            return;
        }
        if matches!(&self.stage, Stage::Stacked(stack) if stack.base != target.tip) {
            self.stage = Stage::Idle;
        }
        self.passed_over.clear();
        self.target = Some(target);
    }

    /// A stack on another base, or with a bead that left meanwhile, is stale.
    fn accept(&mut self, stack: Stacked) -> Stage {
        let on_target = self.target.as_ref().is_some_and(|target| target.tip == stack.base);
        let there = |(bead, _): &(BeadId, Commit)| self.entries.contains_key(bead);
        if stack.members.is_empty() || !on_target || !stack.members.iter().all(there) {
            return Stage::Idle;
        }
        let stage = Stage::Stacked(stack);
        self.after_verdict(stage)
    }

    fn gated(&mut self, tree: Tree, verdict: Verdict) {
        self.broken = None;
        self.verdicts.insert(tree, verdict);
        let stage = std::mem::take(&mut self.stage);
        self.stage = self.after_verdict(stage);
    }

    /// Halves a red stack of several, and passes over a red bead on a red target.
    fn after_verdict(&mut self, stage: Stage) -> Stage {
        let Stage::Stacked(stack) = &stage else { return stage };
        if !matches!(self.verdicts.get(&stack.tree), Some(Verdict::Red { .. })) {
            return stage;
        }
        if stack.members.len() > 1 {
            (self.red, self.limit) = (Some(stack.members.len()), Some(stack.members.len() / 2));
            return Stage::Idle;
        }
        let base = self.target.as_ref().and_then(|target| self.verdicts.get(&target.tree));
        if matches!(base, Some(Verdict::Red { .. })) {
            self.passed_over.insert(stack.members[0].0.clone());
            (self.limit, self.red) = (None, None);
            return Stage::Idle;
        }
        stage
    }

    /// Only a bead that conflicts with the target itself is bounced; one that conflicts with a bead before it
    /// waits until that one has landed.
    fn conflict(&mut self, member: BeadId, after: &[BeadId], reason: String) {
        if after.is_empty() {
            self.stage = Stage::Leaving(member, Leave::Bounced(reason));
        } else {
            (self.stage, self.limit) = (Stage::Idle, Some(after.len()));
        }
    }

    fn landed(&mut self) {
        let Stage::Stacked(stack) = std::mem::take(&mut self.stage) else { return };
        stack.members.iter().for_each(|(bead, _)| drop(self.entries.remove(bead)));
        self.set_target(Target { tip: stack.tip, tree: stack.tree });
        self.red = self.red.and_then(|red| red.checked_sub(stack.members.len())).filter(|rest| *rest > 0);
        self.limit = self.red;
    }

    fn again(&mut self) {
        self.broken = None;
        self.set_aside.clear();
        self.passed_over.clear();
        self.verdicts.retain(|_, verdict| *verdict == Verdict::Green);
        (self.limit, self.red) = (None, None);
    }
}
