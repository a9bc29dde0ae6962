//! Bringing the index to a commit.

use rusqlite::{Connection, params};

use super::schema::INDEXES;
use super::{Index, IndexError};
use crate::bead::{Bead, Kind, similar};
use crate::clock::rfc3339;
use crate::git::Oid;
use crate::git::objects::Objects;
use crate::ledger::document::{Document, DocumentError};

/// With more changed beads than this, all are counted anew at once.
const MANY: usize = 200;
/// A bead that is missing, or closed as anything but done, is still waited for.
const COUNT_WAITS: &str = "UPDATE beads SET waits = (
    SELECT count(*) FROM needs LEFT JOIN beads AS needed INDEXED BY beads_by_id ON needed.id = needs.need
     WHERE needs.bead = beads.id AND coalesce(needed.closed_as, '') NOT IN ('merged', 'done'))";

/// A document as it is at the commit that the index goes to; without text it was removed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The path in the tree.
    pub path: String,
    /// Its bytes.
    pub text: Option<Vec<u8>>,
}

impl Index {
    /// Brings the index to `tip`, from wherever it is, by comparing the two trees.
    ///
    /// # Errors
    /// When the trees cannot be read or the index not written.
    pub fn catch_up(&self, objects: &Objects, tip: &Oid) -> Result<(), IndexError> {
        if self.commit()?.as_ref() == Some(tip) {
            return Ok(());
        }
        self.write(|index| {
            let from = index.commit()?;
            if from.as_ref() == Some(tip) {
                return Ok(());
            }
            // A commit that is gone (history was rewritten and pruned) is the same as a new index.
            let changes = match objects.changes(from.as_ref(), Some(tip)) {
                Ok(changes) => changes,
                Err(_) => {
                    index.clear()?;
                    objects.changes(None, Some(tip))?
                }
            };
            // An empty index has nothing to forget, which is a third of the time that all beads take.
            let empty = index.commit()?.is_none();
            let anew = empty && changes.len() > MANY;
            if anew {
                index.drop_indexes()?;
            }
            for change in &changes {
                if !empty {
                    forget(&index.db, &change.path).map_err(index.fail("written"))?;
                }
                if let Some(blob) = &change.new {
                    record(&index.db, &change.path, &objects.blob(blob)?).map_err(index.fail("written"))?;
                }
            }
            if anew {
                index.db.execute_batch(INDEXES).map_err(index.fail("written"))?;
            }
            index.settle_waits(changes.iter().map(|change| change.path.as_str()))?;
            index.set_commit(tip)
        })
    }

    /// Takes over one transaction: `changed` leads from `old` to `new`. When the index is not at `old` nothing happens.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn advance(&self, old: Option<&Oid>, new: &Oid, changed: &[Changed]) -> Result<(), IndexError> {
        self.write(|index| {
            if index.commit()?.as_ref() != old {
                return Ok(());
            }
            changed.iter().try_for_each(|changed| index.apply(changed))?;
            index.settle_waits(changed.iter().map(|changed| changed.path.as_str()))?;
            index.set_commit(new)
        })
    }

    fn write(&self, work: impl FnOnce(&Self) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let reading = !self.db.is_autocommit();
        self.end_reading()?;
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(self.fail("written"))?;
        match work(self) {
            Ok(()) => {
                self.db.execute_batch("COMMIT").map_err(self.fail("written"))?;
                self.fold();
            }
            Err(error) => {
                let _ = self.db.execute_batch("ROLLBACK");
                return Err(error);
            }
        }
        if reading { self.begin_reading() } else { Ok(()) }
    }

    fn clear(&self) -> Result<(), IndexError> {
        self.db
            .execute_batch("DELETE FROM beads; DELETE FROM needs; DELETE FROM labels; DELETE FROM title_words; DELETE FROM documents; DELETE FROM broken; DELETE FROM meta WHERE key = 'commit';")
            .map_err(self.fail("written"))
    }

    fn drop_indexes(&self) -> Result<(), IndexError> {
        let words: Vec<&str> = INDEXES.split_whitespace().collect();
        let names = words.windows(3).filter(|words| words[..2] == ["CREATE", "INDEX"]).map(|words| words[2]);
        let drop: String = names.map(|name| format!("DROP INDEX {name};")).collect();
        self.db.execute_batch(&drop).map_err(self.fail("written"))
    }

    fn set_commit(&self, commit: &Oid) -> Result<(), IndexError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('commit', ?1)")
            .and_then(|mut statement| statement.execute([commit.as_str()]))
            .map(drop)
            .map_err(self.fail("written"))
    }

    /// Counts anew what the beads at `paths`, and those that need them, wait for.
    fn settle_waits<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Result<(), IndexError> {
        let beads: Vec<&str> = paths.filter_map(bead_id).collect();
        let settled = if beads.len() > MANY {
            self.db.execute_batch(&format!("{COUNT_WAITS} WHERE id IN (SELECT bead FROM needs)"))
        } else {
            let sql = format!("{COUNT_WAITS} WHERE id = ?1 OR id IN (SELECT bead FROM needs WHERE need = ?1)");
            self.db
                .prepare_cached(&sql)
                .and_then(|mut update| beads.iter().try_for_each(|bead| update.execute([bead]).map(drop)))
        };
        settled.map_err(self.fail("written"))
    }

    fn apply(&self, changed: &Changed) -> Result<(), IndexError> {
        let fail = self.fail("written");
        forget(&self.db, &changed.path)
            .and_then(|()| match &changed.text {
                Some(bytes) => record(&self.db, &changed.path, bytes),
                None => Ok(()),
            })
            .map_err(fail)
    }
}

fn forget(db: &Connection, path: &str) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM broken WHERE path = ?1")?.execute([path])?;
    match bead_id(path) {
        Some(id) => {
            db.prepare_cached("DELETE FROM beads WHERE id = ?1")?.execute([id])?;
            db.prepare_cached("DELETE FROM needs WHERE bead = ?1")?.execute([id])?;
            db.prepare_cached("DELETE FROM labels WHERE bead = ?1")?.execute([id])?;
            db.prepare_cached("DELETE FROM title_words WHERE bead = ?1")?.execute([id])?;
        }
        None => {
            db.prepare_cached("DELETE FROM documents WHERE path = ?1")?.execute([path])?;
        }
    }
    Ok(())
}

/// The id that a path under `beads/` stands for; other paths are other documents.
fn bead_id(path: &str) -> Option<&str> {
    let file = path.strip_prefix("beads/")?.rsplit('/').next()?;
    file.strip_suffix(".toml")
}

fn record(db: &Connection, path: &str, bytes: &[u8]) -> rusqlite::Result<()> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return record_broken(
            db,
            &DocumentError { path: path.to_owned(), line: None, reason: "it is not UTF-8".to_owned() },
        );
    };
    if !path.starts_with("beads/") {
        return db
            .prepare_cached("INSERT INTO documents (path, text) VALUES (?1, ?2)")?
            .execute([path, text])
            .map(drop);
    }
    match <Bead as Document>::parse(path, text) {
        Ok(bead) => record_bead(db, &bead, text),
        Err(error) => record_broken(db, &error),
    }
}

fn record_broken(db: &Connection, error: &DocumentError) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO broken (path, line, reason) VALUES (?1, ?2, ?3)")?
        .execute(params![error.path, error.line.and_then(|line| i64::try_from(line).ok()), error.reason])
        .map(drop)
}

fn record_bead(db: &Connection, bead: &Bead, text: &str) -> rusqlite::Result<()> {
    let json = serde_json::to_string(bead).expect("a bead has only string keys");
    let closing = match &bead.state {
        crate::bead::State::Closed(closing) => Some(closing),
        _ => None,
    };
    let prefix = bead.id.prefix();
    db.prepare_cached(
        "INSERT OR REPLACE INTO beads (id, prefix, suffix, title, status, closed_as, kind, priority, role, assignee, parent,
            created, closed, defer_until, attempts, search, text, json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?
    .execute(params![
        bead.id.as_str(),
        prefix.as_str(),
        bead.id.suffix(),
        bead.title,
        word(&bead.status()),
        closing.map(|closing| word(&closing.resolution)),
        word(&bead.kind),
        bead.priority,
        bead.role.as_str(),
        bead.claim().map(|claim| claim.assignee.to_string()),
        bead.parent.as_ref().map(|id| id.as_str().to_owned()),
        rfc3339(bead.created),
        closing.map(|closing| rfc3339(closing.at)),
        bead.defer_until.map(rfc3339),
        i64::try_from(bead.counted_attempts()).unwrap_or(i64::MAX),
        format!("{}\n{}\n{}", bead.title, bead.description, bead.acceptance).to_lowercase(),
        text,
        json,
    ])?;
    for need in &bead.needs {
        db.prepare_cached("INSERT OR IGNORE INTO needs (bead, need) VALUES (?1, ?2)")?
            .execute([bead.id.as_str(), need.as_str()])?;
    }
    if closing.is_none() && bead.kind != Kind::Epic {
        for word in similar::tokens(&bead.title) {
            db.prepare_cached("INSERT OR IGNORE INTO title_words (word, bead) VALUES (?1, ?2)")?
                .execute([word.as_str(), bead.id.as_str()])?;
        }
    }
    for label in &bead.labels {
        db.prepare_cached("INSERT OR IGNORE INTO labels (bead, label) VALUES (?1, ?2)")?
            .execute([bead.id.as_str(), label])?;
    }
    Ok(())
}

/// The word that serde writes for a plain enum.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => unreachable!("plain enums are written as strings"),
    }
}
