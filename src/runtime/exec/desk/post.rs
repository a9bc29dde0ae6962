//! The messages of one worker in the town's local state, as its session sees them.

use std::path::PathBuf;
use std::time::Instant;

use super::Handed;
use super::proof::piece;
use crate::env;
use crate::id::{Actor, BeadId, SessionId};
use crate::runtime::{Launch, now};
use crate::store::{Delivery, Message, StateDb};

/// How much is handed over at once, in bytes; more only when a single message is longer.
const AT_ONCE: usize = 64 << 10;

/// The messages for the worker of a session. What cannot be recorded is tried again: nothing here fails.
#[derive(Debug, Clone)]
pub(in crate::runtime::exec) struct Post {
    state: PathBuf,
    worker: Actor,
    bead: Option<BeadId>,
    session: SessionId,
}

impl Post {
    /// That of a launch; none for a session that belongs to no town or to nobody.
    pub(super) fn of(launch: &Launch) -> Option<Self> {
        let told = |name: &str| launch.env.get(name);
        Some(Self {
            state: launch.state.clone()?,
            worker: told(env::WORKER)?.parse().ok()?,
            bead: told(env::BEAD).and_then(|bead| bead.parse().ok()),
            session: launch.session.clone(),
        })
    }

    /// What waits or was not yet accepted, oldest first. What was typed into an earlier session and not accepted there
    /// waits again; what is about another bead has come too late.
    pub(super) fn open(&self) -> Option<Vec<Message>> {
        let state = self.state()?;
        let mut open = state.open_messages(Some(&self.worker)).ok()?;
        open.retain_mut(|message| {
            let late = message.bead.is_some() && self.bead.is_some() && message.bead != self.bead;
            if late {
                let bead = message.bead.as_ref().map(ToString::to_string).unwrap_or_default();
                let _ =
                    state.message_failed(message.id, now(), &format!("{bead} is not in this worker's hands any more"));
            } else if message.state == Delivery::Typed && message.session.as_ref() != Some(&self.session) {
                let why = "the session that it was typed into ended before it was accepted";
                let _ = state.message_waits(message.id, now(), why);
                message.state = Delivery::Queued;
            }
            !late
        });
        Some(open)
    }

    /// Takes what waits, for a hook whose agent goes on with it instead of stopping: the text, and the messages in it.
    pub(super) fn hand_over(&self) -> (Option<String>, Vec<Handed>) {
        let open = self.open().unwrap_or_default();
        let (mut texts, mut taken, mut length) = (Vec::new(), Vec::new(), 0);
        for message in open.into_iter().filter(|message| message.state == Delivery::Queued) {
            length += message.text.len();
            if !taken.is_empty() && length > AT_ONCE {
                break;
            }
            self.typed(message.id);
            env::commit_point("message.handed");
            let text = words(&message);
            taken.push(Handed { id: message.id, piece: piece(&text), at: Instant::now() });
            texts.push(text);
        }
        ((!texts.is_empty()).then(|| texts.join("\n\n")), taken)
    }

    pub(super) fn typed(&self, id: i64) {
        self.with(|state| state.message_typed(id, &self.session, now()));
    }

    pub(super) fn accepted(&self, id: i64, proof: &str) {
        env::commit_point("message.proven");
        self.with(|state| state.message_accepted(id, now(), proof));
    }

    pub(super) fn failed(&self, id: i64, why: &str) {
        self.with(|state| state.message_failed(id, now(), why));
    }

    pub(super) fn waits(&self, id: i64, why: &str) {
        self.with(|state| state.message_waits(id, now(), why));
    }

    /// What this session has accepted and whose turn is not known to be over.
    pub(super) fn accepted_here(&self) -> Option<Vec<Message>> {
        self.state()?.accepted_messages(&self.session).ok()
    }

    pub(super) fn turn_done(&self) {
        self.with(|state| state.turn_done(&self.session, now(), "its hook told of the end of the turn"));
    }

    pub(super) fn turn_over(&self, id: i64, why: &str) {
        self.with(|state| state.turn_over(id, now(), why));
    }

    pub(super) fn adds(&self, id: i64, why: &str) {
        self.with(|state| state.message_adds(id, why));
    }

    /// The session ends, and with it the turns in it.
    pub(super) fn leaves(&self) {
        for message in self.accepted_here().unwrap_or_default() {
            self.adds(message.id, "its session ended before its turn did");
        }
    }

    fn state(&self) -> Option<StateDb> {
        StateDb::open(&self.state).ok()
    }

    fn with<T, E>(&self, change: impl FnOnce(&StateDb) -> Result<T, E>) {
        if let Some(state) = self.state() {
            let _ = change(&state);
        }
    }
}

/// A message as the agent gets it: a person's as it is, any other with its sender.
pub(super) fn words(message: &Message) -> String {
    match &message.from {
        Actor::Human => message.text.clone(),
        from => format!("From {from}: {}", message.text),
    }
}
