//! What an attempt has used so far, by what its agents wrote down of their model calls; and of the built-in agent, whether
//! it ever had an answer, and how long its endpoint refuses to serve it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use serde::Deserialize;

use crate::bead::Used;
use crate::clock::{Timestamp, since};
use crate::error::Outcome;
use crate::model::Usage;
use crate::ops::{OpenTown, transcripts};
use crate::store::SessionRow;
use crate::witness::Hook;

/// The most sessions of one attempt that are looked at.
const SESSIONS: usize = 50;

/// What the sessions of this hooking have used.
///
/// # Errors
/// When the local state cannot be read.
pub(super) fn used(open: &OpenTown, hook: &Hook) -> Outcome<Used> {
    let now = open.now();
    let rows = open.state()?.sessions_of_bead(&hook.bead, SESSIONS)?;
    let of_this: Vec<&SessionRow> = rows.iter().filter(|row| row.lease.as_ref() == Some(&hook.claim.lease)).collect();
    let ran = |row: &&SessionRow| since(row.end.as_ref().map_or(now, |end| end.at), row.created);
    let mut used = Used { time: of_this.iter().map(ran).sum(), ..Used::default() };
    if hook.budget.tokens.is_none() && hook.budget.turns.is_none() {
        return Ok(used);
    }
    for row in of_this {
        let total = transcripts::last(open, row)?.map(|followed| followed.reading.total());
        // Without any reply nobody knows whether there was none or none is told.
        if let Some(total) = total.filter(|total| total.replies > 0) {
            used.tokens = Some(used.tokens.unwrap_or(0).saturating_add(total.tokens.total()));
            used.turns = Some(used.turns.unwrap_or(0) + total.replies);
        }
    }
    Ok(used)
}

/// One line of the audit log of the built-in agent, as far as it counts.
#[derive(Deserialize)]
struct Line {
    kind: String,
    usage: Option<Usage>,
    until: Option<Timestamp>,
}

/// What the log of one session tells of its endpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Whether it answered at all.
    pub answered: bool,
    /// Until when it refuses to serve the session that it ended.
    pub limited_until: Option<Timestamp>,
}

/// How much of the end of a log is read for [`endpoint`]: the last line is well within, and so is the first answer.
const ENDS: u64 = 64 * 1024;

/// What a session's log tells of its endpoint; none for an agent that keeps no such log.
pub(super) fn endpoint(row: &SessionRow) -> Option<Endpoint> {
    let mut file = File::open(row.log.with_extension("audit.jsonl")).ok()?;
    let length = file.metadata().ok()?.len();
    let tail = part(&mut file, length.saturating_sub(ENDS))?;
    // A log that is longer than this has had answers.
    let answered = length > ENDS || lines(&tail).any(|line| line.kind == "model" && line.usage.is_some());
    let limited_until = lines(&tail).last().filter(|line| line.kind == "end").and_then(|line| line.until);
    Some(Endpoint { answered, limited_until })
}

fn part(file: &mut File, from: u64) -> Option<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from)).ok()?;
    file.take(ENDS).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn lines(text: &str) -> impl Iterator<Item = Line> {
    text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok())
}
