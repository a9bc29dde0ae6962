//! `rig list`: every rig, the broken ones with the reason.

use serde::Serialize;

use crate::error::Outcome;
use crate::id::{Prefix, RigName};
use crate::ops::{Page, Row};
use crate::town::{Rig, Town};

/// A rig in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Listed {
    /// Its work goes on.
    Active(Facts),
    /// Set aside.
    Parked(Facts),
    /// Its file breaks a rule.
    Broken {
        /// The file.
        name: RigName,
        /// With file and line.
        reason: String,
    },
}

/// What is said of a rig in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Its name.
    pub name: RigName,
    /// The first part of its beads' ids.
    pub prefix: Prefix,
    /// Where it comes from.
    pub url: String,
    /// Where its work lands.
    pub branch: String,
    /// The names of its gates.
    pub gates: Vec<String>,
    /// How many polecats it has.
    pub polecats: usize,
}

impl Row for Listed {
    const SCHEMA: &'static str = "gt.rig.list/1";
}

/// Every rig in order of name.
///
/// # Errors
/// When the folder of the rigs cannot be read.
pub fn list(town: &Town) -> Outcome<Page<Listed>> {
    let rows = town.rig_names()?.into_iter().map(|name| match town.rig(&name) {
        Ok(rig) if rig.parked => Listed::Parked(facts(&rig)),
        Ok(rig) => Listed::Active(facts(&rig)),
        Err(error) => Listed::Broken { name, reason: error.to_string() },
    });
    Ok(Page::complete(rows.collect()))
}

fn facts(rig: &Rig) -> Facts {
    Facts {
        name: rig.name.clone(),
        prefix: rig.prefix.clone(),
        url: rig.url.clone(),
        branch: rig.branch.clone(),
        gates: rig.gates.iter().map(|gate| gate.name.clone()).collect(),
        polecats: rig.polecats().count(),
    }
}
