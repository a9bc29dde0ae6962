//! `rig show`: one rig with everything that is set for it.

use std::path::PathBuf;

use serde::Serialize;

use crate::error::Outcome;
use crate::ops::{OpenTown, Report};
use crate::town::Rig;

/// A rig and where it lies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Its document.
    #[serde(flatten)]
    pub rig: Rig,
    /// The bare repository that its worktrees share.
    pub repository: PathBuf,
}

impl Report for Shown {
    const SCHEMA: &'static str = "gt.rig.show/1";
}

/// The rig `name`.
///
/// # Errors
/// When there is none, or its file is broken.
pub fn show(open: &OpenTown, name: &str) -> Outcome<Shown> {
    let rig = open.rig(name)?;
    Ok(Shown { repository: open.town.rig_repo(&rig.name), rig })
}
