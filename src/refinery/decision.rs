//! What the refinery answers.

use std::fmt;

use serde::Serialize;

use super::{Commit, Stack, Subject, Tree};
use crate::id::BeadId;
use crate::town::Phase;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Read the tip of the target branch.
    ReadTarget,
    /// Merge these beads on top of this commit, in memory.
    Stack {
        /// The target's tip, or for a trial an older one.
        base: Commit,
        /// In this order.
        members: Vec<BeadId>,
    },
    /// Run the gates of a phase.
    Gate {
        /// The commit to check out.
        commit: Commit,
        /// Under what the verdict is remembered.
        subject: Subject,
        /// The beads in it; none when it is the target itself that is in doubt.
        members: Vec<BeadId>,
    },
    /// Move the target from the base of the stack to its tip: intent, swap, close.
    Land(Stack),
    /// Push the tip of the stack, which is one bead, as a branch of its own.
    Offer(Stack),
    /// Close a bead as merged whose commit is in the target already; nothing moves.
    CloseAsMerged {
        /// The bead.
        member: BeadId,
        /// The commit by which it is in the target.
        landed: Commit,
    },
    /// Send a bead back to its worker.
    Bounce {
        /// The bead.
        member: BeadId,
        /// Why.
        cause: Cause,
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

/// Why a bead goes back to its worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// In words, for whoever mends it.
    pub reason: String,
    /// The log of the gate that was red.
    pub log: Option<String>,
    /// The files that cannot be merged; none when that is not the cause.
    pub conflict: Vec<String>,
}

/// Why nothing is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// The queue is empty.
    Empty,
    /// Whatever is left waits for something that has a name.
    Named(Vec<(BeadId, Standing)>),
    /// The target itself is red, and nothing that was submitted since mends it.
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

/// What keeps a bead of the queue from being tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It was set aside, and a person was told.
    SetAside,
    /// Its branch lies with the remote; it is closed when its commit is in the target.
    Offered,
    /// It was red on a target that is red itself, or came before that was found.
    TargetRed,
    /// It needs a bead that is not closed yet.
    Needs(BeadId),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside => f.write_str("set aside for a person"),
            Self::Offered => f.write_str("offered as a branch, to be merged by somebody else"),
            Self::TargetRed => f.write_str("waits for the target to be green"),
            Self::Needs(need) => write!(f, "waits for {need}, which it needs"),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the queue is empty"),
            Self::Named(beads) => {
                let parts: Vec<String> = beads.iter().map(|(bead, standing)| format!("{bead} {standing}")).collect();
                f.write_str(&parts.join("; "))
            }
            Self::TargetRed { reason } => write!(f, "the target itself is red: {reason}"),
            Self::GateBroken { reason } => write!(f, "the gates cannot be run: {reason}"),
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadTarget => f.write_str("read the target"),
            Self::Stack { members, .. } => write!(f, "stack {}", list(members)),
            Self::Gate { subject, members, .. } => {
                let what = if members.is_empty() { "the target itself".to_owned() } else { list(members) };
                let when = if subject.phase == Phase::Before { " by itself" } else { "" };
                write!(f, "gate {what}{when}")
            }
            Self::Land(stack) => write!(f, "land {}", list(&stack.beads())),
            Self::Offer(stack) => write!(f, "offer {}", list(&stack.beads())),
            Self::CloseAsMerged { member, .. } => write!(f, "close {member}, which is in the target already"),
            Self::Bounce { member, cause } => write!(f, "bounce {member}: {}", cause.reason),
            Self::SetAside { member, reason } => write!(f, "set {member} aside: {reason}"),
            Self::Wait(waiting) => write!(f, "wait: {waiting}"),
        }
    }
}

/// Ids for people: `web-a, web-b`.
pub(super) fn list(members: &[BeadId]) -> String {
    members.iter().map(BeadId::as_str).collect::<Vec<_>>().join(", ")
}

impl Stack {
    /// Its beads, in order.
    pub fn beads(&self) -> Vec<BeadId> {
        self.members.iter().map(|member| member.bead.clone()).collect()
    }

    /// The topmost commit.
    pub fn tip(&self) -> &Commit {
        self.members.last().map_or(&self.base, |member| &member.commit)
    }

    /// The tree of the topmost commit; none without members.
    pub fn tree(&self) -> Option<&Tree> {
        self.members.last().map(|member| &member.tree)
    }

    /// Whether a bead is in it.
    pub fn has(&self, bead: &BeadId) -> bool {
        self.members.iter().any(|member| member.bead == *bead)
    }
}
