//! The file and its tables.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use super::IndexError;
use crate::git::Oid;
use crate::store::boot_id;

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Raised when the tables change, or what their rows say of the same document; an index of another version is built anew.
const VERSION: i64 = 8;

const TABLES: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    -- What is asked of many beads; what is long of each is in its prose.
    CREATE TABLE beads (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, suffix TEXT NOT NULL,
        title TEXT NOT NULL, status TEXT NOT NULL, closed_as TEXT, kind TEXT NOT NULL, priority INTEGER NOT NULL,
        role TEXT NOT NULL, assignee TEXT, parent TEXT, created TEXT NOT NULL, closed TEXT, defer_until TEXT,
        attempts INTEGER NOT NULL,
        -- How many of its needs are not settled.
        waits INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE prose (n INTEGER PRIMARY KEY, search TEXT NOT NULL, text TEXT NOT NULL, json TEXT NOT NULL);
    CREATE TABLE needs (bead TEXT NOT NULL, need TEXT NOT NULL, PRIMARY KEY (bead, need)) WITHOUT ROWID;
    CREATE TABLE labels (bead TEXT NOT NULL, label TEXT NOT NULL, PRIMARY KEY (bead, label)) WITHOUT ROWID;
    -- The words in the titles of what is not closed, for finding likely duplicates.
    CREATE TABLE title_words (word TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (word, n)) WITHOUT ROWID;
    -- How many beads a prefix has, and how many of them are neither closed nor epics.
    CREATE TABLE counts (prefix TEXT PRIMARY KEY, beads INTEGER NOT NULL, workable INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE documents (path TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE broken (path TEXT PRIMARY KEY, line INTEGER, reason TEXT NOT NULL) WITHOUT ROWID;
";

/// Beside the tables, so that filling them from nothing need not keep these in order all the while.
pub(super) const INDEXES: &str = "
    -- Holds all that decides what is ready.
    CREATE INDEX beads_by_status
        ON beads (status, priority, created, id, kind, defer_until, parent, attempts, role, prefix, waits);
    CREATE INDEX beads_by_closing ON beads (closed DESC, id) WHERE closed IS NOT NULL;
    CREATE INDEX beads_by_suffix ON beads (suffix);
    CREATE INDEX beads_by_parent ON beads (parent) WHERE parent IS NOT NULL;
    CREATE INDEX beads_by_assignee ON beads (assignee) WHERE assignee IS NOT NULL;
    CREATE INDEX needs_by_need ON needs (need);
    CREATE INDEX labels_by_label ON labels (label);
";

/// An open index.
#[derive(Debug)]
pub struct Index {
    pub(super) db: Connection,
    path: String,
}

impl Index {
    /// Opens or creates the index at `path`; one that cannot be used as it is, is built anew. A town
    /// that cannot be written is read through an index in memory.
    ///
    /// # Errors
    /// When not even an index in memory can be made.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        match Self::open_file(path) {
            Ok(index) => Ok(index),
            Err(IndexError::Sqlite { source, .. }) if is_damaged(&source) => {
                for ending in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
                }
                Self::open_file(path).or_else(|_| Self::in_memory())
            }
            Err(_) => Self::in_memory(),
        }
    }

    fn open_file(path: &Path) -> Result<Self, IndexError> {
        let name = path.display().to_string();
        let fail = |action: &'static str| {
            let path = name.clone();
            move |source| IndexError::Sqlite { path, action, source }
        };
        let db = Connection::open(path).map_err(fail("opened"))?;
        db.busy_timeout(PATIENCE).map_err(fail("opened"))?;
        let boot = boot_id();
        // A cache needs no sync where it is known whether the machine went down since: then it is made anew.
        let synchronous = if boot.is_some() { "OFF" } else { "NORMAL" };
        db.execute_batch(&format!("PRAGMA synchronous={synchronous}")).map_err(fail("opened"))?;
        // Who writes folds the log into the file; nobody else has to.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail("opened"))?;
        // Questions are planned once, and not again when the first value of a range is known.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fail("opened"))?;
        let index = Self { db, path: name.clone() };
        let boot = boot.unwrap_or_default();
        if index.version().map_err(fail("read"))? != VERSION || index.boot().map_err(fail("read"))? != boot {
            index.create(&boot).map_err(fail("created"))?;
        }
        Ok(index)
    }

    pub(in crate::ledger) fn in_memory() -> Result<Self, IndexError> {
        let fail = |source| IndexError::Sqlite { path: ":memory:".to_owned(), action: "created", source };
        let index = Self { db: Connection::open_in_memory().map_err(fail)?, path: ":memory:".to_owned() };
        index.create("").map_err(fail)?;
        Ok(index)
    }

    /// Folds the log of SQLite into the file, as far as nobody reads from it now.
    pub(in crate::ledger) fn fold(&self) {
        let _ = self.db.busy_timeout(Duration::ZERO);
        let _ = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _ = self.db.busy_timeout(PATIENCE);
    }

    /// In which life of the machine the index was begun.
    fn boot(&self) -> rusqlite::Result<String> {
        let mut statement = self.db.prepare_cached("SELECT value FROM meta WHERE key = 'boot'")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.db.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    fn create(&self, boot: &str) -> rusqlite::Result<()> {
        // Two processes may create it at once: the second one to get the lock finds it done.
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        if self.version()? == VERSION && self.boot()? == boot {
            return self.db.execute_batch("COMMIT");
        }
        let mut drop = String::new();
        for table in ["meta", "beads", "prose", "needs", "labels", "title_words", "counts", "documents", "broken"] {
            drop.push_str(&format!("DROP TABLE IF EXISTS {table};"));
        }
        self.db.execute_batch(&format!("{drop}{TABLES}{INDEXES}PRAGMA user_version={VERSION};"))?;
        self.db.execute("INSERT INTO meta (key, value) VALUES ('boot', ?1)", [boot])?;
        self.db.execute_batch("COMMIT")
    }

    /// Begins to read one state of the index, whatever others write meanwhile.
    ///
    /// # Errors
    /// When SQLite cannot begin.
    pub fn begin_reading(&self) -> Result<(), IndexError> {
        if self.db.is_autocommit() { self.db.execute_batch("BEGIN").map_err(self.fail("read")) } else { Ok(()) }
    }

    /// Ends what [`Index::begin_reading`] began.
    ///
    /// # Errors
    /// When SQLite cannot end it.
    pub fn end_reading(&self) -> Result<(), IndexError> {
        if self.db.is_autocommit() { Ok(()) } else { self.db.execute_batch("COMMIT").map_err(self.fail("read")) }
    }

    /// The commit that the index shows; nothing when it is new.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn commit(&self) -> Result<Option<Oid>, IndexError> {
        let value: Option<String> = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE key = 'commit'")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
            .map_err(self.fail("read"))?;
        Ok(value.and_then(|text| text.parse().ok()))
    }

    pub(super) fn fail(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> IndexError {
        let path = self.path.clone();
        move |source| IndexError::Sqlite { path, action, source }
    }
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::Unknown)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::sample::bead;

    #[test]
    fn a_key_that_beads_get_raises_the_version() {
        let json = serde_json::to_value(bead("abcde")).expect("a bead is JSON");
        let mut keys: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        let expected = "acceptance agent assignee attempts budget closed closed_as created defer_until description \
            discovered_from effort extra_args from home id kind labels lease merge model needs notes parent prefer \
            priority profile related result role status title touches";
        assert_eq!((VERSION, keys.join(" ").as_str()), (8, expected), "rows of the last version lack what is new");
    }
}
