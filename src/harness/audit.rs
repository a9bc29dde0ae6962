//! The audit log: one JSON object on each line, appended, never rewritten.
//!
//! Every line has `time` (RFC 3339, UTC), `session`, `turn` (the number of the reply, from 1; 0 before the first) and `kind`:
//!
//! | kind | further fields |
//! |---|---|
//! | `start` | `model`, `cwd` |
//! | `model` | `model`, `milliseconds`, `stop`, `calls` (how many), `usage` {`input`, `output`, `cache_read`, `cache_write`}; or `error` and `until` |
//! | `tool` | `tool`, `call`, `arguments`, `outcome`, `milliseconds`, `bytes` (of the answer) |
//! | `end` | `reason`, `usage`; `until` when a limit of the endpoint says when it ends |
//!
//! `outcome` is `ok`, `arguments` (they were wrong), `refused` (by a guard), `failed`, `timed-out` or `interrupted`.
//! `arguments` is the object as the model sent it, or its text when it is no JSON; texts in it of more than 4,096
//! characters are cut off, with their length.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::tools::Answer;
use super::{Ended, Reason};
use crate::clock::{Clock, rfc3339};
use crate::model::{ModelError, Reply, ToolCall};

/// The longest text of an argument, in characters.
const LONGEST: usize = 4096;

/// The open log; without a file nothing is written.
#[derive(Debug)]
pub(super) struct Audit {
    file: Option<File>,
    session: String,
    clock: Clock,
}

impl Audit {
    /// Opens the log for appending and makes its folder; others may not read it.
    pub fn open(path: Option<&Path>, session: &str) -> io::Result<Self> {
        let file = match path {
            Some(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                Some(OpenOptions::new().create(true).append(true).mode(0o600).open(path)?)
            }
            None => None,
        };
        Ok(Self { file, session: session.to_owned(), clock: Clock::from_env() })
    }

    /// A session begins.
    pub fn start(&self, model: &str, cwd: &Path) -> io::Result<()> {
        self.write("start", 0, json!({"model": model, "cwd": cwd.display().to_string()}))
    }

    /// The model was asked.
    pub fn model(&self, turn: u32, model: &str, took: Duration, result: &Result<Reply, ModelError>) -> io::Result<()> {
        let mut fields = json!({"model": model, "milliseconds": millis(took)});
        match result {
            Ok(reply) => {
                fields["stop"] = json!(format!("{:?}", reply.stop).to_lowercase());
                fields["calls"] = json!(reply.calls.len());
                fields["usage"] = json!(reply.usage);
            }
            Err(error) => {
                fields["error"] = json!(error.to_string());
                fields["until"] = json!(error.limited_until().map(rfc3339));
            }
        }
        self.write("model", turn, fields)
    }

    /// A tool was called.
    pub fn tool(&self, turn: u32, call: &ToolCall, took: Duration, answer: &Answer) -> io::Result<()> {
        let arguments = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!(call.arguments));
        let fields = json!({
            "tool": call.name,
            "call": call.id,
            "arguments": shortened(arguments),
            "outcome": answer.outcome,
            "milliseconds": millis(took),
            "bytes": answer.text.len(),
        });
        self.write("tool", turn, fields)
    }

    /// The session ends.
    pub fn end(&self, ended: &Ended) -> io::Result<()> {
        let until = match &ended.reason {
            Reason::Failed(error) => error.limited_until(),
            _ => None,
        };
        let fields = json!({"reason": ended.reason.to_string(), "usage": ended.usage, "until": until.map(rfc3339)});
        self.write("end", ended.turns, fields)
    }

    /// One line by one call, so that lines of several writers do not mix.
    fn write(&self, kind: &str, turn: u32, fields: Value) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let mut record = Map::new();
        record.insert("time".into(), json!(rfc3339(self.clock.now())));
        record.insert("session".into(), json!(self.session));
        record.insert("turn".into(), json!(turn));
        record.insert("kind".into(), json!(kind));
        if let Value::Object(fields) = fields {
            record.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let line = Value::Object(record).to_string() + "\n";
        file.write_all(line.as_bytes())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The same value with long texts cut off.
fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(LONGEST) {
            Some((place, _)) => json!(format!("{} [{} characters in all]", &text[..place], text.chars().count())),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, shortened(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Stop, Usage};

    #[test]
    fn lines_are_appended_with_their_fields() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("logs/a.jsonl");
        for _ in 0..2 {
            let audit = Audit::open(Some(&path), "s1").expect("a log");
            audit.start("scripted/x", Path::new("/tree")).expect("written");
            let usage = Usage { input: 1, output: 2, cache_read: 3, cache_write: 4 };
            let reply = Reply { text: "t".into(), calls: vec![], stop: Stop::Done, usage };
            audit.model(1, "scripted/x", Duration::from_millis(5), &Ok(reply)).expect("written");
            let long = json!({"path": "a", "content": "\u{e4}".repeat(5000)}).to_string();
            let call = ToolCall { id: "c1".into(), name: "write_file".into(), arguments: long };
            let answer = Answer { text: "done".into(), outcome: "ok" };
            audit.tool(1, &call, Duration::from_millis(7), &answer).expect("written");
            audit.end(&Ended { reason: Reason::Stopped, turns: 1, usage }).expect("written");
        }
        let text = std::fs::read_to_string(&path).expect("a log");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().expect("a kind")).collect();
        assert_eq!(kinds, ["start", "model", "tool", "end", "start", "model", "tool", "end"]);
        assert!(lines.iter().all(|line| line["session"] == "s1" && line["time"].is_string() && line["turn"].is_u64()));
        assert_eq!(lines[1]["usage"]["cache_write"], 4);
        assert_eq!(
            (&lines[2]["tool"], &lines[2]["outcome"], &lines[2]["bytes"]),
            (&json!("write_file"), &json!("ok"), &json!(4))
        );
        assert_eq!(lines[2]["milliseconds"], 7);
        let content = lines[2]["arguments"]["content"].as_str().expect("text");
        assert!(content.ends_with(" [5000 characters in all]") && content.chars().count() < 4200);
        assert_eq!(lines[3]["reason"], "the model has nothing more to do");
    }

    #[test]
    fn arguments_that_are_no_json_are_kept_as_text_and_errors_say_until_when() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.jsonl");
        let audit = Audit::open(Some(&path), "s1").expect("a log");
        let call = ToolCall { id: "c".into(), name: "fly".into(), arguments: "{broken".into() };
        audit.tool(1, &call, Duration::ZERO, &Answer { text: String::new(), outcome: "arguments" }).expect("written");
        let until = "2026-03-01T10:00:00Z".parse().ok();
        let limited = || ModelError::Limited { endpoint: "e".into(), message: "m".into(), until };
        audit.model(2, "m", Duration::ZERO, &Err(limited())).expect("written");
        audit.end(&Ended { reason: Reason::Failed(limited()), turns: 1, usage: Usage::default() }).expect("written");
        let text = std::fs::read_to_string(&path).expect("a log");
        assert!(text.contains(r#""arguments":"{broken","outcome":"arguments""#), "{text}");
        assert_eq!(text.matches(r#""until":"2026-03-01T10:00:00Z""#).count(), 2, "{text}");
    }

    #[test]
    fn without_a_file_nothing_is_written() {
        Audit::open(None, "s").and_then(|audit| audit.start("m", Path::new("/"))).expect("nothing to fail");
    }
}
