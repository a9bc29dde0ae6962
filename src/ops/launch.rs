//! Starting the session of a hooked bead: sandbox, prompt, agent.
//!
//! Everything here may be done again: a second start of the same hooking finds the first one's session alive and
//! leaves it, or makes the sandbox anew. One lock per worker keeps two processes from doing it at once.

use std::collections::BTreeMap;

use serde::Serialize;

use super::aftermath::Guard;
use super::agents::{choose, version};
use super::confinement::{self, Cell, Cut};
use super::hooking::Hooked;
use super::prime::Assignment;
use super::resume::{self, Beginning};
use super::{OpenTown, pass, sandbox, session, slot};
use crate::agent::{Caller, Catalogue, LaunchPlan, LaunchRequest, Tuning, WorkerVariables};
use crate::bead::{Bead, Claim, State};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, Lease, RoleName, SessionId, WorkerRef};
use crate::polecat;
use crate::runtime::{Launch, Observed, Pulse, RuntimeKind};
use crate::store::{FileLock, SessionAgent, SessionRow, write_atomic};
use crate::town::Settings;

/// A session that runs now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The worker.
    pub worker: WorkerRef,
    /// Its bead.
    pub bead: BeadId,
    /// The session.
    pub session: SessionId,
    /// The agent.
    pub agent: String,
    /// The earlier session in whose conversation it goes on.
    pub resumes: Option<SessionId>,
    /// The branch of the worktree.
    pub branch: String,
    /// What the person should know.
    pub notes: Vec<String>,
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "start", rename_all = "kebab-case")]
pub enum Start {
    /// The session was started now.
    Started(Started),
    /// The session of this hooking runs already.
    Runs {
        /// Which one.
        session: SessionId,
    },
    /// Another process is starting it.
    Busy,
    /// The bead is not hooked under this lease any more.
    Gone,
}

/// Starts the session of the hooking `lease` of `id`, unless it runs.
///
/// # Errors
/// When the worktree, the set-up, the agent or the runtime fail. The bead stays hooked; the next tick tries again.
pub fn start(open: &OpenTown, id: &BeadId, lease: &Lease) -> Outcome<Start> {
    let Some((bead, claim)) = hooked(open, id, lease)? else { return Ok(Start::Gone) };
    let worker = &claim.assignee;
    let lock = open.town.worker_lock(worker);
    let Some(guard) = Guard::try_acquire(open, &worker.rig, &lock)? else { return Ok(Start::Busy) };
    guard.after(start_alone(open, &bead, &claim))
}

/// Ends the session of a worker and starts another one for `claim`, the hooking of `bead`. The caller keeps all others away
/// from the worker until it is done: what ends a session wakes a tick, which would start it too.
///
/// # Errors
/// As [`start`].
pub fn start_anew(open: &OpenTown, alone: Guard, bead: &Bead, claim: &Claim) -> Outcome<Start> {
    let begin = || {
        session::end_all(open, &claim.assignee, "restarted")?;
        commit_point("restart.ended");
        start_alone(open, bead, claim)
    };
    alone.after(begin())
}

/// Whether some process is about to start a session of `worker`, or to end one.
pub fn is_under_way(open: &OpenTown, worker: &WorkerRef) -> bool {
    FileLock::recorded_owner(&open.town.worker_lock(worker)).is_some_and(|owner| owner.process.is_alive())
}

/// The start; the caller keeps all others away from the worker.
fn start_alone(open: &OpenTown, bead: &Bead, claim: &Claim) -> Outcome<Start> {
    let (worker, lease) = (&claim.assignee, &claim.lease);
    if hooked(open, &bead.id, lease)?.is_none() {
        return Ok(Start::Gone);
    }
    // Whoever starts a session keeps this lock until its process runs: one without a process will never have one.
    if let Some(live) = session::live(open, worker)?
        && live.row.lease.as_ref() == Some(lease)
        && live.observed != Observed::Starting
    {
        return Ok(Start::Runs { session: live.row.id });
    }
    session::end_all(open, worker, "replaced")?;
    // The set-up of a start that was killed may still be at work in this very folder.
    session::end_strays(open)?;
    let rig = open.town.rig(&worker.rig)?;
    let settings = open.settings_for(&rig)?;
    let assignment = Assignment { bead, worker, rig: &rig, settings: &settings };
    begin(open, &assignment, claim).map(Start::Started)
}

/// Starts several at once, in the order in which they are answered: a cold worktree or a long set-up holds nobody
/// else up.
pub fn start_all(open: &OpenTown, hooked: Vec<Hooked>) -> Vec<(Hooked, Outcome<Start>)> {
    std::thread::scope(|scope| {
        let running: Vec<_> = hooked
            .into_iter()
            .map(|hooked| {
                let (town, bead, lease) = (open.again(), hooked.bead.clone(), hooked.lease.clone());
                (hooked, scope.spawn(move || start(&town, &bead, &lease)))
            })
            .collect();
        let defect = |_| Err(Failure::new(Kind::Internal, "a start ended in a panic"));
        running.into_iter().map(|(hooked, start)| (hooked, start.join().unwrap_or_else(defect))).collect()
    })
}

fn hooked(open: &OpenTown, id: &BeadId, lease: &Lease) -> Outcome<Option<(Bead, Claim)>> {
    let Some(bead) = open.snapshot()?.find(id)? else { return Ok(None) };
    let claim = match &bead.state {
        State::Hooked(claim) if claim.lease == *lease && claim.home == *open.home()? => claim.clone(),
        _ => return Ok(None),
    };
    Ok(Some((bead, claim)))
}

fn begin(open: &OpenTown, assignment: &Assignment<'_>, claim: &Claim) -> Outcome<Started> {
    let Assignment { bead, worker, rig, settings } = *assignment;
    let agent = choose::agent_for(open, settings, bead, None)?;
    let prepared = sandbox::prepare(open, assignment)?;
    hide_leavings(open, assignment, &agent)?;
    commit_point("launch.prepared");
    let session = SessionId::random();
    let beginning = resume::beginning(open, &open.snapshot()?, assignment, &claim.lease, &agent)?;
    let wanted = Wanted { agent: &agent, session: &session, lease: &claim.lease, beginning: &beginning };
    let (mut plan, with) = plan(open, assignment, &wanted)?;
    for file in &plan.files {
        write_private(file)?;
    }
    let kind = settings.runtime;
    let row = SessionRow {
        id: session.clone(),
        worker: Actor::Worker(worker.clone()),
        bead: Some(bead.id.clone()),
        lease: Some(claim.lease.clone()),
        attempt: Some(bead.attempt_number()),
        role: Some(bead.role.clone()),
        agent: agent.clone(),
        with,
        runtime: kind.to_string(),
        name: worker.short(),
        created: open.now(),
        process: None,
        log: open.town.session_log(&session),
        end: None,
    };
    let slot = open.state()?.add_session(&row)?;
    resume::has_begun(open, &bead.id)?;
    commit_point("launch.recorded");
    plan.env.extend(slot::variables(open, &session, slot)?);
    let (run, cut) = (session::folder(open, &session), Some(Cut::of(open, worker)));
    let cell = Cell { session: &session, run, cut, writes: &settings.sandbox_writes };
    let wanted = confinement::is_wanted(open, settings, &bead.role)?;
    let confinement = wanted.then(|| confinement::of(open, &cell, &mut plan)).transpose()?;
    let launch = Launch { confinement, ..launch_file(open, &row, kind, &plan)? };
    open.runtime(kind)?.start(&session::folder(open, &session), &launch)?;
    commit_point("launch.started");
    let resumes = beginning.resumes();
    let goes_on = if resumes.is_some() { ", in its conversation" } else { "" };
    let text = format!("{} with {agent}{goes_on}: {}", row.name, bead.title);
    open.event("session.started", &row.worker, Some(&bead.id), Some(&rig.name), text);
    let notes = prepared.notes.into_iter().chain(plan.warnings).collect();
    let (worker, bead, branch) = (worker.clone(), bead.id.clone(), prepared.branch);
    Ok(Started { worker, bead, session, agent, resumes, branch, notes })
}

/// Hides from git what the agent leaves in its worktree and cannot be told to leave elsewhere.
fn hide_leavings(open: &OpenTown, assignment: &Assignment<'_>, agent: &str) -> Outcome<()> {
    let patterns = Catalogue::new(assignment.settings).get(agent)?.excludes.clone();
    Ok(polecat::hide(&open.town.rig_repo(&assignment.rig.name), patterns)?)
}

/// What the plan of one session is made from, beside the assignment.
struct Wanted<'a> {
    agent: &'a str,
    session: &'a SessionId,
    lease: &'a Lease,
    beginning: &'a Beginning,
}

fn plan(open: &OpenTown, assignment: &Assignment<'_>, wanted: &Wanted<'_>) -> Outcome<(LaunchPlan, SessionAgent)> {
    let Assignment { bead, worker, rig, settings } = *assignment;
    let catalogue = Catalogue::new(settings);
    let caller = caller(open);
    let identity = WorkerVariables {
        rig: Some(rig.name.clone()),
        worker: Some(worker.clone()),
        role: Some(bead.role.clone()),
        bead: Some(bead.id.clone()),
        title: Some(bead.title.clone()),
        lease: Some(wanted.lease.clone()),
        attempt: Some(bead.attempt_number()),
        ..WorkerVariables::of_session(&open.town.root, wanted.session.clone())
    };
    let mut variables = identity.variables();
    variables.insert("GIT_CEILING_DIRECTORIES".to_owned(), open.town.ceiling_directories(&rig.name));
    variables.extend(bead.budget.clone().map(|budget| (crate::env::BUDGET.to_owned(), budget)));
    let tuning = tuning(settings, bead);
    let request = LaunchRequest {
        preset: catalogue.get(wanted.agent)?,
        prompt: &wanted.beginning.prompt,
        tuning: &tuning,
        permissions: settings.permissions,
        worktree: &open.town.worktree(worker),
        run_dir: &session::folder(open, wanted.session),
        state_dir: &open.town.agent_state_dir(&worker.to_string()),
        gt: &open.program()?,
        variables,
        caller: &caller,
        begin: wanted.beginning.begin(),
    };
    let plan = crate::agent::plan(&request)?;
    let with = version::recorded(open, request.preset, &plan, tuning.clone())?;
    Ok((plan, with))
}

/// How the agent of a bead works: as the bead says, else its role, the rig or the town.
pub(super) fn tuning(settings: &Settings, bead: &Bead) -> Tuning {
    let own = Tuning {
        profile: bead.profile.clone(),
        model: bead.model.clone(),
        effort: bead.effort.clone(),
        extra_args: bead.extra_args.clone(),
    };
    own.or(role_tuning(settings, &bead.role))
}

/// How an agent works in a role: as the role says, else the rig or the town.
pub(super) fn role_tuning(settings: &Settings, role: &RoleName) -> Tuning {
    let role = settings.role(role);
    Tuning { profile: role.profile, model: role.model, effort: role.effort, extra_args: role.extra_args }
}

/// Writes a file of a launch so that only its owner can read it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_private(file: &crate::agent::PlannedFile) -> Outcome<()> {
    let failed = |error| Failure::caused(Kind::External, format!("cannot write {}", file.path.display()), error);
    if let Some(folder) = file.path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    write_atomic(&file.path, file.text.as_bytes(), if file.program { 0o700 } else { 0o600 }).map_err(failed)
}

/// What the process of a session is to do.
///
/// # Errors
/// When the system does not say which program this is.
pub(super) fn launch_file(open: &OpenTown, row: &SessionRow, kind: RuntimeKind, plan: &LaunchPlan) -> Outcome<Launch> {
    let gt = open.program()?.display().to_string();
    let town = open.town.root.display().to_string();
    let settings = session::settings_of(open, &row.worker);
    Ok(Launch {
        session: row.id.clone(),
        name: row.name.clone(),
        runtime: kind,
        argv: plan.argv.clone(),
        typed: plan.typed(),
        manners: plan.manners.clone(),
        cwd: plan.cwd.clone(),
        log: row.log.clone(),
        grace_seconds: settings.grace.duration().as_secs(),
        on_end: [gt.as_str(), "--town", &town, "--quiet", "tick"].map(str::to_owned).to_vec(),
        pulse: Some(Pulse { seconds: settings.snapshot_interval.duration().as_secs(), unless: open.town.tick_lock() }),
        tmux_socket: None,
        state: Some(open.town.state_db()),
        env: plan.env.clone(),
        on_end_env: pass::person_env(open),
        confinement: None,
    })
}

/// Whose environment an agent gets the allowed part of: the person's, also when a worker's verb causes the start.
pub fn caller(open: &OpenTown) -> Caller {
    let variables: BTreeMap<String, String> = pass::person_env(open);
    Caller { variables, ..Caller::this_process() }
}
