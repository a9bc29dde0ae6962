//! What a session is given and how it ends.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Limits;
use crate::clock::short;
use crate::error::{Failure, Kind};
use crate::model::{Model, ModelError, Subject, Usage};

/// A session to run.
pub struct HarnessOptions {
    /// What to do; without it the session waits for the first message.
    pub prompt: Option<String>,
    /// The role: added to how the agent works.
    pub system: String,
    /// What the work is about.
    pub subject: Subject,
    /// The worktree.
    pub cwd: PathBuf,
    /// Who is asked.
    pub model: Arc<dyn Model>,
    /// When to end.
    pub limits: Limits,
    /// Where every call is written down, in the format of `docs/reference/built-in-agent.md`.
    pub audit: Option<PathBuf>,
    /// The name of the session in the log.
    pub session: String,
    /// The run folder of the session, which is told what happens; none outside of one.
    pub told: Option<PathBuf>,
    /// Stay for the next message when the model has nothing more to do.
    pub interactive: bool,
}

/// How a session ended.
#[derive(Debug)]
pub struct Ended {
    /// Why.
    pub reason: Reason,
    /// How often the model replied.
    pub turns: u32,
    /// What that cost.
    pub usage: Usage,
}

/// Why a session ended.
#[derive(Debug)]
pub enum Reason {
    /// The model had nothing more to do.
    Stopped,
    /// It replied as often as it may.
    Turns(u32),
    /// It used as many tokens as it may.
    Tokens(u64),
    /// It worked as long as it may.
    Time(Duration),
    /// The person ended it.
    Interrupted,
    /// The model declined to answer.
    Declined,
    /// The model could not be asked.
    Failed(ModelError),
    /// The audit log could not be written.
    Audit(std::io::Error),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the model has nothing more to do"),
            Self::Turns(limit) => write!(f, "the limit of {limit} turns is reached"),
            Self::Tokens(limit) => write!(f, "the limit of {limit} tokens is reached"),
            Self::Time(limit) => write!(f, "the limit of {} of work is reached", short(*limit)),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Declined => f.write_str("the model declined to answer"),
            Self::Failed(error) => error.fmt(f),
            Self::Audit(error) => write!(f, "the audit log cannot be written: {error}"),
        }
    }
}

impl Ended {
    /// The failure that a session's end is, with the exit code of its kind: limits and interruptions are refusals (7),
    /// trouble with the model that passes is retryable (8), other trouble is external (9), says what to set (5) or
    /// which reply the script lacks (3).
    pub fn failure(self) -> Option<Failure> {
        let message = self.reason.to_string();
        match self.reason {
            Reason::Stopped => None,
            Reason::Failed(error) => Some(error.into()),
            Reason::Turns(_) => {
                Some(Failure::new(Kind::Refused, message).hint("a larger --max-turns lets it go on longer"))
            }
            Reason::Tokens(_) => {
                Some(Failure::new(Kind::Refused, message).hint("a larger --max-tokens lets it use more"))
            }
            Reason::Time(_) => {
                Some(Failure::new(Kind::Refused, message).hint("a larger --max-minutes lets it work longer"))
            }
            Reason::Interrupted => Some(Failure::new(Kind::Refused, message)),
            Reason::Declined | Reason::Audit(_) => Some(Failure::new(Kind::External, message)),
        }
    }
}
