//! Whether the index says what the ledger says.

use std::collections::BTreeSet;

use super::{Index, IndexError};
use crate::git::Oid;
use crate::git::objects::Objects;

/// Everything that the index holds, as one row of text for each fact.
const FACTS: &str = "
    SELECT 'bead ' || id, json_array(prefix, suffix, title, status, closed_as, kind, priority, role, assignee, parent,
        created, closed, defer_until, attempts, waits, search, text, json) FROM beads JOIN prose USING (n)
    UNION ALL SELECT 'need of ' || bead, need FROM needs
    UNION ALL SELECT 'label of ' || bead, label FROM labels
    UNION ALL SELECT 'word of ' || id, word FROM title_words JOIN beads USING (n)
    UNION ALL SELECT 'count of ' || prefix, json_array(beads, workable) FROM counts WHERE beads > 0
    UNION ALL SELECT path, text FROM documents
    UNION ALL SELECT 'broken ' || path, json_array(line, reason) FROM broken";

impl Index {
    /// What differs between this index, brought to `tip`, and one that is built from nothing: the names of the
    /// entries.
    ///
    /// # Errors
    /// When the trees cannot be read.
    pub fn differences(&self, objects: &Objects, tip: &Oid) -> Result<Vec<String>, IndexError> {
        self.catch_up(objects, tip)?;
        let fresh = Self::in_memory()?;
        fresh.catch_up(objects, tip)?;
        let (here, there) = (self.facts()?, fresh.facts()?);
        let names: BTreeSet<&String> = here.symmetric_difference(&there).map(|(name, _)| name).collect();
        Ok(names.into_iter().cloned().collect())
    }

    fn facts(&self) -> Result<BTreeSet<(String, String)>, IndexError> {
        self.db
            .prepare(FACTS)
            .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(self.fail("read"))
    }
}
