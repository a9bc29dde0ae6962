//! Databases of other programs, which are only read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use serde_json::{Map, Value};

use super::StoreError;

/// How long the program that owns it may keep a reader waiting.
const BUSY: Duration = Duration::from_millis(500);

/// A row: its columns by name. What is no text and no number is null.
pub type Record = Value;

/// The open database of another program.
#[derive(Debug)]
pub struct Foreign {
    connection: Connection,
    path: PathBuf,
}

impl Foreign {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When it is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Database { action: "open the database", path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// The rows that a question is answered with.
    ///
    /// # Errors
    /// When the database does not have what is asked for.
    pub fn rows(&self, query: &str, values: &[&str]) -> Result<Vec<Record>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Record>> {
            let mut statement = self.connection.prepare(query)?;
            let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query(params_from_iter(values))?;
            let mut records = Vec::new();
            while let Some(row) = rows.next()? {
                let mut record = Map::new();
                for (place, name) in names.iter().enumerate() {
                    record.insert(name.clone(), value(row.get_ref(place)?));
                }
                records.push(Value::Object(record));
            }
            Ok(records)
        };
        read().map_err(|source| StoreError::Database { action: "read the rows", path: self.path.clone(), source })
    }
}

fn value(column: ValueRef<'_>) -> Value {
    match column {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}
