//! The rows of one document: made from its bytes, written, changed and removed.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

use crate::bead::{Bead, Kind, State, similar};
use crate::clock::rfc3339;
use crate::ledger::document::{Document, DocumentError};

/// A bead's row, in the order of [`BeadRows::columns`].
const INSERT: &str = "INSERT INTO beads (id, prefix, suffix, title, status, closed_as, kind, priority, role, assignee,
        parent, created, closed, defer_until, attempts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/// The same of a bead that has one, whose number is the last value.
const UPDATE: &str = "UPDATE beads SET (id, prefix, suffix, title, status, closed_as, kind, priority, role, assignee,
        parent, created, closed, defer_until, attempts)
    = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE n = ?";
/// How a need is taken away, and how it is added.
const NEEDS: (&str, &str) =
    ("DELETE FROM needs WHERE bead = ?1 AND need = ?2", "INSERT INTO needs (bead, need) VALUES (?1, ?2)");
/// The same for a label.
const LABELS: (&str, &str) =
    ("DELETE FROM labels WHERE bead = ?1 AND label = ?2", "INSERT INTO labels (bead, label) VALUES (?1, ?2)");
/// The same for a word of a title.
const WORDS: (&str, &str) =
    ("DELETE FROM title_words WHERE n = ?1 AND word = ?2", "INSERT INTO title_words (n, word) VALUES (?1, ?2)");

/// Adds to the counts of a prefix.
const COUNT: &str = "INSERT INTO counts (prefix, beads, workable) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET beads = beads + excluded.beads, workable = workable + excluded.workable";

/// What the index holds of one document.
pub(super) enum Rows {
    /// A bead.
    Bead(Box<BeadRows>),
    /// Any other document.
    Document {
        /// The path in the tree.
        path: String,
        /// The text.
        text: String,
    },
    /// A file that cannot be read.
    Broken(DocumentError),
}

/// What the index holds of one bead.
pub(super) struct BeadRows {
    columns: Vec<Value>,
    search: String,
    text: String,
    json: String,
    facts: Facts,
}

/// What else is asked about a bead.
#[derive(Default, PartialEq, Eq)]
struct Facts {
    id: String,
    prefix: String,
    /// Neither closed nor an epic.
    workable: bool,
    needs: BTreeSet<String>,
    labels: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Whether who needs it need not wait for it any more.
    settled: bool,
}

/// What rows of beads change beside themselves, to be written when all of them are there.
#[derive(Default)]
pub(super) struct Gathered {
    /// Words in titles, by the numbers of their beads.
    words: Vec<(String, i64)>,
    /// How many beads more a prefix has, and how many more of them are workable.
    counts: BTreeMap<String, (i64, i64)>,
}

impl Gathered {
    fn count(&mut self, facts: &Facts, by: i64) {
        let (beads, workable) = self.counts.entry(facts.prefix.clone()).or_default();
        *beads += by;
        *workable += if facts.workable { by } else { 0 };
    }

    /// Words are written in order: twice as quick as one bead after the other.
    pub(super) fn write(mut self, db: &Connection) -> rusqlite::Result<()> {
        self.words.sort_unstable();
        let mut insert = db.prepare_cached(WORDS.1)?;
        self.words.iter().try_for_each(|(word, n)| insert.execute(params![n, word]).map(drop))?;
        let changed = self.counts.into_iter().filter(|(_, counts)| *counts != (0, 0));
        changed
            .map(|(prefix, (beads, workable))| (prefix, beads, workable))
            .try_for_each(|change| db.prepare_cached(COUNT)?.execute(change).map(drop))
    }
}

impl Rows {
    /// What the index is to hold of the document at `path`.
    pub(super) fn of(path: &str, bytes: Vec<u8>) -> Self {
        let path = path.to_owned();
        match String::from_utf8(bytes) {
            Err(_) => Self::Broken(DocumentError { path, line: None, reason: "it is not UTF-8".to_owned() }),
            Ok(text) if !path.starts_with("beads/") => Self::Document { path, text },
            Ok(text) => match <Bead as Document>::parse(&path, &text) {
                Ok(bead) => Self::Bead(Box::new(BeadRows::of(&bead, text))),
                Err(error) => Self::Broken(error),
            },
        }
    }

    /// Writes them into an index that has nothing of this document, but for what is gathered.
    pub(super) fn insert(self, db: &Connection, gathered: &mut Gathered) -> rusqlite::Result<()> {
        match self {
            Self::Bead(bead) => bead.insert(db, gathered),
            Self::Document { path, text } => db
                .prepare_cached("INSERT OR REPLACE INTO documents (path, text) VALUES (?1, ?2)")?
                .execute([path, text])
                .map(drop),
            Self::Broken(error) => db
                .prepare_cached("INSERT OR REPLACE INTO broken (path, line, reason) VALUES (?1, ?2, ?3)")?
                .execute(params![error.path, error.line.and_then(|line| i64::try_from(line).ok()), error.reason])
                .map(drop),
        }
    }
}

/// Brings the rows of the document at `path` in step with its bytes, or with its removal. True when it may be another
/// number of needs now that this bead, or one that needs it, waits for.
pub(super) fn replace(db: &Connection, path: &str, bytes: Option<Vec<u8>>) -> rusqlite::Result<bool> {
    let before = match bead_id(path) {
        Some(id) => BeadRows::find(db, path, id)?,
        None => None,
    };
    let after = bytes.map(|bytes| Rows::of(path, bytes));
    let nothing = Facts::default();
    let old = before.as_ref().map_or(&nothing, |(_, rows)| &rows.facts);
    let new = match &after {
        Some(Rows::Bead(rows)) => &rows.facts,
        _ => &nothing,
    };
    let touched = (old.settled, &old.needs) != (new.settled, &new.needs);
    let mut gathered = Gathered::default();
    match (before, after) {
        (Some((n, before)), Some(Rows::Bead(after))) => {
            gathered.count(&before.facts, -1);
            gathered.count(&after.facts, 1);
            after.replace(db, n, &before)?;
        }
        (before, after) => {
            db.prepare_cached("DELETE FROM broken WHERE path = ?1")?.execute([path])?;
            match before {
                Some((n, before)) => {
                    gathered.count(&before.facts, -1);
                    before.delete(db, n)?;
                }
                None => drop(db.prepare_cached("DELETE FROM documents WHERE path = ?1")?.execute([path])?),
            }
            if let Some(rows) = after {
                rows.insert(db, &mut gathered)?;
            }
        }
    }
    gathered.write(db)?;
    Ok(touched)
}

/// The id that a path under `beads/` stands for; other paths are other documents.
pub(super) fn bead_id(path: &str) -> Option<&str> {
    let file = path.strip_prefix("beads/")?.rsplit('/').next()?;
    file.strip_suffix(".toml")
}

impl BeadRows {
    fn of(bead: &Bead, text: String) -> Self {
        let json = serde_json::to_string(bead).expect("a bead has only string keys");
        let workable = !matches!(bead.state, State::Closed(_)) && bead.kind != Kind::Epic;
        let closed_as = match &bead.state {
            State::Closed(closing) => Some(word(&closing.resolution)),
            _ => None,
        };
        let facts = Facts {
            id: bead.id.to_string(),
            prefix: bead.id.prefix().to_string(),
            workable,
            needs: bead.needs.iter().map(ToString::to_string).collect(),
            labels: bead.labels.iter().cloned().collect(),
            words: if workable { similar::tokens(&bead.title) } else { BTreeSet::new() },
            settled: closed_as.as_deref().is_some_and(|word| super::update::SETTLED.contains(&word)),
        };
        let search = format!("{}\n{}\n{}", bead.title, bead.description, bead.acceptance).to_lowercase();
        Self { columns: columns(bead, closed_as), search, text, json, facts }
    }

    /// The rows that the index has of the bead at `path`, and their number.
    fn find(db: &Connection, path: &str, id: &str) -> rusqlite::Result<Option<(i64, Self)>> {
        let found = db
            .prepare_cached("SELECT n, text FROM beads JOIN prose USING (n) WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
            .optional()?;
        let Some((n, text)) = found else { return Ok(None) };
        match Rows::of(path, text.into_bytes()) {
            Rows::Bead(rows) => Ok(Some((n, *rows))),
            // What was read once is read again, unless somebody wrote into the cache.
            _ => Err(rusqlite::Error::InvalidQuery),
        }
    }

    fn insert(self, db: &Connection, gathered: &mut Gathered) -> rusqlite::Result<()> {
        db.prepare_cached(INSERT)?.execute(params_from_iter(&self.columns))?;
        let n = db.last_insert_rowid();
        db.prepare_cached("INSERT INTO prose (n, search, text, json) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            n,
            self.search,
            self.text,
            self.json
        ])?;
        let nothing = BTreeSet::new();
        change(db, NEEDS, &self.facts.id, &nothing, &self.facts.needs)?;
        change(db, LABELS, &self.facts.id, &nothing, &self.facts.labels)?;
        gathered.count(&self.facts, 1);
        gathered.words.extend(self.facts.words.into_iter().map(|word| (word, n)));
        Ok(())
    }

    fn replace(&self, db: &Connection, n: i64, before: &Self) -> rusqlite::Result<()> {
        if self.columns != before.columns {
            let values = self.columns.iter().map(|value| value as &dyn ToSql).chain([&n as &dyn ToSql]);
            db.prepare_cached(UPDATE)?.execute(params_from_iter(values))?;
        }
        db.prepare_cached("UPDATE prose SET search = ?2, text = ?3, json = ?4 WHERE n = ?1")?.execute(params![
            n,
            self.search,
            self.text,
            self.json
        ])?;
        self.facts.replace(db, n, &before.facts)
    }

    fn delete(&self, db: &Connection, n: i64) -> rusqlite::Result<()> {
        Facts { id: self.facts.id.clone(), ..Facts::default() }.replace(db, n, &self.facts)?;
        db.prepare_cached("DELETE FROM prose WHERE n = ?1")?.execute([n])?;
        db.prepare_cached("DELETE FROM beads WHERE n = ?1")?.execute([n]).map(drop)
    }
}

impl Facts {
    fn replace(&self, db: &Connection, n: i64, before: &Self) -> rusqlite::Result<()> {
        change(db, NEEDS, &self.id, &before.needs, &self.needs)?;
        change(db, LABELS, &self.id, &before.labels, &self.labels)?;
        change(db, WORDS, &n, &before.words, &self.words)
    }
}

/// Makes a set of words what it is now, in the table whose statements these are.
fn change(
    db: &Connection,
    (delete, insert): (&str, &str),
    key: &dyn ToSql,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> rusqlite::Result<()> {
    for word in before.difference(after) {
        db.prepare_cached(delete)?.execute(params![key, word])?;
    }
    for word in after.difference(before) {
        db.prepare_cached(insert)?.execute(params![key, word])?;
    }
    Ok(())
}

fn columns(bead: &Bead, closed_as: Option<String>) -> Vec<Value> {
    let closed = match &bead.state {
        State::Closed(closing) => Some(rfc3339(closing.at)),
        _ => None,
    };
    vec![
        bead.id.to_string().into(),
        bead.id.prefix().to_string().into(),
        bead.id.suffix().to_owned().into(),
        bead.title.clone().into(),
        word(&bead.status()).into(),
        closed_as.into(),
        word(&bead.kind).into(),
        i64::from(bead.priority).into(),
        bead.role.to_string().into(),
        bead.claim().map(|claim| claim.assignee.to_string()).into(),
        bead.parent.as_ref().map(ToString::to_string).into(),
        rfc3339(bead.created).into(),
        closed.into(),
        bead.defer_until.map(rfc3339).into(),
        i64::try_from(bead.counted_attempts()).unwrap_or(i64::MAX).into(),
    ]
}

/// The word that serde writes for a plain enum.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => unreachable!("plain enums are written as strings"),
    }
}
