//! Logs do not grow for ever: those that are old, and the oldest of those that take too much, are removed.
//!
//! What is still of use stays whatever its age: the logs of sessions that run or whose bead is not closed, what the
//! attempts of such a bead name, and what a problem that nobody has acknowledged speaks of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bead::Bead;
use crate::clock::{Timestamp, since};
use crate::error::{Failure, Kind, Outcome};
use crate::ledger::BeadQuery;
use crate::mail::Letter;
use crate::ops::OpenTown;
use crate::refinery::Evidence;
use crate::store::written_at;

/// How often the logs are looked at.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// What was written this short a time ago may still be written to.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// The folders below `logs/` that hold nothing but files.
const FOLDERS: [&str; 3] = ["sessions", "gates", "setup"];

/// One log: a file, or a folder of what was asked and answered once.
struct Log {
    path: PathBuf,
    at: Timestamp,
    bytes: u64,
}

/// Removes what is over the limits, once in an hour. Answers how many logs.
///
/// # Errors
/// When the ledger or the local state cannot be read, or a log not be removed.
pub(super) fn sweep(open: &OpenTown) -> Outcome<usize> {
    let (state, now) = (open.state()?, open.now());
    if state.counter(SWEPT, now)?.is_some() {
        return Ok(0);
    }
    state.count(SWEPT, now, Some(now + EVERY))?;
    let limits = &open.settings.logs;
    let mut logs = Vec::new();
    FOLDERS.iter().for_each(|folder| collect(&open.town.logs_dir().join(folder), &mut logs));
    [open.town.logs_dir().join("mayor"), open.town.seance_dir()].iter().for_each(|folder| asked(folder, &mut logs));
    logs.sort_by(|one, other| (one.at, &one.path).cmp(&(other.at, &other.path)));
    let mut total: u64 = logs.iter().map(|log| log.bytes).sum();
    let most = u64::from(limits.megabytes) << 20;
    let old = |log: &Log| since(now, log.at) >= limits.age.duration();
    if total <= most && !logs.first().is_some_and(old) {
        return Ok(0);
    }
    let in_use = InUse::of(open)?;
    let mut removed = 0;
    for log in &logs {
        if (total > most || old(log)) && since(now, log.at) >= FRESH && !in_use.has(&log.path) {
            remove(&log.path)?;
            total -= log.bytes;
            removed += 1;
        }
    }
    Ok(removed)
}

const SWEPT: &str = "logs.swept";

fn collect(folder: &Path, logs: &mut Vec<Log>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(facts)) = (entry.path(), entry.metadata()) else { continue };
        if facts.is_dir() {
            collect(&path, logs);
        } else if let (true, Some(at)) = (facts.is_file(), written_at(&path)) {
            logs.push(Log { path, at, bytes: facts.len() });
        }
    }
}

/// The questions below a folder, each of which has a folder of its own.
fn asked(folder: &Path, logs: &mut Vec<Log>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, mut inside) = (entry.path(), Vec::new());
        collect(&path, &mut inside);
        let bytes = inside.iter().map(|log| log.bytes).sum();
        if let Some(at) = inside.iter().map(|log| log.at).chain(written_at(&path)).max() {
            logs.push(Log { path, at, bytes });
        }
    }
}

fn remove(path: &Path) -> Outcome<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::caused(Kind::External, format!("cannot remove the log {}", path.display()), error))
        }
        _ => Ok(()),
    }
}

/// What may not be removed.
struct InUse {
    /// Sessions that run, or that worked on a bead that is not closed: the first part of their logs' names.
    sessions: BTreeSet<String>,
    /// What attempts and problems say; a log is in use when its name is in it.
    texts: Vec<String>,
}

impl InUse {
    fn of(open: &OpenTown) -> Outcome<Self> {
        let (snapshot, state) = (open.snapshot()?, open.state()?);
        let beads: Vec<Bead> = snapshot.beads(&BeadQuery::not_closed())?;
        let mut sessions: BTreeSet<String> = BTreeSet::new();
        sessions.extend(state.open_sessions()?.into_iter().map(|row| row.id.to_string()));
        let (letters, _) = snapshot.documents::<Letter>()?;
        let open_letters: Vec<Letter> = letters.into_iter().filter(Letter::is_open_escalation).collect();
        let told = open_letters.iter().filter_map(|letter| letter.bead.as_ref());
        for id in beads.iter().map(|bead| &bead.id).chain(told) {
            sessions.extend(state.sessions_of_bead(id, usize::MAX >> 1)?.into_iter().map(|row| row.id.to_string()));
        }
        let attempts = beads.iter().flat_map(|bead| &bead.attempts);
        let texts = attempts.flat_map(|attempt| attempt.log.iter().chain([&attempt.reason]).cloned());
        let letters = open_letters.iter().map(|letter| letter.body.clone());
        let mut texts: Vec<String> = texts.chain(letters).collect();
        for path in beads.iter().filter_map(|bead| bead.merge.as_ref()).flat_map(|merge| &merge.gates) {
            texts.extend(snapshot.document::<Evidence>(path)?.and_then(|evidence| evidence.log));
        }
        Ok(Self { sessions, texts })
    }

    fn has(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return true };
        let stem = name.split('.').next().unwrap_or(name);
        self.sessions.contains(stem) || self.texts.iter().any(|text| text.contains(name))
    }
}
