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

pub use choose::{PROVIDERS, from_env, from_variables};
pub use error::ModelError;
pub use message::{Event, Message, Model, OnEvent, Reply, Request, Stop, ToolCall, ToolSpec, Usage};
pub use subject::Subject;

/// The largest reply that [`complete`] asks for, in tokens: a plan of some dozen beads.
const COMPLETE_TOKENS: u32 = 16_000;

/// One question, one answer, no tools and no system text: for the mayor.
///
/// # Errors
/// As [`Model::turn`].
pub fn complete(
    model: &dyn Model,
    subject: Subject,
    prompt: &str,
    on_event: &mut OnEvent<'_>,
) -> Result<Reply, ModelError> {
    let request =
        Request { subject, messages: vec![Message::user(prompt)], max_tokens: COMPLETE_TOKENS, ..Request::default() };
    model.turn(&request, on_event)
}
