//! What lists show of a bead, read from the index without reading the bead's file.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bead::ready::Row;
use crate::bead::{AttemptOutcome, Bead, Kind as BeadKind, Resolution, Status, word};
use crate::clock::Timestamp;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, RoleName, WorkerRef};
use crate::ledger;

/// The part of a bead's JSON that one line of a list needs, and what decides whether the bead is ready.
#[derive(Debug, Deserialize)]
struct Part<'j> {
    id: BeadId,
    #[serde(borrow)]
    title: Cow<'j, str>,
    status: Status,
    assignee: Option<WorkerRef>,
    closed_as: Option<Resolution>,
    kind: BeadKind,
    priority: u8,
    role: RoleName,
    parent: Option<BeadId>,
    labels: BTreeSet<String>,
    needs: BTreeSet<BeadId>,
    prefer: Option<WorkerRef>,
    created: Timestamp,
    defer_until: Option<Timestamp>,
    attempts: Vec<PartOfAttempt>,
}

#[derive(Debug, Deserialize)]
struct PartOfAttempt {
    outcome: AttemptOutcome,
}

/// One bead of a list. As JSON it is the whole bead, as the index has it.
#[derive(Debug, Clone)]
pub struct Brief {
    /// What decides about it.
    pub row: Row,
    /// Its title.
    pub title: String,
    /// Its labels.
    pub labels: BTreeSet<String>,
    json: String,
}

impl Brief {
    /// Reads one answer of the index.
    ///
    /// # Errors
    /// When the index holds something else than it was given.
    pub fn read(row: ledger::Line) -> Outcome<Self> {
        let defect = |error| {
            Failure::caused(Kind::Corrupt, format!("the index of the ledger is damaged at {}", row.id), error)
                .hint("it is a cache: `gt doctor --fix` builds it anew")
        };
        let part: Part<'_> = serde_json::from_str(&row.json).map_err(defect)?;
        let title = part.title.into_owned();
        let labels = part.labels;
        let fresh = part.attempts.iter().rev().take_while(|attempt| attempt.outcome != AttemptOutcome::Reopened);
        let attempts = fresh.filter(|attempt| attempt.outcome.counts()).count();
        let decisive = Row {
            id: part.id,
            kind: part.kind,
            priority: part.priority,
            role: part.role,
            status: part.status,
            assignee: part.assignee,
            resolution: part.closed_as,
            parent: part.parent,
            needs: part.needs,
            prefer: part.prefer,
            attempts,
            created: part.created,
            defer_until: part.defer_until,
        };
        Ok(Self { row: decisive, title, labels, json: row.json })
    }

    /// The word of its state; a closed bead's is what it was closed as.
    pub fn state(&self) -> String {
        self.row.resolution.map_or_else(|| word(self.row.status), word)
    }
}

impl Serialize for Brief {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stored(&self.json, serializer)
    }
}

/// Writes JSON that the index holds as it is.
pub(super) fn stored<S: serde::Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_str(json).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

/// A bead beside the one that is shown: its id, title and the word of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// The id.
    pub id: BeadId,
    /// The title; none when there is no such bead.
    pub title: Option<String>,
    /// The word of its state; `missing` when there is no such bead.
    pub state: String,
}

impl Neighbour {
    /// The bead `id` as it stands in `snapshot`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn look(snapshot: &ledger::Snapshot, id: &BeadId) -> Outcome<Self> {
        Ok(match snapshot.line(id)? {
            Some(row) => {
                let brief = Brief::read(row)?;
                Self { state: brief.state(), title: Some(brief.title), id: brief.row.id }
            }
            None => Self { id: id.clone(), title: None, state: "missing".to_owned() },
        })
    }
}

/// The word of a bead's state; a closed bead's is what it was closed as.
pub fn state_of(bead: &Bead) -> String {
    match &bead.state {
        crate::bead::State::Closed(closing) => word(closing.resolution),
        state => word(state.status()),
    }
}
