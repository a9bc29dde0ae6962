//! `local.toml`: the facts of this machine, never committed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Town, TownError, check, config};
use crate::id::HomeId;

/// What is true of this clone on this machine only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Local {
    /// Which clone of the town this is; claims carry it.
    pub home: HomeId,
    /// The `gt` that sessions call; none means the one that started them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gt: Option<PathBuf>,
}

impl Local {
    /// A new clone with a random identity.
    pub fn fresh() -> Self {
        Self { home: HomeId::random(), gt: None }
    }

    /// The text of a new `local.toml`.
    pub fn render(&self) -> String {
        let body = toml::to_string(self).expect("an id and a path are TOML");
        format!("# Facts of this machine. Not committed; settings here win over town.toml and rigs.d/.\n{body}")
    }
}

impl Town {
    /// The facts of this machine; `None` when there is no `local.toml` yet, as in a fresh clone.
    ///
    /// # Errors
    /// When the file cannot be read or breaks a rule.
    pub fn local(&self) -> Result<Option<Local>, TownError> {
        let Some(text) = self.read(&config::File::Local)? else { return Ok(None) };
        let table = check::table(&config::File::Local, &text)?;
        let local = Local::deserialize(table).map_err(|error| TownError::Setting {
            file: Self::LOCAL_FILE.to_owned(),
            line: 1,
            reason: error.message().to_owned(),
            nearest: None,
        })?;
        Ok(Some(local))
    }
}
