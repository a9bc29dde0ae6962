use std::collections::BTreeSet;

use serde::Serialize;

use super::Commit;
use crate::bead::{Bead, Merge};
use crate::clock::{Timestamp, rfc3339};
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
    /// See [`crate::bead::Bead::needs`].
    pub needs: BTreeSet<BeadId>,
    /// See [`Merge::place`].
    pub place: i32,
    /// Whether somebody approved of the submitted commit.
    pub approved: bool,
}

impl Entry {
    /// A bead with its way through the queue.
    pub fn new(bead: &Bead, merge: &Merge) -> Self {
        Self {
            bead: bead.id.clone(),
            priority: bead.priority,
            submitted: merge.submitted,
            head: merge.head.clone(),
            needs: bead.needs.clone(),
            place: merge.place,
            approved: merge.is_approved(),
        }
    }

    /// A bead, where it was submitted.
    pub fn of(bead: &Bead) -> Option<Self> {
        bead.merge.as_ref().map(|merge| Self::new(bead, merge))
    }
}

/// A place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// The bead.
    pub bead: BeadId,
    /// Why it stands there, one sentence without a full stop.
    pub why: String,
}

/// The order of the queue: a bead after those that it needs, otherwise where a person put it, then by priority,
/// then by the time of its submission, then by id. Beads that need each other keep that order too.
pub fn order<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<Placed> {
    let mut left: Vec<&Entry> = entries.into_iter().collect();
    left.sort_by_key(|entry| (entry.place, entry.priority, entry.submitted, &entry.bead));
    let mut placed: Vec<Placed> = Vec::new();
    while !left.is_empty() {
        let waits =
            |entry: &Entry| left.iter().any(|other| entry.bead != other.bead && entry.needs.contains(&other.bead));
        let next = left.iter().position(|entry| !waits(entry)).unwrap_or(0);
        let entry = left.remove(next);
        let before: Vec<&str> = placed
            .iter()
            .filter(|placed| entry.needs.contains(&placed.bead))
            .map(|placed| placed.bead.as_str())
            .collect();
        let put = match entry.place {
            0 => "",
            ..0 => "put forward by a person, ",
            1.. => "put back by a person, ",
        };
        let mut why = format!("{put}priority {}, submitted {}", entry.priority, rfc3339(entry.submitted));
        if !before.is_empty() {
            why.push_str(&format!(", after {}, which it needs", before.join(", ")));
        }
        placed.push(Placed { bead: entry.bead.clone(), why });
    }
    placed
}
