//! What the refinery answers.

use std::fmt;

use super::{Commit, Stacked, Tree};
use crate::id::BeadId;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Read the tip of the target branch.
    ReadTarget,
    /// Merge these beads on top of this commit, in memory.
    Stack {
        /// The target's tip.
        base: Commit,
        /// In this order.
        members: Vec<BeadId>,
    },
    /// Run the gates on exactly this tree.
    Gate {
        /// A commit that has the tree.
        commit: Commit,
        /// The tree.
        tree: Tree,
        /// The beads in it; none when it is the target itself that is in doubt.
        members: Vec<BeadId>,
    },
    /// Move the target from the base of the stack to its tip: intent, swap, close.
    Land(Stacked),
    /// Close a bead as merged whose commit is in the target already; nothing moves.
    CloseAsMerged {
        /// The bead.
        member: BeadId,
        /// Its submitted commit.
        landed: Commit,
    },
    /// Send a bead back to its worker.
    Bounce {
        /// The bead.
        member: BeadId,
        /// Why.
        reason: String,
        /// The log of the gate.
        log: Option<String>,
    },
    /// Leave a bead in the queue and tell a person.
    SetAside {
        /// The bead.
        member: BeadId,
        /// Why.
        reason: String,
    },
    /// Nothing, until something happens.
    Wait(Waiting),
}

/// Why nothing is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// The queue is empty.
    Empty,
    /// Whatever is left was set aside, or needs a bead that was.
    SetAside(Vec<BeadId>),
    /// The target itself is red, and no bead in the queue mends it.
    TargetRed {
        /// What its gates say.
        reason: String,
    },
    /// The gates cannot be run.
    GateBroken {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |members: &[BeadId]| members.iter().map(BeadId::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::ReadTarget => f.write_str("read the target"),
            Self::Stack { members, .. } => write!(f, "stack {}", list(members)),
            Self::Gate { members, .. } if members.is_empty() => f.write_str("gate the target itself"),
            Self::Gate { members, .. } => write!(f, "gate {}", list(members)),
            Self::Land(stack) => write!(f, "land {}", list(&stack.beads())),
            Self::CloseAsMerged { member, .. } => write!(f, "close {member}, which is in the target already"),
            Self::Bounce { member, reason, .. } => write!(f, "bounce {member}: {reason}"),
            Self::SetAside { member, reason } => write!(f, "set {member} aside: {reason}"),
            Self::Wait(Waiting::Empty) => f.write_str("the queue is empty"),
            Self::Wait(Waiting::SetAside(members)) => write!(f, "wait: {} set aside", list(members)),
            Self::Wait(Waiting::TargetRed { reason }) => write!(f, "wait: the target itself is red: {reason}"),
            Self::Wait(Waiting::GateBroken { reason }) => write!(f, "wait: the gates cannot be run: {reason}"),
        }
    }
}

impl Stacked {
    /// Its beads, in the order of the stack.
    pub fn beads(&self) -> Vec<BeadId> {
        self.members.iter().map(|(bead, _)| bead.clone()).collect()
    }
}
