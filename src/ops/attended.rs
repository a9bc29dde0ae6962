//! Sessions that a person attends: the mayor's, and those of crew. Started when none runs, joined when one does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::agents::version;
use super::confinement::{self, Cell, Cut};
use super::{OpenTown, Report, launch, session, slot};
use crate::agent::{Begin, Catalogue, LaunchPlan, LaunchRequest, Tuning, WorkerVariables};
use crate::clock::since;
use crate::env::{self, commit_point};
use crate::error::Outcome;
use crate::id::{Actor, RoleName, SessionId, WorkerRef};
use crate::runtime::{Attach, Launch, Observed};
use crate::store::{SessionAgent, SessionRow};
use crate::town::Settings;

/// A session that lived shorter than this may have failed because it was to go on with an earlier conversation.
const LIVED: Duration = Duration::from_secs(20);

/// A session that a person attends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attended {
    /// Whose it is.
    pub who: Actor,
    /// Its identity.
    pub session: SessionId,
    /// The agent.
    pub agent: String,
    /// Whether it was started now.
    pub started: bool,
    /// Whether it goes on with the conversation of the one before.
    pub resumed: bool,
    /// What a person's terminal is to run in order to talk; none where sessions have no terminal.
    pub command: Option<Vec<String>>,
    /// Where its output goes.
    pub log: PathBuf,
    /// What the person should know.
    pub notes: Vec<String>,
}

impl Report for Attended {
    const SCHEMA: &'static str = "gt.attend/1";
}

/// A session as it is wanted.
pub(super) struct Wanted<'a> {
    /// Whose it is.
    pub actor: Actor,
    /// Its name for people, also in tmux.
    pub name: &'a str,
    /// What `GT_ROLE` says.
    pub role: &'a str,
    /// The agent.
    pub agent: &'a str,
    /// How that works.
    pub tuning: Tuning,
    /// The settings in force.
    pub settings: &'a Settings,
    /// The folder that it works in.
    pub worktree: &'a Path,
    /// Variables beside those of every session.
    pub variables: BTreeMap<String, String>,
    /// What it is told first.
    pub prompt: &'a str,
    /// The conversation to go on with, and what it is told then.
    pub earlier: Option<Earlier>,
}

/// A conversation of a session that is over.
#[derive(Debug, Clone)]
pub(super) struct Earlier {
    /// The agent's own name for it.
    pub conversation: String,
    /// What the agent is told when it wakes.
    pub prompt: String,
}

/// The session of `actor`, joined where one runs. `start` is asked for what is wanted where none does; what its last
/// session left is cleared away first. The caller keeps all others away.
///
/// # Errors
/// When the agent or the runtime cannot be had.
pub(super) fn join_or(open: &OpenTown, actor: &Actor, start: impl FnOnce() -> Outcome<Begun>) -> Outcome<Attended> {
    let (running, over): (Vec<_>, Vec<_>) = session::sightings(open)?
        .into_iter()
        .filter(|sighting| sighting.row.worker == *actor)
        // Whoever starts one keeps all others away until its process runs: one without a process will never have one.
        .partition(|sighting| sighting.observed.is_live() && sighting.observed != Observed::Starting);
    let (begun, started) = match running.into_iter().next() {
        Some(sighting) => (Begun { row: sighting.row, resumed: false, notes: Vec::new() }, false),
        None => {
            for sighting in over {
                session::close(open, &sighting.row, None)?;
            }
            (start()?, true)
        }
    };
    let Begun { row, resumed, notes } = begun;
    let kind = row.runtime.parse().unwrap_or(open.settings.runtime);
    let command = match open.runtime(kind)?.attach(&session::folder(open, &row.id))? {
        Attach::Exec(words) => Some(words),
        Attach::Follow(_) => None,
    };
    Ok(Attended { who: row.worker, session: row.id, agent: row.agent, started, resumed, command, log: row.log, notes })
}

/// The conversation of somebody's last session, where the same agent had it and it did not end at once.
///
/// # Errors
/// When the local state cannot be read.
pub(super) fn earlier(open: &OpenTown, actor: &Actor, agent: &str) -> Outcome<Option<Earlier>> {
    let last = open.state()?.sessions_of_worker(actor, 1)?.into_iter().next();
    let lived = |row: &SessionRow| row.end.as_ref().is_some_and(|end| since(end.at, row.created) >= LIVED);
    let last = last.filter(|row| row.agent == agent && lived(row));
    Ok(last.and_then(|row| row.with.conversation).map(|conversation| Earlier {
        conversation,
        prompt: "Your session was started again, in the same worktree. Say in one line where we are, then wait for me."
            .to_owned(),
    }))
}

/// A session that was started now.
pub(super) struct Begun {
    row: SessionRow,
    resumed: bool,
    notes: Vec<String>,
}

/// Starts a session.
///
/// # Errors
/// When the agent or the runtime cannot be had.
pub(super) fn begin(open: &OpenTown, wanted: &Wanted<'_>) -> Outcome<Begun> {
    let role = RoleName::try_from(wanted.role.to_owned())?;
    let confined = confinement::is_wanted(open, wanted.settings, &role)?;
    let id = SessionId::random();
    let (mut plan, with) = plan(open, wanted, &id)?;
    for file in &plan.files {
        launch::write_private(file)?;
    }
    let kind = wanted.settings.runtime;
    let row = SessionRow {
        id: id.clone(),
        worker: wanted.actor.clone(),
        bead: None,
        lease: None,
        attempt: None,
        role: Some(role),
        agent: wanted.agent.to_owned(),
        with,
        runtime: kind.to_string(),
        name: wanted.name.to_owned(),
        created: open.now(),
        process: None,
        log: open.town.session_log(&id),
        end: None,
    };
    let slot = open.state()?.add_session(&row)?;
    commit_point("attended.recorded");
    plan.env.extend(slot::variables(open, &id, slot)?);
    let run = session::folder(open, &id);
    let cut = actors_worker(&row).map(|worker| Cut::of(open, worker));
    let cell = Cell { session: &id, run: run.clone(), cut, writes: &wanted.settings.sandbox_writes };
    let confinement = confined.then(|| confinement::of(open, &cell, &mut plan)).transpose()?;
    let file = Launch { confinement, ..launch::launch_file(open, &row, kind, &plan)? };
    open.runtime(kind)?.start(&run, &file)?;
    let rig = actors_worker(&row).map(|worker| &worker.rig);
    open.event("session.started", &row.worker, None, rig, format!("{} with {}", row.name, row.agent));
    Ok(Begun { row, resumed: wanted.earlier.is_some(), notes: plan.warnings })
}

fn actors_worker(row: &SessionRow) -> Option<&WorkerRef> {
    match &row.worker {
        Actor::Worker(worker) => Some(worker),
        _ => None,
    }
}

fn plan(open: &OpenTown, wanted: &Wanted<'_>, id: &SessionId) -> Outcome<(LaunchPlan, SessionAgent)> {
    let mut variables = WorkerVariables::of_session(&open.town.root, id.clone()).variables();
    variables.insert(env::WORKER.to_owned(), wanted.actor.to_string());
    variables.insert(env::ROLE.to_owned(), wanted.role.to_owned());
    variables.extend(wanted.variables.clone());
    let catalogue = Catalogue::new(wanted.settings);
    let (begin, prompt) = match &wanted.earlier {
        Some(earlier) => (Begin::Resume(&earlier.conversation), earlier.prompt.as_str()),
        None => (Begin::New, wanted.prompt),
    };
    let request = LaunchRequest {
        preset: catalogue.get(wanted.agent)?,
        prompt,
        tuning: &wanted.tuning,
        permissions: wanted.settings.permissions,
        worktree: wanted.worktree,
        run_dir: &session::folder(open, id),
        state_dir: &open.town.agent_state_dir(&wanted.actor.to_string()),
        gt: &open.program()?,
        variables,
        caller: &launch::caller(open),
        begin,
    };
    let plan = crate::agent::plan(&request)?;
    let with = version::recorded(open, request.preset, &plan, wanted.tuning.clone())?;
    Ok((plan, with))
}
