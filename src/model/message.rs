//! What goes to a model and what comes back, without the accent of any provider.

use std::ops::{AddAssign, ControlFlow};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ModelError, Subject};

/// One language model at one endpoint.
pub trait Model: Send + Sync {
    /// `provider/name`, for people and the audit log.
    fn name(&self) -> &str;

    /// Asks for the next reply. Text and waits are told to `on_event` as they happen; when it answers
    /// [`ControlFlow::Break`] the turn ends with [`ModelError::Interrupted`] at the next opportunity.
    ///
    /// Nothing that the reply asks for is carried out here, so a turn may be repeated safely.
    fn turn(&self, request: &Request, on_event: &mut OnEvent<'_>) -> Result<Reply, ModelError>;
}

/// Who listens to a turn while it runs.
pub type OnEvent<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// What happens during a turn.
#[derive(Debug)]
pub enum Event<'a> {
    /// More text of the reply.
    Text(&'a str),
    /// The endpoint failed in a way that passes; the same request is sent again after `wait`.
    Waiting {
        /// How long.
        wait: Duration,
        /// What went wrong.
        reason: &'a ModelError,
        /// The number of the try that follows, from 2.
        next_try: u32,
    },
    /// The request is sent again: text told so far belongs to a reply that was lost.
    Again,
}

/// One request: the whole conversation so far.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What the work is about; told to the model as the last lines of the system text.
    pub subject: Subject,
    /// The standing instructions.
    pub system: String,
    /// The conversation, oldest first; starts with a message of the user.
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    pub tools: Vec<ToolSpec>,
    /// The largest number of tokens of the reply.
    pub max_tokens: u32,
    /// Left to the endpoint when `None`.
    pub temperature: Option<f32>,
}

impl Request {
    /// The system text with the lines of the subject at its end.
    pub fn system_text(&self) -> String {
        format!("{}\n\n{}", self.system.trim_end(), self.subject).trim().to_owned()
    }

    /// The text before the first reply: what a script's `when` is looked for in.
    pub fn prompt(&self) -> String {
        let first = self.messages.iter().take_while(|message| !matches!(message, Message::Assistant { .. }));
        let texts: Vec<_> = first.map(Message::text).collect();
        format!("{}\n{}", self.system, texts.join("\n"))
    }

    /// How many replies the conversation has.
    pub fn replies(&self) -> usize {
        self.messages.iter().filter(|message| matches!(message, Message::Assistant { .. })).count()
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// From the person or from gt.
    User {
        /// What they say.
        text: String,
    },
    /// From the model.
    Assistant {
        /// What it says; may be empty when it only calls tools.
        text: String,
        /// What it wants done.
        calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    ToolResult {
        /// The call that it answers.
        call: String,
        /// The name of the tool.
        tool: String,
        /// The answer.
        text: String,
        /// Whether the tool failed.
        failed: bool,
    },
}

impl Message {
    /// A message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User { text: text.into() }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::User { text } | Self::Assistant { text, .. } | Self::ToolResult { text, .. } => text,
        }
    }
}

/// A call of a tool as the model wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ToolCall {
    /// Its id, unique in the conversation.
    pub id: String,
    /// The name of the tool; may be one that does not exist.
    pub name: String,
    /// The arguments, meant to be a JSON object; may be anything.
    pub arguments: String,
}

/// A tool as the model is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Its name: letters, digits, `_` and `-`.
    pub name: String,
    /// When and how to use it.
    pub description: String,
    /// A JSON schema of type `object`.
    pub schema: Value,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub text: String,
    /// What it wants done, in order.
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    pub stop: Stop,
    /// What it cost.
    pub usage: Usage,
}

/// Why a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The model had no more to say.
    Done,
    /// It waits for the results of tools.
    Tools,
    /// The limit of tokens cut it off.
    Length,
    /// The endpoint or the model declined to answer.
    Declined,
    /// Something else, in the endpoint's own word.
    Other(String),
}

/// Tokens that were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Read at full price: without those from the cache.
    pub input: u64,
    /// Written by the model.
    pub output: u64,
    /// Read from the endpoint's cache.
    pub cache_read: u64,
    /// Written to the endpoint's cache.
    pub cache_write: u64,
}

impl Usage {
    /// All of them together.
    pub fn total(self) -> u64 {
        self.prompt() + self.output
    }

    /// The size of the conversation that was sent.
    pub fn prompt(self) -> u64 {
        self.input + self.cache_read + self.cache_write
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input += more.input;
        self.output += more.output;
        self.cache_read += more.cache_read;
        self.cache_write += more.cache_write;
    }
}
