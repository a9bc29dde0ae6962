//! A model that plays replies from a TOML file: no network, the same every time.
//!
//! ```toml
//! [[reply]]                 # the first that fits is played
//! role = "developer"        # glob; default "*"
//! title = "Add *"           # glob; default "*"
//! attempt = 1               # only this attempt; default any
//! when = "login"            # text that the prompt (system text and messages before the first reply) must contain
//! repeat = false            # start again with the first step after the last
//!
//! [[reply.step]]            # the n-th reply of the conversation
//! text = "I write the file."
//! delay_ms = 200            # so that a demo looks alive
//! [[reply.step.call]]
//! tool = "write_file"
//! arguments = { path = "login.txt", content = "hello" }
//! ```
//!
//! Which step is played follows from the number of replies that the conversation already has, so a script has
//! no hidden state and several processes can play it at once.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;
use serde_json::Value;

use super::{Event, Model, ModelError, OnEvent, Reply, Request, Stop, Subject, ToolCall, Usage};

/// Script-sized pieces in which the text of a step is told, so that streaming is exercised.
const PIECE: usize = 24;

/// A file of scripted replies.
#[derive(Debug)]
pub struct Script {
    file: PathBuf,
    entries: Vec<Entry>,
}

/// One reply of a script.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the model says.
    #[serde(default)]
    pub text: String,
    /// The tools that it calls.
    #[serde(default, rename = "call")]
    pub calls: Vec<Call>,
    /// How long it takes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
}

/// One call of a tool in a script.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The name of the tool.
    pub tool: String,
    /// Its arguments: a table, or text that is passed on as it is, for arguments that are wrong on purpose.
    #[serde(default)]
    pub arguments: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    reply: Vec<EntryFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    #[serde(default = "any")]
    role: String,
    #[serde(default = "any")]
    title: String,
    attempt: Option<u32>,
    when: Option<String>,
    #[serde(default)]
    repeat: bool,
    step: Vec<Step>,
}

#[derive(Debug)]
struct Entry {
    role: GlobMatcher,
    title: GlobMatcher,
    attempt: Option<u32>,
    when: Option<String>,
    repeat: bool,
    steps: Vec<Step>,
}

fn any() -> String {
    "*".to_owned()
}

impl Script {
    /// Reads a script.
    pub fn open(file: &Path) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::Script { file: file.to_owned(), reason };
        let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        Self::parse(file, &text)
    }

    /// Takes a script from a text; `file` is what errors call it.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::Script { file: file.to_owned(), reason };
        let parsed: File = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        let entries = parsed.reply.into_iter().map(Entry::try_from).collect::<Result<_, _>>().map_err(fail)?;
        Ok(Self { file: file.to_owned(), entries })
    }

    /// The step for a conversation about `subject` that began with `prompt` and already has `replies` replies.
    pub fn step(&self, subject: &Subject, prompt: &str, replies: usize) -> Result<&Step, ModelError> {
        let entry = self.entries.iter().find(|entry| entry.fits(subject, prompt));
        entry.and_then(|entry| entry.step(replies)).ok_or_else(|| ModelError::NoReply {
            file: self.file.clone(),
            role: subject.role.clone(),
            title: subject.title.clone(),
            attempt: subject.attempt,
            number: replies + 1,
            nearest: entry.map(|entry| format!("the reply that fits has {} steps", entry.steps.len())),
        })
    }
}

impl TryFrom<EntryFile> for Entry {
    type Error = String;
    fn try_from(file: EntryFile) -> Result<Self, String> {
        if file.step.is_empty() {
            return Err(format!("the reply for role {:?}, title {:?} has no step", file.role, file.title));
        }
        Ok(Self {
            role: glob(&file.role)?,
            title: glob(&file.title)?,
            attempt: file.attempt,
            when: file.when,
            repeat: file.repeat,
            steps: file.step,
        })
    }
}

fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(pattern).case_insensitive(true).literal_separator(false).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.to_string())
}

impl Entry {
    fn fits(&self, subject: &Subject, prompt: &str) -> bool {
        self.role.is_match(&subject.role)
            && self.title.is_match(&subject.title)
            && self.attempt.is_none_or(|attempt| attempt == subject.attempt)
            && self.when.as_ref().is_none_or(|when| prompt.contains(when))
    }

    fn step(&self, replies: usize) -> Option<&Step> {
        let place = if self.repeat { replies % self.steps.len() } else { replies };
        self.steps.get(place)
    }
}

impl Step {
    /// The reply that this step is, as the `number`-th of its conversation.
    pub fn reply(&self, number: usize) -> Reply {
        let calls: Vec<_> = self.calls.iter().enumerate().map(|(place, call)| call.tool_call(number, place)).collect();
        let stop = if calls.is_empty() { Stop::Done } else { Stop::Tools };
        Reply { text: self.text.clone(), calls, stop, usage: Usage::default() }
    }
}

impl Call {
    fn tool_call(&self, number: usize, place: usize) -> ToolCall {
        let arguments = match &self.arguments {
            Value::Null => "{}".to_owned(),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        ToolCall { id: format!("call_{number}_{place}"), name: self.tool.clone(), arguments }
    }
}

/// A model that plays a [`Script`].
#[derive(Debug)]
pub struct Scripted {
    name: String,
    script: Script,
}

impl Scripted {
    /// The model `scripted/FILE`.
    pub fn open(file: &Path) -> Result<Self, ModelError> {
        Ok(Self::new(Script::open(file)?))
    }

    /// The model that plays `script`.
    pub fn new(script: Script) -> Self {
        Self { name: format!("scripted/{}", script.file.display()), script }
    }
}

impl Model for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn turn(&self, request: &Request, on_event: &mut OnEvent<'_>) -> Result<Reply, ModelError> {
        let replies = request.replies();
        let step = self.script.step(&request.subject, &request.prompt(), replies)?;
        let pieces = pieces(&step.text);
        let pause = Duration::from_millis(step.delay_ms) / u32::try_from(pieces.len().max(1)).unwrap_or(u32::MAX);
        for piece in &pieces {
            std::thread::sleep(pause);
            if let ControlFlow::Break(()) = on_event(Event::Text(piece)) {
                return Err(ModelError::Interrupted);
            }
        }
        if pieces.is_empty() {
            std::thread::sleep(pause);
        }
        let mut reply = step.reply(replies + 1);
        reply.usage = estimate(request, &reply);
        Ok(reply)
    }
}

fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(PIECE).map(|piece| piece.iter().collect()).collect()
}

/// Tokens by the rule of thumb of four bytes each, so that limits work with scripts too.
fn estimate(request: &Request, reply: &Reply) -> Usage {
    let sent: usize = request.system.len() + request.messages.iter().map(|message| message.text().len()).sum::<usize>();
    let received = reply.text.len() + reply.calls.iter().map(|call| call.arguments.len()).sum::<usize>();
    Usage { input: sent as u64 / 4, output: received as u64 / 4, ..Usage::default() }
}
