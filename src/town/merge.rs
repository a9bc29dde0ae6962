//! How work lands.

use serde::{Deserialize, Serialize};

/// How landings look in the history.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Merge {
    /// What becomes of the worker's commits.
    #[serde(default)]
    pub style: MergeStyle,
    /// Whether the landed commit carries a `Bead:` trailer.
    #[serde(default = "yes")]
    pub trailer: bool,
    /// What becomes of green work.
    #[serde(default, skip_serializing_if = "Landing::is_default")]
    pub landing: Landing,
    /// How far it is found out which two beads are red only together.
    #[serde(default, skip_serializing_if = "Pairs::is_default")]
    pub pairs: Pairs,
}

impl Default for Merge {
    fn default() -> Self {
        Self { style: MergeStyle::Merge, trailer: true, landing: Landing::Land, pairs: Pairs::Budget }
    }
}

impl Merge {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of green work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Landing {
    /// The target branch moves to it.
    #[default]
    Land,
    /// It is pushed as a branch `gt/<bead>`, for somebody else to merge.
    Branch,
}

impl Landing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Land
    }
}

/// How far it is found out which two beads are red only together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pairs {
    /// As far as the gate runs go that a red batch may take anyway.
    #[default]
    Budget,
    /// Always, whatever it takes.
    Always,
}

impl Pairs {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Budget
    }
}

/// What becomes of the worker's commits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeStyle {
    /// They are kept, under a merge commit.
    #[default]
    Merge,
    /// They become one commit.
    Squash,
    /// They are put on top of the target, one by one.
    Rebase,
}

fn yes() -> bool {
    true
}
