//! Reading and changing settings by dotted key, so that comments and order of a file stay.

use std::fs;

use super::schema::Places;
use super::{Town, TownError};
use crate::id::RigName;

/// One of the files that hold settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// `town.toml`, a document of the ledger.
    Town,
    /// `rigs.d/NAME.toml`, a document of the ledger.
    Rig(RigName),
    /// `local.toml`, never committed.
    Local,
}

impl File {
    /// Relative to the town.
    pub fn path(&self) -> String {
        match self {
            Self::Town => Town::FILE.to_owned(),
            Self::Rig(name) => format!("{}/{name}.toml", Town::RIGS_FOLDER),
            Self::Local => Town::LOCAL_FILE.to_owned(),
        }
    }

    /// Whether the ledger keeps it.
    pub fn is_document(&self) -> bool {
        *self != Self::Local
    }

    /// Its place in the schema.
    pub fn place(&self) -> Places {
        match self {
            Self::Town => Places::town(),
            Self::Rig(_) => Places::rig(),
            Self::Local => Places::local(),
        }
    }
}

impl Town {
    /// The text of a settings file; `None` when there is none.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn read(&self, file: &File) -> Result<Option<String>, TownError> {
        let path = self.root.join(file.path());
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(TownError::io("read", path, error)),
        }
    }
}

/// A table with the one setting `key`, read from a word of the command line.
pub(super) fn one(key: &str, value: &str) -> Result<toml::Table, TownError> {
    let value: toml::Value = toml::from_str::<toml::Table>(&format!("x = {value}"))
        .ok()
        .and_then(|mut table| table.remove("x"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let (top, rest) = key.split_once('.').unwrap_or((key, ""));
    let value = rest
        .rsplit('.')
        .filter(|part| !part.is_empty())
        .fold(value, |inner, part| toml::Value::Table([(part.to_owned(), inner)].into_iter().collect()));
    Ok([(top.to_owned(), value)].into_iter().collect())
}
