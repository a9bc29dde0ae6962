//! From what happened to what is to be done.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::pair::{Found, Pair};
use super::search::Search;
use super::{Cause, Commit, Decision, Entry, Rules, Stack, Standing, Subject, Target, Verdict, Waiting};
use crate::id::BeadId;

/// What is at hand.
#[derive(Debug, Clone, Default)]
pub(super) enum Stage {
    #[default]
    Idle,
    /// A stack on the target, to be gated and landed.
    Stacked(Stack),
    /// A bead that is red on top of others of its batch, tried without them.
    Trial(Pair),
}

/// How a bead leaves the queue.
#[derive(Debug, Clone)]
pub(super) enum Leave {
    Bounced(Cause),
    SetAside(String),
    Merged(Commit),
}

/// The queue of one rig, and what is known about its trees.
#[derive(Debug, Clone, Default)]
pub struct Refinery {
    pub(super) rules: Rules,
    pub(super) entries: BTreeMap<BeadId, Entry>,
    pub(super) target: Option<Target>,
    pub(super) stage: Stage,
    pub(super) verdicts: BTreeMap<Subject, Verdict>,
    pub(super) leaving: VecDeque<(BeadId, Leave)>,
    /// A red batch that is being searched. Whatever comes meanwhile waits: it would make every tree another one.
    pub(super) search: Option<Search>,
    /// Beads that conflict with others of their batch and not with the target; each is tried alone next.
    pub(super) alone: VecDeque<BeadId>,
    pub(super) set_aside: BTreeSet<BeadId>,
    /// Beads that are red on a target that is red itself.
    pub(super) passed_over: BTreeSet<BeadId>,
    pub(super) broken: Option<String>,
}

impl Refinery {
    /// An empty queue.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// What is to be done next. Asking changes nothing.
    pub fn decide(&self) -> Decision {
        if let Some((member, leave)) = self.leaving.front() {
            return Self::leave(member.clone(), leave);
        }
        match &self.stage {
            Stage::Stacked(stack) => self.judge(stack),
            Stage::Trial(pair) => self.try_pair(pair),
            Stage::Idle => self.next(),
        }
    }

    fn leave(member: BeadId, leave: &Leave) -> Decision {
        match leave {
            Leave::Bounced(cause) => Decision::Bounce { member, cause: cause.clone() },
            Leave::SetAside(reason) => Decision::SetAside { member, reason: reason.clone() },
            Leave::Merged(landed) => Decision::CloseAsMerged { member, landed: landed.clone() },
        }
    }

    fn next(&self) -> Decision {
        if self.entries.is_empty() {
            return Decision::Wait(Waiting::Empty);
        }
        let Some(target) = &self.target else { return Decision::ReadTarget };
        if self.search.as_ref().is_some_and(Search::doubts_target) && self.base_verdict().is_none() {
            return self.gate(target.tip.clone(), Subject::tree(&target.tree), Vec::new());
        }
        let (candidates, waiting) = self.queue();
        let members = match &self.search {
            Some(search) => search.wanted(|one, other| self.follows(one, other)),
            None => self.batch(&candidates),
        };
        if members.is_empty() {
            return Decision::Wait(self.waiting(waiting));
        }
        if let Some(gate) = self.gate_before(&members, target) {
            return gate;
        }
        Decision::Stack { base: target.tip.clone(), members }
    }

    /// The gates of the phase before, on each member, and on the target when one of them is red.
    fn gate_before(&self, members: &[BeadId], target: &Target) -> Option<Decision> {
        let entries = members.iter().filter_map(|bead| self.entries.get(bead)).filter(|_| self.rules.before);
        for entry in entries {
            let subject = Subject::commit(&entry.head);
            match self.verdicts.get(&subject) {
                Some(Verdict::Green) => {}
                Some(Verdict::Red { .. }) => {
                    return Some(self.gate(target.tip.clone(), Subject::commit(&target.tip), Vec::new()));
                }
                None => return Some(self.gate(entry.head.clone(), subject, vec![entry.bead.clone()])),
            }
        }
        None
    }

    fn waiting(&self, waiting: Vec<(BeadId, Standing)>) -> Waiting {
        let target_red = waiting.iter().any(|(_, standing)| *standing == Standing::TargetRed);
        let phases = self.target.iter().flat_map(|target| [Subject::tree(&target.tree), Subject::commit(&target.tip)]);
        let mut verdicts = phases.filter_map(|subject| self.verdicts.get(&subject));
        let red = verdicts.find_map(|verdict| match verdict {
            Verdict::Red { reason, .. } => Some(reason.clone()),
            Verdict::Green => None,
        });
        match red {
            Some(reason) if target_red => Waiting::TargetRed { reason },
            _ => Waiting::Named(waiting),
        }
    }

    /// What the gates say of the target itself.
    pub(super) fn base_verdict(&self) -> Option<&Verdict> {
        self.verdicts.get(&Subject::tree(&self.target.as_ref()?.tree))
    }

    /// A red stack that stays at hand is a single bead on a target that was never gated.
    fn judge(&self, stack: &Stack) -> Decision {
        let (Some(tree), Some(target)) = (stack.tree(), &self.target) else { return Decision::ReadTarget };
        let subject = Subject::tree(tree);
        match self.verdicts.get(&subject) {
            Some(Verdict::Green) if self.rules.offer => Decision::Offer(stack.clone()),
            Some(Verdict::Green) => Decision::Land(stack.clone()),
            Some(Verdict::Red { .. }) => self.gate(target.tip.clone(), Subject::tree(&target.tree), Vec::new()),
            None => self.gate(stack.tip().clone(), subject, stack.beads()),
        }
    }

    fn try_pair(&self, pair: &Pair) -> Decision {
        match (&pair.trial, pair.next()) {
            (Some((commit, tree)), Found::Try(members)) => self.gate(commit.clone(), Subject::tree(tree), members),
            (_, Found::Try(members)) => Decision::Stack { base: pair.base.clone(), members },
            (_, Found::Say(text)) => Self::leave(pair.culprit.clone(), &Leave::Bounced(pair.cause(&text))),
        }
    }

    fn gate(&self, commit: Commit, subject: Subject, members: Vec<BeadId>) -> Decision {
        match &self.broken {
            Some(reason) => Decision::Wait(Waiting::GateBroken { reason: reason.clone() }),
            None => Decision::Gate { commit, subject, members },
        }
    }
}
