//! opencode: a database with a table `session`, one row for each conversation, and its messages as JSON.

use std::path::Path;

use serde_json::Value;

use super::database::conversation;
use super::parts::{count, millis, text};
use super::{Reading, Subject};
use crate::clock::Timestamp;
use crate::model::Usage;
use crate::store::{Record, StoreError};

const SESSION: &str = "SELECT * FROM session WHERE (id = ?1 OR (?1 = '' AND directory = ?2 AND parent_id IS NULL))
    ORDER BY time_created DESC LIMIT 1";
const MESSAGES: &str = "SELECT id, data FROM (SELECT rowid AS place, id, time_created, data FROM message
    WHERE session_id = ?1 ORDER BY time_created DESC, place DESC LIMIT 2000) ORDER BY time_created, place";
const PARTS: &str = "SELECT message_id, time_created, data FROM (SELECT rowid AS place, message_id, time_created, data
    FROM part WHERE session_id = ?1 ORDER BY time_created DESC, place DESC LIMIT 200) ORDER BY time_created, place";

/// What the database tells of a session.
pub(super) fn read(subject: &Subject<'_>, path: &Path) -> Result<Reading, StoreError> {
    let (database, session) = conversation(subject, path, SESSION)?;
    let mut reading = Reading::since(subject.since);
    let Some(session) = session else { return Ok(reading) };
    let Some(updated) = session["time_updated"].as_i64().and_then(millis) else { return Ok(reading) };
    if !reading.sees(updated) {
        return Ok(reading);
    }
    let id = session["id"].as_str().unwrap_or_default();
    reading.conversation = Some(id.to_owned());
    reading.folder = session["directory"].as_str().map(str::to_owned);
    take_up(&mut reading, &database.rows(MESSAGES, &[id])?, &database.rows(PARTS, &[id])?);
    Ok(reading)
}

/// Messages and parts, oldest first.
pub(super) fn take_up(reading: &mut Reading, messages: &[Record], parts: &[Record]) {
    for row in messages {
        let Some(message) = document(row) else { continue };
        let id = row["id"].as_str().unwrap_or_default();
        let created = message.pointer("/time/created").and_then(Value::as_i64).and_then(millis);
        let Some(at) = created.filter(|at| reading.sees(*at)) else { continue };
        let of_this = |part: &&Record| part["message_id"].as_str() == Some(id);
        let parts: Vec<Value> = parts.iter().filter(of_this).filter_map(document).collect();
        if message["role"] == "user" {
            let words: Vec<&str> = parts.iter().filter_map(|part| text(part, "/text")).collect();
            reading.hears(at, &words.join("\n"));
        } else {
            reply(reading, &message, id, at);
            parts.iter().filter(|part| part["type"] == "tool").for_each(|part| tool(reading, part, at));
        }
    }
}

fn document(row: &Record) -> Option<Value> {
    serde_json::from_str(row["data"].as_str()?).ok()
}

fn reply(reading: &mut Reading, message: &Value, id: &str, at: Timestamp) {
    reading.is_of_model(text(message, "/modelID"));
    let usage = Usage {
        input: count(message, "/tokens/input"),
        output: count(message, "/tokens/output") + count(message, "/tokens/reasoning"),
        cache_read: count(message, "/tokens/cache/read"),
        cache_write: count(message, "/tokens/cache/write"),
    };
    if usage != Usage::default() {
        reading.counts(at, Some(id), usage);
    }
    if let Some(dollars) = message["cost"].as_f64() {
        reading.pays(at, dollars);
    }
    let done = message.pointer("/time/completed").and_then(Value::as_i64).and_then(millis);
    if let Some(error) = message.get("error").filter(|error| error.is_object()) {
        let at = done.unwrap_or(at);
        if error["name"] == "MessageAbortedError" {
            return reading.aborts(at);
        }
        reading.fails(at, text(error, "/data/message").unwrap_or(&error.to_string()));
        return reading.ends(at);
    }
    reading.replies(at);
    match (done, text(message, "/finish")) {
        (Some(done), Some("tool-calls")) => drop(reading.sees(done)),
        (Some(done), _) => {
            reading.sees(done);
            reading.ends(done);
        }
        _ => {}
    }
}

fn tool(reading: &mut Reading, part: &Value, at: Timestamp) {
    if matches!(text(part, "/state/status"), Some("pending" | "running")) {
        let since = part.pointer("/state/time/start").and_then(Value::as_i64).and_then(millis).unwrap_or(at);
        reading.calls(since, text(part, "/callID").unwrap_or_default(), text(part, "/tool").unwrap_or_default());
    }
}
