//! The built-in agent: its audit log.

use serde_json::Value;

use super::Reading;
use super::limits::Trouble;
use super::parts::{count, text, time, usage};
use super::reading::Limit;

pub(super) fn entry(reading: &mut Reading, entry: &Value) {
    if let Some(session) = text(entry, "/session") {
        reading.conversation = Some(session.to_owned());
    }
    let Some(at) = time(entry, "/time").filter(|at| reading.sees(*at)) else { return };
    match text(entry, "/kind").unwrap_or_default() {
        "start" => {
            reading.model = text(entry, "/model").map(str::to_owned);
            reading.folder = text(entry, "/cwd").map(str::to_owned);
            reading.runs(at);
        }
        "model" => {
            reading.is_of_model(text(entry, "/model"));
            if let Some(error) = text(entry, "/error") {
                reading.fails(at, error);
                if let Some(until) = time(entry, "/until") {
                    reading.limit = Some(Limit { at, until: Some(until), text: error.to_owned() });
                }
                return;
            }
            reading.replies(at);
            let usage = usage(&entry["usage"], ["input", "output", "cache_read", "cache_write"]);
            reading.counts(at, None, usage);
            if count(entry, "/calls") == 0 {
                reading.ends(at);
            }
        }
        "tool" => reading.runs(at),
        "end" => {
            reading.ends(at);
            let reason = text(entry, "/reason").unwrap_or_default();
            if let Some(Trouble::Exhausted) = super::limits::trouble(reason, at) {
                reading.exhausted = Some(at);
            }
            if let Some(until) = time(entry, "/until") {
                reading.limit = Some(Limit { at, until: Some(until), text: reason.to_owned() });
            }
        }
        _ => {}
    }
}
