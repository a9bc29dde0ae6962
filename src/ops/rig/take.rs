//! `rig take`: what landed comes to the person's own repository.

use serde::Serialize;

use crate::error::Outcome;
use crate::git::Oid;
use crate::id::RigName;
use crate::ops::{OpenTown, Report, Talk, refinery};

/// A repository that has everything that landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The rig.
    pub rig: RigName,
    /// The repository.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// Its commit.
    pub tip: Oid,
}

impl Report for Taken {
    const SCHEMA: &'static str = "gt.rig.take/1";
}

/// Brings what landed in the rig `name` to the repository that it was taken in from.
///
/// # Errors
/// When there is no such rig, it lands at a remote, or something is in the way.
pub fn take(open: &OpenTown, name: &str, talk: &mut dyn Talk) -> Outcome<Taken> {
    let rig = open.rig(name)?;
    let tip = refinery::take(open, &rig.name, talk)?;
    Ok(Taken { rig: rig.name, repository: rig.url, branch: rig.branch, tip })
}
