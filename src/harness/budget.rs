//! How much a session may use, and what is left of it.

use std::time::{Duration, Instant};

use crate::model::Usage;

use super::Reason;

/// The limits of a session.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most replies of the model.
    pub turns: u32,
    /// The most tokens, read and written, over all replies.
    pub tokens: Option<u64>,
    /// The longest time of work; waiting for a message does not count.
    pub time: Option<Duration>,
    /// How many tokens the model can read at once.
    pub context: u64,
    /// How many tokens a reply may have.
    pub reply: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { turns: 200, tokens: None, time: None, context: 160_000, reply: 16_000 }
    }
}

/// How much of the limits is used.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    /// Replies so far.
    pub turns: u32,
    /// Tokens so far.
    pub usage: Usage,
    worked: Duration,
    since: Option<Instant>,
}

/// When the model is told that its turns come to an end.
const LAST_TURNS: u32 = 5;

impl Budget {
    pub fn new(limits: Limits) -> Self {
        Self { limits, turns: 0, usage: Usage::default(), worked: Duration::ZERO, since: None }
    }

    /// Work begins.
    pub fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// Work rests.
    pub fn rest(&mut self) {
        self.worked = self.time();
        self.since = None;
    }

    /// The time worked so far.
    fn time(&self) -> Duration {
        self.worked + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The time that is left for work, if there is a limit.
    pub fn time_left(&self) -> Option<Duration> {
        self.limits.time.map(|limit| limit.saturating_sub(self.time()))
    }

    /// The limit that is reached, if one is.
    pub fn spent(&self) -> Option<Reason> {
        if self.turns >= self.limits.turns {
            return Some(Reason::Turns(self.limits.turns));
        }
        if let Some(limit) = self.limits.tokens.filter(|limit| self.usage.total() >= *limit) {
            return Some(Reason::Tokens(limit));
        }
        self.out_of_time()
    }

    /// The time limit, if it is reached.
    pub fn out_of_time(&self) -> Option<Reason> {
        let limit = self.limits.time?;
        (self.time() >= limit).then_some(Reason::Time(limit))
    }

    /// A word to the model shortly before its turns are used up.
    pub fn warning(&self) -> Option<String> {
        let left = self.limits.turns - self.turns.min(self.limits.turns);
        (left == LAST_TURNS && self.limits.turns > LAST_TURNS).then(|| {
            format!("[{left} turns are left before this session ends. Commit what you have, and finish or say what is missing.]")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_limit_that_is_reached_counts() {
        let limits = Limits { turns: 10, tokens: Some(100), ..Limits::default() };
        let mut budget = Budget::new(limits);
        assert!(budget.spent().is_none() && budget.time_left().is_none());
        budget.usage.input = 60;
        budget.usage.output = 39;
        assert!(budget.spent().is_none());
        budget.usage.cache_read = 1;
        assert!(matches!(budget.spent(), Some(Reason::Tokens(100))));
        budget.turns = 10;
        assert!(matches!(budget.spent(), Some(Reason::Turns(10))));
    }

    #[test]
    fn only_work_takes_time() {
        let mut budget = Budget::new(Limits { time: Some(Duration::from_secs(60)), ..Limits::default() });
        budget.worked = Duration::from_secs(59);
        assert!(budget.spent().is_none());
        budget.since = Instant::now().checked_sub(Duration::from_secs(2));
        assert!(matches!(budget.spent(), Some(Reason::Time(_))));
        assert_eq!(budget.time_left(), Some(Duration::ZERO));
        budget.since = None;
        assert!(budget.spent().is_none());
    }

    #[test]
    fn the_model_is_warned_once() {
        let mut budget = Budget::new(Limits { turns: 8, ..Limits::default() });
        let warned: Vec<u32> = (0..8)
            .filter(|turns| {
                budget.turns = *turns;
                budget.warning().is_some()
            })
            .collect();
        assert_eq!(warned, [3]);
        assert!(Budget::new(Limits { turns: 5, ..Limits::default() }).warning().is_none());
    }
}
