//! `gt attach` and `gt peek`: watching a session, and the last that was seen of it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{OpenTown, Report, session};
use crate::bead::Status;
use crate::clock::{short, since};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, SessionId, WorkerKind, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::runtime::{self, Attach, Observed, RuntimeKind};
use crate::store::SessionRow;

/// The session that a person wants to see.
struct Subject {
    worker: WorkerRef,
    row: SessionRow,
    dir: PathBuf,
    observed: Observed,
}

/// How to watch a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attached {
    /// Whose it is.
    pub worker: WorkerRef,
    /// Which one.
    pub session: SessionId,
    /// Its run folder.
    pub folder: PathBuf,
    /// What to do.
    #[serde(flatten)]
    pub way: Way,
}

/// What a face does to show a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum Way {
    /// Become this command.
    Command {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// Follow this file until the session ends.
    Log {
        /// The log.
        log: PathBuf,
    },
}

impl Report for Attached {
    const SCHEMA: &'static str = "gt.attach/1";
}

/// How to watch or talk to the session of the worker that `word` means, by its own name or by its bead.
///
/// # Errors
/// When there is no such worker, or its session does not run; then how the last one ended is said.
pub fn attach(open: &OpenTown, word: &str) -> Outcome<Attached> {
    let subject = find(open, word)?;
    if !subject.observed.is_live() {
        return Err(ended(open, &subject));
    }
    let way = match open.runtime(kind(&subject.row)?)?.attach(&subject.dir)? {
        Attach::Exec(command) => Way::Command { command },
        Attach::Follow(log) => Way::Log { log },
    };
    Ok(Attached { worker: subject.worker, session: subject.row.id, folder: subject.dir, way })
}

/// What a session showed last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peeked {
    /// Whose it is.
    pub worker: WorkerRef,
    /// Which one.
    pub session: SessionId,
    /// Whether it runs.
    pub live: bool,
    /// How it ended, where it did.
    pub end: Option<String>,
    /// Its last lines.
    pub text: String,
    /// Where all of it is.
    pub log: PathBuf,
}

impl Report for Peeked {
    const SCHEMA: &'static str = "gt.peek/1";
}

/// The last `lines` lines of the session of the worker that `word` means; of an ended one, the last that is known.
///
/// # Errors
/// When there is no such worker, or it never had a session.
pub fn peek(open: &OpenTown, word: &str, lines: usize) -> Outcome<Peeked> {
    let subject = find(open, word)?;
    let live = subject.observed.is_live();
    let shown = open.runtime(kind(&subject.row)?)?.capture(&subject.dir, lines);
    let text = match shown {
        Ok(text) => text,
        // The run folder may be gone long after the end; the log stays.
        Err(error) if !live => tail(&subject.row.log, lines).ok_or(error)?,
        Err(error) => return Err(error.into()),
    };
    let end = (!live).then(|| describe(open, &subject));
    Ok(Peeked { worker: subject.worker, session: subject.row.id, live, end, text, log: subject.row.log })
}

/// The last lines that the last session of `worker` said, once it is over: what they are about is what people need to
/// know of an agent that ended. Nothing when that is not known any more.
pub fn last_words(open: &OpenTown, worker: &WorkerRef) -> Vec<String> {
    const LINES: usize = 4;
    const WIDTH: usize = 160;
    let Ok(peeked) = peek(open, &worker.to_string(), 4 * LINES) else { return Vec::new() };
    if peeked.live {
        return Vec::new();
    }
    let said = peeked.text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with("[gt] "));
    let said: Vec<&str> = said.collect();
    let last = &said[said.len().saturating_sub(LINES)..];
    last.iter().map(|line| line.chars().filter(|c| !c.is_control()).take(WIDTH).collect()).collect()
}

fn find(open: &OpenTown, word: &str) -> Outcome<Subject> {
    let snapshot = open.snapshot()?;
    let worker = named(open, &snapshot, word)?;
    let actor = Actor::Worker(worker.clone());
    let live = session::live(open, &worker)?.map(|live| live.row);
    let row = match live {
        Some(row) => Some(row),
        None => open.state()?.sessions_of_worker(&actor, 1)?.into_iter().next(),
    };
    let Some(row) = row else {
        let starts = if worker.kind == WorkerKind::Crew { "crew attach" } else { "sling BEAD" };
        return Err(Failure::new(Kind::NotFound, format!("{} never had a session", worker.short()))
            .hint(format!("`gt {starts} {}` starts one", worker.short())));
    };
    let dir = session::folder(open, &row.id);
    Ok(Subject { observed: runtime::observe(&dir), worker, row, dir })
}

/// The worker of that name, or the one that the bead is on; of a bead that nobody holds, the last one that had it.
fn named(open: &OpenTown, snapshot: &Snapshot, word: &str) -> Outcome<WorkerRef> {
    match open.worker(snapshot, word) {
        Ok(worker) => Ok(worker),
        Err(failure) => {
            let Ok(id) = open.bead_id(snapshot, word) else { return Err(failure) };
            let last = open.state()?.sessions_of_bead(&id, 1)?.into_iter().next();
            match last.map(|row| row.worker) {
                Some(Actor::Worker(worker)) => Ok(worker),
                _ => Err(failure),
            }
        }
    }
}

fn kind(row: &SessionRow) -> Outcome<RuntimeKind> {
    row.runtime.parse().map_err(|reason: String| Failure::new(Kind::Corrupt, reason))
}

fn ended(open: &OpenTown, subject: &Subject) -> Failure {
    let name = subject.worker.short();
    let query = BeadQuery::default().held_by(&subject.worker);
    let held = open.snapshot().and_then(|snapshot| snapshot.beads(&query)).unwrap_or_default();
    let next = if subject.worker.kind == WorkerKind::Crew {
        format!("`gt crew attach {name}` starts it again, in the same worktree")
    } else if held.iter().any(|bead| bead.status() == Status::Hooked) {
        format!("`gt polecat restart {name}` starts it again on the bead on its hook")
    } else {
        format!("nothing is on its hook; `gt sling BEAD {name}` starts it again")
    };
    Failure::new(Kind::NotFound, format!("{name} has no running session: {}", describe(open, subject)))
        .hint(format!("`gt peek {name}` shows the last of it; all of it is in {}", subject.row.log.display()))
        .hint(next)
}

/// How and when a session that does not run ended.
fn describe(open: &OpenTown, subject: &Subject) -> String {
    let (at, status, reason) = match (&subject.row.end, &subject.observed) {
        (Some(end), _) => (Some(end.at), end.status, end.reason.clone()),
        (None, Observed::Ended(exit)) => {
            let reason = exit.message.clone().unwrap_or_else(|| "exited".to_owned());
            (Some(exit.ended), exit.code(), reason)
        }
        _ => (None, None, "its process is gone and nobody saw how".to_owned()),
    };
    let status = status.map(|status| format!(", status {status}")).unwrap_or_default();
    let ago = at.map(|at| format!(" {} ago", short(since(open.now(), at)))).unwrap_or_default();
    format!("the last one ({}) ended{ago}: {reason}{status}", subject.row.id)
}

/// The last lines of a log that no runtime knows any more.
fn tail(log: &Path, lines: usize) -> Option<String> {
    let bytes = std::fs::read(log).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Some(all[all.len().saturating_sub(lines)..].iter().map(|line| format!("{line}\n")).collect())
}
