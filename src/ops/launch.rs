//! Starting the session of a hooked bead: sandbox, prompt, agent.
//!
//! Everything here may be done again: a second start of the same hooking finds the first one's session alive and
//! leaves it, or makes the sandbox anew. One lock per worker keeps two processes from doing it at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::aftermath::Guard;
use super::hooking::Hooked;
use super::prime::{self, Assignment};
use super::{OpenTown, pass, sandbox, session};
use crate::agent::prompt::Prompts;
use crate::agent::{Begin, Caller, Catalogue, LaunchPlan, LaunchRequest, Tuning, WorkerVariables};
use crate::bead::{Bead, Claim, State};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, Lease, RoleName, SessionId, WorkerRef};
use crate::runtime::{Launch, Observed, RuntimeKind};
use crate::store::{FileLock, SessionRow, write_atomic};
use crate::town::{Rig, Settings};

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
    let agent = agent_for(open, settings, bead, None)?;
    let prepared = sandbox::prepare(open, assignment)?;
    commit_point("launch.prepared");
    let session = SessionId::random();
    let snapshot = open.snapshot()?;
    let context = prime::context(open, &snapshot, assignment)?;
    let prompt = Prompts::of(open.town.templates_dir()).first(&context)?;
    let plan =
        plan(open, assignment, &Wanted { agent: &agent, session: &session, lease: &claim.lease, prompt: &prompt })?;
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
        runtime: kind.to_string(),
        name: worker.short(),
        created: open.now(),
        process: None,
        log: open.town.session_log(&session),
        end: None,
    };
    open.state()?.add_session(&row)?;
    commit_point("launch.recorded");
    let launch = launch_file(open, &row, kind, &plan)?;
    open.runtime(kind)?.start(&session::folder(open, &session), &launch)?;
    commit_point("launch.started");
    open.event(
        "session.started",
        &row.worker,
        Some(&bead.id),
        Some(&rig.name),
        format!("{} with {agent}: {}", row.name, bead.title),
    );
    let notes = prepared.notes.into_iter().chain(plan.warnings).collect();
    Ok(Started { worker: worker.clone(), bead: bead.id.clone(), session, agent, branch: prepared.branch, notes })
}

/// What the plan of one session is made from, beside the assignment.
struct Wanted<'a> {
    agent: &'a str,
    session: &'a SessionId,
    lease: &'a Lease,
    prompt: &'a str,
}

fn plan(open: &OpenTown, assignment: &Assignment<'_>, wanted: &Wanted<'_>) -> Outcome<LaunchPlan> {
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
    let request = LaunchRequest {
        preset: catalogue.get(wanted.agent)?,
        prompt: wanted.prompt,
        tuning: &tuning(settings, bead),
        permissions: settings.permissions,
        worktree: &open.town.worktree(worker),
        run_dir: &session::folder(open, wanted.session),
        state_dir: &open.town.agent_state_dir(&worker.to_string()),
        gt: &open.program()?,
        variables,
        caller: &caller,
        begin: Begin::New,
    };
    Ok(crate::agent::plan(&request)?)
}

/// How the agent of a bead works: as the bead says, else its role, the rig or the town.
pub(super) fn tuning(settings: &Settings, bead: &Bead) -> Tuning {
    let role = settings.role(&bead.role);
    let below = Tuning { profile: role.profile, model: role.model, effort: role.effort, extra_args: role.extra_args };
    Tuning::of_model(bead.model.clone()).or(below)
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
    write_atomic(&file.path, file.text.as_bytes(), 0o600).map_err(failed)
}

/// What the process of a session is to do.
///
/// # Errors
/// When the system does not say which program this is.
pub(super) fn launch_file(open: &OpenTown, row: &SessionRow, kind: RuntimeKind, plan: &LaunchPlan) -> Outcome<Launch> {
    let gt = open.program()?.display().to_string();
    let town = open.town.root.display().to_string();
    Ok(Launch {
        session: row.id.clone(),
        name: row.name.clone(),
        runtime: kind,
        argv: plan.argv.clone(),
        cwd: plan.cwd.clone(),
        log: row.log.clone(),
        grace_seconds: open.settings.grace.duration().as_secs(),
        on_end: [gt.as_str(), "--town", &town, "--quiet", "tick"].map(str::to_owned).to_vec(),
        tmux_socket: None,
        env: plan.env.clone(),
        on_end_env: pass::person_env(open),
    })
}

/// Whose environment an agent gets the allowed part of: the person's, also when a worker's verb causes the start.
pub fn caller(open: &OpenTown) -> Caller {
    let variables: BTreeMap<String, String> = pass::person_env(open);
    Caller { variables, ..Caller::this_process() }
}

/// The agent for a bead: the person's wish, else that of the role, the rig or the town, else what is installed. Its
/// program is looked for, so that a missing one is said before anything is changed.
///
/// # Errors
/// When the agent is unknown or not installed.
pub fn agent_for(open: &OpenTown, settings: &Settings, bead: &Bead, wish: Option<&str>) -> Outcome<String> {
    let catalogue = Catalogue::new(settings);
    let (caller, gt) = (caller(open), open.program()?);
    let name = match wish.map(str::to_owned).or_else(|| bead.agent.clone()).or(settings.role(&bead.role).agent) {
        Some(name) => name,
        None => installed(&catalogue, &caller, &gt)?,
    };
    let folder: PathBuf = open.town.run_dir();
    let request = LaunchRequest {
        preset: catalogue.get(&name)?,
        prompt: "",
        tuning: &tuning(settings, bead),
        permissions: settings.permissions,
        worktree: &folder,
        run_dir: &folder,
        state_dir: &folder,
        gt: &gt,
        variables: BTreeMap::new(),
        caller: &caller,
        begin: Begin::New,
    };
    crate::agent::plan(&request)?;
    Ok(name)
}

/// The agent for beads of a role in a rig that name none themselves.
///
/// # Errors
/// As [`agent_for`].
pub fn agent_of_role(open: &OpenTown, rig: &Rig, role: &RoleName) -> Outcome<String> {
    agent_wished(open, rig, role, None)
}

/// The same where a person wishes for one.
///
/// # Errors
/// As [`agent_for`].
pub fn agent_wished(open: &OpenTown, rig: &Rig, role: &RoleName, wish: Option<&str>) -> Outcome<String> {
    let mut bead = Bead::new(BeadId::random(&rig.prefix, 5), "", open.now());
    bead.role = role.clone();
    agent_for(open, &open.settings_for(rig)?, &bead, wish)
}

/// The agent that plans and chats: the mayor's, else the town's, else what is installed.
///
/// # Errors
/// When none is named and none is installed.
pub fn mayors_agent(open: &OpenTown) -> Outcome<String> {
    let settings = &open.settings;
    match settings.mayor.agent.clone().or_else(|| settings.agent.clone()) {
        Some(name) => Ok(name),
        None => installed(&Catalogue::new(settings), &caller(open), &open.program()?),
    }
}

/// The agent to work with when nobody named one.
fn installed(catalogue: &Catalogue, caller: &Caller, gt: &Path) -> Outcome<String> {
    let choice = crate::agent::choose(&crate::agent::detect(catalogue, caller, gt));
    if choice.usable {
        return Ok(choice.agent);
    }
    if let Some(first) = choice.undecided.first() {
        return Err(Failure::new(Kind::Usage, format!("no agent is set: {}", choice.reason))
            .hint(format!("Say which: `gt config set agent {first}`.")));
    }
    Err(Failure::new(Kind::External, format!("no agent can be started: {}", choice.reason)).hint(
        "Install one (`gt agent list` says how), or name a program: `gt config set agents.mine.command \"PROGRAM\"`.",
    ))
}
