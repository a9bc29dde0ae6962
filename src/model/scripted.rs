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

/// What the names of scripted models begin with.
const PROVIDER: &str = "scripted/";

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
        let text = std::fs::read_to_string(file).map_err(|error| {
            let reason = match std::env::current_dir() {
                // Workers run in other folders than the shell that named the file.
                Ok(dir) if file.is_relative() => format!("{error} in {}; give an absolute path", dir.display()),
                _ => error.to_string(),
            };
            ModelError::Script { file: file.to_owned(), reason }
        })?;
        Self::parse(file, &text)
    }

    /// Takes a script from a text; `file` is what errors call it.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::Script { file: file.to_owned(), reason };
        let parsed: File = toml::from_str(text).map_err(|error| fail(one_line(text, &error)))?;
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

/// What is wrong with a text and where, without the picture of it.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1));
    format!("{}{}", line.unwrap_or_default(), error.message().replace('\n', ", "))
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
        Self { name: format!("{PROVIDER}{}", script.file.display()), script }
    }
}

/// Whether a model of this name is a [`Scripted`] one, which nobody has to pay for.
pub fn is_scripted(name: &str) -> bool {
    name.starts_with(PROVIDER)
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
            think(pause);
            if let ControlFlow::Break(()) = on_event(Event::Text(piece)) {
                return Err(ModelError::Interrupted);
            }
        }
        if pieces.is_empty() {
            think(pause);
        }
        let mut reply = step.reply(replies + 1);
        reply.usage = estimate(request, &reply);
        Ok(reply)
    }
}

#[expect(clippy::disallowed_methods, reason = "a script may ask for the pace of a real model")]
fn think(time: Duration) {
    if !time.is_zero() {
        std::thread::sleep(time);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Message;

    const SCRIPT: &str = r#"
        [[reply]]
        role = "mayor"
        when = "repair"
        step = [{ text = "better plan" }]

        [[reply]]
        role = "mayor"
        step = [{ text = "plan" }]

        [[reply]]
        role = "developer"
        title = "add *"
        attempt = 2
        step = [{ text = "again" }]

        [[reply]]
        role = "dev*"
        title = "Add */*"
        [[reply.step]]
        text = "I write."
        [[reply.step.call]]
        tool = "write_file"
        arguments = { path = "a", content = "b" }
        [[reply.step.call]]
        tool = "shell"
        arguments = "{broken"
        [[reply.step]]
        text = "done"

        [[reply]]
        role = "tester"
        repeat = true
        step = [{ text = "one" }, { text = "two" }]
    "#;

    fn play(role: &str, title: &str, attempt: u32, prompt: &str, replies: usize) -> Result<Reply, ModelError> {
        let model = Scripted::new(Script::parse("s.toml".as_ref(), SCRIPT).expect("the script is right"));
        let mut messages = vec![Message::user(prompt)];
        for _ in 0..replies {
            messages.push(Message::Assistant { text: "x".into(), calls: vec![] });
            messages.push(Message::user("repair"));
        }
        let subject = Subject { role: role.into(), title: title.into(), attempt };
        model.turn(&Request { subject, messages, ..Request::default() }, &mut |_| ControlFlow::Continue(()))
    }

    #[test]
    fn which_step_is_played() {
        let table = [
            ("mayor", "any", 1, "goal", 0, "plan"),
            ("mayor", "any", 1, "please repair it", 0, "better plan"),
            ("developer", "Add a/b", 1, "", 0, "I write."),
            ("developer", "Add a/b", 1, "", 1, "done"),
            ("developer", "Add a/b", 2, "", 0, "again"),
            ("tester", "x", 1, "", 0, "one"),
            ("tester", "x", 9, "", 4, "one"),
            ("tester", "x", 9, "", 5, "two"),
        ];
        for (role, title, attempt, prompt, replies, expected) in table {
            let reply = play(role, title, attempt, prompt, replies).expect("a reply");
            assert_eq!(reply.text, expected, "{role} {title} {attempt} {prompt} {replies}");
        }
    }

    #[test]
    fn calls_are_passed_on_as_they_are_written() {
        let reply = play("developer", "Add a/b", 1, "", 0).expect("a reply");
        let arguments: Vec<_> = reply.calls.iter().map(|call| call.arguments.as_str()).collect();
        assert_eq!(
            arguments,
            [r#"{"content":"b","path":"a"}"#, "{broken"],
            "tables of TOML come in the order of their keys"
        );
        assert_ne!(reply.calls[0].id, reply.calls[1].id);
        assert_eq!(reply.stop, Stop::Tools);
    }

    #[test]
    fn a_request_that_fits_nothing_is_named() {
        let error = play("reviewer", "Look", 1, "", 0).expect_err("nobody reviews here").to_string();
        assert_eq!(error, r#"the script s.toml has no reply number 1 for role "reviewer", title "Look", attempt 1"#);
        let error = play("mayor", "x", 1, "", 1).expect_err("the mayor speaks once").to_string();
        assert!(error.ends_with("(the reply that fits has 1 steps)"), "{error}");
    }

    #[test]
    fn scripts_that_cannot_be_played() {
        let table = [
            ("[[reply]]\nrole = 3", "line 2"),
            ("[[reply]]\nrole = \"a\"\nstep = []", "has no step"),
            ("[[reply]]\ntitel = \"a\"\nstep = []", "titel"),
            ("[[reply]]\nrole = \"[\"\nstep = [{}]", "unclosed"),
        ];
        for (text, reason) in table {
            let error = Script::parse("s.toml".as_ref(), text).expect_err(text).to_string();
            assert!(error.contains("s.toml") && error.contains(reason), "{text}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn the_text_arrives_in_pieces_and_can_be_broken_off() {
        let text = "ä".repeat(60);
        let script = format!("[[reply]]\nstep = [{{ text = \"{text}\" }}]");
        let model = Scripted::new(Script::parse("s.toml".as_ref(), &script).expect("the script is right"));
        let mut heard = Vec::new();
        let reply = model.turn(&Request::default(), &mut |event| {
            if let Event::Text(piece) = event {
                heard.push(piece.to_owned());
            }
            ControlFlow::Continue(())
        });
        assert_eq!((heard.len(), heard.concat()), (3, reply.expect("a reply").text));
        let broken = model.turn(&Request::default(), &mut |_| ControlFlow::Break(()));
        assert!(matches!(broken, Err(ModelError::Interrupted)));
    }
}
