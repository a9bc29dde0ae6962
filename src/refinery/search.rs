//! The search through a red batch.
//!
//! The batch is red as a stack, in its order. Its beginnings are tried by halves: a green one lands, so that what
//! is left is red on top of it; a red one is where to look on. Of the last two suspects one is left out and all
//! others of the batch are tried at once: when that is green everybody innocent has landed with the same run. Eight
//! beads with one bad one so take four runs at most after the red one, and two bad ones are found one after the
//! other.

use std::collections::VecDeque;

use super::{Commit, Entry, Stack};
use crate::id::BeadId;

/// Runs that a red batch may always take, however small it is.
const LEAST_BUDGET: usize = 4;

/// A red batch, as far as it is understood.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// The target's tip below the batch when it was found red.
    pub start: Commit,
    /// Red as a stack on the target as it is now, in order.
    pub suspects: VecDeque<BeadId>,
    /// The others of the batch, in order.
    pub rest: Vec<BeadId>,
    /// Those of the batch that have landed since, in order.
    pub landed: Vec<Entry>,
    /// How many runs it took so far.
    pub runs: usize,
    budget: usize,
    pair: OfTwo,
}

/// How far the last two suspects are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfTwo {
    WithoutSecond,
    WithoutFirst,
    FirstAlone,
}

impl Search {
    /// Begins with a red stack.
    pub fn new(stack: &Stack) -> Self {
        let halvings = stack.members.len().next_power_of_two().trailing_zeros() as usize;
        Self {
            start: stack.base.clone(),
            suspects: stack.beads().into(),
            rest: Vec::new(),
            landed: Vec::new(),
            runs: 0,
            budget: LEAST_BUDGET.max(halvings + 1),
            pair: OfTwo::WithoutSecond,
        }
    }

    /// The one that is left, once the search has found it.
    pub fn culprit(&self) -> Option<&BeadId> {
        if self.suspects.len() == 1 { self.suspects.front() } else { None }
    }

    /// Whether it concerns this bead.
    pub fn has(&self, bead: &BeadId) -> bool {
        self.suspects.contains(bead) || self.rest.contains(bead)
    }

    /// Whether a run more than needed can be afforded; one is kept for the rest of the batch.
    pub fn affords_trial(&self) -> bool {
        self.runs + usize::from(!self.rest.is_empty()) < self.budget
    }

    /// Whether both of the last two were red without the other: either several are bad, or the target is.
    pub fn doubts_target(&self) -> bool {
        self.suspects.len() == 2 && self.pair == OfTwo::FirstAlone && self.landed.is_empty()
    }

    /// What is to be stacked next, in order; `follows` says whether the first needs the second.
    pub fn wanted(&self, follows: impl Fn(&BeadId, &BeadId) -> bool) -> Vec<BeadId> {
        let with_rest_but = |chosen: &BeadId, out: &BeadId| {
            let others = self.rest.iter().filter(|bead| !follows(bead, out));
            std::iter::once(chosen).chain(others).cloned().collect()
        };
        match (self.suspects.len(), self.pair) {
            (2, OfTwo::WithoutSecond) => with_rest_but(&self.suspects[0], &self.suspects[1]),
            (2, OfTwo::WithoutFirst) => with_rest_but(&self.suspects[1], &self.suspects[0]),
            (2, OfTwo::FirstAlone) => vec![self.suspects[0].clone()],
            (length, _) => self.suspects.iter().take(length.div_ceil(2)).cloned().collect(),
        }
    }

    /// `tested` is red, or was wanted and cannot be stacked; `tied` says whether the second of two suspects needs the
    /// first.
    pub fn narrow(&mut self, tested: &[BeadId], tied: bool) {
        let first_alone = tested.len() == 1 && tested.first() == self.suspects.front();
        match (self.suspects.len(), self.pair) {
            (2, OfTwo::WithoutSecond) if !first_alone => {
                self.pair = if tied { OfTwo::FirstAlone } else { OfTwo::WithoutFirst };
            }
            (2, OfTwo::WithoutFirst) => self.pair = OfTwo::FirstAlone,
            _ => {
                let behind: Vec<BeadId> = self.suspects.drain(tested.len()..).collect();
                self.rest.splice(0..0, behind);
                self.pair = OfTwo::WithoutSecond;
            }
        }
    }

    /// Members of the batch have landed: what is left of the suspects is red on top of them.
    pub fn advance(&mut self, landed: Vec<Entry>) {
        let gone = |bead: &BeadId| landed.iter().any(|entry| entry.bead == *bead);
        self.suspects.retain(|bead| !gone(bead));
        self.rest.retain(|bead| !gone(bead));
        self.landed.extend(landed);
        self.pair = OfTwo::WithoutSecond;
    }
}
