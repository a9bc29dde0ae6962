//! The order of the queue, with its reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Commit;
use crate::bead::{AttemptOutcome, Bead, Merge};
use crate::clock::{Timestamp, rfc3339};
use crate::convoy::ConvoyId;
use crate::id::BeadId;

/// A submitted bead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bead.
    pub bead: BeadId,
    /// See [`crate::bead::Bead::priority`].
    pub priority: u8,
    /// When it was submitted; a bounced bead that comes again has a new time, and so no place to jump back to.
    pub submitted: Timestamp,
    /// The submitted commit.
    pub head: Commit,
    /// What it needs and is not closed yet. A bead whose need is not in the queue waits for it.
    pub needs: BTreeSet<BeadId>,
    /// The convoy that it belongs to.
    pub convoy: Option<ConvoyId>,
    /// Whether it was sent back before: it then stands where its own submission puts it, and not with its convoy.
    pub bounced: bool,
    /// Whether its branch lies with the remote, for somebody else to merge.
    pub offered: bool,
    /// See [`Merge::place`].
    pub place: i32,
    /// Whether somebody approved of the submitted commit.
    pub approved: bool,
}

impl Entry {
    /// A bead with its way through the queue. Which of its needs are met, and its convoy, is not known to it.
    pub fn new(bead: &Bead, merge: &Merge) -> Self {
        Self {
            bead: bead.id.clone(),
            priority: bead.priority,
            submitted: merge.submitted,
            head: merge.head.clone(),
            needs: bead.needs.clone(),
            convoy: None,
            bounced: bead.attempts.iter().any(|attempt| attempt.outcome == AttemptOutcome::Bounced),
            offered: merge.offer.is_some(),
            place: merge.place,
            approved: merge.is_approved(),
        }
    }

    fn own_rank(&self) -> Rank<'_> {
        (self.place, self.priority, self.submitted, &self.bead)
    }

    /// The convoy that it travels with.
    pub(super) fn company(&self) -> Option<&ConvoyId> {
        self.convoy.as_ref().filter(|_| !self.bounced)
    }
}

type Rank<'e> = (i32, u8, Timestamp, &'e BeadId);

/// A place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// The bead.
    pub bead: BeadId,
    /// Why it stands there, one sentence without a full stop.
    pub why: String,
}

/// The order of the queue: where a person put it, then by priority, then by the time of the submission, then by id; a
/// convoy stands together where the first of its beads would stand; and a bead stands after those that it needs. Beads
/// that need each other keep the order that they would have without.
pub fn order<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<Placed> {
    let mut left: Vec<&Entry> = entries.into_iter().collect();
    let leaders = leaders(&left);
    left.sort_by_key(|entry| (leader(entry, &leaders).own_rank(), entry.own_rank()));
    let mut placed: Vec<Placed> = Vec::new();
    while !left.is_empty() {
        let waits =
            |entry: &Entry| left.iter().any(|other| entry.bead != other.bead && entry.needs.contains(&other.bead));
        let next = left.iter().position(|entry| !waits(entry)).unwrap_or(0);
        let entry = left.remove(next);
        let why = why(entry, leader(entry, &leaders), &placed);
        placed.push(Placed { bead: entry.bead.clone(), why });
    }
    placed
}

/// The first bead of each convoy.
fn leaders<'e>(entries: &[&'e Entry]) -> BTreeMap<&'e ConvoyId, &'e Entry> {
    let mut leaders: BTreeMap<&ConvoyId, &Entry> = BTreeMap::new();
    for entry in entries {
        let Some(convoy) = entry.company() else { continue };
        let first = leaders.entry(convoy).or_insert(entry);
        if entry.own_rank() < first.own_rank() {
            *first = entry;
        }
    }
    leaders
}

/// The bead whose rank decides where this one stands.
fn leader<'e>(entry: &'e Entry, leaders: &BTreeMap<&'e ConvoyId, &'e Entry>) -> &'e Entry {
    entry.company().and_then(|convoy| leaders.get(convoy)).copied().unwrap_or(entry)
}

fn why(entry: &Entry, leader: &Entry, before: &[Placed]) -> String {
    let put = match entry.place {
        0 => "",
        ..0 => "put forward by a person, ",
        1.. => "put back by a person, ",
    };
    let mut why = format!("{put}priority {}, submitted {}", entry.priority, rfc3339(entry.submitted));
    if leader.bead != entry.bead
        && let Some(convoy) = &entry.convoy
    {
        why.push_str(&format!(", with {} of convoy {convoy}", leader.bead));
    }
    if entry.bounced {
        why.push_str(", which counts from its return after a bounce");
    }
    let needed: Vec<&str> =
        before.iter().filter(|placed| entry.needs.contains(&placed.bead)).map(|placed| placed.bead.as_str()).collect();
    if !needed.is_empty() {
        why.push_str(&format!(", after {}, which it needs", needed.join(", ")));
    }
    why
}
