//! How sessions ended: a record of each, made at its end and kept in the local state, because screens, run folders and
//! programs change.

mod cause;
mod facts;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::cause::Known;
use crate::clock::{Timestamp, rfc3339};
use crate::error::Outcome;
use crate::id::SessionId;
use crate::ops::{OpenTown, message, session, transcripts};
use crate::runtime::{EndReport, ExitReason, Launch, Observed};
use crate::store::{SessionEnd, SessionRow};

pub use facts::Facts;

/// The kind of the record of an end.
const END: &str = "ending";
/// The kind of the record of a start.
const START: &str = "start";
/// How many lines of the last screen are kept.
const LINES: usize = 25;
/// How much of each, in characters.
const WIDTH: usize = 200;
/// How many earlier sessions are looked through for one that went well.
const EARLIER: usize = 20;
/// A session that lived this long without a transcript counts as one that went well, in seconds.
const LIVED: i64 = 60;

/// How a session ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ending {
    /// What it had been started with.
    pub facts: Facts,
    /// Whether it had worked.
    pub worked: bool,
    /// What it showed last.
    pub screen: Vec<String>,
    /// The last session that went well, of the same agent.
    pub good: Option<SessionId>,
    /// What differs from the start of that one.
    pub changed: Vec<String>,
    /// The most likely cause.
    pub cause: Option<String>,
    /// When the first process of the agent began.
    pub started: Option<Timestamp>,
}

impl Ending {
    /// Cause and differences, one sentence each, for people.
    pub fn sentences(&self) -> Vec<String> {
        let cause = self.cause.iter().map(|cause| format!("likely cause: {cause}"));
        let changed = self.changed.iter().map(|changed| format!("since its last good start: {changed}"));
        cause.chain(changed).collect()
    }
}

/// The record of a session; none while it lives, and for sessions of before there were any.
///
/// # Errors
/// When the local state cannot be read.
pub fn kept(open: &OpenTown, session: &SessionId) -> Outcome<Option<Ending>> {
    Ok(open.state()?.session_record(session, END)?)
}

/// Takes down what a session was started with, unless that was done.
///
/// # Errors
/// When the local state cannot be read or written.
pub(super) fn note_start(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Facts>> {
    let state = open.state()?;
    if let Some(facts) = state.session_record(&row.id, START)? {
        return Ok(Some(facts));
    }
    let Some(facts) = transcripts::with_subject(open, row, |launch, subject| Facts::of(row, launch, subject)) else {
        return Ok(None);
    };
    state.set_session_record(&row.id, START, &facts)?;
    Ok(Some(facts))
}

/// Takes down how a session ended. Best effort: the end is recorded all the same.
pub(super) fn take_down(open: &OpenTown, row: &SessionRow, report: &EndReport, end: &SessionEnd) {
    let Ok(Some(ending)) = ending(open, row, report, end) else { return };
    if let Ok(state) = open.state() {
        let _ = state.set_session_record(&row.id, END, &ending);
    }
}

fn ending(open: &OpenTown, row: &SessionRow, report: &EndReport, end: &SessionEnd) -> Outcome<Option<Ending>> {
    let facts = note_start(open, row)?.unwrap_or_default();
    let followed = transcripts::kept(open, row)?;
    let reading = followed.as_ref().map(|followed| &followed.reading);
    message::settle_ended(open, row, reading)?;
    let screen = last_screen(open, row);
    let (good, changed) = match last_good(open, row)? {
        Some((id, good)) => (Some(id), facts.differences(&good)),
        None => (None, Vec::new()),
    };
    let catalogue = transcripts::catalogue(open, row);
    let by_itself = report.exit.as_ref().is_none_or(|exit| exit.reason != ExitReason::Ended);
    let lost = report.was == Observed::Lost;
    let hung_up = report.exit.as_ref().is_some_and(|exit| exit.reason == ExitReason::HungUp);
    let cause = cause::likely(&Known {
        at: end.at,
        status: end.status,
        reason: &end.reason,
        ours: !by_itself,
        hung_up,
        reading,
        screen: &screen.join("\n"),
        preset: catalogue.get(&row.agent).ok(),
        changed: &changed,
    });
    let cause = cause.or_else(|| lost.then(|| "its own process was killed".to_owned()));
    let started = report.exit.as_ref().and_then(|exit| exit.started);
    let replies = reading.map(|reading| reading.total().replies);
    let lived = (end.at - row.created).num_seconds();
    let worked = replies.map_or(lived >= LIVED, |replies| replies > 0);
    Ok(Some(Ending { facts, worked, screen, good, changed, cause, started }))
}

/// The last session of the same agent that went well, and what that one was started with.
fn last_good(open: &OpenTown, row: &SessionRow) -> Outcome<Option<(SessionId, Facts)>> {
    let state = open.state()?;
    for earlier in state.sessions_of_agent(&row.agent, EARLIER)? {
        if earlier.id == row.id || earlier.created > row.created {
            continue;
        }
        let worked = match kept(open, &earlier.id)? {
            Some(ending) => ending.worked,
            None => transcripts::kept(open, &earlier)?.is_some_and(|followed| followed.reading.total().replies > 0),
        };
        if let (true, Some(facts)) = (worked, state.session_record(&earlier.id, START)?) {
            return Ok(Some((earlier.id, facts)));
        }
    }
    Ok(None)
}

fn last_screen(open: &OpenTown, row: &SessionRow) -> Vec<String> {
    let dir = session::folder(open, &row.id);
    let Ok(launch) = Launch::read(&dir) else { return Vec::new() };
    let shown = open.runtime(launch.runtime).and_then(|runtime| Ok(runtime.capture(&dir, LINES)?));
    let text = shown.unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    last.iter().map(|line| line.chars().filter(|c| !c.is_control()).take(WIDTH).collect()).collect()
}

/// The record as facts for people: how, why, and what it was started with.
pub fn told(row: &SessionRow, ending: &Ending) -> Vec<String> {
    let how = row.end.as_ref().map(|end| {
        let status = end.status.map(|status| format!(", status {status}")).unwrap_or_default();
        format!("it ended at {} ({}{status})", rfc3339(end.at), end.reason)
    });
    let version = ending.facts.version.as_ref().map(|version| format!("it was {} {version}", row.agent));
    how.into_iter().chain(ending.sentences()).chain(version).collect()
}
