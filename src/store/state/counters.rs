//! Counters that survive a restart and expire by themselves.

use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use super::super::StoreError;
use super::StateDb;
use crate::clock::{Timestamp, rfc3339};

/// A counter that has not expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counter {
    /// What is counted: `witness.nudge:web-x7k2m`.
    pub key: String,
    /// How many.
    pub value: i64,
    /// When it was last changed.
    pub updated: Timestamp,
    /// From when on it no longer counts; `None` for never.
    pub expires: Option<Timestamp>,
}

impl StateDb {
    /// Adds one and answers the new value. A counter that has expired starts again at 1. `expires` replaces the
    /// former expiry.
    pub fn count(&self, key: &str, now: Timestamp, expires: Option<Timestamp>) -> Result<i64, StoreError> {
        self.connection
            .query_row(
                "INSERT INTO counters (key, value, updated, expires) VALUES (?1, 1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET
                     value = CASE WHEN counters.expires <= ?2 THEN 1 ELSE counters.value + 1 END,
                     updated = ?2, expires = ?3
                 RETURNING value",
                (key, rfc3339(now), expires.map(rfc3339)),
                |row| row.get(0),
            )
            .map_err(self.failed("count"))
    }

    /// Sets a counter to a value.
    pub fn set_counter(&self, counter: &Counter) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO counters (key, value, updated, expires) VALUES (?1, ?2, ?3, ?4)",
                (&counter.key, counter.value, rfc3339(counter.updated), counter.expires.map(rfc3339)),
            )
            .map_err(self.failed("set a counter"))?;
        Ok(())
    }

    /// One counter, unless it has expired.
    pub fn counter(&self, key: &str, now: Timestamp) -> Result<Option<Counter>, StoreError> {
        self.connection
            .query_row(
                "SELECT * FROM counters WHERE key = ?1 AND (expires IS NULL OR expires > ?2)",
                (key, rfc3339(now)),
                read_row,
            )
            .optional()
            .map_err(self.failed("read a counter"))
    }

    /// The counters whose key begins so, without those that have expired.
    pub fn counters(&self, beginning: &str, now: Timestamp) -> Result<Vec<Counter>, StoreError> {
        let query = "SELECT * FROM counters
                     WHERE substr(key, 1, length(?1)) = ?1 AND (expires IS NULL OR expires > ?2) ORDER BY key";
        let read = || -> rusqlite::Result<Vec<Counter>> {
            self.connection.prepare_cached(query)?.query_map((beginning, rfc3339(now)), read_row)?.collect()
        };
        read().map_err(self.failed("read the counters"))
    }

    /// Forgets a counter; answers whether there was one.
    pub fn reset_counter(&self, key: &str) -> Result<bool, StoreError> {
        self.connection
            .execute("DELETE FROM counters WHERE key = ?1", [key])
            .map(|changed| changed > 0)
            .map_err(self.failed("reset a counter"))
    }

    /// Removes the counters that have expired.
    pub fn trim_counters(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.connection
            .execute("DELETE FROM counters WHERE expires <= ?1", [rfc3339(now)])
            .map_err(self.failed("trim the counters"))
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Counter> {
    Ok(Counter {
        key: row.get("key")?,
        value: row.get("value")?,
        updated: super::parsed(row, "updated")?,
        expires: super::parsed_option(row, "expires")?,
    })
}
