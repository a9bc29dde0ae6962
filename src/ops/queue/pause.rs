//! `gt queue pause` and `gt queue resume`: a person stops the merge queue of a rig, and lets it go on.

use serde::Serialize;

use crate::error::{Failure, Kind, Outcome};
use crate::id::RigName;
use crate::ops::rewrite::Entry;
use crate::ops::unsling::by_somebody_in_charge;
use crate::ops::{OpenTown, Report, pass, rig};

/// The reason where a person gave none.
const NO_REASON: &str = "a person asked for it";

/// A queue that was paused or goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paused {
    /// The rig.
    pub rig: RigName,
    /// Why it stands still now; none when it goes on.
    pub paused: Option<String>,
    /// Whether it was not so before.
    pub changed: bool,
}

impl Report for Paused {
    const SCHEMA: &'static str = "gt.queue.pause/1";
}

/// Stops the merge queue of the rig `name`, with the reason that is shown until it goes on. A gate that runs now is
/// not stopped; nothing lands after it.
///
/// # Errors
/// When there is no such rig, or the ledger cannot be written.
pub fn pause(open: &OpenTown, name: &str, reason: &str) -> Outcome<Paused> {
    let reason = reason.trim();
    if reason.lines().count() > 1 {
        return Err(Failure::new(Kind::Usage, "the reason is one line"));
    }
    let reason = if reason.is_empty() { NO_REASON } else { reason };
    let (rig, changed) = set(open, name, "pause", Some(reason))?;
    Ok(Paused { rig, paused: Some(reason.to_owned()), changed })
}

/// Lets the merge queue of the rig `name` go on.
///
/// # Errors
/// As [`pause`].
pub fn resume(open: &OpenTown, name: &str) -> Outcome<Paused> {
    let (rig, changed) = set(open, name, "resume", None)?;
    pass::request(open);
    Ok(Paused { rig, paused: None, changed })
}

fn set(open: &OpenTown, name: &str, event: &str, reason: Option<&str>) -> Outcome<(RigName, bool)> {
    by_somebody_in_charge(open)?;
    let name = open.rig(name)?.name;
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let subject = format!("{event} the queue of {name}{why}");
    let changed =
        rig::change(open, &name, Entry { event, subject: &subject }, |rig| rig.paused = reason.map(str::to_owned))?;
    if changed {
        open.event("queue.changed", &open.actor, None, Some(&name), subject.clone());
    }
    Ok((name, changed))
}
