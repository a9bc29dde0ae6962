//! Questions to the index.

use std::collections::BTreeSet;
use std::str::FromStr;

use clap::ValueEnum;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row as SqlRow, params_from_iter};

use super::{BeadQuery, Index, IndexError, Order};
use crate::bead::{Kind, Status, ready};
use crate::id::{BeadId, Prefix};
use crate::ledger::document::DocumentError;

/// What a [`Line`] is made of.
const LINE: &str = "SELECT id, title, json FROM beads JOIN prose USING (n)";
/// What a [`Row`] is made of.
const ROW: &str = "SELECT id, title, text, json FROM beads JOIN prose USING (n)";

/// One bead of an answer: its text, to be parsed where more than a line is needed, and its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The file's text.
    pub text: String,
    /// What `--json` shows.
    pub json: String,
}

/// The same without the text, for what is only listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// What `--json` shows.
    pub json: String,
}

impl Index {
    /// The beads that fit, and how many would without the limit.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn beads(&self, query: &BeadQuery) -> Result<(Vec<Row>, usize), IndexError> {
        self.each(query, ROW, read_row)
    }

    /// The same without the texts of their files.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn lines(&self, query: &BeadQuery) -> Result<(Vec<Line>, usize), IndexError> {
        self.each(query, LINE, read_line)
    }

    /// What decides whether beads are ready, of those that `query` takes from the open ones, and how many there are.
    /// What they need is settled where `query` asks for startable ones, and is left out.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn startable(&self, query: &BeadQuery) -> Result<(Vec<ready::Row>, usize), IndexError> {
        self.select("id, kind, priority, role, parent, created, attempts", query, read_startable)
    }

    /// The beads that fit, found and put in order first, and then read one by one: so the long texts of all of them are
    /// never sorted.
    fn each<T>(
        &self,
        query: &BeadQuery,
        one: &str,
        read: fn(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<(Vec<T>, usize), IndexError> {
        let (numbers, total) = self.numbers(query)?;
        let rows = self.db.prepare_cached(&format!("{one} WHERE n = ?1")).and_then(|mut statement| {
            numbers.iter().map(|number| statement.query_row([number], read)).collect::<Result<Vec<T>, _>>()
        });
        Ok((rows.map_err(self.fail("read"))?, total))
    }

    /// Where the beads that fit are, in order, and how many would fit without the limit.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn numbers(&self, query: &BeadQuery) -> Result<(Vec<i64>, usize), IndexError> {
        self.select("n", query, |row| row.get(0))
    }

    /// The JSON of the bead at one of these places.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn json_at(&self, number: i64) -> Result<String, IndexError> {
        self.db
            .prepare_cached("SELECT json FROM prose WHERE n = ?1")
            .and_then(|mut statement| statement.query_row([number], |row| row.get(0)))
            .map_err(self.fail("read"))
    }

    /// The bead at one of these places.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn line_at(&self, number: i64) -> Result<Line, IndexError> {
        self.db
            .prepare_cached(&format!("{LINE} WHERE n = ?1"))
            .and_then(|mut statement| statement.query_row([number], read_line))
            .map_err(self.fail("read"))
    }

    fn select<T>(
        &self,
        columns: &str,
        query: &BeadQuery,
        read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<(Vec<T>, usize), IndexError> {
        let (condition, values) = query.condition();
        let (order, index) = match query.order {
            Order::Urgency => ("priority, created, id", ""),
            Order::LastClosed => ("closed DESC, id", "INDEXED BY beads_by_closing"),
        };
        let limit = query.limit.map(|limit| format!("LIMIT {limit}")).unwrap_or_default();
        let sql = format!("SELECT {columns} FROM beads {index} WHERE {condition} ORDER BY {order} {limit}");
        let rows: Vec<T> = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_map(params_from_iter(&values), read)?.collect())
            .map_err(self.fail("read"))?;
        let total = match query.limit {
            Some(limit) if rows.len() >= limit => {
                let sql = format!("SELECT count(*) FROM beads WHERE {condition}");
                let count = self.db.prepare_cached(&sql).and_then(|mut statement| {
                    statement.query_row(params_from_iter(&values), |row| row.get::<_, i64>(0))
                });
                usize::try_from(count.map_err(self.fail("read"))?).unwrap_or(0)
            }
            _ => rows.len(),
        };
        Ok((rows, total))
    }

    /// One bead without the text of its file.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn line(&self, id: &BeadId) -> Result<Option<Line>, IndexError> {
        self.one(id, LINE, read_line)
    }

    /// One bead.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn bead(&self, id: &BeadId) -> Result<Option<Row>, IndexError> {
        self.one(id, ROW, read_row)
    }

    fn one<T>(
        &self,
        id: &BeadId,
        one: &str,
        read: fn(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, IndexError> {
        self.db
            .prepare_cached(&format!("{one} WHERE id = ?1"))
            .and_then(|mut statement| statement.query_row([id.as_str()], read).optional())
            .map_err(self.fail("read"))
    }

    /// Ids and titles of the beads whose id, or whose part after the dash, begins with `text`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn beginning_with(&self, text: &str, limit: usize) -> Result<Vec<(String, String)>, IndexError> {
        let end = format!("{text}\u{10ffff}");
        self.pairs(
            "SELECT id, title FROM beads WHERE id >= ?1 AND id < ?2
             UNION SELECT id, title FROM beads WHERE suffix >= ?1 AND suffix < ?2 LIMIT ?3",
            vec![
                Value::Text(text.to_owned()),
                Value::Text(end),
                Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)),
            ],
        )
    }

    /// Every id with its title, for finding the nearest one to a misspelt id.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn ids(&self) -> Result<Vec<(String, String)>, IndexError> {
        self.pairs("SELECT id, title FROM beads", Vec::new())
    }

    /// Every label that a bead has, sorted.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn labels(&self) -> Result<Vec<String>, IndexError> {
        self.words("SELECT DISTINCT label FROM labels ORDER BY label")
    }

    /// Every role that a bead has, sorted.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn roles(&self) -> Result<Vec<String>, IndexError> {
        self.words("SELECT DISTINCT role FROM beads ORDER BY role")
    }

    fn words(&self, sql: &str) -> Result<Vec<String>, IndexError> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .map_err(self.fail("read"))
    }

    /// How many beads there are of each prefix and state.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn counts(&self) -> Result<Vec<(String, String, usize)>, IndexError> {
        self.db
            .prepare_cached("SELECT prefix, coalesce(closed_as, status), count(*) FROM beads GROUP BY 1, 2")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok((row.get(0)?, row.get(1)?, usize::try_from(row.get::<_, i64>(2)?).unwrap_or(0)))
                    })?
                    .collect()
            })
            .map_err(self.fail("read"))
    }

    /// How many beads a prefix has.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn count_of(&self, prefix: &Prefix) -> Result<usize, IndexError> {
        self.counted("SELECT beads FROM counts WHERE prefix = ?1", [prefix.as_str()])
    }

    /// How many beads are neither closed nor epics.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn workable(&self) -> Result<usize, IndexError> {
        self.counted("SELECT sum(workable) FROM counts", [])
    }

    pub(super) fn counted(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, IndexError> {
        let count = self
            .db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(values, |row| row.get::<_, Option<i64>>(0)).optional());
        let count = count.map_err(self.fail("read"))?.flatten().unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The beads that need `id`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn needed_by(&self, id: &BeadId) -> Result<Vec<BeadId>, IndexError> {
        let pairs = self
            .pairs("SELECT bead, need FROM needs WHERE need = ?1 ORDER BY bead", vec![Value::Text(id.to_string())])?;
        Ok(pairs.into_iter().filter_map(|(bead, _)| bead.parse().ok()).collect())
    }

    /// Every edge: which bead needs which.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn edges(&self) -> Result<Vec<(BeadId, BeadId)>, IndexError> {
        let pairs = self.pairs("SELECT bead, need FROM needs", Vec::new())?;
        Ok(pairs.into_iter().filter_map(|(bead, need)| Some((bead.parse().ok()?, need.parse().ok()?))).collect())
    }

    /// Path and text of the documents in a folder (not of beads).
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn documents(&self, folder: &str) -> Result<Vec<(String, String)>, IndexError> {
        self.pairs(
            "SELECT path, text FROM documents WHERE path >= ?1 AND path < ?2 ORDER BY path",
            vec![Value::Text(format!("{folder}/")), Value::Text(format!("{folder}0"))],
        )
    }

    /// The text of one document that is no bead.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn document(&self, path: &str) -> Result<Option<String>, IndexError> {
        self.db
            .prepare_cached("SELECT text FROM documents WHERE path = ?1")
            .and_then(|mut statement| statement.query_row([path], |row| row.get(0)).optional())
            .map_err(self.fail("read"))
    }

    /// Whether the file at `path` is there and cannot be read.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn is_broken(&self, path: &str) -> Result<bool, IndexError> {
        self.db
            .prepare_cached("SELECT 1 FROM broken WHERE path = ?1")
            .and_then(|mut statement| statement.exists([path]))
            .map_err(self.fail("read"))
    }

    /// Files under `beads/` that cannot be read.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn broken(&self) -> Result<Vec<DocumentError>, IndexError> {
        self.db
            .prepare_cached("SELECT path, line, reason FROM broken ORDER BY path")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        let line: Option<i64> = row.get(1)?;
                        Ok(DocumentError {
                            path: row.get(0)?,
                            line: line.and_then(|line| usize::try_from(line).ok()),
                            reason: row.get(2)?,
                        })
                    })?
                    .collect()
            })
            .map_err(self.fail("read"))
    }

    fn pairs(&self, sql: &str, values: Vec<Value>) -> Result<Vec<(String, String)>, IndexError> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(self.fail("read"))
    }
}

fn read_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row { id: row.get(0)?, title: row.get(1)?, text: row.get(2)?, json: row.get(3)? })
}

fn read_line(row: &SqlRow<'_>) -> rusqlite::Result<Line> {
    Ok(Line { id: row.get(0)?, title: row.get(1)?, json: row.get(2)? })
}

fn read_startable(row: &SqlRow<'_>) -> rusqlite::Result<ready::Row> {
    let parent: Option<String> = row.get(4)?;
    Ok(ready::Row {
        id: typed(0, &row.get::<_, String>(0)?)?,
        kind: Kind::from_str(&row.get::<_, String>(1)?, false).map_err(|error| unfit(1, error))?,
        priority: row.get(2)?,
        role: typed(3, &row.get::<_, String>(3)?)?,
        status: Status::Open,
        assignee: None,
        resolution: None,
        parent: parent.as_deref().map(|parent| typed(4, parent)).transpose()?,
        needs: BTreeSet::new(),
        prefer: None,
        attempts: usize::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
        created: typed(5, &row.get::<_, String>(5)?)?,
        defer_until: None,
    })
}

fn typed<T>(column: usize, text: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| unfit(column, error.to_string()))
}

fn unfit(column: usize, why: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why.into())
}
