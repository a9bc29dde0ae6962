//! What the refinery is told.

use serde::Serialize;

use super::{Commit, Entry, Tree};
use crate::clock::Timestamp;
use crate::id::BeadId;
use crate::town::Phase;

/// What a rig sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The most beads that are gated as one tree; at least one.
    pub batch: usize,
    /// Whether there are gates that a submitted commit must pass by itself, before it is stacked.
    pub before: bool,
    /// Whether a green bead is offered as a branch, and not landed.
    pub offer: bool,
    /// Whether a bead that is red on top of others of its batch is tried without them even when the runs that a red
    /// batch may cost are used up.
    pub pairs: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { batch: 1, before: false, offer: false, pairs: false }
    }
}

/// The tip of the target branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its commit.
    pub tip: Commit,
    /// The tree of that.
    pub tree: Tree,
}

/// Beads merged on top of a commit, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The commit below them: the target's tip, or for a trial an older one.
    pub base: Commit,
    /// Those that could be merged, in order.
    pub members: Vec<Member>,
    /// Those that could not, and why.
    pub left: Vec<(BeadId, Left)>,
}

/// One bead of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The bead.
    pub bead: BeadId,
    /// The commit by which it would be in the target; the one below it when it changes nothing.
    pub commit: Commit,
    /// The tree of that commit.
    pub tree: Tree,
}

/// Why a bead is not in a stack that it was wanted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Its commit is in the base already.
    AlreadyIn {
        /// The commit by which.
        landed: Commit,
    },
    /// It cannot be merged, and no worker can mend that: its commit is gone.
    Unmergeable(String),
    /// It conflicts with what is below it.
    Conflict {
        /// Whether it conflicts with the base alone as well, so that waiting mends nothing.
        with_base: bool,
        /// The paths and both sides, for whoever resolves it.
        reason: String,
        /// The paths.
        paths: Vec<String>,
    },
    /// It needs one that is not in the stack either.
    Follows(BeadId),
}

impl Left {
    /// Whether what needs it cannot be stacked either.
    pub fn keeps_out(&self) -> bool {
        !matches!(self, Self::AlreadyIn { .. })
    }
}

/// What the gates say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All required gates passed.
    Green,
    /// One did not: failed, hung, or changed tracked files.
    Red {
        /// Which, and how, in one sentence.
        reason: String,
        /// Where its output is.
        log: Option<String>,
        /// When. Of what is submitted after a red target was found, each is tried for whether it mends it.
        at: Timestamp,
    },
}

/// What was gated: a commit by itself in the phase before, a tree in the phase after stacking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Which gates.
    pub phase: Phase,
    /// The commit or the tree.
    pub id: String,
}

impl Subject {
    /// A submitted commit, as it came.
    pub fn commit(id: &Commit) -> Self {
        Self { phase: Phase::Before, id: id.clone() }
    }

    /// The tree of a stack.
    pub fn tree(id: &Tree) -> Self {
        Self { phase: Phase::After, id: id.clone() }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A bead is in the queue.
    Submitted(Entry),
    /// A bead is in the queue no more: closed, bounced, released.
    Withdrawn(BeadId),
    /// The tip of the target branch was read.
    Target(Target),
    /// The stack that was asked for, as far as it could be made.
    Stacked(Stack),
    /// A bead was set aside, and a person knows.
    SetAside(BeadId),
    /// A document of the ledger says what the gates said.
    Known {
        /// Of what.
        subject: Subject,
        /// What they say.
        verdict: Verdict,
    },
    /// The gates ran.
    Gated {
        /// On what.
        subject: Subject,
        /// What they say.
        verdict: Verdict,
    },
    /// The gates could not be run at all; that is no verdict.
    GateBroken {
        /// Why.
        reason: String,
    },
    /// A person asks to try again what was set aside, broken or red.
    Again,
    /// The target was moved to the tip of the stack, or the stack's branch was offered.
    Landed,
    /// Somebody else moved the target first; its tip has to be read.
    Raced,
}
