//! `gt agent show`: what is known about one agent.

use std::path::PathBuf;

use serde::Serialize;

use super::list::installed_one;
use crate::agent::{Caller, Catalogue, Preset, Trait, program_places};
use crate::error::Outcome;
use crate::ops::Report;

/// What is known about an agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Every file that `PATH` has for its program, in order; the first is the one that is run.
    pub places: Vec<PathBuf>,
    /// What keeps it from working here.
    pub missing: Option<String>,
    /// The preset in words.
    pub traits: Vec<Trait>,
    /// The preset as it is.
    pub preset: Preset,
}

impl Report for Shown {
    const SCHEMA: &'static str = "gt.agent.show/1";
}

/// Shows the agent `name`.
///
/// # Errors
/// When there is none, or the town's changes to it break a rule.
pub fn show(catalogue: &Catalogue, name: &str) -> Outcome<Shown> {
    let preset = catalogue.get(name)?;
    let found = installed_one(preset)?;
    let missing = match (&found.program, &found.unsigned) {
        (None, _) if preset.command.is_none() => Some(format!("the program: {}", preset.install)),
        (_, Some(unsigned)) => Some(unsigned.clone()),
        _ => None,
    };
    let places = program_places(&preset.program, &Caller::this_process());
    let places = if places.is_empty() { found.program.into_iter().collect() } else { places };
    Ok(Shown { places, missing, traits: preset.traits(), preset: preset.clone() })
}
