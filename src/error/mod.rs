//! Failures as a person and a program see them: a kind, a message, hints, an exit code.
//!
//! Each room has its own error enum; verbs lift those to a [`Failure`]. The kind alone picks the exit
//! code and, for the gateway, the HTTP status.

use std::fmt;

use serde::{Serialize, Serializer};

/// The class of a failure. The numbers are documented in `docs/reference/exit-codes.md` and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Wrong arguments.
    Usage,
    /// The named thing does not exist.
    NotFound,
    /// The name fits several things.
    Ambiguous,
    /// A value or a file breaks a rule.
    Invalid,
    /// Somebody else was first: already claimed, already exists, lease no longer valid.
    Conflict,
    /// A guard refused: uncommitted work, a parked rig, a full pool.
    Refused,
    /// Trying again later may help: a lock, a lost race, a rate limit.
    Retryable,
    /// Another program or the network failed: git, tmux, an agent, an endpoint.
    External,
    /// Something on disk is not as gt left it.
    Corrupt,
    /// A defect of gt.
    Internal,
}

impl Kind {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Self; 10] = [
        Self::Usage,
        Self::NotFound,
        Self::Ambiguous,
        Self::Invalid,
        Self::Conflict,
        Self::Refused,
        Self::Retryable,
        Self::External,
        Self::Corrupt,
        Self::Internal,
    ];

    /// When it is said, one sentence for the documents.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Usage => "Wrong arguments, or a question that nobody was there to answer.",
            Self::NotFound => "The named thing does not exist.",
            Self::Ambiguous => "The name fits several things.",
            Self::Invalid => "A value or a file breaks a rule.",
            Self::Conflict => "Somebody else was first: already claimed, already exists, lease no longer valid.",
            Self::Refused => "A guard refused: uncommitted work, a parked rig, a full pool.",
            Self::Retryable => "Trying again later may help: a lock, a lost race, a rate limit.",
            Self::External => "Another program or the network failed: git, tmux, an agent, an endpoint.",
            Self::Corrupt => "Something on disk is not as `gt` left it.",
            Self::Internal => "A defect of `gt`.",
        }
    }

    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Ambiguous => 4,
            Self::Invalid => 5,
            Self::Conflict => 6,
            Self::Refused => 7,
            Self::Retryable => 8,
            Self::External => 9,
            Self::Corrupt => 10,
            Self::Internal => 11,
        }
    }
}

/// What a verb says when it did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// Its class.
    pub kind: Kind,
    /// The thing and the reason, one sentence without a full stop.
    pub message: String,
    /// What to do next, one sentence each; never a destructive command.
    pub hints: Vec<String>,
    /// What caused it.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What verbs return.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure of `kind`, without hints.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// A failure of `kind` that `source` explains; its text becomes part of the message.
    pub fn caused(
        kind: Kind,
        message: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: Some(Box::new(source)) }
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether trying again, unchanged, may help.
    pub fn retryable(&self) -> bool {
        self.kind == Kind::Retryable
    }

    /// The message with its causes, joined by `: `.
    pub fn full_message(&self) -> String {
        let mut text = self.message.clone();
        let mut cause = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full_message())
    }
}

impl std::error::Error for Failure {}

impl From<crate::id::InvalidId> for Failure {
    fn from(error: crate::id::InvalidId) -> Self {
        Self::new(Kind::Invalid, error.to_string())
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut state = serializer.serialize_struct("Failure", 4)?;
        state.serialize_field("kind", &self.kind)?;
        state.serialize_field("message", &self.full_message())?;
        state.serialize_field("hints", &self.hints)?;
        state.serialize_field("retryable", &self.retryable())?;
        state.end()
    }
}
