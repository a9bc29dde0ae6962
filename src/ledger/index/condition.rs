//! Which beads: a question as a condition in SQL.

use rusqlite::types::Value;

use super::rows::word;
use crate::bead::{Kind, Status};
use crate::clock::{Timestamp, rfc3339};
use crate::id::{BeadId, Prefix, RoleName, WorkerRef};

/// Which beads, in which order, how many. An empty list of a field means: any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BeadQuery {
    /// In one of these states; without a meaning for [`Order::LastClosed`].
    pub status: Vec<Status>,
    /// Of one of these prefixes, and so of these rigs.
    pub prefix: Vec<Prefix>,
    /// With every one of these labels.
    pub label: Vec<String>,
    /// For one of these roles.
    pub role: Vec<RoleName>,
    /// Of one of these kinds.
    pub kind: Vec<Kind>,
    /// Held by one of these workers.
    pub assignee: Vec<WorkerRef>,
    /// Children of this bead.
    pub parent: Option<BeadId>,
    /// Whose id begins so.
    pub begins: Option<String>,
    /// With this text, in any case, in title, description or acceptance.
    pub text: Option<String>,
    /// Only open beads that no need and no date holds back; ancestors are the caller's to check.
    pub startable_at: Option<Timestamp>,
    /// Only beads that hang on nothing but their needs: nothing is above them, no attempt failed; or only the others.
    pub alone: Option<bool>,
    /// Of none of these prefixes.
    pub not_prefix: Vec<Prefix>,
    /// The order.
    pub order: Order,
    /// At most so many; all when nothing is said.
    pub limit: Option<usize>,
}

impl BeadQuery {
    /// The beads in this state.
    pub fn of(status: Status) -> Self {
        Self { status: vec![status], ..Self::default() }
    }

    /// The beads that are not closed.
    pub fn not_closed() -> Self {
        Self { status: Status::NOT_CLOSED.to_vec(), ..Self::default() }
    }

    /// The children of a bead.
    pub fn children_of(parent: &BeadId) -> Self {
        Self { parent: Some(parent.clone()), ..Self::default() }
    }

    /// Of these, those with this prefix, and so of its rig.
    pub fn with_prefix(self, prefix: &Prefix) -> Self {
        Self { prefix: vec![prefix.clone()], ..self }
    }

    /// Of these, those that this worker holds.
    pub fn held_by(self, worker: &WorkerRef) -> Self {
        Self { assignee: vec![worker.clone()], ..self }
    }
}

/// The order of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Most urgent first, then oldest, then by id.
    #[default]
    Urgency,
    /// Only closed beads, most recently closed first.
    LastClosed,
}

/// Collects conditions and the values of their placeholders.
#[derive(Default)]
struct Condition {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Condition {
    fn any_of(&mut self, column: &str, words: impl Iterator<Item = String>) {
        let before = self.values.len();
        self.values.extend(words.map(Value::Text));
        let count = self.values.len() - before;
        if count > 0 {
            self.parts.push(format!("{column} IN ({})", vec!["?"; count].join(", ")));
        }
    }

    fn that(&mut self, sql: &str, value: String) {
        self.parts.push(sql.to_owned());
        self.values.push(Value::Text(value));
    }
}

impl BeadQuery {
    /// The condition, and the values of its placeholders.
    pub(super) fn condition(&self) -> (String, Vec<Value>) {
        let mut condition = Condition::default();
        // Closed beads have a time of closing and no others do; an index holds just them, in that order.
        match self.order {
            Order::Urgency => condition.any_of("status", self.status.iter().map(word)),
            Order::LastClosed => condition.parts.push("closed IS NOT NULL".to_owned()),
        }
        condition.any_of("prefix", self.prefix.iter().map(ToString::to_string));
        condition.any_of("role", self.role.iter().map(ToString::to_string));
        condition.any_of("kind", self.kind.iter().map(word));
        condition.any_of("assignee", self.assignee.iter().map(ToString::to_string));
        for label in &self.label {
            condition.that("id IN (SELECT bead FROM labels WHERE label = ?)", label.clone());
        }
        if let Some(parent) = &self.parent {
            condition.that("parent = ?", parent.to_string());
        }
        if let Some(begins) = &self.begins {
            condition.that("id >= ?", begins.clone());
            condition.that("id < ?", format!("{begins}\u{10ffff}"));
        }
        if let Some(text) = &self.text {
            condition.that("n IN (SELECT n FROM prose WHERE instr(search, ?) > 0)", text.to_lowercase());
        }
        if let Some(now) = self.startable_at {
            condition.parts.push("status = 'open' AND kind <> 'epic'".to_owned());
            condition.that("(defer_until IS NULL OR defer_until <= ?)", rfc3339(now));
            condition.parts.push("waits = 0".to_owned());
        }
        match self.alone {
            Some(true) => condition.parts.push("parent IS NULL AND attempts = 0".to_owned()),
            Some(false) => condition.parts.push("(parent IS NOT NULL OR attempts > 0)".to_owned()),
            None => {}
        }
        for prefix in &self.not_prefix {
            condition.that("prefix <> ?", prefix.to_string());
        }
        if condition.parts.is_empty() {
            condition.parts.push("1".to_owned());
        }
        (condition.parts.join(" AND "), condition.values)
    }
}
