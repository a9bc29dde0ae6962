//! The file in which an agent tells what it does now: Claude Code's `sessions/PID.json`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::parts::{millis, text};
use crate::clock::Timestamp;

/// The longest such file, in bytes; a longer one is none.
const LONGEST: u64 = 64 << 10;

/// What an agent says of itself now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    /// Its process.
    pub pid: i32,
    /// Its id of the conversation.
    pub conversation: Option<String>,
    /// The folder that it works in.
    pub folder: Option<String>,
    /// What it does.
    pub status: Status,
    /// What it waits for, in its own words.
    pub about: Option<String>,
    /// Since when.
    pub at: Option<Timestamp>,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It works.
    Busy,
    /// It stands at its prompt.
    Idle,
    /// It waits for a person.
    Waiting,
}

impl StateFile {
    /// Reads one; none where it is no such file, or says something of which nothing is known.
    pub fn read(path: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
        Self::parse(&bytes)
    }

    /// The same from its bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let status = match text(&value, "/status")? {
            "busy" => Status::Busy,
            "idle" => Status::Idle,
            "waiting" => Status::Waiting,
            _ => return None,
        };
        let owned = |pointer: &str| text(&value, pointer).map(str::to_owned);
        Some(Self {
            pid: i32::try_from(value["pid"].as_i64()?).ok()?,
            conversation: owned("/sessionId"),
            folder: owned("/cwd"),
            status,
            about: owned("/waitingFor"),
            at: value["statusUpdatedAt"].as_i64().or(value["updatedAt"].as_i64()).and_then(millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_files_are_read() {
        let text = br#"{"pid":4711,"sessionId":"3f1c","cwd":"/tree","startedAt":1795168800000,"status":"waiting","waitingFor":"permission","updatedAt":1,"statusUpdatedAt":1795168801000}"#;
        let state = StateFile::parse(text).expect("one");
        assert_eq!((state.pid, state.status, state.about.as_deref()), (4711, Status::Waiting, Some("permission")));
        assert_eq!(state.at, "2026-11-20T10:00:01Z".parse().ok());
        for text in
            ["", "{}", "{\"pid\":1}", "{\"pid\":1,\"status\":\"odd\"}", "[", "{\"pid\":\"x\",\"status\":\"idle\"}"]
        {
            assert_eq!(StateFile::parse(text.as_bytes()), None, "{text}");
        }
    }
}
