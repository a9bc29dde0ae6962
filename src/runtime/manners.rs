//! How an agent is talked to through its terminal, as far as its session needs to know.

use regex_automata::meta::Regex;
use serde::{Deserialize, Serialize};

use super::HookKind;

/// How an agent is talked to. Regular expressions are read on the last lines of its screen or on its title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manners {
    /// It takes a prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// It works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<String>,
    /// Its title while it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_busy: Option<String>,
    /// Its title while it waits at its prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_idle: Option<String>,
    /// Its title while it waits for an answer of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_waiting: Option<String>,
    /// Screens on which a key would answer a question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// Milliseconds between a text and Enter; a measure of our own when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<u64>,
    /// Whether a text may be typed while it works.
    #[serde(default)]
    pub listens_while_busy: bool,
    /// Whether its line keeps the last prompt after an interruption.
    #[serde(default)]
    pub keeps_prompt: bool,
    /// The keys that break its turn off, pressed one after the other; Escape where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interrupt: Vec<String>,
    /// What its hooks tell of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tells: Vec<HookKind>,
    /// Whether it can be told something instead of stopping.
    #[serde(default)]
    pub hands_over: bool,
}

/// The same, ready to be used; a broken expression finds nothing.
#[derive(Debug, Default)]
pub(super) struct Signs {
    pub ready: Option<Regex>,
    pub busy: Option<Regex>,
    pub title_busy: Option<Regex>,
    pub title_idle: Option<Regex>,
    pub title_waiting: Option<Regex>,
    pub questions: Vec<Regex>,
}

impl Signs {
    pub(super) fn of(manners: &Manners) -> Self {
        let regex = |pattern: &Option<String>| pattern.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        Self {
            ready: regex(&manners.ready),
            busy: regex(&manners.busy),
            title_busy: regex(&manners.title_busy),
            title_idle: regex(&manners.title_idle),
            title_waiting: regex(&manners.title_waiting),
            questions: manners.questions.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect(),
        }
    }
}
