//! `gt ledger status`: what stands between the ledger and the files of the town.

use serde::Serialize;

use super::judge::{Refusal, judge};
use crate::error::Outcome;
use crate::git::Oid;
use crate::ledger::HandEditKind;
use crate::ops::{OpenTown, Report};

/// How the ledger and the files of the town stand to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The branch that is the ledger.
    pub branch: String,
    /// Its tip.
    pub tip: Oid,
    /// Whether files and git's index are in step with it; else the next command that changes something sees to it.
    pub settled: bool,
    /// What a person edited.
    pub edits: Vec<Edited>,
    /// Bead files of the ledger that cannot be read.
    pub broken: Vec<Refusal>,
    /// Files that a commit by plain git would put back to an older state now.
    pub behind_in_index: Vec<String>,
    /// Whether enough loose objects have come together to be packed.
    pub wants_packing: bool,
}

/// A file that a person edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// The file, relative to the town.
    pub path: String,
    /// What happened to it.
    pub kind: HandEditKind,
    /// Why it cannot be adopted, if it cannot.
    pub refusal: Option<Refusal>,
}

impl Report for Status {
    const SCHEMA: &'static str = "gt.ledger.status/1";
}

/// Looks; changes nothing.
///
/// # Errors
/// When the ledger or the files cannot be read.
pub fn status(open: &OpenTown) -> Outcome<Status> {
    let snapshot = open.snapshot()?;
    let edits = open.ledger.hand_edits()?;
    let verdicts = judge(&snapshot, &edits)?;
    let edits = edits
        .into_iter()
        .zip(verdicts)
        .map(|(edit, refusal)| Edited { path: edit.path, kind: edit.kind, refusal })
        .collect();
    Ok(Status {
        branch: open.settings.branch.clone(),
        tip: snapshot.tip().clone(),
        settled: open.ledger.is_settled()?,
        edits,
        broken: snapshot.broken()?.into_iter().map(Refusal::from).collect(),
        behind_in_index: open.ledger.behind_in_index(None)?,
        wants_packing: open.ledger.wants_packing(),
    })
}
