//! Qwen Code: parts as in Gemini's interface, one line for each message.

use serde_json::Value;

use super::Reading;
use super::parts::{count, list, said, text, time};
use crate::clock::Timestamp;
use crate::model::Usage;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    if let Some(id) = text(entry, "/sessionId") {
        reading.conversation = Some(id.to_owned());
    }
    if let Some(folder) = text(entry, "/cwd") {
        reading.folder.get_or_insert_with(|| folder.to_owned());
    }
    let Some(at) = time(entry, "/timestamp").filter(|at| reading.sees(*at)) else { return };
    match text(entry, "/type").unwrap_or_default() {
        "user" if entry["provenance"].as_str().is_none_or(|from| from == "real_user") => {
            reading.hears(at, &said(entry.pointer("/message/parts")));
        }
        "tool_result" => {
            let answers = list(entry, "/message/parts").iter().filter_map(|part| part.get("functionResponse"));
            answers.for_each(|answer| reading.answers(at, text(answer, "/id").unwrap_or_default()));
        }
        "assistant" => reply(reading, entry, at),
        "system" => system(reading, &entry["systemPayload"], at),
        _ => {}
    }
}

fn reply(reading: &mut Reading, entry: &Value, at: Timestamp) {
    reading.replies(at);
    reading.is_of_model(text(entry, "/model"));
    if let Some(usage) = entry.get("usageMetadata") {
        let (prompt, cached) = (count(usage, "/promptTokenCount"), count(usage, "/cachedContentTokenCount"));
        let output = count(usage, "/totalTokenCount").checked_sub(prompt);
        let usage = Usage {
            input: prompt.saturating_sub(cached),
            output: output.unwrap_or_else(|| count(usage, "/candidatesTokenCount")),
            cache_read: cached,
            cache_write: 0,
        };
        reading.counts(at, text(entry, "/uuid"), usage);
    }
    let calls = list(entry, "/message/parts").iter().filter_map(|part| part.get("functionCall"));
    if !reading.calls_each(at, calls) {
        reading.ends(at);
    }
}

fn system(reading: &mut Reading, payload: &Value, at: Timestamp) {
    let event = &payload["uiEvent"];
    match text(event, "/event.name").or_else(|| event["event.name"].as_str()) {
        Some("qwen-code.api_error") => {
            reading.fails(at, event["error"].as_str().or(event["error_message"].as_str()).unwrap_or_default());
        }
        Some("qwen-code.api_cancel") => reading.aborts(at),
        _ => {}
    }
}
