//! What the refinery is told.

use super::{Commit, Entry, Tree};
use crate::id::BeadId;

/// What a rig sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The most beads that are gated as one tree; at least one.
    pub batch: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { batch: 1 }
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

/// Beads merged on top of the target, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stacked {
    /// The target's tip below it.
    pub base: Commit,
    /// The beads with the commit by which each would be in the target, in the order of the stack.
    pub members: Vec<(BeadId, Commit)>,
    /// The topmost commit.
    pub tip: Commit,
    /// The tree of that: what is gated, and what lands.
    pub tree: Tree,
}

/// What the gates say of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All required gates passed.
    Green,
    /// One did not: failed, hung, or changed tracked files.
    Red {
        /// Which, and how, in one sentence.
        reason: String,
        /// Where its output is.
        log: Option<String>,
    },
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
    /// The stack that was asked for, or a beginning of it.
    Stacked(Stacked),
    /// A member of the stack conflicts with what is below it.
    Conflict {
        /// The member.
        member: BeadId,
        /// The members below it that went well.
        after: Vec<BeadId>,
        /// The paths and what git says, for whoever resolves it.
        reason: String,
    },
    /// The commit of a member is in the target already.
    AlreadyIn(BeadId),
    /// A member cannot be merged, and no worker can mend that: its commit is gone.
    Unmergeable {
        /// The member.
        member: BeadId,
        /// Why.
        reason: String,
    },
    /// A bead was set aside, and a person knows.
    SetAside(BeadId),
    /// The gates ran, or a document of the ledger says how they did.
    Gated {
        /// The tree.
        tree: Tree,
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
    /// The target was moved to the tip of the stack.
    Landed,
    /// Somebody else moved the target first; its tip has to be read.
    Raced,
}
