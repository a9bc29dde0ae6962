//! `gt feed`: the stream of events of this machine.

use super::{OpenTown, Page, Report, Row};
use crate::error::Outcome;
use crate::store::Event;

impl Row for Event {
    const SCHEMA: &'static str = "gt.events/1";
}

impl Report for Event {
    const SCHEMA: &'static str = "gt.event/1";
}

/// How many events are read at once while following.
const BATCH: usize = 500;

/// The last `limit` events, the oldest first; all when nothing is said.
///
/// # Errors
/// When the local state cannot be read.
pub fn feed(open: &OpenTown, limit: Option<usize>) -> Outcome<Page<Event>> {
    let state = open.state()?;
    let rows = state.last_events(limit.unwrap_or(i64::MAX as usize))?;
    let total = if limit.is_some_and(|limit| limit <= rows.len()) { state.count_events()? } else { rows.len() };
    Ok(Page { rows, total })
}

/// The events that came after the one with the id `last`, the oldest first. An empty answer means: wait.
///
/// # Errors
/// When the local state cannot be read.
pub fn since(open: &OpenTown, last: i64) -> Outcome<Vec<Event>> {
    Ok(open.state()?.events_since(last, BATCH)?)
}
