//! pi and oh my pi: one line for each message, with tokens and money.

use serde_json::Value;

use super::Reading;
use super::parts::{count, list, said, text, time};
use crate::clock::Timestamp;
use crate::model::Usage;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    let kind = text(entry, "/type").unwrap_or_default();
    if kind == "session" {
        reading.conversation = text(entry, "/id").map(str::to_owned);
        reading.folder = text(entry, "/cwd").map(str::to_owned);
    }
    let Some(at) = time(entry, "/timestamp").filter(|at| reading.sees(*at)) else { return };
    if kind == "compaction" {
        reading.exhausted = None;
    }
    if kind != "message" {
        return;
    }
    let message = &entry["message"];
    match text(message, "/role").unwrap_or_default() {
        "user" => reading.hears(at, &said(message.get("content"))),
        "toolResult" => reading.answers(at, text(message, "/toolCallId").unwrap_or_default()),
        "assistant" => reply(reading, message, at),
        _ => {}
    }
}

fn reply(reading: &mut Reading, message: &Value, at: Timestamp) {
    if let Some(model) = text(message, "/model") {
        reading.model = Some(model.to_owned());
    }
    let usage = Usage {
        input: count(message, "/usage/input"),
        output: count(message, "/usage/output"),
        cache_read: count(message, "/usage/cacheRead"),
        cache_write: count(message, "/usage/cacheWrite"),
    };
    if usage != Usage::default() {
        reading.counts(at, None, usage);
    }
    if let Some(dollars) = message.pointer("/usage/cost/total").and_then(Value::as_f64) {
        reading.pays(at, dollars);
    }
    match text(message, "/stopReason") {
        Some("error") => {
            reading.fails(at, text(message, "/errorMessage").unwrap_or_default());
            reading.ends(at);
            return;
        }
        Some("aborted") => return reading.aborts(at),
        _ => reading.replies(at),
    }
    let mut called = false;
    for call in list(message, "/content").iter().filter(|part| part["type"] == "toolCall") {
        reading.calls(at, text(call, "/id").unwrap_or_default(), text(call, "/name").unwrap_or_default());
        called = true;
    }
    if !called {
        reading.ends(at);
    }
}
