//! Transcripts: what agents write down of their own conversations, read as one kind of facts.
//!
//! [`locate()`] finds the file of a session, [`follow()`] reads on from where it was read before, so that a look costs what
//! was written since. The readers of each shape are pure: entries in, a [`Reading`] out. What an entry does not say, a
//! reading does not claim, and an entry that cannot be understood is passed over.

mod builtin;
mod claude;
mod codex;
mod copilot;
mod database;
mod follow;
mod gemini;
mod goose;
mod limits;
mod locate;
mod opencode;
mod parts;
mod pi;
mod qwen;
mod reading;
mod state;
#[cfg(test)]
mod tests;

pub use follow::{Followed, follow};
pub use limits::{Trouble, trouble};
pub use locate::{Place, Subject, locate};
pub use reading::{Count, Limit, Reading, Said, Tool, Turn};
pub use state::{StateFile, Status};

use serde_json::Value;

use super::TranscriptFormat;

/// Takes up one entry of a transcript that consists of lines.
fn take_up(format: TranscriptFormat, reading: &mut Reading, entry: &Value) {
    match format {
        TranscriptFormat::Claude => claude::entry(reading, entry),
        TranscriptFormat::Codex => codex::entry(reading, entry),
        TranscriptFormat::Gemini => gemini::entry(reading, entry),
        TranscriptFormat::Qwen => qwen::entry(reading, entry),
        TranscriptFormat::Pi => pi::entry(reading, entry),
        TranscriptFormat::Copilot => copilot::entry(reading, entry),
        TranscriptFormat::Builtin => builtin::entry(reading, entry),
        // Databases: read by question, not by line.
        TranscriptFormat::Opencode | TranscriptFormat::Goose => {}
    }
}

/// Reads every whole line of `bytes`; what follows the last line break is left out. Answers how many bytes were used.
pub fn read_lines(format: TranscriptFormat, reading: &mut Reading, bytes: &[u8]) -> usize {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    for line in bytes[..whole].split(|byte| *byte == b'\n') {
        if let Ok(entry) = serde_json::from_slice::<Value>(line) {
            take_up(format, reading, &entry);
        }
    }
    whole
}
