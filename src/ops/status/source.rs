//! Sources that are asked at the same time, each with a limit of its own.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::clock::short;
use crate::error::Outcome;

/// What a source answered, or why it did not: what is unknown is shown as unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Known<T> {
    /// The answer.
    Known(T),
    /// There is none.
    Unknown {
        /// Why.
        unknown: String,
    },
}

impl<T> Known<T> {
    /// Nothing is known, for this reason.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { unknown: why.into() }
    }

    /// The answer, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(answer) => Some(answer),
            Self::Unknown { .. } => None,
        }
    }

    /// Why there is no answer.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown { unknown } => Some(unknown),
        }
    }

    /// What follows from the answer.
    pub fn map<U>(&self, then: impl FnOnce(&T) -> U) -> Known<U> {
        match self {
            Self::Known(answer) => Known::Known(then(answer)),
            Self::Unknown { unknown } => Known::unknown(unknown),
        }
    }
}

impl<T> From<Outcome<T>> for Known<T> {
    fn from(outcome: Outcome<T>) -> Self {
        outcome.map_or_else(|failure| Self::unknown(failure.to_string()), Self::Known)
    }
}

/// A question to one source that is under way in a thread of its own.
#[derive(Debug)]
pub struct Asked<T> {
    answer: Receiver<Outcome<T>>,
    limit: Duration,
    until: Instant,
}

impl<T: Send + 'static> Asked<T> {
    /// Begins to ask. A source that hangs keeps its thread; the process ends without it.
    pub fn begin(limit: Duration, ask: impl FnOnce() -> Outcome<T> + Send + 'static) -> Self {
        let (send, answer) = mpsc::channel();
        thread::spawn(move || send.send(ask()).is_ok());
        Self { answer, limit, until: Instant::now() + limit }
    }

    /// Waits for the answer until the limit.
    pub fn answer(self) -> Known<T> {
        match self.answer.recv_timeout(self.until.saturating_duration_since(Instant::now())) {
            Ok(outcome) => outcome.into(),
            Err(mpsc::RecvTimeoutError::Timeout) => Known::unknown(format!("no answer within {}", short(self.limit))),
            Err(mpsc::RecvTimeoutError::Disconnected) => Known::unknown("asking it failed: a defect of gt"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Failure, Kind};

    #[test]
    fn a_source_that_hangs_is_unknown_after_its_limit() {
        let (hold, held) = mpsc::channel::<()>();
        let begun = Instant::now();
        let slow = Asked::begin(Duration::from_millis(1_000), move || Ok(held.recv().is_ok()));
        let quick = Asked::begin(Duration::from_secs(60), || Ok(7));
        assert_eq!(quick.answer(), Known::Known(7));
        assert_eq!(slow.answer(), Known::unknown("no answer within 1s"));
        assert!(begun.elapsed() < Duration::from_secs(30));
        drop(hold);
    }

    #[test]
    fn a_failure_is_the_reason() {
        let failing = Asked::<()>::begin(Duration::from_secs(60), || Err(Failure::new(Kind::External, "no git")));
        assert_eq!(failing.answer().why(), Some("no git"));
        let json = serde_json::to_value(Known::<u8>::unknown("no git")).expect("plain data");
        assert_eq!(json, serde_json::json!({"unknown": "no git"}));
    }
}
