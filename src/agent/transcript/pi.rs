//! pi and oh my pi: one line for each message, with tokens and money.

use serde_json::Value;

use super::Reading;
use super::parts::{list, said, text, time, usage};
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
    reading.is_of_model(text(message, "/model"));
    let usage = usage(&message["usage"], ["input", "output", "cacheRead", "cacheWrite"]);
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
    if !reading.calls_each(at, list(message, "/content").iter().filter(|part| part["type"] == "toolCall")) {
        reading.ends(at);
    }
}
