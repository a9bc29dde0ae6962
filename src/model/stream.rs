//! Reads the events of one reply to their end and hands them to the assembler of the format.

use std::ops::ControlFlow;

use serde_json::Value;

use super::complaint::{Complaint, excerpt};
use super::http::{Answer, Endpoint};
use super::sse::SseError;
use super::{Event, ModelError, OnEvent, Reply};

/// Puts a reply together from the events of one format.
pub(super) trait Assembler {
    /// Takes one event; gives the text that it adds.
    fn take(&mut self, event: &Value) -> Result<Option<String>, String>;
    /// Whether everything that makes a whole reply has come.
    fn whole(&self) -> bool;
    /// Whether nothing follows.
    fn over(&self) -> bool;
    /// The reply, and the endpoint's own word for why it ended.
    fn reply(self) -> (Reply, String);
}

/// Reads a reply.
pub(super) fn read(
    endpoint: &Endpoint,
    mut answer: Answer,
    mut assembler: impl Assembler,
    on_event: &mut OnEvent<'_>,
) -> Result<Reply, ModelError> {
    let mut received = 0;
    let broken = loop {
        let data = match answer.next() {
            // The word that ends a stream of chat completions.
            Ok(Some(data)) if data.trim() == "[DONE]" => break "it ended before the reply did".to_owned(),
            Ok(Some(data)) => data,
            Ok(None) => break "the connection ended".to_owned(),
            Err(SseError::Io(error)) => break endpoint.hide(&error.to_string()),
            Err(error) => return Err(garbled(endpoint, &error.to_string(), &shown(&error))),
        };
        let text = assembler.take(&event(endpoint, &data)?).map_err(|reason| garbled(endpoint, &reason, &data))?;
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            received += text.chars().count();
            if let ControlFlow::Break(()) = on_event(Event::Text(&text)) {
                return Err(ModelError::Interrupted);
            }
        }
        if assembler.over() {
            break String::new();
        }
    };
    if !answer.seen {
        return Err(no_stream(endpoint, &answer.first));
    }
    if !assembler.whole() {
        return Err(ModelError::Cut { endpoint: endpoint.shown.clone(), received, reason: broken });
    }
    let (reply, stop) = assembler.reply();
    if reply.text.trim().is_empty() && reply.calls.is_empty() {
        return Err(ModelError::Empty { endpoint: endpoint.shown.clone(), stop });
    }
    Ok(reply)
}

/// One event as JSON; an event that complains is an error.
fn event(endpoint: &Endpoint, data: &str) -> Result<Value, ModelError> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| garbled(endpoint, &format!("an event is not JSON ({error})"), data))?;
    if value.get("error").is_none_or(Value::is_null) {
        return Ok(value);
    }
    Err(reported(endpoint, Complaint::from_value(&value).unwrap_or_default()))
}

/// An answer that is no stream of events: a complaint with the status of success, or nonsense.
fn no_stream(endpoint: &Endpoint, first: &[u8]) -> ModelError {
    let complaint = serde_json::from_slice(first).ok().as_ref().and_then(Complaint::from_value);
    match complaint {
        Some(complaint) => reported(endpoint, complaint),
        None => garbled(endpoint, "it is no stream of events", &String::from_utf8_lossy(first)),
    }
}

fn reported(endpoint: &Endpoint, complaint: Complaint) -> ModelError {
    let passing = complaint.passing();
    let code = if complaint.code.is_empty() { "an error".to_owned() } else { complaint.code };
    let message = endpoint.hide(&complaint.message);
    ModelError::Reported { endpoint: endpoint.shown.clone(), code, message, passing }
}

fn garbled(endpoint: &Endpoint, reason: &str, data: &str) -> ModelError {
    let excerpt = endpoint.hide(&excerpt(data));
    ModelError::Garbled { endpoint: endpoint.shown.clone(), reason: reason.to_owned(), excerpt }
}

fn shown(error: &SseError) -> String {
    match error {
        SseError::NotText(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}
