//! The messages of one worker in the town's local state, as its session sees them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Handed;
use super::proof::piece;
use crate::clock::Timestamp;
use crate::env;
use crate::id::{Actor, BeadId, SessionId};
use crate::runtime::{Launch, now};
use crate::store::{Delivery, Message, StateDb, StoreError};

/// How much is handed over at once, in bytes; more only when a single message is longer.
const AT_ONCE: usize = 64 << 10;

/// The messages for the worker of a session. What cannot be recorded, as on a full disk, is recorded later and in its
/// order, and until then nothing more is said: what has been accepted must not look as if it had not.
#[derive(Debug, Clone)]
pub(in crate::runtime::exec) struct Post {
    state: PathBuf,
    worker: Actor,
    bead: Option<BeadId>,
    session: SessionId,
    unwritten: Arc<Mutex<VecDeque<Receipt>>>,
}

/// What became of messages, and when.
#[derive(Debug, Clone)]
struct Receipt {
    at: Timestamp,
    what: What,
}

/// What became of one message, by its number, or of all that were accepted.
#[derive(Debug, Clone)]
enum What {
    Accepted(i64, String),
    Failed(i64, String),
    Waits(i64, String),
    Over(i64, String),
    AllOver(&'static str),
    Adds(i64, String),
}

impl Receipt {
    fn write(&self, state: &StateDb, session: &SessionId) -> Result<(), StoreError> {
        match &self.what {
            What::Accepted(id, proof) => state.message_accepted(*id, self.at, proof),
            What::Failed(id, why) => state.message_failed(*id, self.at, why),
            What::Waits(id, why) => state.message_waits(*id, self.at, why),
            What::Over(id, why) => state.turn_over(*id, self.at, why),
            What::AllOver(why) => state.turn_done(session, self.at, why),
            What::Adds(id, why) => state.message_adds(*id, why),
        }
    }
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
            unwritten: Arc::default(),
        })
    }

    /// What waits or was not yet accepted, oldest first. What was typed into an earlier session and not accepted there
    /// waits again; what is about another bead has come too late.
    pub(super) fn open(&self) -> Option<Vec<Message>> {
        let state = self.state()?;
        if !self.catch_up(&mut self.unwritten(), &state) {
            return None;
        }
        let mut open = state.open_messages(Some(&self.worker)).ok()?;
        open.retain_mut(|message| {
            let late = message.what.bead.is_some() && self.bead.is_some() && message.what.bead != self.bead;
            if late {
                let bead = message.what.bead.as_ref().map(ToString::to_string).unwrap_or_default();
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
            length += message.what.text.len();
            if !taken.is_empty() && length > AT_ONCE {
                break;
            }
            match self.typed(message.id) {
                Some(true) => {}
                Some(false) => continue,
                None => break,
            }
            env::commit_point("message.handed");
            let text = words(&message);
            taken.push(Handed { id: message.id, piece: piece(&text), at: Instant::now() });
            texts.push(text);
        }
        ((!texts.is_empty()).then(|| texts.join("\n\n")), taken)
    }

    /// It is about to be given to the agent. Answers whether it is still to be; nothing when that could not be recorded.
    pub(super) fn typed(&self, id: i64) -> Option<bool> {
        self.state()?.message_typed(id, &self.session, now()).ok()
    }

    pub(super) fn accepted(&self, id: i64, proof: &str) {
        env::commit_point("message.proven");
        self.record(What::Accepted(id, proof.to_owned()));
    }

    pub(super) fn failed(&self, id: i64, why: &str) {
        self.record(What::Failed(id, why.to_owned()));
    }

    pub(super) fn waits(&self, id: i64, why: &str) {
        self.record(What::Waits(id, why.to_owned()));
    }

    /// What this session has accepted and whose turn is not known to be over.
    pub(super) fn accepted_here(&self) -> Option<Vec<Message>> {
        self.state()?.accepted_messages(&self.session).ok()
    }

    pub(super) fn turn_done(&self) {
        self.record(What::AllOver("its hook told of the end of the turn"));
    }

    pub(super) fn turn_over(&self, id: i64, why: &str) {
        self.record(What::Over(id, why.to_owned()));
    }

    pub(super) fn adds(&self, id: i64, why: &str) {
        self.record(What::Adds(id, why.to_owned()));
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

    fn unwritten(&self) -> MutexGuard<'_, VecDeque<Receipt>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, what: What) {
        let mut unwritten = self.unwritten();
        unwritten.push_back(Receipt { at: now(), what });
        if let Some(state) = self.state() {
            self.catch_up(&mut unwritten, &state);
        }
    }

    /// Records what is left to be; answers whether nothing is left now.
    fn catch_up(&self, unwritten: &mut VecDeque<Receipt>, state: &StateDb) -> bool {
        while let Some(receipt) = unwritten.front() {
            if receipt.write(state, &self.session).is_err() {
                return false;
            }
            unwritten.pop_front();
        }
        true
    }
}

/// A message as the agent gets it: a person's as it is, any other with its sender.
pub(super) fn words(message: &Message) -> String {
    match &message.what.from {
        Actor::Human => message.what.text.clone(),
        from => format!("From {from}: {}", message.what.text),
    }
}
