use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{ALPHABET, InvalidId, string_faces};

/// The name of a convoy, such as `cv-x7k2m`: a type of its own, so that no bead is taken for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConvoyId(String);
string_faces!(ConvoyId);

const PREFIX: &str = "cv-";

impl ConvoyId {
    /// A fresh random id; whether it is free is the ledger's to say.
    pub fn random() -> Self {
        Self(format!("{PREFIX}{}", nanoid::nanoid!(5, &ALPHABET)))
    }

    /// The path of its file in the ledger.
    pub fn path(&self) -> String {
        format!("convoys/{}/{}.toml", &self.0[PREFIX.len()..PREFIX.len() + 2], self.0)
    }
}

impl FromStr for ConvoyId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let suffix = text.strip_prefix(PREFIX).unwrap_or_default();
        if !(4..=12).contains(&suffix.len()) || !suffix.chars().all(|c| ALPHABET.contains(&c)) {
            let reason = "it is cv- and 4 to 12 characters 2-9 and a-z without i, l, o and u";
            return Err(InvalidId::new(text, "a convoy id", reason));
        }
        Ok(Self(text.to_owned()))
    }
}
