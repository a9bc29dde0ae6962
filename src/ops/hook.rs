//! `gt hook`: what is on a worker's hook, and how a worker takes the next bead itself.

use serde::Serialize;

use super::hooking::{self, Hooked};
use super::launch::{self, Start};
use super::{OpenTown, Report, pass, sandbox};
use crate::bead::{Bead, Status};
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, State};
use crate::id::{Actor, BeadId, RoleName, SessionId, WorkerKind, WorkerRef};
use crate::ledger::BeadQuery;

/// What a worker has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// The worker.
    pub worker: WorkerRef,
    /// The bead that is hooked to it.
    pub hooked: Option<Held>,
    /// What it handed in and what waits in the merge queue.
    pub submitted: Vec<Held>,
}

/// A bead in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Which attempt at it.
    pub attempt: u32,
}

impl Report for Hook {
    const SCHEMA: &'static str = "gt.hook/1";
}

/// A bead that a worker took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The hooking.
    #[serde(flatten)]
    pub hooked: Hooked,
    /// What becomes of the session.
    pub session: Next,
}

/// Who works on a bead that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum Next {
    /// The caller is the worker's session: it ends, and a fresh one begins with the bead.
    Fresh,
    /// A session was started now.
    Start {
        /// What came of it.
        start: Start,
    },
    /// It could not be started; the next tick tries again.
    Failed {
        /// Why.
        warning: String,
    },
}

impl Report for Taken {
    const SCHEMA: &'static str = "gt.hook.next/1";
}

/// What is hooked to the worker that `word` names, by its own name or by its bead; without a word, to the worker that
/// stands here.
///
/// # Errors
/// When there is no such worker.
pub fn show(open: &OpenTown, word: Option<&str>) -> Outcome<Hook> {
    let snapshot = open.snapshot()?;
    let worker = match word {
        Some(word) => open.worker(&snapshot, word)?,
        None => this_worker(open)?.clone(),
    };
    let held = snapshot.beads(&BeadQuery::default().held_by(&worker))?;
    let (hooked, submitted): (Vec<Bead>, Vec<Bead>) =
        held.into_iter().partition(|bead| bead.status() == Status::Hooked);
    let held = |bead: Bead| Held { attempt: bead.attempt_number(), bead: bead.id, title: bead.title };
    Ok(Hook {
        worker,
        hooked: hooked.into_iter().map(held).next(),
        submitted: submitted.into_iter().map(held).collect(),
    })
}

/// Hooks the next ready bead to the worker that stands here.
///
/// # Errors
/// When it is no polecat, has a bead already, its worktree holds unsaved work, or nothing is ready.
pub fn next(open: &OpenTown, role: Option<&str>) -> Outcome<Taken> {
    let worker = this_worker(open)?;
    open.ledger.settle()?;
    let role = role_of(open, worker, role)?;
    clean(open, worker)?;
    sandbox::secure(open, worker, "before the next bead")?;
    let hooked = hooking::hook_next(open, worker, &role)?;
    let session = if in_own_session(open, worker)? {
        // A session cannot end itself and begin anew: the pass does it.
        pass::request(open);
        Next::Fresh
    } else {
        match launch::start(open, &hooked.bead, &hooked.lease) {
            Ok(start) => Next::Start { start },
            Err(failure) => Next::Failed { warning: failure.to_string() },
        }
    };
    Ok(Taken { hooked, session })
}

fn this_worker(open: &OpenTown) -> Outcome<&WorkerRef> {
    match &open.actor {
        Actor::Worker(worker) => Ok(worker),
        _ => Err(Failure::new(Kind::Usage, "no worker stands here")
            .hint("Name one, or run it in a worker's worktree or session.")),
    }
}

/// The role that was asked for, else the one that the worker's name is reserved for.
fn role_of(open: &OpenTown, worker: &WorkerRef, asked: Option<&str>) -> Outcome<RoleName> {
    let rig = open.town.rig(&worker.rig)?;
    let reserved = rig.names.get(&worker.name).filter(|reserved| !reserved.retired);
    let Some(reserved) = reserved.filter(|_| worker.kind == WorkerKind::Polecat) else {
        return Err(Failure::new(Kind::Refused, format!("{worker} takes no beads by itself"))
            .hint("Beads are slung to polecats; a crew member is a person's own."));
    };
    Ok(asked.map(str::parse).transpose()?.unwrap_or_else(|| reserved.role.clone()))
}

/// Whatever is in no commit has to be dealt with first: the worktree is made anew for the next bead.
fn clean(open: &OpenTown, worker: &WorkerRef) -> Outcome<()> {
    let folder = open.town.worktree(worker);
    let look = worktree::look(&open.town.rig_repo(&worker.rig), &folder)?;
    let (what, names) = match look.state {
        State::Clean | State::Missing => return Ok(()),
        State::Dirty { changed, untracked } => ("has uncommitted files".to_owned(), [changed, untracked].concat()),
        State::Busy { operation, .. } => (format!("is in the middle of a {operation}"), Vec::new()),
        State::Foreign { reason } => (format!("is not the worker's worktree any more: {reason}"), Vec::new()),
    };
    let names: String = names.iter().map(|name| format!("\n  {}", name.display())).collect();
    Err(Failure::new(Kind::Refused, format!("{} {what}{names}", folder.display()))
        .hint("Commit or put away what belongs to the last bead, then take the next one."))
}

/// Whether this process runs in a live session of the worker.
fn in_own_session(open: &OpenTown, worker: &WorkerRef) -> Outcome<bool> {
    let Ok(Ok(session)) = std::env::var(crate::env::SESSION).map(|text| text.parse::<SessionId>()) else {
        return Ok(false);
    };
    let row = open.state()?.session(&session)?;
    Ok(row.is_some_and(|row| row.worker == Actor::Worker(worker.clone())))
}
