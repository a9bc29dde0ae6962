//! Bringing the index to a commit.

use std::sync::mpsc;

use super::rows::{self, Gathered, Rows, bead_id};
use super::schema::INDEXES;
use super::{Index, IndexError};
use crate::git::Oid;
use crate::git::objects::{Change, Objects, ObjectsError};

/// With more changed beads than this, all are counted anew at once.
const MANY: usize = 200;
/// As what a bead is closed when nobody waits for it any more.
pub(super) const SETTLED: [&str; 2] = ["merged", "done"];
/// A bead that is missing, or closed as anything else, is still waited for.
const COUNT_WAITS: &str = "UPDATE beads SET waits = (
    SELECT count(*) FROM needs LEFT JOIN beads AS needed ON needed.id = needs.need
     WHERE needs.bead = beads.id AND coalesce(needed.closed_as, '') NOT IN ('merged', 'done'))";
/// How many documents may be made ready ahead of being written.
const AHEAD: usize = 256;

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
            if index.commit()?.is_none() && changes.len() > MANY {
                index.fill(objects, &changes)?;
            } else {
                let bytes = |change: &Change| change.new.as_ref().map(|blob| objects.blob(blob)).transpose();
                let read = changes.iter().map(|change| Ok((change.path.as_str(), bytes(change)?)));
                index.replace(read)?;
            }
            index.set_commit(tip)
        })?;
        if self.db.is_autocommit() {
            self.fold();
        }
        Ok(())
    }

    /// Writes many documents into an empty index: the orders are made when all are in it, and the documents are read
    /// and taken apart beside the writing.
    fn fill(&self, objects: &Objects, changes: &[Change]) -> Result<(), IndexError> {
        self.drop_indexes()?;
        let (sender, receiver) = mpsc::sync_channel(AHEAD);
        std::thread::scope(|scope| {
            let other = objects.another()?;
            scope.spawn(move || {
                for change in changes {
                    let Some(blob) = &change.new else { continue };
                    let rows = other.blob(blob).map(|bytes| Rows::of(&change.path, bytes));
                    // Nobody listens any more once writing failed.
                    if sender.send(rows).is_err() {
                        return;
                    }
                }
            });
            let mut gathered = Gathered::default();
            for rows in receiver {
                rows?.insert(&self.db, &mut gathered).map_err(self.fail("written"))?;
            }
            gathered.write(&self.db).map_err(self.fail("written"))
        })?;
        let counted = format!("{INDEXES}{COUNT_WAITS} WHERE id IN (SELECT bead FROM needs)");
        self.db.execute_batch(&counted).map_err(self.fail("written"))
    }

    /// Takes over one transaction: `changed` leads from `old` to `new`. When the index is not at `old` nothing happens.
    /// The log is left for [`Index::fold`].
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn advance(&self, old: Option<&Oid>, new: &Oid, changed: &[Changed]) -> Result<(), IndexError> {
        self.write(|index| {
            if index.commit()?.as_ref() != old {
                return Ok(());
            }
            index.replace(changed.iter().map(|changed| Ok((changed.path.as_str(), changed.text.clone()))))?;
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
            .execute_batch("DELETE FROM beads; DELETE FROM prose; DELETE FROM needs; DELETE FROM labels; DELETE FROM title_words; DELETE FROM counts; DELETE FROM documents; DELETE FROM broken; DELETE FROM meta WHERE key = 'commit';")
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

    /// Brings documents in step, and counts anew what beads wait for.
    fn replace<'p>(
        &self,
        documents: impl Iterator<Item = Result<(&'p str, Option<Vec<u8>>), ObjectsError>>,
    ) -> Result<(), IndexError> {
        let mut touched = Vec::new();
        for document in documents {
            let (path, bytes) = document?;
            if rows::replace(&self.db, path, bytes).map_err(self.fail("written"))? {
                touched.extend(bead_id(path));
            }
        }
        let counted = if touched.len() > MANY {
            self.db.execute_batch(&format!("{COUNT_WAITS} WHERE waits > 0 OR id IN (SELECT bead FROM needs)"))
        } else {
            let sql = format!("{COUNT_WAITS} WHERE id = ?1 OR id IN (SELECT bead FROM needs WHERE need = ?1)");
            touched.iter().try_for_each(|bead| self.db.prepare_cached(&sql)?.execute([bead]).map(drop))
        };
        counted.map_err(self.fail("written"))
    }
}
