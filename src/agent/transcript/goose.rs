//! goose: a database with a table `sessions`, one row for each conversation with its running totals.

use std::path::Path;

use serde_json::Value;

use super::database::conversation;
use super::parts::{said, text};
use super::{Reading, Subject};
use crate::clock::Timestamp;
use crate::model::Usage;
use crate::store::{Record, StoreError};

const SESSION: &str = "SELECT * FROM sessions WHERE (id = ?1 OR (?1 = '' AND working_dir = ?2))
    ORDER BY created_at DESC, id DESC LIMIT 1";
const MESSAGES: &str = "SELECT role, content_json, created_timestamp, metadata_json FROM (SELECT * FROM messages
    WHERE session_id = ?1 ORDER BY id DESC LIMIT 200) ORDER BY id";

/// What the database tells of a session.
pub(super) fn read(subject: &Subject<'_>, path: &Path) -> Result<Reading, StoreError> {
    let (database, session) = conversation(subject, path, SESSION)?;
    let mut reading = Reading::since(subject.since);
    let Some(session) = session else { return Ok(reading) };
    let updated = format!("{}Z", session["updated_at"].as_str().unwrap_or_default().replacen(' ', "T", 1));
    let Some(updated) = updated.parse().ok().filter(|at| reading.sees(*at)) else { return Ok(reading) };
    let id = session["id"].as_str().unwrap_or_default();
    reading.conversation = Some(id.to_owned());
    reading.folder = session["working_dir"].as_str().map(str::to_owned);
    take_up(&mut reading, &session, &database.rows(MESSAGES, &[id])?, updated);
    Ok(reading)
}

/// A session and its last messages, oldest first.
pub(super) fn take_up(reading: &mut Reading, session: &Record, messages: &[Record], updated: Timestamp) {
    let model = session["model_config_json"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    reading.model = model.as_ref().and_then(|model| text(model, "/model_name")).map(str::to_owned);
    let mut replies = 0;
    for row in messages {
        let at = row["created_timestamp"].as_i64().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
        let content = row["content_json"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let (Some(at), Some(content)) = (at.filter(|at| reading.sees(*at)), content) else { continue };
        // What only its model sees: what a compaction has put in the place of what was before.
        let hidden = row["metadata_json"].as_str().is_some_and(|text| text.contains("\"userVisible\":false"));
        if hidden {
            reading.shrinks(at);
            continue;
        }
        message(reading, row["role"] == "assistant", &content, at);
        replies += u64::from(row["role"] == "assistant");
    }
    let total = |name: &str| session[name].as_u64().unwrap_or_default();
    let (input, output) = (total("accumulated_input_tokens"), total("accumulated_output_tokens"));
    reading.counts_total(updated, Usage { input, output, ..Usage::default() }, false);
    reading.counts_replies(updated, replies);
    if let Some(dollars) = session["accumulated_cost"].as_f64() {
        reading.pays_total(updated, dollars);
    }
}

fn message(reading: &mut Reading, of_model: bool, content: &Value, at: Timestamp) {
    let parts = content.as_array().map_or(&[][..], Vec::as_slice);
    let id = |part: &Value| text(part, "/id").unwrap_or_default().to_owned();
    let kind = |part: &&Value, wanted: &str| part["type"] == wanted;
    if !of_model {
        let answers: Vec<&Value> = parts.iter().filter(|part| kind(part, "toolResponse")).collect();
        answers.iter().for_each(|part| reading.answers(at, &id(part)));
        if answers.is_empty() {
            reading.hears(at, &said(Some(content)));
        }
        return;
    }
    reading.replies(at);
    let mut called = false;
    for part in parts.iter().filter(|part| kind(part, "toolRequest")) {
        let name = text(part, "/toolCall/value/name").unwrap_or_default();
        reading.calls(at, &id(part), name);
        called = true;
    }
    if !called {
        reading.ends(at);
    }
}
