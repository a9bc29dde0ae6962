//! goose: a database with a table `sessions`, one row for each conversation with its running totals, and a table
//! `messages`, in which rows change while they are written and are all replaced by a compaction.
//!
//! How the conversation stands is read anew from its end each time; replies are counted on from where that was.

use std::path::Path;

use serde::{Deserialize, Serialize};
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

/// Where a reply stands, without what it says.
const REPLIES: &str = "SELECT id, created_timestamp, metadata_json FROM messages
    WHERE session_id = ?1 AND id > CAST(?2 AS INTEGER) AND role = 'assistant' ORDER BY id";
const IS_THERE: &str = "SELECT id FROM messages WHERE session_id = ?1 AND id = CAST(?2 AS INTEGER)";

/// How far the replies of a conversation were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counted {
    /// The row of the last one.
    row: i64,
    /// When that was written, in seconds since 1970.
    second: i64,
    /// How many there were.
    replies: u64,
}

/// What the database tells of a session; `before` is what it told when it was asked last.
pub(super) fn read(subject: &Subject<'_>, path: &Path, before: Option<&Reading>) -> Result<Reading, StoreError> {
    let (database, session) = conversation(subject, path, SESSION)?;
    let mut reading = Reading::since(subject.since);
    // Without it, replies were counted otherwise.
    let before = before.filter(|before| before.rows != Counted::default() || before.total().replies == 0);
    if let Some(before) = before {
        (reading.tokens, reading.money) = (before.tokens.clone(), before.money.clone());
    }
    let Some(session) = session else { return Ok(reading) };
    let id = session["id"].as_str().unwrap_or_default();
    if let Some(before) = before.filter(|before| before.conversation.as_deref() == Some(id)) {
        (reading.total, reading.total_money) = (before.total, before.total_money);
        reading.rows = before.rows;
    }
    let updated = format!("{}Z", session["updated_at"].as_str().unwrap_or_default().replacen(' ', "T", 1));
    let Some(updated) = updated.parse().ok().filter(|at| reading.sees(*at)) else { return Ok(reading) };
    reading.conversation = Some(id.to_owned());
    reading.folder = session["working_dir"].as_str().map(str::to_owned);
    take_up(&mut reading, &session, &database.rows(MESSAGES, &[id])?, updated);
    let from = |row: i64| database.rows(REPLIES, &[id, &row.to_string()]);
    let last = reading.rows.row;
    let is_there = last == 0 || !database.rows(IS_THERE, &[id, &last.to_string()])?.is_empty();
    let replies = from(if is_there { last } else { 0 })?;
    count(&mut reading, &replies, is_there);
    Ok(reading)
}

/// Counts the replies that were not counted yet: of those that follow the last one, or of all, where that is gone because
/// all were written anew.
pub(super) fn count(reading: &mut Reading, replies: &[Record], follow: bool) {
    let Counted { second, replies: known, .. } = reading.rows;
    let mut again = if follow { 0 } else { known };
    for row in replies {
        let seconds = row["created_timestamp"].as_i64().unwrap_or_default();
        reading.rows.row = reading.rows.row.max(row["id"].as_i64().unwrap_or_default());
        let at = chrono::DateTime::from_timestamp(seconds, 0).filter(|at| reading.is_of_this(*at));
        let Some(at) = at.filter(|_| !is_hidden(row)) else { continue };
        if seconds <= second && again > 0 {
            again -= 1;
            continue;
        }
        reading.rows.second = reading.rows.second.max(seconds);
        reading.rows.replies += 1;
        reading.counts_replies(at, 1);
    }
}

/// What only its model sees: what a compaction has put in the place of what was before.
fn is_hidden(row: &Record) -> bool {
    row["metadata_json"].as_str().is_some_and(|text| text.contains("\"userVisible\":false"))
}

/// A session and its last messages, oldest first.
pub(super) fn take_up(reading: &mut Reading, session: &Record, messages: &[Record], updated: Timestamp) {
    let model = session["model_config_json"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    reading.model = model.as_ref().and_then(|model| text(model, "/model_name")).map(str::to_owned);
    for row in messages {
        let at = row["created_timestamp"].as_i64().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
        let content = row["content_json"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let (Some(at), Some(content)) = (at.filter(|at| reading.sees(*at)), content) else { continue };
        if is_hidden(row) {
            reading.shrinks(at);
            continue;
        }
        message(reading, row["role"] == "assistant", &content, at);
    }
    let total = |name: &str| session[name].as_u64().unwrap_or_default();
    let (input, output) = (total("accumulated_input_tokens"), total("accumulated_output_tokens"));
    reading.counts_total(updated, Usage { input, output, ..Usage::default() }, false);
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
