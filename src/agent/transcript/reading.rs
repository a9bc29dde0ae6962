//! What a transcript tells, whatever its shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::goose::Counted;
use super::limits::{Trouble, trouble};
use crate::clock::Timestamp;
use crate::model::Usage;

/// How many of the last user entries are kept.
const SAID: usize = 20;
/// How much of each, in bytes.
const LENGTH: usize = 4096;
/// How many replies are remembered whose lines may still repeat.
const REPLIES: usize = 16;
/// How many calls of tools may be open; more are a sign that their answers are not told.
const TOOLS: usize = 64;

/// What a transcript tells of a session, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// From when on it counts: what an earlier session of the same conversation did is not this one's.
    pub since: Option<Timestamp>,
    /// The agent's own id of the conversation.
    pub conversation: Option<String>,
    /// The folder in which it was held.
    pub folder: Option<String>,
    /// The model of the last reply.
    pub model: Option<String>,
    /// When the last entry was written.
    pub last: Option<Timestamp>,
    /// How the last turn stands.
    pub turn: Turn,
    /// Tools that were called and have not answered.
    pub tools: Vec<Tool>,
    /// The last entries of the user, oldest first.
    pub said: Vec<Said>,
    /// Tokens by day (`2026-11-20`) and model.
    pub tokens: BTreeMap<String, BTreeMap<String, Count>>,
    /// Money by day in US dollars, as the agent itself reckons it.
    pub money: BTreeMap<String, f64>,
    /// The provider refused to go on, and no turn has ended well since.
    pub limit: Option<Limit>,
    /// Since when the conversation is too long for the model.
    pub exhausted: Option<Timestamp>,
    /// When the conversation was compacted last; of agents whose hooks do not tell.
    pub compacted: Option<Timestamp>,
    /// The last failure of a call of the model that no reply followed.
    pub failure: Option<Said>,
    /// Replies whose lines may repeat, by their id, with what was counted for them.
    pub(super) counted: Vec<(String, Usage)>,
    /// Where an agent writes running totals: the last.
    pub(super) total: Usage,
    /// The same for its money.
    pub(super) total_money: f64,
    /// Where replies are counted by their rows: how far.
    pub(super) rows: Counted,
}

/// How the last turn of a conversation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "turn")]
pub enum Turn {
    /// Nothing tells.
    #[default]
    Unknown,
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It is over.
    Ended {
        /// Since when.
        at: Timestamp,
    },
    /// Somebody broke it off.
    Aborted {
        /// When.
        at: Timestamp,
    },
    /// It waits for a person.
    Waiting {
        /// Since when.
        since: Timestamp,
    },
}

/// A tool that was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The id of the call.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When.
    pub since: Timestamp,
}

/// An entry with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Its beginning.
    pub text: String,
}

/// A refusal of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// When it was told.
    pub at: Timestamp,
    /// Until when it holds, where that was said.
    pub until: Option<Timestamp>,
    /// In whose words.
    pub text: String,
}

/// What was used of one model on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Count {
    /// Tokens.
    #[serde(flatten)]
    pub tokens: Usage,
    /// Replies.
    pub replies: u64,
}

impl Reading {
    /// A reading for a session that began at `since`.
    pub fn since(since: Timestamp) -> Self {
        Self { since: Some(since), ..Self::default() }
    }

    /// All tokens and replies.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        for count in self.tokens.values().flat_map(BTreeMap::values) {
            total.tokens += count.tokens;
            total.replies += count.replies;
        }
        total
    }

    /// Whether a user entry with this text was written at `since` or later; white space does not count, and of a long
    /// text its beginning does.
    pub fn heard(&self, text: &str, since: Timestamp) -> bool {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = plain(brief(text));
        // The last word may be cut off on either side.
        let wanted = if wanted.len() > 200 { brief_to(&wanted, wanted.len() - 100) } else { &wanted };
        let entries = self.said.iter().filter(|said| said.at >= since);
        !wanted.is_empty() && entries.into_iter().any(|said| plain(&said.text).contains(wanted))
    }

    /// Whether something of that time is this session's.
    pub(super) fn is_of_this(&self, at: Timestamp) -> bool {
        // Times are compared in whole seconds, which is as exact as those of sessions are.
        self.since.is_none_or(|since| at.timestamp() >= since.timestamp())
    }

    /// Takes note that an entry was written, and answers whether it is of this session.
    pub(super) fn sees(&mut self, at: Timestamp) -> bool {
        let counts = self.is_of_this(at);
        if counts {
            self.last = self.last.max(Some(at));
        }
        counts
    }

    /// What follows is of this model, where one is named.
    pub(super) fn is_of_model(&mut self, model: Option<&str>) {
        self.model = model.map(str::to_owned).or(self.model.take());
    }

    /// A turn runs.
    pub(super) fn runs(&mut self, at: Timestamp) {
        if !matches!(self.turn, Turn::Running { .. }) {
            self.turn = Turn::Running { since: at };
        }
    }

    /// A turn is over.
    pub(super) fn ends(&mut self, at: Timestamp) {
        self.turn = Turn::Ended { at };
        self.tools.clear();
    }

    /// A turn was broken off.
    pub(super) fn aborts(&mut self, at: Timestamp) {
        self.turn = Turn::Aborted { at };
        self.tools.clear();
    }

    /// The user said something, which begins a turn.
    pub(super) fn hears(&mut self, at: Timestamp, text: &str) {
        self.said.push(Said { at, text: brief(text).to_owned() });
        let surplus = self.said.len().saturating_sub(SAID);
        self.said.drain(..surplus);
        self.turn = Turn::Running { since: at };
        self.tools.clear();
    }

    /// The model replied: whatever kept it from that is over.
    pub(super) fn replies(&mut self, at: Timestamp) {
        (self.failure, self.limit, self.exhausted) = (None, None, None);
        self.runs(at);
    }

    /// The conversation was made shorter, and no hook tells of that.
    pub(super) fn shrinks(&mut self, at: Timestamp) {
        (self.compacted, self.exhausted) = (Some(at), None);
    }

    /// A tool was called.
    pub(super) fn calls(&mut self, at: Timestamp, id: &str, name: &str) {
        self.runs(at);
        if self.tools.len() < TOOLS && self.tools.iter().all(|tool| tool.id != id) {
            self.tools.push(Tool { id: id.to_owned(), name: name.to_owned(), since: at });
        }
    }

    /// Each of these calls, with its `id` and `name`, is one of a tool. Answers whether there were any.
    pub(super) fn calls_each<'c>(&mut self, at: Timestamp, calls: impl Iterator<Item = &'c Value>) -> bool {
        let word = |call: &'c Value, name: &str| call[name].as_str().unwrap_or_default();
        calls.map(|call| self.calls(at, word(call, "id"), word(call, "name"))).count() > 0
    }

    /// A tool answered.
    pub(super) fn answers(&mut self, at: Timestamp, id: &str) {
        self.runs(at);
        self.tools.retain(|tool| tool.id != id);
    }

    /// A call of the model failed, in these words.
    pub(super) fn fails(&mut self, at: Timestamp, text: &str) {
        match trouble(text, at) {
            Some(Trouble::Exhausted) => self.exhausted = Some(at),
            Some(Trouble::Limited { until }) => {
                self.limit = Some(Limit { at, until, text: brief_to(text, 300).to_owned() });
            }
            Some(Trouble::SignedOut) | None => {}
        }
        self.failure = Some(Said { at, text: brief_to(text, 300).to_owned() });
    }

    /// Counts the tokens of a reply; one of the same id replaces what was counted for it.
    pub(super) fn counts(&mut self, at: Timestamp, id: Option<&str>, usage: Usage) {
        let place = id.and_then(|id| self.counted.iter().position(|(known, _)| known == id));
        let before = place.map(|place| self.counted.remove(place).1);
        let most = before.map_or(usage, |before| larger(before, usage));
        if let Some(id) = id {
            self.counted.push((id.to_owned(), most));
            let surplus = self.counted.len().saturating_sub(REPLIES);
            self.counted.drain(..surplus);
        }
        let more = less(most, before.unwrap_or_default());
        self.adds(at, more, u64::from(before.is_none()));
    }

    /// Counts what a running total has grown by; one that shrank began anew.
    pub(super) fn counts_total(&mut self, at: Timestamp, total: Usage, is_reply: bool) {
        let anew = total.total() < self.total.total();
        let more = if anew { total } else { less(total, self.total) };
        self.total = total;
        if self.is_of_this(at) && more != Usage::default() {
            self.adds(at, more, u64::from(is_reply));
        }
    }

    /// The same for money.
    pub(super) fn pays_total(&mut self, at: Timestamp, total: f64) {
        let more = if total < self.total_money { total } else { total - self.total_money };
        self.total_money = total;
        if self.is_of_this(at) {
            self.pays(at, more);
        }
    }

    /// The agent reckons that a reply cost this.
    pub(super) fn pays(&mut self, at: Timestamp, dollars: f64) {
        *self.money.entry(day(at)).or_default() += dollars;
    }

    /// Counts replies whose tokens are counted otherwise.
    pub(super) fn counts_replies(&mut self, at: Timestamp, replies: u64) {
        let model = self.model.clone().unwrap_or_default();
        self.tokens.entry(day(at)).or_default().entry(model).or_default().replies += replies;
    }

    fn adds(&mut self, at: Timestamp, tokens: Usage, replies: u64) {
        let model = self.model.clone().unwrap_or_default();
        let count = self.tokens.entry(day(at)).or_default().entry(model).or_default();
        count.tokens += tokens;
        count.replies += replies;
    }
}

fn day(at: Timestamp) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn larger(one: Usage, other: Usage) -> Usage {
    Usage {
        input: one.input.max(other.input),
        output: one.output.max(other.output),
        cache_read: one.cache_read.max(other.cache_read),
        cache_write: one.cache_write.max(other.cache_write),
    }
}

fn less(one: Usage, other: Usage) -> Usage {
    Usage {
        input: one.input.saturating_sub(other.input),
        output: one.output.saturating_sub(other.output),
        cache_read: one.cache_read.saturating_sub(other.cache_read),
        cache_write: one.cache_write.saturating_sub(other.cache_write),
    }
}

fn brief(text: &str) -> &str {
    brief_to(text, LENGTH)
}

fn brief_to(text: &str, length: usize) -> &str {
    let end = (0..=length.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default();
    &text[..end]
}
