//! Observing workers: the ledger, the local state, the run folder, the terminal and the worktree, as one value that
//! the witness judges.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use crate::bead::{Bead, State, Status};
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::id::{Actor, SessionId, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::{OpenTown, session};
use crate::runtime::{self, Exit, ExitReason, Observed, Pane, TmuxServer};
use crate::store::{Counter, SessionRow};
use crate::town::{Rig, Settings};
use crate::witness::{Activity, Counters, Hook, Judgement, Observation, Prompt, Session, Thresholds, judge};

/// One worker as it is now.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What was observed.
    pub observation: Observation,
    /// What that means.
    pub judgement: Judgement,
    /// Its last session.
    pub row: Option<SessionRow>,
    /// The bead on its hook.
    pub bead: Option<Bead>,
    /// Its session was never really started: that is ours to do again, and no fault of the agent.
    pub never_started: bool,
}

/// Looks at every polecat of the rigs.
///
/// # Errors
/// When the ledger or the local state cannot be read. What cannot be seen of one worker is unknown, not an error.
pub fn seen(open: &OpenTown, snapshot: &Snapshot, rigs: &[Rig]) -> Outcome<Vec<Seen>> {
    let panes = panes(open);
    let hooked = snapshot.beads(&BeadQuery { status: vec![Status::Hooked], ..BeadQuery::default() })?;
    let mut hooks: BTreeMap<WorkerRef, Bead> =
        hooked.into_iter().filter_map(|bead| Some((bead.claim()?.assignee.clone(), bead))).collect();
    let mut all = Vec::new();
    for rig in rigs {
        let settings = open.settings_for(rig)?;
        for (worker, _) in rig.polecats() {
            let bead = hooks.remove(&worker);
            all.push(look(open, &settings, &worker, bead, &panes)?);
        }
    }
    Ok(all)
}

/// Every terminal of the town in one question; why not, when tmux does not answer.
fn panes(open: &OpenTown) -> Result<Vec<Pane>, String> {
    let socket = open.town.socket_path("tmux.sock").map_err(|error| error.to_string())?;
    let server = TmuxServer::at(&socket);
    if !socket.exists() || !server.is_alive() {
        return Ok(Vec::new());
    }
    server.panes().map_err(|error| error.to_string())
}

fn look(
    open: &OpenTown,
    settings: &Settings,
    worker: &WorkerRef,
    bead: Option<Bead>,
    panes: &Result<Vec<Pane>, String>,
) -> Outcome<Seen> {
    let rows = open.state()?.sessions_of_worker(&Actor::Worker(worker.clone()), 1)?;
    let row = rows.into_iter().next();
    let dir = row.as_ref().map(|row| session::folder(open, &row.id));
    let observed = dir.as_deref().map_or(Observed::Absent, runtime::observe);
    let now = open.now();
    let claim = bead.as_ref().and_then(|bead| match &bead.state {
        State::Hooked(claim) => Some(claim.clone()),
        _ => None,
    });
    let of_this_hook =
        claim.as_ref().is_some_and(|claim| row.as_ref().and_then(|row| row.lease.as_ref()) == Some(&claim.lease));
    let since = row.as_ref().filter(|_| of_this_hook).map_or(now, |row| row.created);
    let hook = bead.as_ref().zip(claim).map(|(bead, claim)| Hook { bead: bead.id.clone(), claim, since });
    let session = session_of(row.as_ref(), &observed);
    let activity = activity(open, worker, row.as_ref(), &observed, panes);
    let observation = Observation { worker: worker.clone(), home: open.home()?.clone(), now, hook, session, activity };
    let judgement = judge(&observation, &thresholds(settings));
    let never_started = !of_this_hook || started_nothing(&observed);
    Ok(Seen { observation, judgement, row, bead, never_started })
}

/// The thresholds of the settings.
pub(super) fn thresholds(settings: &Settings) -> Thresholds {
    Thresholds {
        start: settings.health.starting.duration(),
        gupp: settings.health.gupp.duration(),
        stalled: settings.health.stalled.duration(),
        ..Thresholds::default()
    }
}

/// What was tried for a bead already.
pub(super) fn counters(open: &OpenTown, bead: &crate::id::BeadId) -> Outcome<Counters> {
    let state = open.state()?;
    let now = open.now();
    let of = |name: &str| -> Outcome<Option<Counter>> { Ok(state.counter(&key(name, bead), now)?) };
    let restarts = of("restarted")?.map_or(0, |counter| u32::try_from(counter.value).unwrap_or(0));
    let updated = |counter: Option<Counter>| counter.map(|counter| counter.updated);
    Ok(Counters { restarts, reminded: updated(of("reminded")?), escalated: updated(of("escalated")?) })
}

/// The key of a counter of the witness.
pub(super) fn key(name: &str, bead: &crate::id::BeadId) -> String {
    format!("witness.{name}:{bead}")
}

fn started_nothing(observed: &Observed) -> bool {
    match observed {
        Observed::Absent => true,
        Observed::Ended(exit) => exit.reason == ExitReason::NotStarted,
        _ => false,
    }
}

fn session_of(row: Option<&SessionRow>, observed: &Observed) -> Session {
    let Some(row) = row else { return Session::Absent };
    let (id, lease): (SessionId, _) = (row.id.clone(), row.lease.clone());
    match observed {
        Observed::Absent => Session::Absent,
        Observed::Starting => Session::Starting { id, lease, since: row.created },
        Observed::Running(pid) => Session::Running { id, lease, since: pid.started },
        Observed::Ended(exit) => Session::Ended { id, lease, at: exit.ended, how: how(exit) },
        Observed::Lost => Session::Lost { id, lease },
    }
}

fn how(exit: &Exit) -> String {
    match (exit.status, exit.signal, &exit.message) {
        (_, _, Some(message)) => message.clone(),
        (Some(status), _, None) => format!("exit status {status}"),
        (None, Some(signal), None) => format!("signal {signal}"),
        (None, None, None) => "nobody saw how".to_owned(),
    }
}

fn activity(
    open: &OpenTown,
    worker: &WorkerRef,
    row: Option<&SessionRow>,
    observed: &Observed,
    panes: &Result<Vec<Pane>, String>,
) -> Activity {
    let Some(row) = row else { return Activity::default() };
    let worktree = open.town.worktree(worker);
    let marks = [row.log.clone(), worktree.join(".git")].into_iter().chain(git_marks(open, worker, &worktree));
    let touched = marks.filter_map(|path| modified(&path)).max();
    let pane = panes.iter().flatten().find(|pane| pane.session.as_ref() == Some(&row.id));
    let progress = touched.into_iter().chain(pane.and_then(|pane| pane.activity)).filter(|at| *at >= row.created).max();
    let begun = match observed {
        Observed::Ended(exit) => !exit.early && progress.is_some(),
        _ => progress.is_some_and(|at| at > row.created),
    };
    Activity { begun, progress, prompt: prompt(open, &row.id), limited_until: None }
}

/// Files of git that move when a worker commits, stages or switches.
fn git_marks(open: &OpenTown, worker: &WorkerRef, worktree: &Path) -> Vec<std::path::PathBuf> {
    let repo = open.town.rig_repo(&worker.rig);
    let Some(admin) = crate::git::worktree::admin_dir(&repo, worktree) else { return Vec::new() };
    ["index", "logs/HEAD", "HEAD"].iter().map(|name| admin.join(name)).collect()
}

/// What the agent says of its own prompt: the built-in one notes in its run folder when it waits.
fn prompt(open: &OpenTown, session: &SessionId) -> Prompt {
    let file = session::folder(open, session).join("waiting");
    modified(&file).map_or(Prompt::Busy, |since| Prompt::Idle { since })
}

fn modified(path: &Path) -> Option<Timestamp> {
    let time = std::fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Timestamp::from_timestamp(i64::try_from(seconds).ok()?, 0)
}
