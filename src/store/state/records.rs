//! What is kept of a session beside its row: documents of one kind each, as JSON.

use rusqlite::OptionalExtension;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::StoreError;
use super::StateDb;
use crate::id::SessionId;

impl StateDb {
    /// The document of this kind; none also where it was written in another shape.
    pub fn session_record<T: DeserializeOwned>(&self, id: &SessionId, kind: &str) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self
            .connection
            .prepare_cached("SELECT json FROM session_records WHERE session = ?1 AND kind = ?2")
            .and_then(|mut statement| statement.query_row((id.as_str(), kind), |row| row.get(0)).optional())
            .map_err(self.failed("read a record of the session"))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps the document of this kind instead of the former one.
    pub fn set_session_record<T: Serialize>(&self, id: &SessionId, kind: &str, record: &T) -> Result<(), StoreError> {
        let text = serde_json::to_string(record).expect("a record is plain data");
        self.connection
            .execute("INSERT OR REPLACE INTO session_records VALUES (?1, ?2, ?3)", (id.as_str(), kind, text))
            .map_err(self.failed("keep a record of the session"))?;
        Ok(())
    }
}
