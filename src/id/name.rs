//! Names that people choose: rigs, workers and roles.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidId, string_faces};

fn check_name(text: &str, what: &'static str) -> Result<(), InvalidId> {
    let fail = |reason| Err(InvalidId::new(text, what, reason));
    if text.is_empty() || text.len() > 32 {
        return fail("it has 1 to 32 characters");
    }
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return fail("it starts with a letter a-z");
    }
    if !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_') {
        return fail("it has only a-z, 0-9, dash and underscore");
    }
    Ok(())
}

/// The name of a rig: a folder under `rigs/` and a file in `rigs.d/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RigName(String);
string_faces!(RigName);

impl FromStr for RigName {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check_name(text, "a rig name")?;
        if ["mayor", "human", "hq", "all"].contains(&text) {
            return Err(InvalidId::new(text, "a rig name", "it is a word with a meaning of its own"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of a worker, such as `toast`; unique in the town and never reused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkerName(String);
string_faces!(WorkerName);

impl FromStr for WorkerName {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check_name(text, "a worker name")?;
        if ["mayor", "human", "refinery", "polecats", "crew", "witness"].contains(&text) {
            return Err(InvalidId::new(text, "a worker name", "it is a word with a meaning of its own"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The role of a bead: which template its worker reads and which pool it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleName(String);
string_faces!(RoleName);

impl RoleName {
    /// The role of a bead that names none.
    pub fn developer() -> Self {
        Self("developer".to_owned())
    }
}

impl FromStr for RoleName {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check_name(text, "a role")?;
        Ok(Self(text.to_owned()))
    }
}

/// `stem`, `stem-2`, `stem-3` ...: the names that something is called by until one is free.
pub fn numbered(stem: &str) -> impl Iterator<Item = String> {
    std::iter::once(stem.to_owned()).chain((2_u32..).map(move |number| format!("{stem}-{number}")))
}
