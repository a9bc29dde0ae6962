//! Which beads have words of a title in theirs: what a search for likely duplicates looks at.

use std::collections::{BTreeSet, HashMap};

use rusqlite::params;

use super::{Index, IndexError};

/// A word that more titles have than this tells nothing by itself.
const COMMON: usize = 400;

impl Index {
    /// How many titles of beads that are not closed have this word, counted up to a thousand.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn titles_with(&self, word: &str) -> Result<usize, IndexError> {
        self.number("SELECT count(*) FROM (SELECT 1 FROM title_words WHERE word = ?1 LIMIT 1000)", word)
    }

    /// How many beads are neither closed nor epics.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn workable(&self) -> Result<usize, IndexError> {
        self.number("SELECT count(*) FROM beads WHERE status IN ('open', 'hooked', 'submitted') AND kind <> ?1", "epic")
    }

    fn number(&self, sql: &str, value: &str) -> Result<usize, IndexError> {
        let count = self
            .db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([value], |row| row.get::<_, i64>(0)));
        Ok(usize::try_from(count.map_err(self.fail("read"))?).unwrap_or(0))
    }

    /// The ids of the beads whose titles share most with these words, the rare ones first; at most `most`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn sharing_words(&self, words: &BTreeSet<String>, most: usize) -> Result<Vec<String>, IndexError> {
        let mut counted = Vec::new();
        for word in words {
            counted.push((self.titles_with(word)?, word));
        }
        counted.retain(|(titles, _)| *titles > 0);
        counted.sort();
        let telling = counted.iter().filter(|(titles, _)| *titles <= COMMON).count().max(1);
        let mut scores: HashMap<String, f64> = HashMap::new();
        for (titles, word) in counted.into_iter().take(telling) {
            #[expect(clippy::cast_precision_loss, reason = "counts of titles are below a thousand")]
            let score = 1.0 / titles as f64;
            for bead in self.beads_with(word)? {
                *scores.entry(bead).or_default() += score;
            }
        }
        let mut ranked: Vec<(String, f64)> = scores.into_iter().collect();
        ranked.sort_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
        Ok(ranked.into_iter().take(most).map(|(bead, _)| bead).collect())
    }

    fn beads_with(&self, word: &str) -> Result<Vec<String>, IndexError> {
        let most = i64::try_from(COMMON).unwrap_or(i64::MAX);
        self.db
            .prepare_cached("SELECT id FROM title_words JOIN beads USING (n) WHERE word = ?1 LIMIT ?2")
            .and_then(|mut statement| statement.query_map(params![word, most], |row| row.get(0))?.collect())
            .map_err(self.fail("read"))
    }
}
