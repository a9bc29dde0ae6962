//! From what a person typed to the bead that was meant.

use crate::id::BeadId;

/// What a typed beginning of an id leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// To one bead.
    One(BeadId),
    /// To several, in the order of their ids.
    Ambiguous(Vec<Candidate>),
    /// To none; the nearest id, if one is near.
    Unknown {
        /// What was most likely meant.
        nearest: Option<Candidate>,
    },
}

/// A bead that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The bead.
    pub id: BeadId,
    /// Its title.
    pub title: String,
}

/// Finds the bead that `typed` begins, with or without the prefix, in upper or lower case. The whole id, or the
/// whole suffix, wins over longer ones that begin with it.
pub fn find<'b>(typed: &str, beads: impl IntoIterator<Item = (&'b BeadId, &'b str)>) -> Found {
    let typed = typed.trim().to_lowercase();
    let candidate = |(id, title): &(&BeadId, &str)| Candidate { id: (*id).clone(), title: (*title).to_owned() };
    let mut begun = Vec::new();
    let mut whole = Vec::new();
    let mut nearest: Option<(usize, (&BeadId, &str))> = None;
    for bead in beads {
        let id = bead.0;
        if id.as_str() == typed {
            return Found::One(id.clone());
        }
        if id.suffix() == typed {
            whole.push(bead);
        }
        if !typed.is_empty() && (id.as_str().starts_with(&typed) || id.suffix().starts_with(&typed)) {
            begun.push(bead);
        }
        let distance = distance(&typed, id);
        if nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, bead));
        }
    }
    let matches = if whole.is_empty() { begun } else { whole };
    match matches.as_slice() {
        [] => {
            let near = nearest.filter(|(distance, _)| *distance <= NEAR);
            Found::Unknown { nearest: near.map(|(_, bead)| candidate(&bead)) }
        }
        [(id, _)] => Found::One((*id).clone()),
        several => {
            let mut several: Vec<Candidate> = several.iter().map(candidate).collect();
            several.sort();
            Found::Ambiguous(several)
        }
    }
}

/// The most edits between what was typed and an id that is offered instead.
const NEAR: usize = 2;

fn distance(typed: &str, id: &BeadId) -> usize {
    // Most ids differ in length or prefix; only what could be near is measured.
    let near = |text: &str| text.len().abs_diff(typed.len()) <= NEAR;
    let measure = |text: &str| if near(text) { strsim::osa_distance(typed, text) } else { usize::MAX };
    if typed.contains('-') { measure(id.as_str()) } else { measure(id.suffix()).min(measure(id.as_str())) }
}

/// The known word that `text` was most likely meant to be, if one is near enough: at most one edit for
/// every three characters, and at least one.
pub fn nearest<'w>(text: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (text.chars().count() / 3).max(1);
    let measured = known.into_iter().map(|word| (strsim::osa_distance(text, word), word));
    measured.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(typed: &str) -> String {
        let ids: Vec<BeadId> = ["web-x7k2m", "web-x7k2z", "web-x7k2mm", "api-x7k2z", "api-abcde", "web-web22"]
            .map(|id| id.parse().expect("valid"))
            .into();
        match find(typed, ids.iter().map(|id| (id, "Title"))) {
            Found::One(id) => id.to_string(),
            Found::Ambiguous(several) => several.iter().map(|one| one.id.to_string()).collect::<Vec<_>>().join(" "),
            Found::Unknown { nearest } => format!("? {}", nearest.map(|one| one.id.to_string()).unwrap_or_default()),
        }
    }

    #[test]
    fn any_unique_beginning_finds_its_bead() {
        let cases = [
            ("web-x7k2m", "web-x7k2m"),
            ("x7k2m", "web-x7k2m"),
            ("x7k2mm", "web-x7k2mm"),
            ("WEB-X7K2Z", "web-x7k2z"),
            (" abc ", "api-abcde"),
            ("api-a", "api-abcde"),
            ("x7k2z", "api-x7k2z web-x7k2z"),
            ("web-x", "web-x7k2m web-x7k2mm web-x7k2z"),
            ("web-web", "web-web22"),
            ("a", "api-abcde api-x7k2z"),
            ("api-abdce", "? api-abcde"),
            ("abcdf", "? api-abcde"),
            ("nothing", "? "),
            ("", "? "),
        ];
        for (typed, expected) in cases {
            assert_eq!(look(typed), expected, "{typed}");
        }
    }

    #[test]
    fn nearest_words_are_near() {
        let known = ["open", "hooked", "submitted"];
        assert_eq!(nearest("hoked", known), Some("hooked"));
        assert_eq!(nearest("opne", known), Some("open"));
        assert_eq!(nearest("zzzz", known), None);
    }
}
