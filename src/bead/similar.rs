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
    /// Which entries have a word.
    holders: HashMap<String, Vec<u32>>,
}

#[derive(Debug)]
struct Entry<'b> {
    bead: &'b Bead,
    title: BTreeSet<String>,
    all: BTreeSet<String>,
}

impl<'b> Words<'b> {
    /// The words of these beads; closed ones and epics are left out.
    pub fn of(beads: impl IntoIterator<Item = &'b Bead>) -> Self {
        let mut words = Self::default();
        for bead in beads.into_iter().filter(|bead| bead.status() != Status::Closed && bead.kind != super::Kind::Epic) {
            let title = tokens(&bead.title);
            let mut all = tokens(&bead.description);
            all.extend(title.iter().cloned());
            let place = u32::try_from(words.beads.len()).expect("fewer beads than 4 thousand million");
            for word in &all {
                words.holders.entry(word.clone()).or_default().push(place);
            }
            words.beads.push(Entry { bead, title, all });
        }
        words
    }

    /// The beads that are likely the same as one with this title and description, the likeliest first.
    /// `except` is the bead itself, when it is in the ledger already.
    pub fn like(&self, title: &str, description: &str, except: Option<&BeadId>) -> Vec<Similar> {
        let asked_title = tokens(title);
        let mut asked_all = tokens(description);
        let described = !asked_all.is_empty();
        asked_all.extend(asked_title.iter().cloned());
        // Without a common word in the titles no measure reaches the threshold.
        let places: BTreeSet<u32> =
            asked_title.iter().filter_map(|word| self.holders.get(word)).flatten().copied().collect();
        let mut found: Vec<Similar> = Vec::new();
        for place in places {
            let entry = &self.beads[place as usize];
            if except == Some(&entry.bead.id) {
                continue;
            }
            let by_title = self.alike(&asked_title, &entry.title);
            let both_described = described && !entry.bead.description.trim().is_empty();
            let measure =
                if both_described { 0.75 * by_title + 0.25 * self.alike(&asked_all, &entry.all) } else { by_title };
            if measure >= THRESHOLD {
                found.push(self.similar(entry, &asked_title, measure));
            }
        }
        found.sort_by(|a, b| b.measure.total_cmp(&a.measure).then_with(|| a.id.cmp(&b.id)));
        found
    }

    fn similar(&self, entry: &Entry<'_>, asked: &BTreeSet<String>, measure: f64) -> Similar {
        let mut shared: Vec<String> = asked.intersection(&entry.title).cloned().collect();
        shared.sort_by(|a, b| self.weight(b).total_cmp(&self.weight(a)));
        Similar { id: entry.bead.id.clone(), title: entry.bead.title.clone(), measure, shared }
    }

    fn alike(&self, a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
        let weight = |words: &mut dyn Iterator<Item = &String>| words.map(|word| self.weight(word)).sum::<f64>();
        let either = weight(&mut a.union(b));
        if either == 0.0 { 0.0 } else { weight(&mut a.intersection(b)) / either }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of beads are far below 2^52")]
    fn weight(&self, word: &str) -> f64 {
        let holders = self.holders.get(word).map_or(1, Vec::len);
        1.0 + (self.beads.len().max(1) as f64 / holders as f64).ln().max(0.0)
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

/// Words that say nothing about the work.
const COMMON: &[&str] = &[
    "a", "all", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "for", "from", "has", "have", "if",
    "in", "into", "is", "it", "its", "must", "not", "of", "on", "or", "our", "should", "so", "that", "the", "their",
    "then", "there", "this", "to", "we", "when", "which", "will", "with",
];

fn tokens(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).filter(|word| !COMMON.contains(&word.as_str())).collect()
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
