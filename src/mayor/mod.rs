//! Turns a goal into beads: what a plan looks like, how it is read from a model's answer, and what is wrong
//! with it. Pure: who asks which model, and what becomes of the beads, is the verb's business.

mod beads;
mod check;
mod find;
mod parse;
mod schema;

pub use check::{Facts, Finding, Weight, check};
pub use parse::{Defect, Defects, parse};
pub use schema::schema;

use serde::Serialize;

use crate::bead::Kind;
use crate::id::{RigName, RoleName};

/// A goal, broken into beads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The goal in one line, for the epic and the convoy.
    pub title: String,
    /// How the beads together reach the goal; prose, may be empty.
    pub summary: String,
    /// What is to be done.
    pub beads: Vec<Draft>,
}

/// A bead before it has an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// Its name within the plan.
    pub key: String,
    /// See [`crate::bead::Bead::title`].
    pub title: String,
    /// See [`crate::bead::Bead::description`].
    pub description: String,
    /// See [`crate::bead::Bead::acceptance`].
    pub acceptance: String,
    /// See [`crate::bead::Bead::role`].
    pub role: RoleName,
    /// See [`crate::bead::Bead::kind`].
    pub kind: Kind,
    /// See [`crate::bead::Bead::priority`].
    pub priority: u8,
    /// Keys of the plan, or ids of beads that exist.
    pub needs: Vec<String>,
    /// See [`crate::bead::Bead::touches`].
    pub touches: Vec<String>,
    /// Where it is to be done; the rig of the plan when it names none.
    pub rig: Option<RigName>,
}
