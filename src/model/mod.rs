//! Language models over HTTP, and a scripted one for tests and the demo.
//!
//! A [`Model`] takes a whole conversation and gives one [`Reply`]; it carries nothing out and keeps no state.
//! [`from_env`] picks one by `provider/name` or by the usual variables. Does not belong here: turn loops,
//! tools and permissions ([`crate::harness`]), prompts and plans (mayor).

mod anthropic;
mod choose;
mod complaint;
mod error;
mod http;
mod message;
mod openai;
mod retry;
pub mod scripted;
mod sse;
mod stream;
mod subject;

use std::ops::ControlFlow;

pub use choose::{PROVIDERS, from_env, from_variables};
pub use error::ModelError;
pub use message::{Event, Message, Model, OnEvent, Reply, Request, Stop, ToolCall, ToolSpec, Usage};
pub use subject::Subject;

/// The largest reply that [`complete`] asks for, in tokens: a plan of some dozen beads.
const COMPLETE_TOKENS: u32 = 16_000;

/// One question, one answer, no tools: for the mayor. The title of the subject is the first line of `user`.
pub fn complete(model: &dyn Model, system: &str, user: &str) -> Result<String, ModelError> {
    let title = user.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    complete_about(model, Subject::new("mayor", title), system, user)
}

/// The same about a given subject.
pub fn complete_about(model: &dyn Model, subject: Subject, system: &str, user: &str) -> Result<String, ModelError> {
    let request = Request {
        subject,
        system: system.to_owned(),
        messages: vec![Message::user(user)],
        max_tokens: COMPLETE_TOKENS,
        ..Request::default()
    };
    Ok(model.turn(&request, &mut |_| ControlFlow::Continue(()))?.text)
}
