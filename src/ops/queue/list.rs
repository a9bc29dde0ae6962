//! `gt queue list`.

use serde::Serialize;

use super::{reason_of, submitted, told};
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::id::{BeadId, RigName, WorkerRef};
use crate::ops::refinery::every_entry;
use crate::ops::{OpenTown, Page, Row};
use crate::refinery::order;
use crate::town::Rig;

/// A bead that waits to be merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// The rig.
    pub rig: RigName,
    /// Its place in the queue of the rig, from 1.
    pub place: usize,
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Who did it.
    pub worker: Option<WorkerRef>,
    /// The submitted commit.
    pub head: String,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// Why it stands there.
    pub why: String,
    /// What is going on with it.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What is going on with a submitted bead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// It waits its turn.
    Waiting,
    /// A person paused the queue.
    Paused {
        /// Why.
        reason: String,
    },
    /// Its landing was begun.
    Landing,
    /// It stays until a person acts.
    SetAside {
        /// What the refinery says.
        reason: String,
    },
    /// It was pushed as a branch, and is closed when the target has it.
    Offered {
        /// The branch.
        branch: String,
    },
    /// Another clone of the town merges it.
    Elsewhere {
        /// That clone.
        home: String,
    },
}

impl Row for Queued {
    const SCHEMA: &'static str = "gt.queue.list/1";
}

/// The queue of the rig, or those of all rigs, each in its order.
///
/// # Errors
/// When there is no such rig, or the ledger cannot be read.
pub fn list(open: &OpenTown, rig: Option<&str>) -> Outcome<Page<Queued>> {
    let rigs = open.rigs(rig)?;
    let mut rows = Vec::new();
    for rig in &rigs {
        rows.extend(of_rig(open, rig)?);
    }
    Ok(Page::complete(rows))
}

/// The queue of one rig in its order.
pub(super) fn of_rig(open: &OpenTown, rig: &Rig) -> Outcome<Vec<Queued>> {
    let snapshot = open.snapshot()?;
    let beads = submitted(&snapshot, rig)?;
    let letters = told(&snapshot)?;
    let home = open.home()?;
    let entries = every_entry(&snapshot, &beads)?;
    let mut rows = Vec::new();
    for (index, placed) in order(&entries).into_iter().enumerate() {
        let Some(bead) = beads.iter().find(|bead| bead.id == placed.bead) else { continue };
        let Some(merge) = &bead.merge else { continue };
        let claim = bead.claim();
        let told = letters.iter().find(|letter| letter.bead.as_ref() == Some(&bead.id));
        let standing = match (told, claim) {
            (_, Some(claim)) if claim.home != *home => Standing::Elsewhere { home: claim.home.to_string() },
            _ if merge.intent.is_some() => Standing::Landing,
            _ if let Some(offer) = &merge.offer => Standing::Offered { branch: offer.branch.clone() },
            (Some(letter), _) => Standing::SetAside { reason: reason_of(letter) },
            (None, _) => match &rig.paused {
                Some(reason) => Standing::Paused { reason: reason.clone() },
                None => Standing::Waiting,
            },
        };
        rows.push(Queued {
            rig: rig.name.clone(),
            place: index + 1,
            bead: bead.id.clone(),
            title: bead.title.clone(),
            worker: claim.map(|claim| claim.assignee.clone()),
            head: merge.head.clone(),
            submitted: merge.submitted,
            why: placed.why,
            standing,
        });
    }
    Ok(rows)
}
