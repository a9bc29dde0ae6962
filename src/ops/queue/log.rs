//! `gt queue log`: what landed and what was sent back, from the ledger's history and its documents.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bead::{AttemptOutcome, Bead};
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::id::{Actor, BeadId};
use crate::ledger::Snapshot;
use crate::ops::log::{self, Request};
use crate::ops::{OpenTown, Page, Row};
use crate::refinery::Evidence;

/// A bead that left the queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// When.
    pub at: Timestamp,
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// How.
    pub how: How,
    /// Who did it.
    pub by: Option<Actor>,
    /// The commit by which it is in the target.
    pub landed: Option<String>,
    /// Why it was sent back, the first line.
    pub reason: Option<String>,
    /// What the gates said, where the documents are there still.
    pub gates: Vec<Evidence>,
}

/// How a bead left the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is in the target.
    Landed,
    /// The refinery sent it back.
    Bounced,
    /// A person sent it back.
    Rejected,
}

impl How {
    const ALL: [(&'static str, Self); 3] =
        [("land", Self::Landed), ("bounce", Self::Bounced), ("reject", Self::Rejected)];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Bounced => "bounced",
            Self::Rejected => "rejected",
        }
    }
}

impl Row for Left {
    const SCHEMA: &'static str = "gt.queue.log/1";
}

/// What left the queue of the rig, or those of all rigs, newest first; at most `limit` steps of the queue, each of
/// which may be several beads.
///
/// # Errors
/// When there is no such rig, or the ledger cannot be read.
pub fn past(open: &OpenTown, rig: Option<&str>, limit: Option<usize>) -> Outcome<Page<Left>> {
    let events = How::ALL.iter().map(|(event, _)| *event).collect();
    let request = Request { rig: rig.map(str::to_owned), events, limit, ..Request::default() };
    let page = log::log(open, &request)?;
    let more = page.total - page.rows.len();
    let snapshot = open.snapshot()?;
    // How often a bead was sent back after the entry at hand.
    let mut later: BTreeMap<BeadId, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    let mut red = None;
    for entry in page.rows {
        let Some((_, how)) = How::ALL.iter().find(|(event, _)| entry.event.as_deref() == Some(event)) else { continue };
        for id in &entry.beads {
            let Some(bead) = snapshot.find(id)? else { continue };
            let mut left = Left {
                at: entry.at,
                bead: id.clone(),
                title: bead.title.clone(),
                how: *how,
                by: entry.actor.clone(),
                landed: None,
                reason: None,
                gates: Vec::new(),
            };
            if *how == How::Landed {
                landed(&snapshot, &bead, &mut left)?;
            } else {
                let before = later.entry(id.clone()).or_default();
                if let Some(log) = sent_back(&bead, *before, &mut left) {
                    let red = match &mut red {
                        Some(red) => red,
                        none => none.insert(red_by_log(&snapshot)?),
                    };
                    left.gates.extend(red.get(&log).into_iter().flatten().cloned());
                }
                *before += 1;
                left.reason =
                    left.reason.or_else(|| entry.subject.split_once(": ").map(|(_, reason)| reason.to_owned()));
            }
            rows.push(left);
        }
    }
    let total = rows.len() + more;
    Ok(Page { rows, total })
}

fn landed(snapshot: &Snapshot, bead: &Bead, left: &mut Left) -> Outcome<()> {
    let Some(merge) = &bead.merge else { return Ok(()) };
    left.landed.clone_from(&merge.landed);
    for path in &merge.gates {
        left.gates.extend(snapshot.document::<Evidence>(path)?);
    }
    Ok(())
}

/// The attempt that ended then, as far as the bead still keeps it; the log of the gate that failed.
fn sent_back(bead: &Bead, later: usize, left: &mut Left) -> Option<String> {
    let mut bounced = bead.attempts.iter().rev().filter(|attempt| attempt.outcome == AttemptOutcome::Bounced);
    let attempt = bounced.nth(later)?;
    left.reason = attempt.reason.lines().next().map(str::to_owned);
    attempt.log.clone()
}

/// What gates said that did not pass, by their logs. All documents are read for it, once.
fn red_by_log(snapshot: &Snapshot) -> Outcome<BTreeMap<String, Vec<Evidence>>> {
    let mut red: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
    let (all, _) = snapshot.documents::<Evidence>()?;
    for evidence in all.into_iter().filter(|evidence| !evidence.passed()) {
        if let Some(log) = evidence.log.clone() {
            red.entry(log).or_default().push(evidence);
        }
    }
    Ok(red)
}
