//! Bead ids: `prefix-suffix`, where the suffix comes from an alphabet without look-alikes.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidId, string_faces};

/// Letters and digits of a suffix: lower case, without `0 1 i l o u`.
pub const ALPHABET: [char; 30] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r',
    's', 't', 'v', 'w', 'x', 'y', 'z',
];

/// How many characters a new suffix has when a prefix already has `existing` beads.
pub fn suffix_length(existing: usize) -> usize {
    match existing {
        0..=500 => 5,
        501..=3_000 => 6,
        _ => 7,
    }
}

/// The first part of a bead id: `[a-z][a-z0-9]{1,7}`, unique in the town, fixed for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);
string_faces!(Prefix);

impl Prefix {
    /// The prefix of the town's own beads.
    pub fn town() -> Self {
        Self("hq".to_owned())
    }
}

impl FromStr for Prefix {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fail = |reason| Err(InvalidId::new(text, "a bead prefix", reason));
        if !(2..=8).contains(&text.len()) {
            return fail("it has 2 to 8 characters");
        }
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            return fail("it starts with a letter a-z");
        }
        if !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
            return fail("it has only a-z and 0-9");
        }
        Ok(Self(text.to_owned()))
    }
}

/// The id of a bead, such as `web-x7k2m`. Never reused, and its file's path follows from it alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BeadId(String);
string_faces!(BeadId);

impl BeadId {
    /// Joins a prefix and a suffix that [`crate::id::ALPHABET`] made.
    ///
    /// # Errors
    /// When the suffix breaks the rules of [`BeadId::from_str`].
    pub fn new(prefix: &Prefix, suffix: &str) -> Result<Self, InvalidId> {
        format!("{prefix}-{suffix}").parse()
    }

    /// A random id with a suffix of `length` characters; whether it is free is the ledger's to say.
    pub fn random(prefix: &Prefix, length: usize) -> Self {
        loop {
            let suffix = nanoid::nanoid!(length, &ALPHABET);
            if let Ok(id) = Self::new(prefix, &suffix) {
                return id;
            }
        }
    }

    /// The part before the dash.
    pub fn prefix(&self) -> Prefix {
        Prefix(self.split().0.to_owned())
    }

    /// The part after the dash.
    pub fn suffix(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        self.0.split_once('-').expect("a parsed bead id has a dash")
    }

    /// The path of the bead's file in the ledger: `beads/<prefix>/<first two of the suffix>/<id>.toml`.
    pub fn path(&self) -> String {
        let (prefix, suffix) = self.split();
        format!("beads/{prefix}/{}/{}.toml", &suffix[..2], self.0)
    }

    /// Whether `text` has the shape of an id, so that a miss is an error and not free text.
    pub fn looks_like(text: &str) -> bool {
        text.parse::<Self>().is_ok()
    }
}

impl FromStr for BeadId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fail = |reason| Err(InvalidId::new(text, "a bead id", reason));
        let Some((prefix, suffix)) = text.split_once('-') else {
            return fail("it has the form prefix-suffix");
        };
        if prefix.parse::<Prefix>().is_err() {
            return fail("its prefix has 2 to 8 characters a-z and 0-9 and starts with a letter");
        }
        if !(4..=12).contains(&suffix.len()) {
            return fail("its suffix has 4 to 12 characters");
        }
        if suffix.starts_with(|c: char| c.is_ascii_digit()) {
            return fail("its suffix does not start with a digit");
        }
        if !suffix.chars().all(|c| ALPHABET.contains(&c)) {
            return fail("its suffix has only 2-9 and a-z without i, l, o and u");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_follows_from_the_id() {
        let id: BeadId = "web-x7k2m".parse().expect("valid");
        assert_eq!(id.path(), "beads/web/x7/web-x7k2m.toml");
        assert_eq!((id.prefix().as_str(), id.suffix()), ("web", "x7k2m"));
    }

    #[test]
    fn words_and_paths_are_not_ids() {
        for text in
            ["add login", "web", "web-", "web-7abcd", "Web-x7k2m", "web-x7k2l", "../../etc", "fix-ui", "w-abcde"]
        {
            assert!(!BeadId::looks_like(text), "{text}");
        }
    }

    #[test]
    fn random_ids_parse_and_never_start_with_a_digit() {
        let prefix: Prefix = "web".parse().expect("valid");
        for _ in 0..500 {
            let id = BeadId::random(&prefix, 5);
            assert_eq!(id.as_str().parse::<BeadId>(), Ok(id.clone()));
            assert!(id.suffix().starts_with(|c: char| c.is_ascii_lowercase()));
        }
    }
}
