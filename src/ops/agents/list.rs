//! `agent list`: which agents there are, which of them are installed, and which one works when nobody said.

use std::path::PathBuf;

use serde::Serialize;

use crate::agent::{Caller, Catalogue, Detected, Preset, choose, detect, look_for};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::{Page, Row};

/// An agent in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Listed {
    /// It could be started now.
    Usable(Agent),
    /// It is installed, and none of its credentials was found.
    SignedOut(Agent),
    /// Its program or the key that it needs is missing.
    Missing(Agent),
    /// The town's changes to it break a rule.
    Broken {
        /// Its name.
        name: String,
        /// The rule.
        reason: String,
    },
}

/// What was found of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// What was found.
    #[serde(flatten)]
    pub found: Detected,
    /// Whether it works when nothing closer names another.
    pub default: bool,
}

impl Row for Listed {
    const SCHEMA: &'static str = "gt.agent.list/1";
}

/// Every agent of `catalogue`, by preference. `set` is the one that the settings name.
///
/// # Errors
/// When the system does not say which program this is.
pub fn list(catalogue: &Catalogue, set: Option<&str>) -> Outcome<Page<Listed>> {
    let found = installed(catalogue)?;
    let choice = choose(&found);
    let chosen = if choice.undecided.is_empty() { choice.agent.as_str() } else { "" };
    let default = set.unwrap_or(chosen).to_owned();
    let known: Vec<String> = found.iter().map(|agent| agent.name.clone()).collect();
    let mut rows: Vec<Listed> = found.into_iter().map(|found| listed(found, &default)).collect();
    for name in catalogue.names() {
        if !known.iter().any(|known| known == name)
            && let Err(error) = catalogue.get(name)
        {
            rows.push(Listed::Broken { name: name.to_owned(), reason: error.to_string() });
        }
    }
    Ok(Page::complete(rows))
}

/// Looks for every agent of `catalogue` on this machine; none is started.
///
/// # Errors
/// When the system does not say which program this is.
pub fn installed(catalogue: &Catalogue) -> Outcome<Vec<Detected>> {
    Ok(detect(catalogue, &Caller::this_process(), &this_program()?))
}

/// Looks for one agent on this machine; it is not started.
///
/// # Errors
/// When the system does not say which program this is.
pub fn installed_one(preset: &Preset) -> Outcome<Detected> {
    Ok(look_for(preset, &Caller::this_process(), &this_program()?))
}

fn listed(found: Detected, default: &str) -> Listed {
    let agent = Agent { default: found.name == default, found };
    match (agent.found.usable, &agent.found.unsigned) {
        (true, None) => Listed::Usable(agent),
        (true, Some(_)) => Listed::SignedOut(agent),
        (false, _) => Listed::Missing(agent),
    }
}

fn this_program() -> Outcome<PathBuf> {
    let own = std::env::current_exe();
    own.map_err(|error| Failure::caused(Kind::External, "cannot tell which program gt is", error))
}
