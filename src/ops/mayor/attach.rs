//! `gt mayor attach`: a session with the mayor, started when there is none.

use std::time::Duration;

use serde::Serialize;

use crate::agent::prompt::{MayorContext, PlanRig, Prompts};
use crate::agent::{Begin, Catalogue, LaunchPlan, LaunchRequest, Tuning, WorkerVariables};
use crate::env::{self, commit_point};
use crate::error::Outcome;
use crate::id::{Actor, SessionId};
use crate::ops::agents::{choose, version};
use crate::ops::{OpenTown, Report, Talk, launch, session, slot};
use crate::runtime::Attach;
use crate::store::{FileLock, SessionAgent, SessionRow};

/// The name of the session for people, also in tmux.
const NAME: &str = "mayor";
/// How long to wait for somebody else who starts it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The mayor's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attended {
    /// Its identity.
    pub session: SessionId,
    /// The agent.
    pub agent: String,
    /// Whether it was started now.
    pub started: bool,
    /// What a person's terminal is to run in order to talk; none where sessions have no terminal.
    pub command: Option<Vec<String>>,
    /// Where its output goes.
    pub log: std::path::PathBuf,
    /// What the person should know.
    pub notes: Vec<String>,
}

impl Report for Attended {
    const SCHEMA: &'static str = "gt.mayor.attach/1";
}

/// The mayor's session, started if none runs.
///
/// # Errors
/// When the agent or the runtime cannot be had.
pub fn attend(open: &OpenTown, talk: &mut dyn Talk) -> Outcome<Attended> {
    let lock = FileLock::acquire(&open.town.lock_file(NAME), PATIENCE)?;
    let running = session::sightings(open)?
        .into_iter()
        .find(|sighting| sighting.row.worker == Actor::Mayor && sighting.observed.is_live());
    let (row, notes, started) = match running {
        Some(sighting) => (sighting.row, Vec::new(), false),
        None => {
            talk.step("starting the mayor");
            let (row, notes) = start(open)?;
            (row, notes, true)
        }
    };
    drop(lock);
    let kind = row.runtime.parse().unwrap_or(open.settings.runtime);
    let command = match open.runtime(kind)?.attach(&session::folder(open, &row.id))? {
        Attach::Exec(words) => Some(words),
        Attach::Follow(_) => None,
    };
    Ok(Attended { session: row.id, agent: row.agent, started, command, log: row.log, notes })
}

fn start(open: &OpenTown) -> Outcome<(SessionRow, Vec<String>)> {
    for sighting in session::sightings(open)?.into_iter().filter(|sighting| sighting.row.worker == Actor::Mayor) {
        session::close(open, &sighting.row, None)?;
    }
    let agent = choose::mayors_agent(open)?;
    let id = SessionId::random();
    let (mut plan, with) = plan(open, &agent, &id)?;
    for file in &plan.files {
        launch::write_private(file)?;
    }
    let kind = open.settings.runtime;
    let row = SessionRow {
        id: id.clone(),
        worker: Actor::Mayor,
        bead: None,
        lease: None,
        attempt: None,
        role: None,
        agent,
        with,
        runtime: kind.to_string(),
        name: NAME.to_owned(),
        created: open.now(),
        process: None,
        log: open.town.session_log(&id),
        end: None,
    };
    let slot = open.state()?.add_session(&row)?;
    commit_point("mayor.recorded");
    plan.env.extend(slot::variables(open, &id, slot)?);
    let file = launch::launch_file(open, &row, kind, &plan)?;
    open.runtime(kind)?.start(&session::folder(open, &id), &file)?;
    open.event("session.started", &Actor::Mayor, None, None, format!("the mayor with {}", row.agent));
    Ok((row, plan.warnings))
}

fn plan(open: &OpenTown, agent: &str, id: &SessionId) -> Outcome<(LaunchPlan, SessionAgent)> {
    let settings = &open.settings;
    let prompt = Prompts::of(open.town.templates_dir()).mayor(&context(open)?)?;
    let mut variables = WorkerVariables::of_session(&open.town.root, id.clone()).variables();
    variables.insert(env::WORKER.to_owned(), Actor::Mayor.to_string());
    variables.insert(env::ROLE.to_owned(), NAME.to_owned());
    let catalogue = Catalogue::new(settings);
    let tuning = Tuning::of_model(settings.mayor.model.clone().or_else(|| settings.model.clone()));
    let request = LaunchRequest {
        preset: catalogue.get(agent)?,
        prompt: &prompt,
        tuning: &tuning,
        permissions: settings.permissions,
        worktree: &open.town.root,
        run_dir: &session::folder(open, id),
        state_dir: &open.town.agent_state_dir(NAME),
        gt: &open.program()?,
        variables,
        caller: &launch::caller(open),
        begin: Begin::New,
    };
    let plan = crate::agent::plan(&request)?;
    let with = version::recorded(open, request.preset, &plan, tuning.clone())?;
    Ok((plan, with))
}

fn context(open: &OpenTown) -> Outcome<MayorContext> {
    let rigs = open.town.rigs()?.into_iter().map(|rig| PlanRig {
        name: rig.name.to_string(),
        gates: rig.gates.into_iter().map(|gate| gate.run).collect(),
        branch: rig.branch,
        ..PlanRig::default()
    });
    Ok(MayorContext { town: open.settings.name.clone(), rigs: rigs.collect() })
}
