//! `state.db`: what this machine knows and must not forget: sessions, events, counters.
//!
//! Local and durable, never deleted by `gt`. Opened only by commands that need it. One writer at a time; the others
//! wait for up to [`BUSY`].

mod counters;
mod events;
mod messages;
mod programs;
mod records;
mod sessions;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{FileLock, StoreError};

pub use counters::Counter;
pub use events::{Event, NewEvent};
pub use messages::{Delivery, Message, Mode, NewMessage};
pub use sessions::{SessionAgent, SessionEnd, SessionRow, Tuning};

/// How long SQLite's log may get before it is folded into the file, in bytes: who opens the file reads all of it, and
/// folding waits for the disk three times.
const LOG_LENGTH: u64 = 128 * 1024;
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(10);

/// The version of the tables, in `user_version`. Each step of [`SCHEMA`] raises it by one.
const SCHEMA: &[&str] = &[
    "
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, worker TEXT NOT NULL, bead TEXT, lease TEXT, attempt INTEGER, role TEXT,
    agent TEXT NOT NULL, runtime TEXT NOT NULL, name TEXT NOT NULL, created TEXT NOT NULL,
    pid INTEGER, start_ticks INTEGER, log TEXT NOT NULL,
    ended TEXT, exit_status INTEGER, end_reason TEXT
) STRICT;
CREATE INDEX sessions_of_worker ON sessions (worker, created);
CREATE INDEX sessions_of_bead ON sessions (bead, created);
CREATE INDEX sessions_open ON sessions (created) WHERE ended IS NULL;
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
    bead TEXT, rig TEXT, text TEXT NOT NULL, json TEXT
) STRICT;
CREATE INDEX events_of_bead ON events (bead, id);
CREATE TABLE counters (
    key TEXT PRIMARY KEY, value INTEGER NOT NULL, updated TEXT NOT NULL, expires TEXT
) STRICT, WITHOUT ROWID;
",
    "
ALTER TABLE sessions ADD COLUMN profile TEXT;
ALTER TABLE sessions ADD COLUMN model TEXT;
ALTER TABLE sessions ADD COLUMN effort TEXT;
ALTER TABLE sessions ADD COLUMN extra_args TEXT;
ALTER TABLE sessions ADD COLUMN conversation TEXT;
ALTER TABLE sessions ADD COLUMN version TEXT;
ALTER TABLE sessions ADD COLUMN slot INTEGER;
CREATE TABLE programs (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
    "
CREATE TABLE session_records (
    session TEXT NOT NULL, kind TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;
",
    "
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, sender TEXT NOT NULL, bead TEXT,
    mode TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, session TEXT,
    tries INTEGER NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL
) STRICT;
CREATE INDEX messages_open ON messages (receiver, id) WHERE state IN ('queued', 'typed');
CREATE INDEX messages_of_receiver ON messages (receiver, id);
CREATE INDEX messages_of_session ON messages (session) WHERE state = 'accepted';
",
];

/// The open `state.db` of a town.
#[derive(Debug)]
pub struct StateDb {
    connection: Connection,
    path: PathBuf,
}

impl StateDb {
    /// Opens the database, and creates it when it is not there. A damaged one is moved aside and named in the error;
    /// the next call then starts with an empty one. Where nothing can be written, as on a full disk or in a read-only
    /// town, it can still be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match Self::connect(path) {
            Ok(connection) => Ok(Self { connection, path: path.to_owned() }),
            Err(StoreError::Database { source, .. }) if is_damage(&source) => Err(set_aside(path)),
            Err(error @ StoreError::Database { .. }) => match connect_to_read(path) {
                Some(connection) => Ok(Self { connection, path: path.to_owned() }),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Reads the whole file and checks it. A damaged one is moved aside, as in [`StateDb::open`].
    pub fn check(self) -> Result<(), StoreError> {
        let check = self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        match check {
            Ok(text) if text == "ok" => Ok(()),
            Err(source) if !is_damage(&source) => Err(self.failed("check the file")(source)),
            Ok(_) | Err(_) => {
                let path = self.path.clone();
                drop(self);
                Err(set_aside(&path))
            }
        }
    }

    /// From here on not even a power cut takes back what is recorded through this connection.
    pub fn for_good(&self) -> Result<&Self, StoreError> {
        let set = self.connection.execute_batch("PRAGMA synchronous=FULL");
        set.map(|()| self).map_err(self.failed("open the database"))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connect(path: &Path) -> Result<Connection, StoreError> {
        let failed = |action| move |source| StoreError::Database { action, path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(failed("open the database"))?;
        connection.busy_timeout(BUSY).map_err(failed("open the database"))?;
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;")
            .map_err(failed("open the database"))?;
        // Not at each closing: see the drop.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(failed("open the database"))?;
        let found = version(&connection).map_err(failed("read the version"))?;
        let known = SCHEMA.len() as i64;
        if found > known {
            return Err(StoreError::TooNew { path: path.to_owned(), found, known });
        }
        if found < known {
            upgrade(&mut connection).map_err(failed("create the tables"))?;
        }
        Ok(connection)
    }

    /// For `map_err`: the error of one action on this database.
    fn failed(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        move |source| StoreError::Database { action, path: self.path.clone(), source }
    }
}

impl Drop for StateDb {
    /// Folds a long log into the file, unless somebody reads from it now.
    fn drop(&mut self) {
        if fs::metadata(beside(&self.path, "-wal")).is_ok_and(|log| log.len() > LOG_LENGTH) {
            let _ = self.connection.busy_timeout(Duration::ZERO);
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens a database of this version beside which SQLite cannot make the files that it needs to write. With a journal
/// from before it can be read only together with that; without one nobody writes, and the file itself is all there is.
fn connect_to_read(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match fs::metadata(beside(path, "-wal")).is_ok_and(|journal| journal.len() > 0) {
        true => Connection::open_with_flags(path, flags),
        false => Connection::open_with_flags(format!("file:{}?immutable=1", escaped(path)?), flags),
    };
    let connection = connection.ok()?;
    connection.busy_timeout(BUSY).ok()?;
    let known = version(&connection).ok()? == SCHEMA.len() as i64;
    known.then_some(connection)
}

/// A path as the address of a file takes it; see SQLite's "URI Filenames".
fn escaped(path: &Path) -> Option<String> {
    Some(path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited.
    let found = version(&transaction)?;
    for step in SCHEMA.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA.len() as i64)?;
    transaction.commit()
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Moves the damaged database and its journal aside. Under a lock, and looking again first: of two processes that
/// find the damage at once, the second must not move the fresh database of the first.
fn set_aside(path: &Path) -> StoreError {
    let beside = |suffix: &str| beside(path, suffix);
    let _lock = match FileLock::acquire(&beside(".lock"), BUSY) {
        Ok(lock) => lock,
        Err(error) => return error,
    };
    let reason = match Connection::open(path)
        .and_then(|connection| connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0)))
    {
        Ok(text) if text == "ok" => "another process has replaced it meanwhile".to_owned(),
        Ok(text) => text,
        Err(error) => error.to_string(),
    };
    let stamp = format!("{}-{}", crate::clock::Clock::System.now().format("%Y%m%dT%H%M%S"), std::process::id());
    let kept_as = beside(&format!(".damaged-{stamp}"));
    if reason.starts_with("another") {
        return StoreError::Damaged { path: path.to_owned(), reason, kept_as: path.to_owned() };
    }
    if let Err(source) = fs::rename(path, &kept_as) {
        return StoreError::io("move aside", path, source);
    }
    for suffix in ["-wal", "-shm"] {
        let _ = fs::rename(beside(suffix), beside(&format!(".damaged-{stamp}{suffix}")));
    }
    StoreError::Damaged { path: path.to_owned(), reason, kept_as }
}

/// A column whose text has a type of ours.
fn parsed<T>(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    parse(row, column, &row.get::<_, String>(column)?)
}

/// The same for a column that may be empty.
fn parsed_option<T>(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, Option<String>>(column)?.map(|text| parse(row, column, &text)).transpose()
}

fn parse<T>(row: &rusqlite::Row<'_>, column: &str, text: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
    })
}
