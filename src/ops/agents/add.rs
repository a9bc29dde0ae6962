//! `gt agent add` and `gt config agent set`: an agent of one's own.

use serde::Serialize;

use super::list::installed_one;
use crate::agent::Catalogue;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::config::{self, Scope};
use crate::ops::{OpenTown, Report};

/// What the person typed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The name.
    pub name: String,
    /// The line of sh that starts it.
    pub command: Option<String>,
    /// The agent that it builds on.
    pub from: Option<String>,
    /// Only on this machine.
    pub local: bool,
}

/// An agent that is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Its name.
    pub name: String,
    /// The file that says so.
    pub file: String,
    /// What keeps it from working here.
    pub missing: Option<String>,
}

impl Report for Added {
    const SCHEMA: &'static str = "gt.agent.add/1";
}

/// Adds an agent.
///
/// # Errors
/// When there is one of that name, what it builds on does not exist, or it breaks a rule.
pub fn add(open: &OpenTown, request: &Request) -> Outcome<Added> {
    let name = &request.name;
    if Catalogue::new(&open.settings).names().contains(&name.as_str()) {
        return Err(Failure::new(Kind::Conflict, format!("there is an agent {name:?} already"))
            .hint(format!("`gt agent show {name}` shows it; `gt config set agents.{name}.FIELD VALUE` changes it.")));
    }
    set(open, request)
}

/// Says what an agent is, new or known.
///
/// # Errors
/// When what it builds on does not exist, or it breaks a rule.
pub fn set(open: &OpenTown, request: &Request) -> Outcome<Added> {
    let name = &request.name;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Failure::new(Kind::Invalid, format!("{name:?} cannot be the name of an agent"))
            .hint("A name has small letters, digits, dashes and underscores."));
    }
    let scope = Scope { rig: None, local: request.local };
    let base = request.from.as_ref().map(|from| base_of(open, from)).transpose()?;
    let mut file = String::new();
    for (field, value) in [("base", base), ("command", request.command.clone())] {
        let Some(value) = value else { continue };
        file = config::set(open, &format!("agents.{name}.{field}"), Some(&[value]), &scope)?.file;
    }
    let catalogue = Catalogue::new(&open.town.settings()?);
    let found = installed_one(catalogue.get(name)?)?;
    let missing = match (&found.program, &found.unsigned) {
        (None, _) => Some(format!("its program is not in PATH: {}", catalogue.get(name)?.program)),
        (_, unsigned) => unsigned.clone(),
    };
    Ok(Added { name: name.clone(), file, missing })
}

/// The built-in agent of that name; one of the town's own cannot be built on.
fn base_of(open: &OpenTown, from: &str) -> Outcome<String> {
    let catalogue = Catalogue::new(&open.settings);
    catalogue.get(from)?;
    if !Catalogue::built_in().names().contains(&from) {
        return Err(Failure::new(Kind::Invalid, format!("{from} is not built in, and only those can be built on"))
            .hint(format!("Copy its fields: `gt agent show {from} --json`.")));
    }
    Ok(from.to_owned())
}
