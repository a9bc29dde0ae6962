//! `gt ledger pack` and `gt ledger settle`.

use serde::Serialize;

use super::hook;
use crate::error::Outcome;
use crate::ledger::Packed;
use crate::ops::{OpenTown, Report};

/// What packing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Packing {
    /// What.
    pub packed: Packed,
}

impl Report for Packing {
    const SCHEMA: &'static str = "gt.ledger.pack/1";
}

/// Packs what has come together, beside running commands.
///
/// # Errors
/// When git fails.
pub fn pack(open: &OpenTown) -> Outcome<Packing> {
    Ok(Packing { packed: open.ledger.pack()? })
}

/// Files and git's index were brought in step with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// Whether they were so before.
    pub was_settled: bool,
    /// Whether the hook of plain git commits had to be put into its place.
    pub hook_installed: bool,
    /// Files that differ still, because a person edited them.
    pub edited: Vec<String>,
}

impl Report for Settled {
    const SCHEMA: &'static str = "gt.ledger.settle/1";
}

/// Brings files and git's index in step with the ledger; a person's edits stay.
///
/// # Errors
/// When the ledger's lock stays taken or a file cannot be written.
pub fn settle(open: &OpenTown) -> Outcome<Settled> {
    let was_settled = open.ledger.is_settled()? && open.ledger.behind_in_index(None)?.is_empty();
    open.ledger.settle()?;
    open.ledger.mend_index()?;
    let hook_installed = hook::install(&open.town.git_dir())?;
    let edited = open.ledger.hand_edits()?.into_iter().map(|edit| edit.path).collect();
    Ok(Settled { was_settled, hook_installed, edited })
}
