//! The sessions of a town: what the local state recorded, held against what can be observed now.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{OpenTown, aftermath, ending, launch, mayor, slot, transcripts};
use crate::env;
use crate::error::Outcome;
use crate::id::{Actor, Lease, SessionId, WorkerRef};
use crate::runtime::{self, EndReport, Exit, ExitReason, Launch, Observed, Run};
use crate::store::{FileLock, ProcessId, SessionAgent, SessionEnd, SessionRow, written};
use crate::town::Settings;

/// How long another process may take to end what a killed one left.
const STRAYS: Duration = Duration::from_secs(60);

/// How long a command may take to end when a person does not want to wait for it.
const POLITE: Duration = Duration::from_secs(2);

/// A session that is not recorded as ended, and what its run folder tells.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// What was recorded at its start.
    pub row: SessionRow,
    /// What can be seen now.
    pub observed: Observed,
}

/// The run folder of a session.
pub fn folder(open: &OpenTown, session: &SessionId) -> PathBuf {
    open.town.session_dir(session)
}

/// Every session that is not recorded as ended. Only looks.
///
/// # Errors
/// When the local state cannot be read.
pub fn sightings(open: &OpenTown) -> Outcome<Vec<Sighting>> {
    let rows = open.state()?.open_sessions()?;
    Ok(rows.into_iter().map(|row| Sighting { observed: runtime::observe(&folder(open, &row.id)), row }).collect())
}

/// The live session of a worker, if it has one.
///
/// # Errors
/// When the local state cannot be read.
pub fn live(open: &OpenTown, worker: &WorkerRef) -> Outcome<Option<Sighting>> {
    let actor = Actor::Worker(worker.clone());
    Ok(sightings(open)?.into_iter().find(|sighting| sighting.row.worker == actor && sighting.observed.is_live()))
}

/// Takes up sessions that run and that the local state does not know, as after its loss: their launch files tell
/// whose they are.
///
/// # Errors
/// When the local state cannot be written.
pub fn adopt(open: &OpenTown) -> Outcome<()> {
    let state = open.state()?;
    for run in runtime::runs(&open.town.run_dir())? {
        if run.command.is_some() || !run.observed.is_live() || state.session(&run.session)?.is_some() {
            continue;
        }
        let Ok(launch) = Launch::read(&run.dir) else { continue };
        if let Some(row) = row_of(open, &launch) {
            state.add_session(&row)?;
        }
    }
    Ok(())
}

fn row_of(open: &OpenTown, launch: &Launch) -> Option<SessionRow> {
    fn told<T: std::str::FromStr>(launch: &Launch, name: &str) -> Option<T> {
        launch.env.get(name)?.parse().ok()
    }
    Some(SessionRow {
        id: launch.session.clone(),
        worker: told::<Actor>(launch, env::WORKER)?,
        bead: told(launch, env::BEAD),
        lease: told(launch, env::LEASE),
        attempt: told(launch, env::ATTEMPT),
        role: told(launch, env::ROLE),
        agent: launch.argv.first().cloned().unwrap_or_default(),
        with: SessionAgent { slot: told(launch, env::SLOT), ..SessionAgent::default() },
        runtime: launch.runtime.to_string(),
        name: launch.name.clone(),
        created: open.now(),
        process: None,
        log: launch.log.clone(),
        end: None,
    })
}

/// Records the end of every session that is over, and ends what one left behind whose own process was killed.
/// Answers those that were recorded now.
///
/// # Errors
/// When the local state cannot be written, or processes do not end.
pub fn settle(open: &OpenTown) -> Outcome<Vec<SessionRow>> {
    let mut ended = Vec::new();
    for sighting in sightings(open)? {
        // Whoever starts it is about to, and whoever ends it knows why and records that.
        let at_it = match &sighting.row.worker {
            Actor::Worker(worker) => launch::is_under_way(open, worker),
            Actor::Mayor => mayor::attach::is_under_way(open),
            _ => false,
        };
        // What was about to start when it was looked at runs by now.
        let lives = || runtime::observe(&folder(open, &sighting.row.id)).is_live();
        if !sighting.observed.is_live() && !at_it && !lives() {
            ended.extend(close(open, &sighting.row, None)?);
        }
    }
    Ok(ended)
}

/// Removes the run folders of sessions that are over, which hold the environment that they were started with. That of
/// each worker's last session stays: it tells how it ended. Answers how many were removed.
///
/// # Errors
/// When the local state cannot be read or a folder not be removed.
pub fn sweep(open: &OpenTown) -> Outcome<usize> {
    let over = leftovers(open)?;
    for dir in &over {
        runtime::remove_run(dir)?;
    }
    Ok(over.len())
}

/// Gates and set-up commands whose `gt` was killed: what they started may still run.
///
/// # Errors
/// When the run folders cannot be listed.
pub fn strays(open: &OpenTown) -> Outcome<Vec<Run>> {
    let runs = runtime::runs(&open.town.run_dir())?;
    Ok(runs.into_iter().filter(|run| run.command.is_some() && run.observed == Observed::Lost).collect())
}

/// Ends the [`strays`] with everything that they started. Answers how many there were.
///
/// # Errors
/// When processes do not end.
pub fn end_strays(open: &OpenTown) -> Outcome<usize> {
    if strays(open)?.is_empty() {
        return Ok(0);
    }
    // Two that end the same one would trip over each other's run folder.
    let _alone = FileLock::acquire(&open.town.strays_lock(), STRAYS)?;
    let strays = strays(open)?;
    for stray in &strays {
        runtime::end(&stray.dir, Duration::ZERO)?;
        runtime::remove_run(&stray.dir)?;
    }
    Ok(strays.len())
}

/// Ends the gates, set-up commands and planners that this process waits for, which then waits until it ends.
///
/// # Errors
/// When processes do not end.
pub fn end_own_commands(open: &OpenTown) -> Outcome<()> {
    runtime::abandon_commands();
    let own = |run: &Run| {
        run.command.is_some() && matches!(&run.observed, Observed::Running(pid) if pid.process == ProcessId::current())
    };
    for run in runtime::runs(&open.town.run_dir())?.iter().filter(|run| own(run)) {
        runtime::end(&run.dir, POLITE)?;
        runtime::remove_run(&run.dir)?;
    }
    Ok(())
}

/// The run folders that [`sweep`] removes.
///
/// # Errors
/// When the local state cannot be read.
pub fn leftovers(open: &OpenTown) -> Outcome<Vec<PathBuf>> {
    let state = open.state()?;
    let mut over = Vec::new();
    for run in runtime::runs(&open.town.run_dir())? {
        if !matches!(run.observed, Observed::Ended(_)) {
            continue;
        }
        let row = state.session(&run.session)?;
        let last = match &row {
            Some(row) if row.end.is_none() => continue,
            Some(row) => state.sessions_of_worker(&row.worker, 1)?.pop(),
            None => None,
        };
        if last.is_none_or(|last| last.id != run.session) {
            over.push(run.dir);
        }
    }
    Ok(over)
}

/// Ends a session and everything that it started, and records it. Answers the row when it was recorded now.
///
/// # Errors
/// When processes do not end or the local state cannot be written.
pub fn close(open: &OpenTown, row: &SessionRow, why: Option<&str>) -> Outcome<Option<SessionRow>> {
    let dir = folder(open, &row.id);
    let report = runtime::end(&dir, settings_of(open, &row.worker).grace.duration())?;
    clear_after(open, row, &dir, &report);
    transcripts::read_to_the_end(open, row);
    slot::clear(open, &row.id);
    let end = match &report.exit {
        Some(exit) => SessionEnd {
            at: exit.ended,
            status: exit.code(),
            // What was lost with its terminal was not ended for the reason of whoever came to end it.
            reason: why.filter(|_| exit.reason != ExitReason::HungUp).unwrap_or(word(exit.reason)).to_owned(),
        },
        None => SessionEnd { at: open.now(), status: None, reason: why.unwrap_or("lost").to_owned() },
    };
    if !open.state()?.end_session(&row.id, &end)? {
        return Ok(None);
    }
    ending::take_down(open, row, &report, &end);
    let rig = match &row.worker {
        Actor::Worker(worker) => Some(&worker.rig),
        _ => None,
    };
    let status = end.status.map_or_else(|| "no status".to_owned(), |status| format!("status {status}"));
    open.event(
        "session.ended",
        &row.worker,
        row.bead.as_ref(),
        rig,
        format!("{}: {} ({status})", row.name, end.reason),
    );
    Ok(Some(SessionRow { end: Some(end), ..row.clone() }))
}

/// Removes the locks that git left in the rig when it was killed together with the session, or below an agent that
/// ended for that reason.
fn clear_after(open: &OpenTown, row: &SessionRow, dir: &Path, report: &EndReport) {
    // What a shell answers whose command was killed.
    let below = |exit: &Exit| exit.status.is_some_and(|status| status > 128);
    let killed = !report.killed.is_empty()
        || report.was == Observed::Lost
        || report.exit.as_ref().is_some_and(|exit| exit.signal.is_some() || exit.killed > 0 || below(exit));
    let began = written(&dir.join(Launch::FILE));
    if let (true, Actor::Worker(worker), Some(began)) = (killed, &row.worker, began) {
        aftermath::clear(open, &worker.rig, began);
    }
}

/// Ends every session of a worker.
///
/// # Errors
/// As [`close`].
pub fn end_all(open: &OpenTown, worker: &WorkerRef, why: &str) -> Outcome<usize> {
    let actor = Actor::Worker(worker.clone());
    let mut count = 0;
    for sighting in sightings(open)?.into_iter().filter(|sighting| sighting.row.worker == actor) {
        close(open, &sighting.row, Some(why))?;
        count += 1;
    }
    Ok(count)
}

/// After `gt done` the session of that lease ends by itself within the grace. The next tick ends it otherwise.
pub fn end_after_done(open: &OpenTown, worker: &WorkerRef, lease: &Lease) {
    let actor = Actor::Worker(worker.clone());
    let Ok(sightings) = sightings(open) else { return };
    for sighting in sightings {
        if sighting.row.worker == actor && sighting.row.lease.as_ref() == Some(lease) && sighting.observed.is_live() {
            let grace = settings_of(open, &sighting.row.worker).grace;
            runtime::end_after(&folder(open, &sighting.row.id), grace.duration());
        }
    }
}

/// The settings in force for whoever has a session: those of its rig, else those of the town.
pub(super) fn settings_of(open: &OpenTown, actor: &Actor) -> Settings {
    let of_rig = |worker: &WorkerRef| open.settings_for(&open.town.rig(&worker.rig).ok()?).ok();
    let own = if let Actor::Worker(worker) = actor { of_rig(worker) } else { None };
    own.unwrap_or_else(|| open.settings.clone())
}

fn word(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::Exited => "exited",
        ExitReason::Ended => "ended",
        ExitReason::NotStarted => "not started",
        ExitReason::Lost | ExitReason::HungUp => "lost",
    }
}
