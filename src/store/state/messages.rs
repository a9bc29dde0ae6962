//! Messages for agents, and what became of each.

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, named_params};
use serde::Serialize;

use super::super::StoreError;
use super::StateDb;
use crate::clock::{Timestamp, rfc3339};
use crate::id::{Actor, BeadId, SessionId};

/// What is said to whom, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewMessage {
    /// For whom.
    pub to: Actor,
    /// Of whom.
    pub from: Actor,
    /// The bead that the receiver has in hand: with another one the message has come too late.
    pub bead: Option<BeadId>,
    /// How urgent it is.
    pub mode: Mode,
    /// The text.
    pub text: String,
    /// When it was written.
    pub created: Timestamp,
}

/// A recorded message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its place in the order in which messages are delivered; grows, never reused.
    pub id: i64,
    /// What is said.
    #[serde(flatten)]
    pub what: NewMessage,
    /// What became of it.
    pub state: Delivery,
    /// Why it failed or still waits, or what proves that it was accepted.
    pub reason: Option<String>,
    /// The session that it was given to last.
    pub session: Option<SessionId>,
    /// How often it was given to one.
    pub tries: u32,
    /// When its state changed last.
    pub changed: Timestamp,
}

/// How urgent a message is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// As soon as the agent takes it, in the middle of its turn too.
    #[default]
    Steer,
    /// When its turn has ended.
    Queue,
    /// At once: its turn is interrupted.
    Interrupt,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It waits.
    Queued,
    /// It was typed or handed over, and nothing proves yet that the agent has it.
    Typed,
    /// The agent has it.
    Accepted,
    /// The agent has come to the end of the turn in which it got it.
    #[value(name = "turn_done")]
    TurnDone,
    /// It will not be delivered.
    Failed,
}

impl Delivery {
    /// Whether nothing proves yet that the agent has it, and it may still come.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Typed)
    }
}

macro_rules! words {
    ($($type:ty),*) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let value = clap::ValueEnum::to_possible_value(self).expect("none is hidden");
                f.pad(value.get_name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                <$type as clap::ValueEnum>::from_str(text, false).map_err(UnknownWord)
            }
        }
    )*};
}
words!(Mode, Delivery);

/// A word in a column that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnknownWord(String);

impl StateDb {
    /// Records a message and answers its number.
    pub fn add_message(&self, message: &NewMessage) -> Result<i64, StoreError> {
        self.for_good()?.insert_message(message).map_err(self.failed("record the message"))
    }

    /// The same for what is to be said once, however often and by however many it is asked for: the counter `due`
    /// stands for that it is yet to be said, and goes in the transaction in which the message comes. Two messages are
    /// the same when sender, receiver and text are.
    pub fn add_message_once(&self, message: &NewMessage, due: &str) -> Result<i64, StoreError> {
        self.for_good()?;
        let add = || -> rusqlite::Result<i64> {
            let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let query = "SELECT id FROM messages WHERE receiver = ?1 AND sender = ?2 AND text = ?3";
            let who = (message.to.to_string(), message.from.to_string(), &message.text);
            let known = transaction.query_row(query, who, |row| row.get(0)).optional()?;
            let id = known.map_or_else(|| self.insert_message(message), Ok)?;
            transaction.execute("DELETE FROM counters WHERE key = ?1", [due])?;
            transaction.commit().map(|()| id)
        };
        add().map_err(self.failed("record the message"))
    }

    fn insert_message(&self, message: &NewMessage) -> rusqlite::Result<i64> {
        self.connection
            .execute(
                "INSERT INTO messages (receiver, sender, bead, mode, text, state, tries, created, changed)
                 VALUES (:to, :from, :bead, :mode, :text, 'queued', 0, :at, :at)",
                named_params! {
                    ":to": message.to.to_string(),
                    ":from": message.from.to_string(),
                    ":bead": message.bead.as_ref().map(ToString::to_string),
                    ":mode": message.mode.to_string(),
                    ":text": message.text,
                    ":at": rfc3339(message.created),
                },
            )
            .map(|_| self.connection.last_insert_rowid())
    }

    /// One message.
    pub fn message(&self, id: i64) -> Result<Option<Message>, StoreError> {
        self.connection
            .query_row("SELECT * FROM messages WHERE id = ?1", [id], read_row)
            .optional()
            .map_err(self.failed("read the message"))
    }

    /// The messages that are not delivered yet and have not failed, oldest first; of one receiver or of all.
    pub fn open_messages(&self, to: Option<&Actor>) -> Result<Vec<Message>, StoreError> {
        let query =
            "SELECT * FROM messages WHERE state IN ('queued', 'typed') AND (?1 = '' OR receiver = ?1) ORDER BY id";
        self.read_messages(query, &to.map_or_else(String::new, ToString::to_string), i64::MAX)
    }

    /// The last messages of a receiver, newest first.
    pub fn messages_of(&self, to: &Actor, limit: usize) -> Result<Vec<Message>, StoreError> {
        self.read_messages(
            "SELECT * FROM messages WHERE receiver = ?1 ORDER BY id DESC LIMIT ?2",
            &to.to_string(),
            limit as i64,
        )
    }

    /// It was typed into a session, or handed over to it. Answers whether it was still to be delivered.
    pub fn message_typed(&self, id: i64, session: &SessionId, at: Timestamp) -> Result<bool, StoreError> {
        self.connection
            .execute(
                "UPDATE messages SET state = 'typed', session = ?3, tries = tries + 1, reason = NULL, changed = ?2
                 WHERE id = ?1 AND state IN ('queued', 'typed')",
                (id, rfc3339(at), session.as_str()),
            )
            .map(|changed| changed > 0)
            .map_err(self.failed("record what became of the message"))
    }

    /// The agent has it, as `proof` says. What was given to it more than once is said to have been.
    pub fn message_accepted(&self, id: i64, at: Timestamp, proof: &str) -> Result<(), StoreError> {
        self.change(
            "UPDATE messages SET state = 'accepted', changed = ?2,
             reason = ?3 || CASE WHEN tries > 1 THEN '; it was given ' || tries || ' times' ELSE '' END
             WHERE id = ?1 AND state = 'typed'",
            (id, rfc3339(at), proof),
        )
    }

    /// It will not be delivered. What was accepted stays so.
    pub fn message_failed(&self, id: i64, at: Timestamp, why: &str) -> Result<(), StoreError> {
        self.change(
            "UPDATE messages SET state = 'failed', reason = ?3, changed = ?2
             WHERE id = ?1 AND state IN ('queued', 'typed')",
            (id, rfc3339(at), why),
        )
    }

    /// It waits, again or still, and this is why.
    pub fn message_waits(&self, id: i64, at: Timestamp, why: &str) -> Result<(), StoreError> {
        self.change(
            "UPDATE messages SET state = 'queued', reason = ?3, changed = ?2
             WHERE id = ?1 AND (state = 'typed' OR state = 'queued' AND reason IS NOT ?3)",
            (id, rfc3339(at), why),
        )
    }

    /// What a session has accepted and whose turn is not known to be over, oldest first.
    pub fn accepted_messages(&self, session: &SessionId) -> Result<Vec<Message>, StoreError> {
        let query = "SELECT * FROM messages WHERE session = ?1 AND state = 'accepted' ORDER BY id";
        self.read_messages(query, session.as_str(), i64::MAX)
    }

    /// The turn of a session has ended, as `proof` says: what it had accepted is done.
    pub fn turn_done(&self, session: &SessionId, at: Timestamp, proof: &str) -> Result<(), StoreError> {
        self.change(
            "UPDATE messages SET state = 'turn_done', changed = ?2, reason = coalesce(reason || '; ', '') || ?3
             WHERE session = ?1 AND state = 'accepted'",
            (session.as_str(), rfc3339(at), proof),
        )
    }

    /// The turn in which the agent got it is over, as `proof` says.
    pub fn turn_over(&self, id: i64, at: Timestamp, proof: &str) -> Result<(), StoreError> {
        self.change(
            "UPDATE messages SET state = 'turn_done', changed = ?2, reason = coalesce(reason || '; ', '') || ?3
             WHERE id = ?1 AND state = 'accepted'",
            (id, rfc3339(at), proof),
        )
    }

    /// Something more is known of what was accepted.
    pub fn message_adds(&self, id: i64, what: &str) -> Result<(), StoreError> {
        self.change(
            "UPDATE messages SET reason = coalesce(reason || '; ', '') || ?2
             WHERE id = ?1 AND state = 'accepted' AND instr(coalesce(reason, ''), ?2) = 0",
            (id, what),
        )
    }

    /// Forgets all but the last `keep` messages that are not open.
    pub fn trim_messages(&self, keep: usize) -> Result<usize, StoreError> {
        self.connection
            .execute(
                "DELETE FROM messages WHERE state NOT IN ('queued', 'typed')
                 AND id <= (SELECT max(id) FROM messages) - ?1",
                [keep as i64],
            )
            .map_err(self.failed("trim the messages"))
    }

    fn change(&self, statement: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        self.connection.execute(statement, values).map(drop).map_err(self.failed("record what became of the message"))
    }

    fn read_messages(&self, query: &str, value: &str, limit: i64) -> Result<Vec<Message>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Message>> {
            let mut statement = self.connection.prepare_cached(query)?;
            match statement.parameter_count() {
                1 => statement.query_map([value], read_row)?.collect(),
                _ => statement.query_map((value, limit), read_row)?.collect(),
            }
        };
        read().map_err(self.failed("read the messages"))
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Message> {
    let what = NewMessage {
        to: super::parsed(row, "receiver")?,
        from: super::parsed(row, "sender")?,
        bead: super::parsed_option(row, "bead")?,
        mode: super::parsed(row, "mode")?,
        text: row.get("text")?,
        created: super::parsed(row, "created")?,
    };
    Ok(Message {
        id: row.get("id")?,
        what,
        state: super::parsed(row, "state")?,
        reason: row.get("reason")?,
        session: super::parsed_option(row, "session")?,
        tries: row.get("tries")?,
        changed: super::parsed(row, "changed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Counter;

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
    }

    fn message(text: &str) -> NewMessage {
        let (to, from) = (Actor::Mayor, Actor::Human);
        NewMessage { to, from, bead: None, mode: Mode::Queue, text: text.to_owned(), created: at(0) }
    }

    #[test]
    fn a_message_goes_forward_and_what_is_accepted_stays_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateDb::open(&folder.path().join("state.db")).expect("opened");
        let (session, other) = (SessionId::random(), SessionId::random());
        let first = state.add_message(&message("one")).expect("recorded");
        let second = state.add_message(&message("two")).expect("recorded");
        let is = |id: i64| {
            let message = state.message(id).expect("read").expect("there");
            (message.state, message.tries, message.reason)
        };
        state.message_waits(first, at(1), "it works").expect("recorded");
        assert_eq!(is(first), (Delivery::Queued, 0, Some("it works".to_owned())));
        assert!(state.message_typed(first, &session, at(2)).expect("recorded"));
        assert_eq!(is(first), (Delivery::Typed, 1, None));
        // Nothing is accepted that was not typed.
        state.message_accepted(second, at(3), "a guess").expect("recorded");
        assert_eq!(is(second).0, Delivery::Queued);
        state.message_waits(first, at(3), "again").expect("recorded");
        assert!(state.message_typed(first, &session, at(4)).expect("recorded"));
        state.message_accepted(first, at(5), "its hook").expect("recorded");
        state.message_failed(first, at(6), "too late to fail").expect("recorded");
        state.message_waits(first, at(6), "too late to wait").expect("recorded");
        assert_eq!(is(first), (Delivery::Accepted, 2, Some("its hook; it was given 2 times".to_owned())));
        state.turn_done(&other, at(7), "its hook").expect("recorded");
        assert_eq!(is(first).0, Delivery::Accepted);
        state.turn_done(&session, at(7), "the end").expect("recorded");
        assert_eq!(is(first), (Delivery::TurnDone, 2, Some("its hook; it was given 2 times; the end".to_owned())));
        let open: Vec<i64> = state.open_messages(None).expect("read").iter().map(|message| message.id).collect();
        assert_eq!(open, [second]);
        assert_eq!(state.open_messages(Some(&Actor::Human)).expect("read"), []);
        let texts: Vec<String> =
            state.messages_of(&Actor::Mayor, 9).expect("read").into_iter().map(|message| message.what.text).collect();
        assert_eq!(texts, ["two", "one"]);
        state.message_failed(second, at(8), "nobody").expect("recorded");
        assert!(!state.message_typed(second, &session, at(9)).expect("recorded"), "it has failed");
        assert_eq!(state.trim_messages(1).expect("trimmed"), 1);
        assert_eq!(state.message(first).expect("read"), None);
    }

    #[test]
    fn what_is_said_once_is_said_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.db");
        let due = || Counter { key: "due".to_owned(), value: 1, updated: at(0), expires: None };
        let state = StateDb::open(&path).expect("opened");
        state.set_counter(&due()).expect("recorded");
        // Its sender and a tick at once, each with a connection of its own.
        let ids: Vec<i64> = std::thread::scope(|scope| {
            let say = || StateDb::open(&path).and_then(|state| state.add_message_once(&message("one"), "due"));
            let all: Vec<_> = (0..8).map(|_| scope.spawn(say)).collect();
            all.into_iter().map(|one| one.join().expect("no panic").expect("recorded")).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(state.counter("due", at(1)).expect("read"), None);
        // Whoever was slow, and asks again once it is over.
        state.message_failed(ids[0], at(1), "nobody").expect("recorded");
        assert_eq!(state.add_message_once(&message("one"), "due").expect("known"), ids[0]);
        assert_ne!(state.add_message_once(&message("two"), "due").expect("recorded"), ids[0]);
        assert_eq!(state.messages_of(&Actor::Mayor, 9).expect("read").len(), 2);
    }
}
