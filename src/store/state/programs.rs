//! What programs said their version is, so that none is started again only to say it.

use rusqlite::OptionalExtension;

use super::super::StoreError;
use super::StateDb;

impl StateDb {
    /// What the program at `path` said, as long as its file is the same: `stamp` tells one file from the next.
    pub fn program_version(&self, path: &str, stamp: &str) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row("SELECT version FROM programs WHERE path = ?1 AND stamp = ?2", (path, stamp), |row| row.get(0))
            .optional()
            .map_err(self.failed("read the version of a program"))
    }

    /// Keeps what it said.
    pub fn set_program_version(&self, path: &str, stamp: &str, version: &str) -> Result<(), StoreError> {
        self.connection
            .execute("INSERT OR REPLACE INTO programs VALUES (?1, ?2, ?3)", (path, stamp, version))
            .map_err(self.failed("record the version of a program"))?;
        Ok(())
    }
}
