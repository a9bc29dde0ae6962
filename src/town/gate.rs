//! Gates: the commands that must pass before a tree may land.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Seconds;

/// One command that must pass before a tree may land.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Gate {
    /// Its name, unique in the rig.
    pub name: String,
    /// The command, for `sh -c`.
    pub run: String,
    /// Its time limit; none means the setting `gate_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Seconds>,
    /// Whether a failure keeps the tree from landing.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub required: bool,
    /// What it is run on.
    #[serde(default, skip_serializing_if = "Phase::is_default")]
    pub phase: Phase,
    /// Whether it runs at the same time as the parallel gates beside it in the list.
    #[serde(default, skip_serializing_if = "is_false")]
    pub parallel: bool,
    /// How often it is tried again after a failure, where it is known to fail without a cause.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// The most memory that it may use, in megabytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// Environment variables for it alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// What a gate is run on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The submitted commit as it came from its worker, before it is stacked.
    Before,
    /// The tree that would land.
    #[default]
    After,
}

impl Phase {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::After
    }
}

impl Gate {
    /// A required gate on the tree that would land, without a limit of its own.
    pub fn new(name: impl Into<String>, run: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            run: run.into(),
            limit: None,
            required: true,
            phase: Phase::After,
            parallel: false,
            retries: 0,
            memory: None,
            env: BTreeMap::new(),
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_true(flag: &bool) -> bool {
    *flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
