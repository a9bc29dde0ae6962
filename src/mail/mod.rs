//! Mail: durable messages between people, workers and the mayor, and problems on their way up.
//!
//! A letter is stored and read here; how a running session learns of one is the runtime's business, and
//! who hears of a problem next is [`crate::escalation`]'s.

mod file;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::bead::file::unknown_keys;
use crate::clock::Timestamp;
use crate::id::{ALPHABET, Actor, BeadId, InvalidId, string_faces};

/// One message. Its file is `mail/<receiver>/<id>.toml`, such as `mail/web/polecats/toast/ml-x7k2mq4t.toml`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Letter {
    /// Its name for ever.
    pub id: MailId,
    /// Who wrote it.
    pub from: Actor,
    /// In whose mailbox it lies.
    pub to: Actor,
    /// One line.
    pub subject: String,
    /// The message; prose.
    pub body: String,
    /// The bead that it is about.
    pub bead: Option<BeadId>,
    /// A message, or a problem on its way up.
    #[serde(flatten)]
    pub kind: Kind,
    /// When it was written.
    pub created: Timestamp,
    /// When its receiver read it.
    pub read: Option<Timestamp>,
    /// When its receiver said that something is being done about it.
    pub acknowledged: Option<Timestamp>,
    /// When it was put out of the inbox.
    pub archived: Option<Timestamp>,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "unknown_keys")]
    pub extra: toml::Table,
}

/// What a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Something to read.
    Message,
    /// A problem on its way up; somebody must act.
    Escalation {
        /// How bad it is.
        severity: Severity,
    },
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Work goes on; somebody should know.
    Low,
    /// One bead stands still.
    Medium,
    /// Several beads or a rig stand still.
    High,
    /// Work may be lost, or the target is broken.
    Critical,
}

/// The name of a letter, such as `ml-x7k2mq4t`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailId(String);
string_faces!(MailId);

const PREFIX: &str = "ml-";

impl MailId {
    /// A fresh random id.
    pub fn random() -> Self {
        Self(format!("{PREFIX}{}", nanoid::nanoid!(8, &ALPHABET)))
    }
}

impl FromStr for MailId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let suffix = text.strip_prefix(PREFIX).unwrap_or_default();
        if !(6..=12).contains(&suffix.len()) || !suffix.chars().all(|c| ALPHABET.contains(&c)) {
            let reason = "it is ml- and 6 to 12 characters 2-9 and a-z without i, l, o and u";
            return Err(InvalidId::new(text, "a mail id", reason));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Letter {
    /// An unread message.
    pub fn new(id: MailId, from: Actor, to: Actor, subject: impl Into<String>, created: Timestamp) -> Self {
        Self {
            id,
            from,
            to,
            subject: subject.into(),
            body: String::new(),
            bead: None,
            kind: Kind::Message,
            created,
            read: None,
            acknowledged: None,
            archived: None,
            extra: toml::Table::new(),
        }
    }

    /// Whether it is a problem that nobody has acknowledged.
    pub fn is_open_escalation(&self) -> bool {
        matches!(self.kind, Kind::Escalation { .. }) && self.acknowledged.is_none()
    }
}

/// The folder of an actor's mail in the ledger.
pub fn mailbox(of: &Actor) -> String {
    format!("mail/{of}")
}
