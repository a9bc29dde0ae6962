//! Observing workers: the ledger, the local state, the run folder, the terminal and the worktree, as one value that
//! the witness judges.

mod activity;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::used;
use crate::agent::Catalogue;
use crate::bead::{Bead, Budget, State, Status, Used};
use crate::clock::since;
use crate::error::Outcome;
use crate::git::worktree::{self, Registry};
use crate::id::{Actor, HomeId, SessionId, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::{OpenTown, launch, resume, session};
use crate::runtime::{self, Exit, ExitReason, Halt, Observed, Pane, RuntimeKind, TmuxServer};
use crate::store::{Counter, ProcessId, SessionRow};
use crate::town::{Rig, Settings};
use crate::witness::{Activity, Counters, Halted, Health, Hook, Judgement, Observation, Session, Thresholds, judge};

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
    /// What each source says of its agent, one sentence each.
    pub signs: Vec<String>,
    /// Its session was never really started: that is ours to do again, and no fault of the agent.
    pub never_started: bool,
}

/// Every terminal of the town, or why tmux does not tell.
pub type Panes = Result<Vec<Pane>, String>;

/// Why a session ended whose terminal is gone.
const HUNG_UP: &str = "its terminal was closed";

/// A session that lived shorter than this, and another one before it, was lost by more than bad luck.
const AGAIN: Duration = Duration::from_secs(60);

/// How long tmux may take to name its terminals.
pub(super) const TERMINALS: Duration = Duration::from_secs(5);

/// Looks at every polecat of the rigs, and at the crew.
///
/// # Errors
/// When the ledger or the local state cannot be read. What cannot be seen of one worker is unknown, not an error.
pub fn seen(open: &OpenTown, snapshot: &Snapshot, rigs: &[Rig]) -> Outcome<Vec<Seen>> {
    seen_beside(open, snapshot, rigs, &panes(open, TERMINALS))
}

/// The same beside the answer of [`panes`].
///
/// # Errors
/// As [`seen`].
pub fn seen_beside(open: &OpenTown, snapshot: &Snapshot, rigs: &[Rig], panes: &Panes) -> Outcome<Vec<Seen>> {
    let hooked = snapshot.beads(&BeadQuery::of(Status::Hooked))?;
    let mut hooks: BTreeMap<WorkerRef, Bead> =
        hooked.into_iter().filter_map(|bead| Some((bead.claim()?.assignee.clone(), bead))).collect();
    // A clone that has no identity yet holds nothing.
    let home = open.town.local()?.map_or_else(HomeId::random, |local| local.home);
    let screens = screens(open, panes);
    let mut all = Vec::new();
    for rig in rigs {
        let settings = open.settings_for(rig)?;
        let registry = Registry::read(&open.town.rig_repo(&rig.name));
        let (thresholds, screens, home) = (thresholds(&settings), &screens, home.clone());
        let catalogue = OnceCell::new();
        let around = Around { open, home, thresholds, settings, registry, panes, screens, catalogue };
        for worker in rig.polecats().map(|(worker, _)| worker).chain(rig.crew()) {
            let bead = hooks.remove(&worker);
            all.push(look(&around, &worker, bead)?);
        }
    }
    Ok(all)
}

/// Every terminal of the town in one question, for which tmux has `limit`.
///
/// # Errors
/// Why not, when it does not answer.
pub fn panes(open: &OpenTown, limit: Duration) -> Panes {
    let socket = open.town.socket_path("tmux.sock").map_err(|error| error.to_string())?;
    let server = TmuxServer::at(&socket).within(limit);
    if !socket.exists() || !server.is_alive() {
        return Ok(Vec::new());
    }
    server.panes().map_err(|error| error.to_string())
}

/// What the terminals of living sessions show, by tmux's names for them, in one question; nothing where it is not told.
fn screens(open: &OpenTown, panes: &Panes) -> BTreeMap<String, String> {
    let living = panes.iter().flatten().filter(|pane| pane.session.is_some() && !pane.dead);
    let names: Vec<&str> = living.map(|pane| pane.pane.as_str()).collect();
    let Ok(socket) = open.town.socket_path("tmux.sock") else { return BTreeMap::new() };
    TmuxServer::at(&socket).within(TERMINALS).screens(&names).unwrap_or_default()
}

/// What the workers of one rig have in common.
struct Around<'a> {
    open: &'a OpenTown,
    home: HomeId,
    thresholds: Thresholds,
    registry: Registry,
    panes: &'a Panes,
    screens: &'a BTreeMap<String, String>,
    settings: Settings,
    catalogue: OnceCell<Catalogue>,
}

fn look(around: &Around<'_>, worker: &WorkerRef, bead: Option<Bead>) -> Outcome<Seen> {
    let open = around.open;
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
    let hook = bead.as_ref().zip(claim).map(|(bead, claim)| {
        let budget = Budget::read(bead.budget.as_deref());
        Hook { bead: bead.id.clone(), claim, since, budget }
    });
    let session = session_of(row.as_ref(), &observed);
    let used = hook.as_ref().map_or(Ok(Used::default()), |hook| used::used(open, hook))?;
    let activity = around.activity(worker, row.as_ref(), &observed, hook.is_some())?;
    let activity = Activity { used, halted: halted(&observed), ..activity };
    let home = around.home.clone();
    let displaced = match observed {
        Observed::Running(_) if hook.is_some() => around.displaced(worker),
        _ => None,
    };
    let excused = if of_this_hook { excused(open, row.as_ref(), &observed)? } else { None };
    let observation = Observation { worker: worker.clone(), home, now, hook, session, activity, displaced, excused };
    let (observation, judgement) = around.judge(observation, row.as_ref());
    let abandoned = observed == Observed::Starting && !launch::is_under_way(open, worker);
    let never_started = !of_this_hook || started_nothing(&observed) || abandoned;
    let living = process(&observed);
    let said = observation.activity.signs.iter().map(|sign| sign.sentence(now, &around.thresholds));
    let signs = living.into_iter().chain(said).collect();
    Ok(Seen { observation, judgement, row, bead, signs, never_started })
}

impl Around<'_> {
    fn displaced(&self, worker: &WorkerRef) -> Option<String> {
        worktree::damage(&self.open.town.rig_repo(&worker.rig), &self.open.town.worktree(worker))
    }

    /// Without its terminal a session that seems to do nothing is not taken for one that does nothing.
    fn judge(&self, mut seen: Observation, row: Option<&SessionRow>) -> (Observation, Judgement) {
        let judgement = judge(&seen, &self.thresholds);
        let rests_on_terminal = matches!(judgement.health, Health::Stalled { .. } | Health::Gupp { .. })
            && row.is_some_and(|row| row.runtime == RuntimeKind::Tmux.as_str());
        match self.panes {
            Err(why) if rests_on_terminal => {
                seen.session = Session::Unknown { why: why.clone() };
                let judgement = judge(&seen, &self.thresholds);
                (seen, judgement)
            }
            _ => (seen, judgement),
        }
    }
}

/// The thresholds of the settings.
pub(super) fn thresholds(settings: &Settings) -> Thresholds {
    Thresholds {
        start: settings.health.starting.duration(),
        gupp: settings.health.gupp.duration(),
        stalled: settings.health.stalled.duration(),
        overtime: settings.health.overtime.duration(),
        restarts: settings.restarts,
        ..Thresholds::default()
    }
}

/// What was tried for a bead already.
pub(super) fn counters(open: &OpenTown, bead: &crate::id::BeadId) -> Outcome<Counters> {
    let state = open.state()?;
    let now = open.now();
    let of = |name: &str| -> Outcome<Option<Counter>> { Ok(state.counter(&key(name, bead), now)?) };
    let restarts = of("restarted")?.map_or(0, |counter| u32::try_from(counter.value).unwrap_or(0));
    let handoffs = of("handed-off")?.map_or(0, |counter| u32::try_from(counter.value).unwrap_or(0));
    let updated = |counter: Option<Counter>| counter.map(|counter| counter.updated);
    let [reminded, continued, escalated] = ["reminded", "continued", "escalated"].map(|name| of(name).map(updated));
    Ok(Counters { restarts, handoffs, reminded: reminded?, continued: continued?, escalated: escalated? })
}

/// The key of a counter of the witness.
pub(super) fn key(name: &str, bead: &crate::id::BeadId) -> String {
    format!("witness.{name}:{bead}")
}

/// Why the end of a session is no fault of its agent.
fn excused(open: &OpenTown, row: Option<&SessionRow>, observed: &Observed) -> Outcome<Option<String>> {
    let Some(row) = row else { return Ok(None) };
    Ok(match observed {
        Observed::Ended(Exit { reason: ExitReason::Lost, .. }) | Observed::Lost => {
            let before = runtime::was_before_boot(&session::folder(open, &row.id));
            before.then(|| "the machine was started anew".to_owned())
        }
        Observed::Ended(exit) if exit.reason == ExitReason::HungUp => {
            (!exit.early && !is_lost_again(open, row, exit)?).then(|| HUNG_UP.to_owned())
        }
        Observed::Ended(_) if resume::was_refused(open, row)? => {
            Some(format!("{} could not go on with its conversation", row.agent))
        }
        _ => None,
    })
}

/// Whether a session lived only shortly, like the one before it of the same hooking: what closes its terminal again and
/// again may be its own doing.
fn is_lost_again(open: &OpenTown, row: &SessionRow, exit: &Exit) -> Outcome<bool> {
    let lived = exit.started.map_or(Duration::ZERO, |started| since(exit.ended, started));
    let before = open.state()?.sessions_of_worker(&row.worker, 2)?.pop().filter(|before| before.id != row.id);
    let lost = before.filter(|before| before.lease == row.lease).and_then(|before| before.end);
    Ok(lived < AGAIN && lost.is_some_and(|end| end.reason == "lost"))
}

/// Why the agent does nothing though it lives, or the session's own process above it.
fn halted(observed: &Observed) -> Option<Halted> {
    let Observed::Running(pid) = observed else { return None };
    let of = |process: ProcessId| {
        Some(match runtime::halt(process)? {
            Halt::Stopped => Halted::Stopped { pid: process.pid },
            Halt::Stuck => Halted::Stuck { pid: process.pid },
        })
    };
    pid.living_child().and_then(of).or_else(|| pid.living().and_then(of))
}

/// What the process table says of a session that runs.
fn process(observed: &Observed) -> Option<String> {
    let Observed::Running(pid) = observed else { return None };
    let state = |process| match runtime::halt(process) {
        Some(Halt::Stopped) => ", stopped by a signal",
        Some(Halt::Stuck) => ", and waits in the kernel",
        None => "",
    };
    Some(match (pid.living_child(), pid.child) {
        (Some(agent), _) => format!("the process table: the agent lives, process {}{}", agent.pid, state(agent)),
        (None, Some(agent)) => format!("the process table: the agent, process {}, is gone", agent.pid),
        (None, None) => format!("the process table: process {} has not started the agent yet", pid.process.pid),
    })
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
        Observed::Ended(exit) => {
            let well = match exit.reason {
                ExitReason::HungUp => false,
                reason => reason == ExitReason::Ended || exit.status == Some(0),
            };
            Session::Ended { id, lease, at: exit.ended, how: how(exit), well }
        }
        Observed::Lost => Session::Lost { id, lease },
    }
}

fn how(exit: &Exit) -> String {
    match (exit.status, exit.signal, &exit.message) {
        (_, _, Some(message)) => message.clone(),
        _ if exit.reason == ExitReason::HungUp => HUNG_UP.to_owned(),
        (Some(status), _, None) => format!("exit status {status}"),
        (None, Some(signal), None) => format!("signal {signal}"),
        (None, None, None) => "nobody saw how".to_owned(),
    }
}
