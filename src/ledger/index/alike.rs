//! Which beads have words of a title in theirs: what a search for likely duplicates looks at.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use rusqlite::params;

use super::{Index, IndexError};

/// A word that more titles have than this tells nothing by itself.
const COMMON: usize = 400;

/// What is known of a word: in how many titles of beads that are not closed it is, counted up to [`MOST_COUNTED`].
pub type Holders = HashMap<String, usize>;

/// From here on it makes no difference how many titles have a word.
const MOST_COUNTED: usize = 1000;

impl Index {
    /// Counts in how many titles each word is, where `known` does not have it yet.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn count_titles(&self, words: impl IntoIterator<Item = String>, known: &mut Holders) -> Result<(), IndexError> {
        for word in words {
            if let Entry::Vacant(unknown) = known.entry(word) {
                let titles = self.titles_with(unknown.key())?;
                unknown.insert(titles);
            }
        }
        Ok(())
    }

    fn titles_with(&self, word: &str) -> Result<usize, IndexError> {
        let most = i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX);
        let sql = "SELECT count(*) FROM (SELECT 1 FROM title_words WHERE word = ?1 LIMIT ?2)";
        self.counted(sql, params![word, most])
    }

    /// Id and title of the beads whose titles share most with these words, the rare ones first; at most `most`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn sharing_words(
        &self,
        words: &BTreeSet<String>,
        holders: &Holders,
        most: usize,
    ) -> Result<Vec<(String, String)>, IndexError> {
        let titles = |word: &String| holders.get(word).copied().unwrap_or(0);
        let mut counted: Vec<(usize, &String)> = words.iter().map(|word| (titles(word), word)).collect();
        counted.retain(|(titles, _)| *titles > 0);
        counted.sort();
        let telling = counted.iter().filter(|(titles, _)| *titles <= COMMON).count().max(1);
        let mut scores: HashMap<i64, f64> = HashMap::new();
        for (titles, word) in counted.into_iter().take(telling) {
            #[expect(clippy::cast_precision_loss, reason = "counts of titles are below a thousand")]
            let score = 1.0 / titles as f64;
            for bead in self.beads_with(word)? {
                *scores.entry(bead).or_default() += score;
            }
        }
        let mut ranked: Vec<(i64, f64)> = scores.into_iter().collect();
        ranked.sort_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
        ranked.into_iter().take(most).map(|(n, _)| self.titled(n)).collect()
    }

    /// The numbers of beads that have a word in their title.
    fn beads_with(&self, word: &str) -> Result<Vec<i64>, IndexError> {
        let most = i64::try_from(COMMON).unwrap_or(i64::MAX);
        self.db
            .prepare_cached("SELECT n FROM title_words WHERE word = ?1 LIMIT ?2")
            .and_then(|mut statement| statement.query_map(params![word, most], |row| row.get(0))?.collect())
            .map_err(self.fail("read"))
    }

    fn titled(&self, n: i64) -> Result<(String, String), IndexError> {
        self.db
            .prepare_cached("SELECT id, title FROM beads WHERE n = ?1")
            .and_then(|mut statement| statement.query_row([n], |row| Ok((row.get(0)?, row.get(1)?))))
            .map_err(self.fail("read"))
    }
}
