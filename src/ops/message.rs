//! Messages for agents: `gt nudge`, `gt broadcast`, and what the tick does for those that wait.
//!
//! A message is a row of the local state until its session's own process has proof that the agent has it. Here it is
//! only written down, and the session is told that it waits.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{OpenTown, Page, Report, Row, session, who};
use crate::agent::transcript::{self, Reading};
use crate::bead::Status;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, SessionId, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::runtime::{self, HookKind, Request as Asked};
use crate::store::{Delivery, Message, Mode, NewMessage, SessionRow, StateDb, StoreError};

/// The longest message, in bytes.
const LONGEST: usize = 1 << 20;

/// How many messages are kept once they are settled.
const KEPT: usize = 10_000;

/// How often it is looked at what became of a message.
const STEP: Duration = Duration::from_millis(100);

/// What is to be said to whom.
#[derive(Debug, Clone)]
pub struct Request {
    /// A worker, a bead, or `mayor`.
    pub who: String,
    /// The text.
    pub text: String,
    /// How urgent it is.
    pub mode: Mode,
    /// How long to wait for the proof that the agent has it.
    pub wait: Option<Duration>,
}

/// A message and what has become of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// Whether somebody waited for its acceptance.
    #[serde(skip)]
    pub awaited: bool,
}

impl Report for Said {
    const SCHEMA: &'static str = "gt.message/1";

    fn exit_code(&self) -> u8 {
        match self.message.state {
            Delivery::Failed => Kind::External.exit_code(),
            state if state.is_open() && self.awaited => Kind::Retryable.exit_code(),
            _ => 0,
        }
    }
}

impl Row for Said {
    const SCHEMA: &'static str = "gt.messages/1";
}

/// Says something to the agent that runs for somebody.
///
/// # Errors
/// When there is nobody of that name, nobody runs for it, or the text is empty or too long.
pub fn nudge(open: &OpenTown, request: &Request) -> Outcome<Said> {
    let text = check(&request.text)?;
    let snapshot = open.snapshot()?;
    who::check_lease(open, &snapshot)?;
    let to = receiver(open, &snapshot, &request.who)?;
    let bead = hooked(&snapshot, &to)?;
    if bead.is_none() && live(open, &to)?.is_none() {
        return Err(Failure::new(Kind::NotFound, format!("{} has no running session", short(&to)))
            .hint(format!("`gt mail send {} \"SUBJECT\"` keeps it until there is one", short(&to))));
    }
    let id = post(open, &NewMessage { bead, ..said(open, &to, request.mode, text) })?;
    settled(open, id, request.wait)
}

/// Says something to every agent that runs, or to those of a rig; whoever says it hears it not.
///
/// # Errors
/// When the text is empty or too long, or there is no such rig.
pub fn broadcast(open: &OpenTown, text: &str, rig: Option<&str>) -> Outcome<Page<Said>> {
    let text = check(text)?;
    let snapshot = open.snapshot()?;
    who::check_lease(open, &snapshot)?;
    let rig = rig.map(|name| Ok::<_, Failure>(open.town.rig(&name.parse()?)?.name)).transpose()?;
    let mut rows = Vec::new();
    for sighting in session::sightings(open)?.into_iter().filter(|sighting| sighting.observed.is_live()) {
        let to = sighting.row.worker;
        let of_rig = match (&rig, &to) {
            (Some(rig), Actor::Worker(worker)) => worker.rig == *rig,
            (Some(_), _) => false,
            (None, _) => true,
        };
        if of_rig && to != open.actor {
            let id = post(open, &NewMessage { bead: sighting.row.bead, ..said(open, &to, Mode::Queue, text) })?;
            rows.push(settled(open, id, None)?);
        }
    }
    Ok(Page::complete(rows))
}

/// The last messages for somebody, the newest first.
///
/// # Errors
/// When there is nobody of that name.
pub fn list(open: &OpenTown, who: &str, limit: usize) -> Outcome<Page<Said>> {
    let to = receiver(open, &open.snapshot()?, who)?;
    let all = open.state()?.messages_of(&to, KEPT)?;
    Ok(Page::cut(all.into_iter().map(|message| Said { message, awaited: false }).collect(), limit))
}

/// A message of whoever acts here, about no bead.
pub(super) fn said(open: &OpenTown, to: &Actor, mode: Mode, text: impl Into<String>) -> NewMessage {
    let (to, from) = (to.clone(), open.actor.clone());
    NewMessage { to, from, bead: None, mode, text: text.into(), created: open.now() }
}

/// Writes a message down and tells the session of its receiver that it waits.
///
/// # Errors
/// When it cannot be written down.
pub(super) fn post(open: &OpenTown, message: &NewMessage) -> Outcome<i64> {
    put(open, message, |state| state.add_message(message))
}

/// The same for what is said once however often this is called: the counter `due` stands for that it is yet to be said.
///
/// # Errors
/// As [`post`].
pub(super) fn post_once(open: &OpenTown, message: &NewMessage, due: &str) -> Outcome<i64> {
    put(open, message, |state| state.add_message_once(message, due))
}

fn put(open: &OpenTown, message: &NewMessage, add: impl FnOnce(&StateDb) -> Result<i64, StoreError>) -> Outcome<i64> {
    crate::env::commit_point("message.said");
    let id = add(open.state()?)?;
    crate::env::commit_point("message.queued");
    if let Some(session) = live(open, &message.to)? {
        call(open, &session);
    }
    Ok(id)
}

/// What the tick does for messages: tells sessions of what waits for them, and gives up what nobody will ever get.
///
/// # Errors
/// When the local state or the ledger cannot be read.
pub(super) fn see_to(open: &OpenTown) -> Outcome<()> {
    let state = open.state()?;
    state.trim_messages(KEPT)?;
    let waiting = state.open_messages(None)?;
    if waiting.is_empty() {
        return Ok(());
    }
    let snapshot = open.snapshot()?;
    let mut called: Vec<SessionId> = Vec::new();
    for message in waiting {
        match live(open, &message.what.to)? {
            Some(session) if called.contains(&session) => {}
            Some(session) => {
                call(open, &session);
                called.push(session);
            }
            None => without_session(open, &snapshot, &message)?,
        }
    }
    Ok(())
}

/// What was typed into a session that has ended: what it left shows whether its agent had it. The others wait again.
///
/// # Errors
/// When the local state cannot be read.
pub(super) fn settle_ended(open: &OpenTown, row: &SessionRow, reading: Option<&Reading>) -> Outcome<()> {
    let state = open.state()?;
    let mut left: Vec<_> = state.open_messages(Some(&row.worker))?;
    left.retain(|message| message.state == Delivery::Typed && message.session.as_ref() == Some(&row.id));
    if left.is_empty() {
        return Ok(());
    }
    let events = runtime::events(&session::folder(open, &row.id));
    let prompts = events.into_iter().filter(|event| event.kind == HookKind::Prompt);
    let said = prompts.filter_map(|event| Some(transcript::Said { at: event.at, text: event.text? })).collect();
    let mut hooks = Reading::default();
    hooks.said = said;
    for message in left {
        let proof = match reading {
            _ if hooks.heard(&message.what.text, message.changed) => "its prompt hook told of it",
            Some(reading) if reading.heard(&message.what.text, message.changed) => "it stands in its transcript",
            _ => continue,
        };
        state.message_accepted(message.id, open.now(), &format!("{proof}; its session ended before its turn did"))?;
    }
    Ok(())
}

/// A worker has handed in its bead: what waits to be told about that has failed. What was typed may yet be proven.
///
/// # Errors
/// When the local state cannot be read or written.
pub(super) fn hand_in(open: &OpenTown, worker: &WorkerRef, bead: &BeadId) -> Outcome<()> {
    let state = open.state()?;
    for message in state.open_messages(Some(&Actor::Worker(worker.clone())))? {
        if message.state == Delivery::Queued && message.what.bead.as_ref() == Some(bead) {
            state.message_failed(message.id, open.now(), &format!("{bead} was handed in before it was told"))?;
        }
    }
    Ok(())
}

/// A message whose receiver has no session now.
fn without_session(open: &OpenTown, snapshot: &Snapshot, message: &Message) -> Outcome<()> {
    let state = open.state()?;
    let gone = match &message.what.to {
        Actor::Worker(worker) => open.find_worker(&worker.to_string())?.is_none(),
        _ => false,
    };
    let late = message.what.bead.is_some() && hooked(snapshot, &message.what.to)? != message.what.bead;
    if gone {
        state.message_failed(message.id, open.now(), &format!("there is no {} any more", message.what.to))?;
    } else if late {
        let bead = message.what.bead.as_ref().map(ToString::to_string).unwrap_or_default();
        // Then nobody knows: it is not said that the agent never had it.
        let typed =
            if message.state == Delivery::Typed { "it was typed, and nothing shows that it was taken; " } else { "" };
        let why = format!("{typed}its session has ended, and {bead} is not in this worker's hands any more");
        state.message_failed(message.id, open.now(), &why)?;
    } else {
        let why = match message.state {
            Delivery::Typed => "it was typed into a session that ended before anything showed that it was taken",
            _ => "it has no session now",
        };
        state.message_waits(message.id, open.now(), why)?;
    }
    Ok(())
}

fn check(text: &str) -> Outcome<&str> {
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Err(Failure::new(Kind::Usage, "the message is empty"));
    }
    if text.len() > LONGEST {
        return Err(Failure::new(Kind::Invalid, format!("the message is longer than {LONGEST} bytes"))
            .hint("Put it into a file and say where that is."));
    }
    Ok(text)
}

/// Who is meant by a worker's name, a bead, or `mayor`.
pub(super) fn receiver(open: &OpenTown, snapshot: &Snapshot, who: &str) -> Outcome<Actor> {
    match who {
        "mayor" => Ok(Actor::Mayor),
        _ => Ok(Actor::Worker(open.worker(snapshot, who)?)),
    }
}

fn hooked(snapshot: &Snapshot, to: &Actor) -> Outcome<Option<BeadId>> {
    let Actor::Worker(worker) = to else { return Ok(None) };
    let query = BeadQuery::of(Status::Hooked).held_by(worker);
    Ok(snapshot.beads(&query)?.into_iter().next().map(|bead| bead.id))
}

/// The live session of somebody.
fn live(open: &OpenTown, who: &Actor) -> Outcome<Option<SessionId>> {
    let all = session::sightings(open)?;
    Ok(all.into_iter().find(|one| one.row.worker == *who && one.observed.is_live()).map(|one| one.row.id))
}

/// A session that does not answer looks by itself when it begins, and the next tick tells it again.
fn call(open: &OpenTown, session: &SessionId) {
    let _ = runtime::send(&session::folder(open, session), &Asked::Messages);
}

fn settled(open: &OpenTown, id: i64, wait: Option<Duration>) -> Outcome<Said> {
    let begun = Instant::now();
    loop {
        let found = open.state()?.message(id)?;
        let message = found.ok_or_else(|| Failure::new(Kind::Internal, format!("message {id} is gone")))?;
        let over = wait.is_none_or(|limit| begun.elapsed() >= limit);
        if over || !message.state.is_open() {
            return Ok(Said { message, awaited: wait.is_some() });
        }
        runtime::rest(STEP);
    }
}

fn short(to: &Actor) -> String {
    match to {
        Actor::Worker(worker) => worker.short(),
        other => other.to_string(),
    }
}
