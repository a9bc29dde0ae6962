//! The index held against the ledger, and built anew.

use super::index::Index;
use super::{Ledger, Snapshot};
use crate::error::{Failure, Kind, Outcome};

impl Ledger {
    /// The entries of the index that an index built from nothing would not have, or would have otherwise.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn index_differences(&self) -> Outcome<Vec<String>> {
        let index = Index::open(&self.runtime_dir().join("index.db"))?;
        Ok(index.differences(self.objects()?, &self.tip()?)?)
    }

    /// Throws the index away and builds it from nothing; it is only a cache.
    ///
    /// # Errors
    /// When its file cannot be removed, or the ledger not be read.
    pub fn rebuild_index(&self) -> Outcome<()> {
        let _lock = self.lock()?;
        let path = self.runtime_dir().join("index.db");
        for ending in ["", "-wal", "-shm"] {
            let file = path.with_file_name(format!("index.db{ending}"));
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::caused(Kind::External, format!("cannot remove {}", file.display()), error));
                }
                _ => {}
            }
        }
        Snapshot::under_lock(self, &self.tip()?, None).map(drop)
    }
}
