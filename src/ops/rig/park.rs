//! `rig park` and `rig unpark`: sets a rig aside, so that nothing of it is ready, and takes it up again.

use serde::Serialize;

use super::change;
use crate::error::Outcome;
use crate::id::RigName;
use crate::ops::rewrite::Entry;
use crate::ops::{OpenTown, Report};

/// A rig that was parked or taken up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// The rig.
    pub rig: RigName,
    /// Whether it is parked now.
    pub parked: bool,
    /// Whether it was not so before.
    pub changed: bool,
}

impl Report for Parked {
    const SCHEMA: &'static str = "gt.rig.park/1";
}

/// Parks the rig `name`, or takes it up again.
///
/// # Errors
/// When there is no such rig, or the ledger cannot be written.
pub fn park(open: &OpenTown, name: &str, parked: bool) -> Outcome<Parked> {
    let event = if parked { "park" } else { "unpark" };
    let rig: RigName = open.rig(name)?.name;
    let subject = format!("{event} {rig}");
    let changed = change(open, &rig, Entry { event, subject: &subject }, |rig| rig.parked = parked)?;
    Ok(Parked { rig, parked, changed })
}
