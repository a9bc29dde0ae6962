//! The stream of events, for `gt feed`.

use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use super::super::StoreError;
use super::StateDb;
use crate::clock::{Timestamp, rfc3339};
use crate::id::{Actor, BeadId, RigName};

/// Something that happened, as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewEvent {
    /// When.
    pub at: Timestamp,
    /// What kind, a word with dots: `session.started`.
    pub kind: String,
    /// Who did it.
    pub actor: Actor,
    /// On which bead.
    pub bead: Option<BeadId>,
    /// In which rig.
    pub rig: Option<RigName>,
    /// One line for people.
    pub text: String,
    /// Details for programs.
    pub json: Option<serde_json::Value>,
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Its place in the stream; grows, never reused.
    pub id: i64,
    /// What happened.
    #[serde(flatten)]
    pub what: NewEvent,
}

impl StateDb {
    /// Appends an event and answers its id.
    pub fn add_event(&self, event: &NewEvent) -> Result<i64, StoreError> {
        self.connection
            .execute(
                "INSERT INTO events (at, kind, actor, bead, rig, text, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    rfc3339(event.at),
                    &event.kind,
                    event.actor.to_string(),
                    event.bead.as_ref().map(ToString::to_string),
                    event.rig.as_ref().map(ToString::to_string),
                    &event.text,
                    event.json.as_ref().map(ToString::to_string),
                ),
            )
            .map_err(self.failed("record an event"))?;
        Ok(self.connection.last_insert_rowid())
    }

    /// The events after `id` (0 for all), oldest first, at most `limit`.
    pub fn events_since(&self, id: i64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read_events("SELECT * FROM events WHERE id > ?1 ORDER BY id LIMIT ?2", id, limit)
    }

    /// The last `limit` events, oldest first.
    pub fn last_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        let query = "SELECT * FROM (SELECT * FROM events WHERE id > ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id";
        self.read_events(query, 0, limit)
    }

    /// The last event of a rig that is of one of these kinds.
    pub fn last_event(&self, rig: &RigName, kinds: &[&str]) -> Result<Option<Event>, StoreError> {
        self.last_event_where("rig", rig.as_str(), kinds)
    }

    /// The last event of a bead that is of one of these kinds.
    pub fn last_event_of_bead(&self, bead: &BeadId, kinds: &[&str]) -> Result<Option<Event>, StoreError> {
        self.last_event_where("bead", bead.as_str(), kinds)
    }

    fn last_event_where(&self, column: &str, value: &str, kinds: &[&str]) -> Result<Option<Event>, StoreError> {
        let places = vec!["?"; kinds.len()].join(", ");
        let query = format!("SELECT * FROM events WHERE {column} = ? AND kind IN ({places}) ORDER BY id DESC LIMIT 1");
        let values = std::iter::once(value).chain(kinds.iter().copied());
        self.connection
            .prepare_cached(&query)
            .and_then(|mut statement| statement.query_row(rusqlite::params_from_iter(values), read_row).optional())
            .map_err(self.failed("read the events"))
    }

    /// How many events there are.
    pub fn count_events(&self) -> Result<usize, StoreError> {
        self.connection
            .query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0))
            .map(|count| usize::try_from(count).unwrap_or(0))
            .map_err(self.failed("count the events"))
    }

    /// Forgets all but the last `keep` events.
    pub fn trim_events(&self, keep: usize) -> Result<usize, StoreError> {
        self.connection
            .execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?1", [keep as i64])
            .map_err(self.failed("trim the events"))
    }

    fn read_events(&self, query: &str, id: i64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Event>> {
            self.connection.prepare_cached(query)?.query_map((id, limit as i64), read_row)?.collect()
        };
        read().map_err(self.failed("read the events"))
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Event> {
    let what = NewEvent {
        at: super::parsed(row, "at")?,
        kind: row.get("kind")?,
        actor: super::parsed(row, "actor")?,
        bead: super::parsed_option(row, "bead")?,
        rig: super::parsed_option(row, "rig")?,
        text: row.get("text")?,
        json: super::parsed_option(row, "json")?,
    };
    Ok(Event { id: row.get("id")?, what })
}
