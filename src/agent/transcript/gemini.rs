//! Gemini CLI: messages that are written again, under the same id, as they become whole.

use serde_json::Value;

use super::parts::{count, list, said, text, time};
use super::{Reading, Turn};
use crate::clock::Timestamp;
use crate::model::Usage;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    if let Some(id) = text(entry, "/sessionId") {
        reading.conversation = Some(id.to_owned());
    }
    if let Some(at) = time(entry, "/$set/lastUpdated") {
        reading.sees(at);
    }
    // All messages at once: the first ones, or those that a compaction has left.
    if entry.pointer("/$set/messages").is_some()
        && let (Turn::Ended { .. } | Turn::Running { .. }, Some(last)) = (reading.turn, reading.last)
    {
        reading.shrinks(last);
    }
    let Some(at) = time(entry, "/timestamp").filter(|at| reading.sees(*at)) else { return };
    match text(entry, "/type").unwrap_or_default() {
        "user" => user(reading, entry, at),
        "gemini" => reply(reading, entry, at),
        "error" => {
            reading.fails(at, &said(entry.get("content")));
            reading.ends(at);
        }
        "info" if said(entry.get("content")).contains("ancelled") => reading.aborts(at),
        _ => {}
    }
}

fn user(reading: &mut Reading, entry: &Value, at: Timestamp) {
    let answers = list(entry, "/content").iter().filter_map(|part| part.get("functionResponse"));
    let mut answered = false;
    for answer in answers {
        reading.answers(at, text(answer, "/id").unwrap_or_default());
        answered = true;
    }
    let words = said(entry.get("content"));
    if !answered && !words.is_empty() {
        reading.hears(at, &words);
    }
}

fn reply(reading: &mut Reading, entry: &Value, at: Timestamp) {
    reading.replies(at);
    reading.is_of_model(text(entry, "/model"));
    if entry.get("tokens").is_some_and(Value::is_object) {
        let cached = count(entry, "/tokens/cached");
        let usage = Usage {
            input: (count(entry, "/tokens/input") + count(entry, "/tokens/tool")).saturating_sub(cached),
            output: count(entry, "/tokens/output") + count(entry, "/tokens/thoughts"),
            cache_read: cached,
            cache_write: 0,
        };
        reading.counts(at, text(entry, "/id"), usage);
    }
    let calls = list(entry, "/toolCalls");
    for call in calls {
        let id = text(call, "/id").unwrap_or_default();
        match text(call, "/status") {
            Some("cancelled") => reading.aborts(at),
            Some("success" | "error") => reading.answers(at, id),
            _ => reading.calls(at, id, text(call, "/name").unwrap_or_default()),
        }
    }
    // Before its calls are known, a reply that will have some stands there without a text.
    if calls.is_empty() && !said(entry.get("content")).is_empty() {
        reading.ends(at);
    }
}
