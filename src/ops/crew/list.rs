//! `gt crew list`.

use std::path::PathBuf;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::git::worktree::{self, Look, State};
use crate::git::{Oid, bare};
use crate::id::{Actor, SessionId, WorkerRef};
use crate::ops::target::Target;
use crate::ops::{OpenTown, Page, Row, session};
use crate::town::Rig;

/// A crew member in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Who.
    pub worker: WorkerRef,
    /// Its worktree.
    pub path: PathBuf,
    /// The branch that is checked out there; none when HEAD is detached or there is no worktree.
    pub branch: Option<String>,
    /// How many files are not committed.
    pub uncommitted: usize,
    /// How many commits the target has not.
    pub ahead: Option<usize>,
    /// How many commits of the target it has not.
    pub behind: Option<usize>,
    /// What keeps the worktree from being used, if something does.
    pub trouble: Option<String>,
    /// Its session, when it lives.
    pub session: Option<SessionId>,
    /// The agent of that, else the one that it would be started with, where one is named.
    pub agent: Option<String>,
    /// When that session was started.
    pub since: Option<Timestamp>,
}

impl Row for Listed {
    const SCHEMA: &'static str = "gt.crew.list/1";
}

/// Every crew member of the rig, or of all of them.
///
/// # Errors
/// When there is no such rig, or the local state cannot be read.
pub fn list(open: &OpenTown, rig: Option<&str>) -> Outcome<Page<Listed>> {
    let rigs = open.rigs(rig)?;
    let sessions = session::sightings(open)?;
    let mut rows = Vec::new();
    for rig in &rigs {
        for worker in rig.crew() {
            let actor = Actor::Worker(worker.clone());
            let live = sessions.iter().find(|seen| seen.row.worker == actor && seen.observed.is_live());
            let mut row = look(open, rig, worker)?;
            if let Some(live) = live {
                row.session = Some(live.row.id.clone());
                row.agent = Some(live.row.agent.clone());
                row.since = Some(live.row.created);
            }
            rows.push(row);
        }
    }
    Ok(Page::complete(rows))
}

fn look(open: &OpenTown, rig: &Rig, worker: WorkerRef) -> Outcome<Listed> {
    let (target, path) = (Target::of(open, rig), open.town.worktree(&worker));
    let Look { state, branch, head } = worktree::look(&target.repo, &path)?;
    let (uncommitted, trouble) = match state {
        State::Clean => (0, None),
        State::Dirty { changed, untracked } => (changed.len() + untracked.len(), None),
        State::Busy { operation, changed, untracked } => {
            (changed.len() + untracked.len(), Some(format!("in the middle of a {operation}")))
        }
        State::Missing => (0, Some("its worktree is gone; attaching makes it anew".to_owned())),
        State::Foreign { reason } => (0, Some(reason)),
    };
    let tips = head.zip(bare::ref_tip(&target.repo, &target.name)?);
    let count = |from: &Oid, to: &Oid| bare::count(&target.repo, from, to).ok();
    let (ahead, behind) = tips.map_or((None, None), |(head, tip)| (count(&tip, &head), count(&head, &tip)));
    let agent = rig.names.get(&worker.name).and_then(|reserved| reserved.agent.clone());
    Ok(Listed { worker, path, branch, uncommitted, ahead, behind, trouble, session: None, agent, since: None })
}
