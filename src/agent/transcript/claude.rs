//! Claude Code: one line for each block of a message, with the message's `usage` on every one of them.

use serde_json::Value;

use super::Reading;
use super::parts::{list, said, text, time, usage};
use crate::clock::Timestamp;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    if let Some(id) = text(entry, "/sessionId") {
        reading.conversation = Some(id.to_owned());
    }
    if let Some(folder) = text(entry, "/cwd") {
        reading.folder.get_or_insert_with(|| folder.to_owned());
    }
    let at = time(entry, "/timestamp");
    let kind = text(entry, "/type").unwrap_or_default();
    if kind == "cost-state" {
        let dollars = entry.pointer("/costState/totalCostUSD").or_else(|| entry.pointer("/totalCostUSD"));
        if let (Some(dollars), Some(at)) = (dollars.and_then(Value::as_f64), at.or(reading.last)) {
            reading.pays_total(at, dollars);
        }
        return;
    }
    let Some(at) = at.filter(|at| reading.sees(*at)) else { return };
    match kind {
        "user" => user(reading, entry, at),
        "assistant" => assistant(reading, entry, at),
        "system" => system(reading, entry, at),
        _ => {}
    }
}

/// What a side chain does belongs to the turn that started it.
fn is_aside(entry: &Value) -> bool {
    entry["isSidechain"] == true
}

fn user(reading: &mut Reading, entry: &Value, at: Timestamp) {
    let content = entry.pointer("/message/content");
    let results = list(entry, "/message/content").iter().filter(|part| part["type"] == "tool_result");
    let mut answered = false;
    for result in results {
        reading.answers(at, text(result, "/tool_use_id").unwrap_or_default());
        answered = true;
    }
    let words = said(content);
    if words.starts_with("[Request interrupted by user") {
        reading.aborts(at);
    } else if !answered && !is_aside(entry) && entry["isMeta"] != true && !words.is_empty() {
        reading.hears(at, &words);
    }
}

fn assistant(reading: &mut Reading, entry: &Value, at: Timestamp) {
    let message = &entry["message"];
    if entry["isApiErrorMessage"] == true {
        reading.fails(at, &said(message.get("content")));
        reading.ends(at);
        return;
    }
    reading.replies(at);
    reading.is_of_model(text(message, "/model"));
    let names = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
    let usage = usage(&message["usage"], names);
    // The id of a message is its endpoint's; with the request it is one of its own.
    let id = text(message, "/id").map(|id| format!("{id} {}", text(entry, "/requestRef").unwrap_or_default()));
    reading.counts(at, id.as_deref(), usage);
    reading.calls_each(at, list(message, "/content").iter().filter(|part| part["type"] == "tool_use"));
    if entry["isAbortedMidStream"] == true {
        reading.aborts(at);
    } else if !is_aside(entry)
        && matches!(text(message, "/stop_reason"), Some("end_turn" | "stop_sequence" | "max_tokens"))
    {
        reading.ends(at);
    }
}

fn system(reading: &mut Reading, entry: &Value, at: Timestamp) {
    match text(entry, "/subtype") {
        Some("turn_duration") => reading.ends(at),
        // It tries again by itself.
        Some("api_error") => reading.fails(at, &entry["error"].to_string()),
        Some("compact_boundary") => reading.exhausted = None,
        _ => {}
    }
}
