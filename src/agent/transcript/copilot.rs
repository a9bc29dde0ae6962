//! GitHub Copilot CLI: events.

use serde_json::Value;

use super::Reading;
use super::parts::{count, text, time};
use crate::clock::Timestamp;
use crate::model::Usage;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    let data = &entry["data"];
    let kind = text(entry, "/type").unwrap_or_default();
    if kind == "session.start" {
        reading.conversation = text(data, "/sessionId").map(str::to_owned);
        reading.folder = text(data, "/context/cwd").map(str::to_owned);
        reading.model = text(data, "/selectedModel").map(str::to_owned);
    }
    let Some(at) = time(entry, "/timestamp").filter(|at| reading.sees(*at)) else { return };
    let call = || text(data, "/toolCallId").unwrap_or_default();
    match kind {
        "user.message" => reading.hears(at, text(data, "/content").unwrap_or_default()),
        "assistant.turn_start" => reading.runs(at),
        "assistant.message" => reply(reading, data, at),
        "session.usage_record" => usage(reading, &data["usage"], at),
        "tool.execution_start" => reading.calls(at, call(), text(data, "/toolName").unwrap_or_default()),
        "tool.execution_complete" => reading.answers(at, call()),
        "abort" => reading.aborts(at),
        "session.error" => {
            reading.fails(at, text(data, "/message").unwrap_or_default());
            reading.ends(at);
        }
        _ => {}
    }
}

/// Each of its steps has a start and an end of a turn; over is the one whose reply calls nothing.
fn reply(reading: &mut Reading, data: &Value, at: Timestamp) {
    reading.replies(at);
    if data["toolRequests"].as_array().is_none_or(Vec::is_empty) {
        reading.ends(at);
    }
}

fn usage(reading: &mut Reading, usage: &Value, at: Timestamp) {
    reading.is_of_model(text(usage, "/model"));
    let (read, written) = (count(usage, "/cacheReadTokens"), count(usage, "/cacheWriteTokens"));
    let input = count(usage, "/inputTokens").saturating_sub(read + written);
    let tokens = Usage { input, output: count(usage, "/outputTokens"), cache_read: read, cache_write: written };
    reading.counts(at, None, tokens);
}
