//! Codex: events of turns, items of the conversation, and running totals of tokens.

use chrono::DateTime;
use serde_json::Value;

use super::parts::{count, said, text, time};
use super::reading::Limit;
use super::{Reading, Turn};
use crate::clock::Timestamp;
use crate::model::Usage;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    let Some(at) = time(entry, "/timestamp") else { return };
    let payload = &entry["payload"];
    let counts = reading.sees(at);
    match text(entry, "/type").unwrap_or_default() {
        "session_meta" => {
            reading.conversation = text(payload, "/id").map(str::to_owned);
            reading.folder = text(payload, "/cwd").map(str::to_owned);
        }
        "turn_context" => reading.model = text(payload, "/model").map(str::to_owned),
        "event_msg" => event(reading, payload, at, counts),
        "response_item" if counts => item(reading, payload, at),
        _ => {}
    }
}

fn event(reading: &mut Reading, payload: &Value, at: Timestamp, counts: bool) {
    let kind = text(payload, "/type").unwrap_or_default();
    if kind == "token_count" {
        tokens(reading, payload, at);
        return;
    }
    if !counts {
        return;
    }
    match kind {
        "task_started" | "turn_started" => reading.turn = Turn::Running { since: at },
        "task_complete" | "turn_complete" => {
            reading.ends(at);
            if let Some(words) = text(payload, "/error/message") {
                let info = payload.pointer("/error/codex_error_info").map(Value::to_string).unwrap_or_default();
                reading.fails(at, &format!("{words} {info}"));
            }
        }
        "turn_aborted" => reading.aborts(at),
        "user_message" => hears(reading, at, text(payload, "/message").unwrap_or_default()),
        "item_completed" if payload["item"]["type"] == "UserMessage" => {
            hears(reading, at, &said(payload.pointer("/item/content")));
        }
        "error" => {
            let info = payload.get("codex_error_info").map(Value::to_string).unwrap_or_default();
            reading.fails(at, &format!("{} {info}", text(payload, "/message").unwrap_or_default()));
        }
        "stream_error" => reading.fails(at, text(payload, "/message").unwrap_or_default()),
        _ => {}
    }
}

/// A message that steers comes while its turn runs, and does not begin another.
fn hears(reading: &mut Reading, at: Timestamp, words: &str) {
    let turn = reading.turn;
    reading.hears(at, words);
    if matches!(turn, Turn::Running { .. }) {
        reading.turn = turn;
    }
}

fn item(reading: &mut Reading, payload: &Value, at: Timestamp) {
    let call = || text(payload, "/call_id").unwrap_or_default();
    match text(payload, "/type").unwrap_or_default() {
        "function_call" | "custom_tool_call" | "local_shell_call" => {
            reading.calls(at, call(), text(payload, "/name").unwrap_or("shell"));
        }
        "function_call_output" | "custom_tool_call_output" => reading.answers(at, call()),
        "message" if payload["role"] == "assistant" => reading.replies(at),
        "reasoning" => reading.replies(at),
        _ => {}
    }
}

fn tokens(reading: &mut Reading, payload: &Value, at: Timestamp) {
    let total = |name: &str| count(payload, &format!("/info/total_token_usage/{name}"));
    if payload.pointer("/info/total_token_usage").is_some() {
        let (read, written) = (total("cached_input_tokens"), total("cache_write_input_tokens"));
        let input = total("input_tokens").saturating_sub(read + written);
        let usage = Usage { input, output: total("output_tokens"), cache_read: read, cache_write: written };
        reading.counts_total(at, usage, true);
    }
    if reading.is_of_this(at)
        && let Some(limit) = limit(&payload["rate_limits"], at)
    {
        reading.limit = Some(limit);
    }
}

/// A window that is used up, and when it opens again. Of several the last.
fn limit(limits: &Value, at: Timestamp) -> Option<Limit> {
    let windows = ["primary", "secondary"].into_iter().filter_map(|name| Some((name, limits.get(name)?)));
    let full = windows.filter(|(_, window)| window["used_percent"].as_f64().is_some_and(|used| used >= 100.0));
    let resets = |window: &Value| {
        let seconds = window["resets_at"].as_i64();
        let rest = window["resets_in_seconds"].as_i64();
        seconds
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .or_else(|| rest.and_then(chrono::Duration::try_seconds).and_then(|rest| at.checked_add_signed(rest)))
    };
    let until = full.map(|(name, window)| (resets(window), name)).max_by_key(|(until, _)| *until);
    until.map(|(until, name)| Limit { at, until, text: format!("the {name} window of usage is used up") })
}
