//! `gt polecat show`.

use std::path::PathBuf;

use serde::Serialize;

use super::list::{Listed, listed};
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::git::worktree::{self, Look, State};
use crate::git::{Oid, pins};
use crate::id::{Actor, BeadId, SessionId, WorkerRef};
use crate::ops::ending::{self, Ending};
use crate::ops::hook::{self, Hook};
use crate::ops::tick::seen;
use crate::ops::{OpenTown, Report};
use crate::store::{SessionAgent, SessionEnd, SessionRow};

/// How many sessions are shown.
const SESSIONS: usize = 10;

/// One worker with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Who.
    pub worker: WorkerRef,
    /// How it is; none for a crew member and for one that is retired.
    pub now: Option<Listed>,
    /// Whether its name is only kept so that nobody else gets it.
    pub retired: bool,
    /// What it has.
    pub hook: Hook,
    /// Its worktree.
    pub worktree: Worktree,
    /// Its last sessions, newest first.
    pub sessions: Vec<Session>,
    /// What was kept of its worktrees, oldest first.
    pub snapshots: Vec<Kept>,
}

/// A worktree as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worktree {
    /// Where.
    pub path: PathBuf,
    /// Its branch; none when HEAD is detached.
    pub branch: Option<String>,
    /// Its commit.
    pub head: Option<Oid>,
    /// `clean`, `dirty`, `missing`, `foreign`, or what is half done in it.
    pub state: String,
    /// What makes it so: files, or what is wrong.
    pub details: Vec<String>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Which one.
    pub session: SessionId,
    /// The bead it was started for.
    pub bead: Option<BeadId>,
    /// The agent.
    pub agent: String,
    /// How that agent was started.
    #[serde(flatten)]
    pub with: SessionAgent,
    /// When it was started.
    pub started: Timestamp,
    /// How it ended.
    pub end: Option<SessionEnd>,
    /// What was taken down of that.
    pub ending: Option<Ending>,
    /// Its log.
    pub log: PathBuf,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The ref.
    pub name: String,
    /// Its commit.
    pub commit: Oid,
}

impl Report for Shown {
    const SCHEMA: &'static str = "gt.polecat.show/1";
}

/// Everything about the worker that `word` means, by its own name or by its bead.
///
/// # Errors
/// When there is no such worker.
pub fn show(open: &OpenTown, word: &str) -> Outcome<Shown> {
    let snapshot = open.snapshot()?;
    let worker = open.worker(&snapshot, word)?;
    let rig = open.town.rig(&worker.rig)?;
    let reserved = rig.names.get(&worker.name).cloned();
    let seen = seen(open, &snapshot, std::slice::from_ref(&rig))?;
    let now = seen.into_iter().find(|seen| seen.observation.worker == worker).zip(reserved.as_ref());
    let repo = open.town.rig_repo(&worker.rig);
    let folder = open.town.worktree(&worker);
    let sessions = open.state()?.sessions_of_worker(&Actor::Worker(worker.clone()), SESSIONS)?;
    let snapshots = pins::snapshots(&repo, &worker.name)?;
    Ok(Shown {
        now: now.map(|(seen, reserved)| listed(seen, reserved.role.clone())),
        retired: reserved.is_some_and(|reserved| reserved.retired),
        hook: hook::show(open, Some(&worker.to_string()))?,
        worktree: describe(folder.clone(), worktree::look(&repo, &folder)?),
        sessions: sessions.into_iter().map(|row| session(open, row)).collect::<Outcome<_>>()?,
        snapshots: snapshots.into_iter().map(|kept| Kept { name: kept.name, commit: kept.commit }).collect(),
        worker,
    })
}

fn describe(path: PathBuf, look: Look) -> Worktree {
    let names = |lists: [Vec<PathBuf>; 2]| lists.concat().iter().map(|path| path.display().to_string()).collect();
    let (state, details) = match look.state {
        State::Clean => ("clean".to_owned(), Vec::new()),
        State::Dirty { changed, untracked } => ("dirty".to_owned(), names([changed, untracked])),
        State::Busy { operation, changed, untracked } => {
            (format!("in the middle of a {operation}"), names([changed, untracked]))
        }
        State::Missing => ("missing".to_owned(), Vec::new()),
        State::Foreign { reason } => ("foreign".to_owned(), vec![reason]),
    };
    Worktree { path, branch: look.branch, head: look.head, state, details }
}

fn session(open: &OpenTown, row: SessionRow) -> Outcome<Session> {
    let ending = ending::kept(open, &row.id)?;
    let SessionRow { id, bead, agent, with, created, end, log, .. } = row;
    Ok(Session { session: id, bead, agent, with, started: created, end, ending, log })
}
