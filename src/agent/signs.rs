//! What a preset knows about its agent as it runs: screens, typing, hooks, transcripts, credentials.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use regex_automata::meta::Regex;
use serde::{Deserialize, Serialize};

use crate::runtime::HookKind;

/// One thing that lets an agent reach a model. All that is named in it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// A variable that is set, whatever is in it.
    pub variable: Option<String>,
    /// A file that is there and can be read, with placeholders.
    pub file: Option<String>,
    /// The file contains this text.
    pub contains: Option<String>,
    /// The operating system is this one, such as `macos`, whose keychain nobody can look into.
    pub system: Option<String>,
}

/// A screen of the first start. With a `file` only the person answers it, and the file tells whether that was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dialog {
    /// What it asks, in prose.
    pub about: String,
    /// A regular expression that finds it on the screen.
    pub shows: Option<String>,
    /// What a bare Enter does to it.
    #[serde(default)]
    pub enter: Enter,
    /// Whether it is no first-start screen but a menu that a limit of the provider puts there.
    #[serde(default)]
    pub limit: bool,
    /// How it is answered beforehand, in prose.
    #[serde(default)]
    pub answered: String,
    /// It comes only when this variable is set.
    pub when: Option<String>,
    /// It comes only when this variable is not set.
    pub unless: Option<String>,
    /// The file that tells whether the person has answered it, with placeholders.
    pub file: Option<String>,
    /// It was answered when the file contains this text.
    pub contains: Option<String>,
    /// It was answered when the file contains the last 20 characters of this variable.
    pub contains_tail_of: Option<String>,
    /// What the person can do.
    #[serde(default)]
    pub hint: String,
}

/// What a bare Enter does to a screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Enter {
    /// Nobody knows.
    #[default]
    Unknown,
    /// It goes on as wished.
    Accepts,
    /// It says no, and the agent goes on without.
    Declines,
    /// The agent ends.
    Exits,
}

/// How the screen of an agent is read. Regular expressions, on the text of its last lines or its terminal's title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// It takes a prompt.
    pub ready: Option<String>,
    /// Whether that sign is on its screen only while it rests.
    #[serde(default)]
    pub rests: bool,
    /// It works. Where this is absent, a screen without it says nothing.
    pub busy: Option<String>,
    /// It waits for an answer of a person.
    pub waiting: Option<String>,
    /// It has come up against a limit of its provider.
    pub limited: Option<String>,
    /// Its title while it waits at its prompt.
    pub title_idle: Option<String>,
    /// Its title while it works.
    pub title_busy: Option<String>,
    /// Its title while it waits for a person.
    pub title_waiting: Option<String>,
    /// Whether it takes the whole screen, so that there is nothing to scroll back to.
    #[serde(default)]
    pub full: bool,
}

/// What a screen says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// It takes a prompt, by its sign; nothing is known where there is no sign.
    pub ready: bool,
    /// It works.
    pub busy: bool,
    /// It waits for an answer of a person.
    pub waiting: bool,
    /// It has come up against a limit.
    pub limited: bool,
}

/// Whether a regular expression finds something in a text; a broken one finds nothing.
pub(super) fn finds(pattern: &str, text: &str) -> bool {
    // Making one takes longer than using it, and there are only those of the presets.
    static MADE: Mutex<BTreeMap<String, Option<Regex>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = match made.get(pattern) {
        Some(regex) => regex.clone(),
        None => {
            let regex = Regex::new(pattern).ok();
            made.insert(pattern.to_owned(), regex.clone());
            regex
        }
    };
    drop(made);
    regex.is_some_and(|regex| regex.is_match(text))
}

impl Dialog {
    /// Whether the text of a screen shows it.
    pub fn is_on(&self, text: &str) -> bool {
        self.shows.as_deref().is_some_and(|pattern| finds(pattern, text))
    }

    /// The part of a screen that it begins with; all of it where it is not there.
    pub fn seen_in<'t>(&self, text: &'t str) -> &'t str {
        let regex = self.shows.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        let start = regex.and_then(|regex| regex.find_iter(text).last()).map_or(0, |found| found.start());
        &text[start..]
    }
}

impl Screen {
    /// What the text of a screen says.
    pub fn read(&self, text: &str) -> Reading {
        let shows = |pattern: &Option<String>| pattern.as_deref().is_some_and(|pattern| finds(pattern, text));
        Reading {
            ready: shows(&self.ready),
            busy: shows(&self.busy),
            waiting: shows(&self.waiting),
            limited: shows(&self.limited),
        }
    }

    /// What the title of a terminal says: `ready` stands for its prompt.
    pub fn read_title(&self, title: &str) -> Reading {
        let shows = |pattern: &Option<String>| pattern.as_deref().is_some_and(|pattern| finds(pattern, title));
        Reading {
            ready: shows(&self.title_idle),
            busy: shows(&self.title_busy),
            waiting: shows(&self.title_waiting),
            limited: false,
        }
    }

    /// All its regular expressions, with the names of their fields.
    pub fn patterns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("ready", &self.ready),
            ("busy", &self.busy),
            ("waiting", &self.waiting),
            ("limited", &self.limited),
            ("title_idle", &self.title_idle),
            ("title_busy", &self.title_busy),
            ("title_waiting", &self.title_waiting),
        ]
        .into_iter()
        .filter_map(|(name, pattern)| Some((name, pattern.as_deref()?)))
    }
}

/// How text is typed into an agent, beside bracketed paste, which all of them take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// Milliseconds between the text and Enter; the runtime's own measure when not given.
    pub pause_ms: Option<u64>,
    /// What Enter does while it works.
    #[serde(default)]
    pub while_busy: WhileBusy,
    /// The key that puts a message into its queue instead, in tmux's spelling.
    pub queue_key: Option<String>,
    /// Whether its line keeps the last prompt after an interruption and has to be emptied first.
    #[serde(default)]
    pub keeps_prompt: bool,
    /// The keys that break its turn off, in tmux's spelling, pressed one after the other; Escape when not given.
    #[serde(default)]
    pub interrupt: Vec<String>,
}

/// What Enter does while an agent works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhileBusy {
    /// Nobody knows: nothing is typed while it works.
    #[default]
    Unknown,
    /// The message waits for the end of the turn.
    Queues,
    /// The message goes in at the next call of the model.
    Steers,
    /// The answer that is being written is dropped.
    Aborts,
    /// The text lands in the input line and is not sent: nothing is typed while it works.
    Ignores,
}

/// The hooks of an agent: commands of ours that it runs at certain events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// The shape in which they are told; none when it has none.
    pub format: Option<HookFormat>,
    /// The file that carries them, with placeholders: outside of the worktree.
    pub file: Option<String>,
    /// Arguments without which they are not run.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Its names for the events of ours.
    #[serde(default)]
    pub events: BTreeMap<HookKind, String>,
    /// The `decision` in the answer to `stop` with whose `reason` it goes on working.
    pub hand_over: Option<String>,
}

/// The shape of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HookFormat {
    /// JSON: `hooks.EVENT[].hooks[] = {type, command}`.
    Claude,
    /// The same in TOML.
    Codex,
    /// JSON: `hooks.EVENT[] = {type, bash}`.
    Copilot,
    /// A plugin in JavaScript.
    Opencode,
    /// An extension in TypeScript.
    Pi,
    /// None: the built-in agent tells its session by itself.
    Builtin,
}

/// The transcript of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The shape of its entries; none when it has none that can be read.
    pub format: Option<TranscriptFormat>,
    /// Where, with placeholders; `*` stands for any part of a name, and the newest file counts.
    pub path: Option<String>,
    /// A file that tells what it does now, with placeholders, for the one whose process it names.
    pub state: Option<String>,
    /// Whether tokens are in it.
    #[serde(default)]
    pub tokens: bool,
    /// Whether money is in it.
    #[serde(default)]
    pub cost: bool,
}

/// The shape of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TranscriptFormat {
    /// JSON lines with `message.usage`; several lines of one `message.id` count once.
    Claude,
    /// JSON lines with `event_msg`, whose `token_count` is a running total.
    Codex,
    /// JSON lines with `tokens`.
    Gemini,
    /// JSON lines with `usageMetadata`.
    Qwen,
    /// JSON lines with `message.usage.cost`.
    Pi,
    /// JSON lines of events with `session.usage_record`.
    Copilot,
    /// SQLite with a table `session`.
    Opencode,
    /// SQLite with a table `sessions`.
    Goose,
    /// The built-in agent's own.
    Builtin,
}

/// Where the knowledge in a preset comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// How.
    #[serde(default)]
    pub by: By,
    /// The version of the program.
    #[serde(default)]
    pub version: String,
    /// When, `2026-11`.
    #[serde(default)]
    pub when: String,
}

/// How something is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Nobody has tried it.
    #[default]
    Nobody,
    /// Read in its documentation or its help.
    Documents,
    /// It was run against an endpoint that plays a script.
    Run,
}
