//! What this machine tells: workers, and what the refineries do.

use std::time::Duration;

use super::picture::{BeadLine, SessionPart, WorkerPart};
use crate::bead::Bead;
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::id::{RigName, RoleName, WorkerRef};
use crate::ops::OpenTown;
use crate::ops::tick::{self, Seen};
use crate::runtime::RuntimeKind;
use crate::town::Rig;
use crate::witness::{Health, Judgement, Session};

/// The workers, and why the terminals did not answer, if they did not.
pub struct Told {
    /// Every polecat of the rigs, and the crew.
    pub workers: Vec<WorkerPart>,
    /// Why tmux did not answer, when a worker has a session in it.
    pub terminals: Option<String>,
}

/// Looks at every polecat and the crew; tmux is asked once, and has `limit` to answer.
///
/// # Errors
/// When the ledger or the local state cannot be read.
pub fn told(open: &OpenTown, rigs: &[Rig], limit: Duration) -> Outcome<Told> {
    let panes = tick::panes(open, limit);
    let seen = tick::seen_beside(open, &open.snapshot()?, rigs, &panes)?;
    let in_tmux = |seen: &Seen| {
        let row = seen.row.as_ref().filter(|row| row.end.is_none());
        row.is_some_and(|row| row.runtime == RuntimeKind::Tmux.as_str())
    };
    let terminals = panes.err().filter(|_| seen.iter().any(in_tmux));
    Ok(Told { workers: seen.into_iter().map(|seen| part(rigs, seen)).collect(), terminals })
}

fn part(rigs: &[Rig], seen: Seen) -> WorkerPart {
    let Seen { observation, judgement, row, bead, .. } = seen;
    let lives = matches!(observation.session, Session::Starting { .. } | Session::Running { .. });
    WorkerPart {
        role: role(rigs, &observation.worker),
        word: judgement.health.word(),
        judgement,
        progress: observation.activity.progress.filter(|_| observation.hook.is_some()),
        bead: bead.as_ref().map(line),
        session: row.filter(|_| lives).map(|row| SessionPart {
            id: row.id,
            agent: row.agent,
            runtime: row.runtime,
            since: row.created,
        }),
        worker: observation.worker,
    }
}

fn line(bead: &Bead) -> BeadLine {
    BeadLine { id: bead.id.clone(), title: bead.title.clone(), attempt: bead.attempt_number() }
}

fn role(rigs: &[Rig], worker: &WorkerRef) -> Option<RoleName> {
    let rig = rigs.iter().find(|rig| rig.name == worker.rig)?;
    rig.names.get(&worker.name).map(|reserved| reserved.role.clone())
}

/// What is known of the workers when nobody could look at them: their names, and what hangs on their hooks.
pub fn unseen(rigs: &[Rig], hooked: &[Bead], why: &str, now: Timestamp) -> Vec<WorkerPart> {
    let workers = rigs.iter().flat_map(|rig| rig.polecats().map(|(worker, _)| worker).chain(rig.crew()));
    workers.map(|worker| not_looked_at(rigs, worker, hooked, why, now)).collect()
}

/// Workers that hold a bead and that no rig knows: nobody looks after them.
pub fn strangers(rigs: &[Rig], seen: &[WorkerPart], hooked: &[Bead], now: Timestamp) -> Vec<WorkerPart> {
    let holders = hooked.iter().filter_map(|bead| bead.claim().map(|claim| claim.assignee.clone()));
    let strange = holders.filter(|worker| !seen.iter().any(|part| part.worker == *worker));
    strange.map(|worker| not_looked_at(rigs, worker, hooked, "no rig has a worker of this name", now)).collect()
}

fn not_looked_at(rigs: &[Rig], worker: WorkerRef, hooked: &[Bead], why: &str, now: Timestamp) -> WorkerPart {
    let bead = hooked.iter().find(|bead| bead.claim().is_some_and(|claim| claim.assignee == worker));
    let health = Health::Unknown { why: why.to_owned() };
    WorkerPart {
        role: role(rigs, &worker),
        word: health.word(),
        judgement: Judgement { evidence: why.to_owned(), health, expires: now },
        progress: None,
        bead: bead.map(line),
        session: None,
        worker,
    }
}

/// What is under way in the refinery of a rig.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refinery {
    /// Whether a process works through the queue.
    pub at_work: bool,
    /// The gate that runs: its name, on what, since when.
    pub gating: Option<(String, String, Timestamp)>,
    /// Why the last delivery did not happen.
    pub undelivered: Option<String>,
}

/// Asks the lock and the stream of events.
///
/// # Errors
/// When the local state cannot be read.
pub fn refinery(open: &OpenTown, rig: &RigName) -> Outcome<Refinery> {
    let state = open.state()?;
    let at_work = tick::is_merging(open, rig);
    let gating = state
        .last_event(rig, &["gate.started", "gate.ended"])?
        .filter(|event| at_work && event.what.kind == "gate.started")
        .and_then(|event| {
            let word = |key: &str| Some(event.what.json.as_ref()?.get(key)?.as_str()?.to_owned());
            Some((word("gate")?, word("on")?, event.what.at))
        });
    let delivery = state.last_event(rig, &["target.waiting", "target.delivered"])?;
    let undelivered = delivery.filter(|event| event.what.kind == "target.waiting").map(|event| event.what.text);
    Ok(Refinery { at_work, gating, undelivered })
}
