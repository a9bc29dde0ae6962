//! Whether a worker goes on in the conversation that it had about a bead, and what it is told then.
//!
//! Looked at anew for each start, from the recorded sessions alone: a start that was killed comes to the same answer.

use std::time::Duration;

use super::prime::Assignment;
use super::{OpenTown, prime, transcripts};
use crate::agent::prompt::{PrimeContext, Prompts};
use crate::agent::{Begin, Catalogue};
use crate::bead::Attempt;
use crate::clock::{rfc3339, since};
use crate::error::Outcome;
use crate::id::{Actor, BeadId, Lease, SessionId};
use crate::ledger::Snapshot;
use crate::store::{SessionEnd, SessionRow};

/// How many sessions of a worker are looked through for those about one bead.
const SESSIONS: usize = 50;
/// An agent that ends with an error within this time has not got to its conversation.
const REFUSED: Duration = Duration::from_secs(30);
/// An agent that ends within this time, however it ends, has done nothing.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How the session of a hooking begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The earlier session whose conversation goes on.
    earlier: Option<SessionRow>,
    /// The first thing that its agent is told.
    pub prompt: String,
}

impl Beginning {
    /// The same for the plan of the launch.
    pub fn begin(&self) -> Begin<'_> {
        let conversation = self.earlier.as_ref().and_then(|row| row.with.conversation.as_deref());
        conversation.map_or(Begin::New, Begin::Resume)
    }

    /// The session that it goes on from.
    pub fn resumes(&self) -> Option<SessionId> {
        self.earlier.as_ref().map(|row| row.id.clone())
    }
}

/// How the session of this assignment, under this lease and with this agent, begins.
///
/// # Errors
/// When the ledger or the local state cannot be read, or a template is broken.
pub(super) fn beginning(
    open: &OpenTown,
    snapshot: &Snapshot,
    assignment: &Assignment<'_>,
    lease: &Lease,
    agent: &str,
) -> Outcome<Beginning> {
    let mut context = prime::context(open, snapshot, assignment)?;
    let prompts = Prompts::of(open.town.templates_dir());
    let Some(row) = resumable(open, assignment, lease, agent)? else {
        return Ok(Beginning { earlier: None, prompt: prompts.first(&context)? });
    };
    only_new_notes(&mut context, &row);
    let again = row.lease.as_ref() != Some(lease);
    let happened = if again { taken_meanwhile(assignment.bead.attempts.last()) } else { broke_off(row.end.as_ref()) };
    let prompt = prompts.resume(&context, &happened, again)?;
    Ok(Beginning { earlier: Some(row), prompt })
}

/// From now on the worker of this bead begins anew, until a session of it has begun: somebody asked for that.
///
/// # Errors
/// When the local state cannot be written.
pub(super) fn begin_fresh(open: &OpenTown, bead: &BeadId) -> Outcome<()> {
    open.state()?.count(&fresh_key(bead), open.now(), None)?;
    Ok(())
}

/// A session of this bead was recorded: what was asked of it is done.
///
/// # Errors
/// When the local state cannot be written.
pub(super) fn has_begun(open: &OpenTown, bead: &BeadId) -> Outcome<()> {
    open.state()?.reset_counter(&fresh_key(bead))?;
    Ok(())
}

fn fresh_key(bead: &BeadId) -> String {
    format!("fresh:{bead}")
}

fn resumable(open: &OpenTown, assignment: &Assignment<'_>, lease: &Lease, agent: &str) -> Outcome<Option<SessionRow>> {
    let Assignment { bead, worker, settings, .. } = *assignment;
    let state = open.state()?;
    if Catalogue::new(settings).get(agent)?.resume_form().is_none() {
        return Ok(None);
    }
    if state.counter(&fresh_key(&bead.id), open.now())?.is_some() {
        return Ok(None);
    }
    let mut rows = state.sessions_of_worker(&Actor::Worker(worker.clone()), SESSIONS)?;
    rows.retain(|row| row.bead.as_ref() == Some(&bead.id));
    let Some(row) = choose(&rows, lease, agent) else { return Ok(None) };
    let full = transcripts::kept(open, row)?.is_some_and(|kept| kept.reading.exhausted.is_some());
    Ok((!full).then(|| row.clone()))
}

/// The session whose conversation goes on, out of those that a worker had about one bead, newest first: the last one,
/// unless it never got anywhere, or going on with its conversation was tried in this hooking already.
fn choose<'r>(rows: &'r [SessionRow], lease: &Lease, agent: &str) -> Option<&'r SessionRow> {
    let began: Vec<&SessionRow> = rows.iter().filter(|row| !ended_as(row, "not started")).collect();
    let (last, before) = began.split_first()?;
    let conversation = last.with.conversation.as_ref()?;
    let of_this_hooking = last.lease.as_ref() == Some(lease);
    let resumed = before.iter().any(|row| row.with.conversation.as_ref() == Some(conversation));
    // What was lost with the machine or a kill says nothing about the conversation.
    let worn = resumed && !ended_as(last, "lost");
    let fits = last.agent == agent && !(of_this_hooking && (worn || got_nowhere(last)));
    fits.then_some(*last)
}

/// Whether a session was to go on with a conversation and could not: it ended by itself before it got anywhere. Once in
/// a hooking: it is not tried twice, and an agent that gives each conversation the same id would be excused for ever.
///
/// # Errors
/// When the local state cannot be read.
pub(super) fn was_refused(open: &OpenTown, row: &SessionRow) -> Outcome<bool> {
    if !got_nowhere(row) {
        return Ok(false);
    }
    let others = same_conversation(open, row)?;
    let excused = others.iter().any(|other| other.lease == row.lease && got_nowhere(other));
    Ok(!others.is_empty() && !excused)
}

/// Whether a session goes on with the conversation of another one.
///
/// # Errors
/// When the local state cannot be read.
pub(super) fn goes_on(open: &OpenTown, row: &SessionRow) -> Outcome<bool> {
    Ok(!same_conversation(open, row)?.is_empty())
}

/// The other sessions of the worker whose agents gave their conversation the same id.
fn same_conversation(open: &OpenTown, row: &SessionRow) -> Outcome<Vec<SessionRow>> {
    if row.with.conversation.is_none() {
        return Ok(Vec::new());
    }
    let mut rows = open.state()?.sessions_of_worker(&row.worker, SESSIONS)?;
    rows.retain(|other| other.id != row.id && other.with.conversation == row.with.conversation);
    Ok(rows)
}

fn got_nowhere(row: &SessionRow) -> bool {
    let Some(end) = row.end.as_ref().filter(|end| end.reason == "exited") else { return false };
    let lasted = since(end.at, row.created);
    lasted < AT_ONCE || (lasted < REFUSED && end.status != Some(0))
}

fn ended_as(row: &SessionRow, reason: &str) -> bool {
    row.end.as_ref().is_some_and(|end| end.reason == reason)
}

/// What was noted before the session began stands in its conversation, and so does what its worker noted.
fn only_new_notes(context: &mut PrimeContext, row: &SessionRow) {
    let (began, own) = (rfc3339(row.created), row.worker.to_string());
    context.notes.retain(|note| note.at >= began && note.by != own);
}

/// Why a session of the same hooking goes on.
fn broke_off(end: Option<&SessionEnd>) -> String {
    let how = match end.map(|end| (end.reason.as_str(), end.status)) {
        Some(("lost", _)) | None => "it was killed, or the machine was started anew".to_owned(),
        Some(("exited", Some(status))) => format!("your program ended with status {status}"),
        Some(("restarted", _)) => "it made no progress any more and was ended".to_owned(),
        Some((reason, _)) => reason.to_owned(),
    };
    format!("your last session ended before you had run `gt done`: {how}.")
}

/// Why a bead comes back to whoever had it.
fn taken_meanwhile(last: Option<&Attempt>) -> String {
    use crate::bead::AttemptOutcome::{Bounced, Ended, Interrupted, Released, Reopened};
    match last.map(|last| last.outcome) {
        Some(Bounced) => "what you handed in did not land: it was sent back to you.",
        Some(Reopened) => "the bead was reopened, and it is yours again.",
        Some(Released) => "the bead was taken back, and it is yours again now.",
        Some(Ended | Interrupted) | None => "your last attempt came to no end, and the bead is yours again.",
    }
    .to_owned()
}
