//! The way of a bead through the merge queue, as its file has it.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::id::{Actor, BeadId};

/// The way of a bead through the merge queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Merge {
    /// The branch that the work was done on.
    pub branch: String,
    /// The submitted commit, pinned at `refs/gt/work/<bead>/<attempt>`; 40 hex digits.
    pub head: String,
    /// The target's commit that the work started from.
    pub base: String,
    /// The branch it is to land in.
    pub target: String,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// Where a person put it in the queue: below 0 before, above 0 after what its priority says.
    #[serde(skip_serializing_if = "is_in_its_place")]
    pub place: i32,
    /// Who let it touch protected files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval>,
    /// A landing that was begun and is not yet known to be over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// The commit by which it is in the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<String>,
    /// The branch as which it lies with the remote, for somebody else to merge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// The beads that landed as one with it, itself included, in the order of the stack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub batch: Vec<BeadId>,
    /// Paths of the gate evidence documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<String>,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "super::file::unknown_keys")]
    pub extra: toml::Table,
}

impl Merge {
    /// A submission that nothing happened to yet.
    pub fn new(
        branch: impl Into<String>,
        head: impl Into<String>,
        base: impl Into<String>,
        target: impl Into<String>,
        submitted: Timestamp,
    ) -> Self {
        Self {
            branch: branch.into(),
            head: head.into(),
            base: base.into(),
            target: target.into(),
            submitted,
            place: 0,
            approved: None,
            intent: None,
            landed: None,
            offer: None,
            batch: Vec::new(),
            gates: Vec::new(),
            extra: toml::Table::new(),
        }
    }

    /// Whether somebody approved of the commit that is submitted now.
    pub fn is_approved(&self) -> bool {
        self.approved.as_ref().is_some_and(|approval| approval.head == self.head)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_in_its_place(place: &i32) -> bool {
    *place == 0
}

/// That somebody let a change of protected files land.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Approval {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The submitted commit that they saw; another one needs another approval.
    pub head: String,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "super::file::unknown_keys")]
    pub extra: toml::Table,
}

/// Gated work that lies with the remote as a branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offer {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The commit that it is pushed with, 40 hex digits.
    pub commit: String,
    /// Whether the push is known to be over.
    pub pushed: bool,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "super::file::unknown_keys")]
    pub extra: toml::Table,
}

/// A landing that was begun: the target moves from `old` to `new`, and `members` close with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intent {
    /// The target's tip before, 40 hex digits.
    pub old: String,
    /// The tip after.
    pub new: String,
    /// This bead's own landed commit in the stack that ends in `new`.
    pub landed: String,
    /// Every bead that lands with it.
    pub members: Vec<BeadId>,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "super::file::unknown_keys")]
    pub extra: toml::Table,
}
