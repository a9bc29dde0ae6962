//! Beads that are likely the same work.
//!
//! The measure is plain enough to explain. A text is the set of its words: lower case, without the commonest
//! English ones. A word weighs `1 + ln(n / beads that have it)`, so that a rare word says more than a common
//! one. Two texts are alike by the weight of the words that both have, divided by the weight of the words that
//! either has: 0 for nothing in common, 1 for the same words. Titles count three quarters and titles together
//! with descriptions one quarter; where one of the two has no description, titles alone count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Bead, Status};
use crate::id::BeadId;

/// From this measure on, two beads are named as likely duplicates. Rewordings of one task lie above it,
/// different tasks about the same thing, such as tests for two parts, at 0.5 or below; the table in the tests
/// shows both.
pub const THRESHOLD: f64 = 0.55;

/// A bead that is likely the same work.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// The bead.
    pub id: BeadId,
    /// Its title.
    pub title: String,
    /// How alike, from [`THRESHOLD`] to 1.
    pub measure: f64,
    /// The words that both have, the weightiest first.
    pub shared: Vec<String>,
}

/// The words of every bead that is not closed, ready for questions.
#[derive(Debug, Default)]
pub struct Words<'b> {
    beads: Vec<Entry<'b>>,
    /// Each word has a number.
    numbers: HashMap<String, usize>,
    /// How many beads have a word, by its number.
    holders: Vec<usize>,
    /// Which entries have a word in their title, by its number.
    titled: Vec<Vec<usize>>,
    /// How many beads there are in all, where these are only some.
    total: usize,
}

/// What the words of titles weigh in the whole ledger.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'h> {
    /// How many beads are neither closed nor epics.
    pub total: usize,
    /// In how many of their titles a word is; what is missing here counts as in one.
    pub holders: &'h HashMap<String, usize>,
}

impl Weights<'_> {
    /// Whether two beads with these titles can reach the threshold, whatever their descriptions say.
    pub fn may_be_alike(&self, one: &str, other: &str) -> bool {
        let (one, other) = (tokens(one), tokens(other));
        let weigh = |words: &mut dyn Iterator<Item = &String>| -> f64 {
            words.map(|word| weight(self.total, self.holders(word))).sum()
        };
        let (both, either) = (weigh(&mut one.intersection(&other)), weigh(&mut one.union(&other)));
        either > 0.0 && within_reach(both / either)
    }

    fn holders(&self, word: &str) -> usize {
        self.holders.get(word).copied().unwrap_or(1)
    }
}

/// Whether descriptions can lift two beads whose titles are so alike to the threshold.
fn within_reach(titles: f64) -> bool {
    0.75 * titles + 0.25 >= THRESHOLD
}

/// What a word weighs that so many of `total` beads have.
#[expect(clippy::cast_precision_loss, reason = "counts of beads are far below 2^52")]
fn weight(total: usize, holders: usize) -> f64 {
    1.0 + (total.max(1) as f64 / holders.max(1) as f64).ln().max(0.0)
}

#[derive(Debug)]
struct Entry<'b> {
    bead: &'b Bead,
    title: BTreeSet<usize>,
    all: BTreeSet<usize>,
}

/// The words of a text: the numbers of those that some bead has, and how many no bead has.
struct Asked {
    known: BTreeSet<usize>,
    unknown: usize,
}

impl<'b> Words<'b> {
    /// The words of these beads; closed ones and epics are left out.
    pub fn of(beads: impl IntoIterator<Item = &'b Bead>) -> Self {
        let mut words = Self::default();
        for bead in beads.into_iter().filter(|bead| bead.status() != Status::Closed && bead.kind != super::Kind::Epic) {
            words.add(bead);
        }
        words
    }

    /// The words of a few of the ledger's beads, weighed as in the whole, so that one question needs no look at every
    /// bead.
    pub fn of_some(beads: impl IntoIterator<Item = &'b Bead>, weights: Weights<'_>) -> Self {
        let mut words = Self::of(beads);
        words.total = weights.total.max(words.beads.len());
        for (word, number) in &words.numbers {
            if !words.titled[*number].is_empty() {
                words.holders[*number] = words.holders[*number].max(weights.holders(word));
            }
        }
        words
    }

    fn add(&mut self, bead: &'b Bead) {
        let title: BTreeSet<usize> = tokens(&bead.title).into_iter().map(|word| self.number(word)).collect();
        let mut all: BTreeSet<usize> = tokens(&bead.description).into_iter().map(|word| self.number(word)).collect();
        all.extend(&title);
        all.iter().for_each(|word| self.holders[*word] += 1);
        title.iter().for_each(|word| self.titled[*word].push(self.beads.len()));
        self.beads.push(Entry { bead, title, all });
    }

    fn number(&mut self, word: String) -> usize {
        let next = self.holders.len();
        let number = *self.numbers.entry(word).or_insert(next);
        if number == next {
            self.holders.push(0);
            self.titled.push(Vec::new());
        }
        number
    }

    /// The beads that are likely the same as one with this title and description, the likeliest first.
    /// `except` is the bead itself, when it is in the ledger already.
    pub fn like(&self, title: &str, description: &str, except: Option<&BeadId>) -> Vec<Similar> {
        let by_title = self.asked(&tokens(title));
        let by_all = self.asked(&tokens(&format!("{title} {description}")));
        let described = !description.trim().is_empty();
        // Without a common word in the titles no measure reaches the threshold.
        let places: BTreeSet<usize> = by_title.known.iter().flat_map(|word| &self.titled[*word]).copied().collect();
        let entries = places.into_iter().map(|place| &self.beads[place]);
        let mut found = Vec::new();
        for entry in entries.filter(|entry| except != Some(&entry.bead.id)) {
            let mut measure = self.alike(&by_title, &entry.title);
            // The rest of the measure cannot lift a title that is too unlike.
            if described && !entry.bead.description.trim().is_empty() && within_reach(measure) {
                measure = 0.75 * measure + 0.25 * self.alike(&by_all, &entry.all);
            }
            if measure >= THRESHOLD {
                found.push(self.similar(entry, &by_title, measure));
            }
        }
        found.sort_by(|a, b| b.measure.total_cmp(&a.measure).then_with(|| a.id.cmp(&b.id)));
        found
    }

    fn asked(&self, words: &BTreeSet<String>) -> Asked {
        let known: BTreeSet<usize> = words.iter().filter_map(|word| self.numbers.get(word)).copied().collect();
        Asked { unknown: words.len() - known.len(), known }
    }

    fn similar(&self, entry: &Entry<'_>, asked: &Asked, measure: f64) -> Similar {
        let words = tokens(&entry.bead.title).into_iter().map(|word| (self.numbers[&word], word));
        let mut shared: Vec<(usize, String)> = words.filter(|(number, _)| asked.known.contains(number)).collect();
        shared.sort_by(|(a, _), (b, _)| self.weight(self.holders[*b]).total_cmp(&self.weight(self.holders[*a])));
        let shared = shared.into_iter().map(|(_, word)| word).collect();
        Similar { id: entry.bead.id.clone(), title: entry.bead.title.clone(), measure, shared }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
    fn alike(&self, asked: &Asked, has: &BTreeSet<usize>) -> f64 {
        let weigh = |words: &mut dyn Iterator<Item = &usize>| words.map(|word| self.weight(self.holders[*word])).sum();
        let both: f64 = weigh(&mut asked.known.intersection(has));
        let either: f64 = weigh(&mut asked.known.union(has));
        let either = either + asked.unknown as f64 * self.weight(1);
        if either == 0.0 { 0.0 } else { both / either }
    }

    fn weight(&self, holders: usize) -> f64 {
        weight(self.beads.len().max(self.total), holders)
    }
}

/// Pairs among `beads` that are likely the same work, each pair once.
pub fn pairs<'b>(beads: impl IntoIterator<Item = &'b Bead>) -> BTreeMap<(BeadId, BeadId), f64> {
    let words = Words::of(beads);
    let mut pairs = BTreeMap::new();
    for entry in &words.beads {
        let id = &entry.bead.id;
        for other in words.like(&entry.bead.title, &entry.bead.description, Some(id)) {
            let pair = if *id < other.id { (id.clone(), other.id) } else { (other.id, id.clone()) };
            pairs.insert(pair, other.measure);
        }
    }
    pairs
}

/// Words that say nothing about the work, in the order of the alphabet.
const COMMON: &[&str] = &[
    "a", "all", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "for", "from", "has", "have", "if",
    "in", "into", "is", "it", "its", "must", "not", "of", "on", "or", "our", "should", "so", "that", "the", "their",
    "then", "there", "this", "to", "we", "when", "which", "will", "with",
];

/// The words of a title that count: lower case, without the commonest English ones.
pub fn tokens(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).filter(|word| COMMON.binary_search(&word.as_str()).is_err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::sample::{bead, id};
    use crate::bead::{Closing, Kind, Resolution, State};

    fn titled(suffix: &str, title: &str, description: &str) -> Bead {
        let mut bead = bead(suffix);
        (bead.title, bead.description) = (title.to_owned(), description.to_owned());
        bead
    }

    fn town() -> Vec<Bead> {
        vec![
            titled("aaaaa", "Add a login page", "A form with name and password."),
            titled("bbbbb", "Add a logout button", ""),
            titled("ccccc", "Write tests for the login page", ""),
            titled("ddddd", "Fix crash when parsing empty config files", "It panics."),
            titled("eeeee", "Document the configuration file", ""),
            titled("fffff", "Add rate limiting to the API", ""),
        ]
    }

    #[test]
    fn rewordings_are_found_and_other_work_is_not() {
        let cases = [
            ("Add login page", "", "aaaaa"),
            ("Add the login page.", "Name and password in a form", "aaaaa"),
            ("Login page", "", "aaaaa"),
            ("LOGIN PAGE: add", "", "aaaaa"),
            ("Crash when parsing empty config files", "", "ddddd"),
            ("Fix the crash of an empty config", "", "ddddd"),
            ("Rate limiting for API", "", "fffff"),
            ("Tests for login page", "", "ccccc"),
            ("Add logout page", "", ""),
            ("Add a settings page", "", ""),
            ("Add a button", "", "bbbbb"),
            ("Write tests for the logout button", "", ""),
            ("Document the API", "", ""),
            ("Rename the crate", "", ""),
            ("", "", ""),
            ("the of and", "", ""),
        ];
        let town = town();
        let words = Words::of(&town);
        for (title, description, expected) in cases {
            let found = words.like(title, description, None);
            let first = found.first().map(|similar| similar.id.suffix().to_owned()).unwrap_or_default();
            assert_eq!(first, expected, "{title}: {found:?}");
        }
    }

    #[test]
    fn the_bead_itself_closed_beads_and_epics_are_not_named() {
        let mut town = town();
        town[0].state = State::Closed(Closing { resolution: Resolution::Merged, at: crate::bead::sample::at(0) });
        town[5].kind = Kind::Epic;
        let words = Words::of(&town);
        assert_eq!(words.like("Add a login page", "", None), []);
        assert_eq!(words.like("Add rate limiting to the API", "", None), []);
        assert_eq!(words.like("Fix crash when parsing empty config files", "It panics.", Some(&id("ddddd"))), []);
    }

    #[test]
    fn common_words_are_found_by_halving() {
        assert!(COMMON.is_sorted());
    }

    #[test]
    fn the_answer_explains_itself() {
        let town = town();
        let found = Words::of(&town).like("Add login page", "", None);
        assert_eq!((found[0].measure, found[0].shared.len()), (1.0, 3));
        assert_eq!(found[0].shared.last().map(String::as_str), Some("add"), "the commonest word comes last");
    }

    #[test]
    fn pairs_are_named_once() {
        let mut town = town();
        town.push(titled("zzzzz", "Add a page for login", ""));
        let pairs = pairs(&town);
        assert_eq!(pairs.keys().collect::<Vec<_>>(), [&(id("aaaaa"), id("zzzzz"))]);
    }
}
