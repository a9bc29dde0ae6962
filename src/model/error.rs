//! Why there is no reply.

use std::path::PathBuf;

use crate::clock::{Timestamp, rfc3339};
use crate::error::{Failure, Kind};

/// Why a model cannot be asked or did not answer. No variant ever holds a key.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Nothing says which model to ask.
    #[error(
        "no model is set: set ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENROUTER_API_KEY, or GT_MODEL=provider/name \
         (such as openai/gpt-5, anthropic/claude-sonnet-4-5, ollama/qwen3 or scripted/FILE.toml)"
    )]
    NotSet,
    /// `provider/name` is not of that form, or nobody knows the provider.
    #[error("{given:?} names no model: write provider/name, with one of the providers {}", .known.join(", "))]
    UnknownProvider {
        /// What was given.
        given: String,
        /// The providers there are.
        known: &'static [&'static str],
    },
    /// The provider has many models and none was named.
    #[error("{variable} is set but no model is named: set GT_MODEL={provider}/NAME")]
    NoName {
        /// The provider.
        provider: &'static str,
        /// The variable that chose it.
        variable: &'static str,
    },
    /// The provider wants a key and there is none.
    #[error("{model} needs a key: set {variables}")]
    NoKey {
        /// The model that was asked for.
        model: String,
        /// The variables that may hold the key.
        variables: &'static str,
    },
    /// A variable holds no usable address.
    #[error("{variable} is {url:?}, which is no http or https address")]
    BadUrl {
        /// The variable.
        variable: &'static str,
        /// Its value, without user and password.
        url: String,
    },
    /// A script cannot be read.
    #[error("the script {} cannot be played: {reason}", .file.display())]
    Script {
        /// The file.
        file: PathBuf,
        /// Why, with the line where there is one.
        reason: String,
    },
    /// A script has no reply for this conversation.
    #[error(
        "the script {} has no reply number {number} for role {role:?}, title {title:?}, attempt {attempt}{}",
        .file.display(), .nearest.as_deref().map(|text| format!(" ({text})")).unwrap_or_default()
    )]
    NoReply {
        /// The file.
        file: PathBuf,
        /// The role that was looked for.
        role: String,
        /// The title that was looked for.
        title: String,
        /// The attempt.
        attempt: u32,
        /// Which reply of the conversation, from 1.
        number: usize,
        /// What comes nearest.
        nearest: Option<String>,
    },
    /// The endpoint does not let us in (401, 402, 403), or the account is used up.
    #[error("{endpoint} refused access ({status}): {message}; check {check}")]
    Denied {
        /// Where.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
        /// What to look at.
        check: &'static str,
    },
    /// The endpoint does not take the request (another 4xx).
    #[error("{endpoint} rejected the request ({status}): {message}")]
    Rejected {
        /// Where.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The conversation is larger than the model can read.
    #[error("the conversation is too long for {endpoint}: {message}")]
    TooLong {
        /// Where.
        endpoint: String,
        /// What it said.
        message: String,
    },
    /// A limit of the account was reached (429).
    #[error(
        "{endpoint} has reached a limit{}: {message}",
        .until.map(|time| format!(" until {}", rfc3339(time))).unwrap_or_default()
    )]
    Limited {
        /// Where.
        endpoint: String,
        /// What it said.
        message: String,
        /// When it said to come back.
        until: Option<Timestamp>,
    },
    /// The endpoint is in trouble (408, 5xx).
    #[error("{endpoint} failed ({status}): {message}")]
    Failing {
        /// Where.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
        /// When it said to come back.
        until: Option<Timestamp>,
    },
    /// No connection, or none that lasted until the first byte.
    #[error("{endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// The reply broke off.
    #[error("the reply of {endpoint} broke off after {received} characters: {reason}")]
    Cut {
        /// Where.
        endpoint: String,
        /// How much had come.
        received: usize,
        /// Why.
        reason: String,
    },
    /// The reply is not in the format that it should have.
    #[error("{endpoint} answered with something else than a reply: {reason}: {excerpt:?}")]
    Garbled {
        /// Where.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
        /// How it begins.
        excerpt: String,
    },
    /// The endpoint reported an error in the middle of the reply.
    #[error("{endpoint} reported {code}: {message}")]
    Reported {
        /// Where.
        endpoint: String,
        /// Its own word for the error.
        code: String,
        /// What it said.
        message: String,
        /// Whether that word is one for trouble that passes.
        passing: bool,
    },
    /// Neither text nor a tool call.
    #[error("{endpoint} sent an empty reply ({stop})")]
    Empty {
        /// Where.
        endpoint: String,
        /// Why it ended, in its own word.
        stop: String,
    },
    /// The listener ended the turn.
    #[error("interrupted")]
    Interrupted,
}

impl ModelError {
    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Limited { .. } | Self::Failing { .. } | Self::Unreachable { .. } => true,
            Self::Cut { .. } | Self::Garbled { .. } | Self::Empty { .. } => true,
            Self::Reported { passing, .. } => *passing,
            _ => false,
        }
    }

    /// For a limit: when it ends, as far as the endpoint said.
    pub fn limited_until(&self) -> Option<Timestamp> {
        match self {
            Self::Limited { until, .. } | Self::Failing { until, .. } => *until,
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotSet | Self::UnknownProvider { .. } | Self::NoName { .. } | Self::NoKey { .. } => Kind::Invalid,
            Self::BadUrl { .. } | Self::Script { .. } => Kind::Invalid,
            Self::NoReply { .. } => Kind::NotFound,
            Self::Limited { .. } | Self::Failing { .. } | Self::Unreachable { .. } => Kind::Retryable,
            _ => Kind::External,
        }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let mut failure = Self::new(error.kind(), error.to_string());
        match error {
            ModelError::NotSet => {
                failure = failure.hint("without a key: GT_SCRIPT=FILE.toml plays scripted replies");
            }
            ModelError::Unreachable { .. } => {
                failure = failure.hint("check the network, the proxy settings and the base URL");
            }
            ModelError::Rejected { status: 404, .. } => {
                failure = failure.hint("check the name of the model and the base URL");
            }
            _ => {}
        }
        failure
    }
}
