//! What an agent's hooks tell of it, in the order in which it was told: `events.jsonl` in the run folder.
//!
//! The session's own process writes the file, because an agent in a sandbox cannot; when that does not answer, the
//! hook does. The file has a size: what is older is kept once beside it, as `events.jsonl.1`, and then forgotten.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::message::{Reply, Request, send_within};
use super::{RuntimeError, now};
use crate::clock::Timestamp;

/// The file in a run folder.
const FILE: &str = "events.jsonl";

/// What was in it before it was begun anew.
const BEFORE: &str = "events.jsonl.1";

/// The longest file, in bytes.
const LIMIT: u64 = 4 << 20;

/// How much of the end of the file is read.
const TAIL: u64 = 256 << 10;

/// How long a hook may hold its agent up.
const PATIENCE: Duration = Duration::from_secs(5);

/// One thing that a hook told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookEvent {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: HookKind,
    /// The agent's own id of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The file of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<PathBuf>,
    /// The tool, of `tool` and `tool-done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The beginning of what was said: the prompt, the error, the last message, the source of a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What an event is about; the words of `[hooks.events]` in a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum HookKind {
    /// A conversation begins, or goes on after a resume.
    Start,
    /// A prompt was submitted.
    Prompt,
    /// A tool begins.
    Tool,
    /// A tool has ended.
    ToolDone,
    /// The agent has come to the end of its turn.
    Stop,
    /// The turn ended with an error, such as a rate limit.
    Fail,
    /// A person interrupted the turn.
    Interrupt,
    /// The conversation is about to be compacted.
    Compact,
    /// The conversation was compacted.
    Compacted,
    /// The agent waits for an answer of a person.
    Waiting,
    /// The conversation ends.
    End,
}

impl std::fmt::Display for HookKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = clap::ValueEnum::to_possible_value(self).expect("no kind is hidden");
        f.pad(value.get_name())
    }
}

impl HookKind {
    /// Whether the agent works after such an event; nothing where it says nothing about that.
    pub fn means_busy(self) -> Option<bool> {
        match self {
            Self::Prompt | Self::Tool | Self::ToolDone => Some(true),
            Self::Stop | Self::Fail | Self::Interrupt | Self::End => Some(false),
            Self::Start | Self::Compact | Self::Compacted | Self::Waiting => None,
        }
    }
}

impl HookEvent {
    /// One that happens now, of which nothing more is known.
    pub fn of(kind: HookKind) -> Self {
        Self { at: now(), kind, conversation: None, transcript: None, tool: None, text: None }
    }
}

/// The last events of a run folder, the oldest first: those in the last 256 KiB, also where the file was begun anew among
/// them.
pub fn events(dir: &Path) -> Vec<HookEvent> {
    let newer = tail(&dir.join(FILE), TAIL);
    let older = match TAIL.saturating_sub(newer.len() as u64) {
        0 => Vec::new(),
        rest => tail(&dir.join(BEFORE), rest),
    };
    let bytes = [older, newer].concat();
    let text = String::from_utf8_lossy(&bytes);
    // A tail may begin in the middle of a line, which is then no event.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The last bytes of a file; none of one that cannot be read.
fn tail(path: &Path, most: u64) -> Vec<u8> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(most);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().unwrap_or_default()
}

/// The last event of a run folder that is of one of these kinds.
pub fn last_event(dir: &Path, kinds: &[HookKind]) -> Option<HookEvent> {
    events(dir).into_iter().rfind(|event| kinds.contains(&event.kind))
}

/// Tells the session of a run folder what its agent's hook said. Answers what the agent is to be told instead of
/// stopping, when `takes` says that it can be. Where the session does not answer, the event is written all the same.
///
/// # Errors
/// When it can be told nowhere.
pub fn tell(dir: &Path, event: &HookEvent, takes: bool) -> Result<Option<String>, RuntimeError> {
    let request = Request::Event { event: event.clone(), takes };
    match send_within(dir, &request, PATIENCE) {
        Ok(Reply::Heard { hand_over }) => Ok(hand_over),
        _ => record(dir, event).map(|()| None),
    }
}

/// Appends an event.
pub(super) fn record(dir: &Path, event: &HookEvent) -> Result<(), RuntimeError> {
    let path = dir.join(FILE);
    let failed = |error| RuntimeError::io("write", &path)(error);
    if fs::metadata(&path).is_ok_and(|meta| meta.len() > LIMIT) {
        let _ = fs::rename(&path, dir.join(BEFORE));
    }
    let mut line = serde_json::to_string(event).expect("an event has only plain fields");
    line.push('\n');
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    // One write for one line: several writers do not mix.
    file.write_all(line.as_bytes()).map_err(|error| {
        // Half a line, as on a full disk, would spoil the next one.
        let _ = file.set_len(length);
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_events_are_read_however_many_there_were() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(events(folder.path()), []);
        let said = |number: usize| HookEvent {
            text: Some(format!("{number} {}", "x".repeat(990))),
            ..HookEvent::of(HookKind::Tool)
        };
        // Nobody listens at the folder's socket.
        for number in 0..5_000 {
            assert_eq!(tell(folder.path(), &said(number), true).expect("written"), None);
            let just_begun = fs::metadata(folder.path().join(FILE)).is_ok_and(|file| file.len() < 10_000);
            assert!(!just_begun || (number.min(200)..300).contains(&events(folder.path()).len()), "{number}");
        }
        let read = events(folder.path());
        assert!((200..300).contains(&read.len()), "{}", read.len());
        assert_eq!(read.last().and_then(|event| event.text.clone()), said(4_999).text);
        let size: u64 = fs::read_dir(folder.path())
            .expect("it is there")
            .flatten()
            .map(|entry| entry.metadata().expect("a file").len())
            .sum();
        assert!(size < 2 * LIMIT, "{size}");
        record(folder.path(), &HookEvent::of(HookKind::Stop)).expect("written");
        record(folder.path(), &said(1)).expect("written");
        assert_eq!(last_event(folder.path(), &[HookKind::Stop]).map(|event| event.kind), Some(HookKind::Stop));
        assert_eq!(last_event(folder.path(), &[HookKind::Prompt]), None);
    }

    #[test]
    fn what_is_no_event_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), "half a line\n{\"kind\": \"of no kind\"}\n").expect("writable");
        record(folder.path(), &HookEvent::of(HookKind::ToolDone)).expect("written");
        assert_eq!(events(folder.path()).len(), 1);
    }
}
