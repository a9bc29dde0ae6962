//! `gt crew add`: a name for ever, and a worktree of one's own.

use std::path::PathBuf;

use serde::Serialize;

use super::{ROLE, branch_name, worktree};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{RoleName, WorkerKind, WorkerName, WorkerRef};
use crate::ledger::Transaction;
use crate::ops::aftermath::Guard;
use crate::ops::agents::choose;
use crate::ops::unsling::PATIENCE;
use crate::ops::{OpenTown, Report, Talk, fresh, roster};
use crate::town::{Reserved, Rig};

/// A crew member as it is wanted.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its name, also as `rig/name`.
    pub name: String,
    /// The rig; the only one when not given.
    pub rig: Option<String>,
    /// The agent that it talks with; the rig's or the town's when not given.
    pub agent: Option<String>,
}

/// A crew member that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Who.
    pub worker: WorkerRef,
    /// Its worktree.
    pub path: PathBuf,
    /// The branch of that.
    pub branch: String,
    /// What the person should know.
    pub notes: Vec<String>,
}

impl Report for Added {
    const SCHEMA: &'static str = "gt.crew.add/1";
}

/// Reserves the name and makes the worktree. Running it again after a kill does what is left.
///
/// # Errors
/// When the name is somebody's already, the agent is unknown, or the worktree cannot be made.
pub fn add(open: &OpenTown, request: &Request, talk: &mut dyn Talk) -> Outcome<Added> {
    crate::ops::unsling::by_somebody_in_charge(open)?;
    open.ledger.settle()?;
    let (rig, name) = whose(open, request)?;
    let worker = WorkerRef { rig: rig.name.clone(), kind: WorkerKind::Crew, name };
    if request.agent.is_some() {
        choose::agent_wished(open, &rig, &ROLE.parse()?, request.agent.as_deref())?;
    }
    let guard = Guard::of_worker(open, &worker, PATIENCE)?;
    guard.after(add_alone(open, worker, request, talk))
}

fn add_alone(open: &OpenTown, worker: WorkerRef, request: &Request, talk: &mut dyn Talk) -> Outcome<Added> {
    let rig = reserve(open, &worker, request)?;
    commit_point("crew.reserved");
    let settings = open.settings_for(&rig)?;
    talk.step(&format!("making the worktree of {}", worker.short()));
    let mut notes: Vec<String> = fresh::bring(open, &rig, &settings).into_iter().collect();
    notes.extend(worktree::ready(open, &worker, &rig, &settings)?);
    commit_point("crew.cut");
    open.event("crew.added", &open.actor, None, Some(&rig.name), format!("{} is crew", worker.short()));
    Ok(Added { path: open.town.worktree(&worker), branch: branch_name(&worker), worker, notes })
}

/// The rig and the name that were typed.
fn whose(open: &OpenTown, request: &Request) -> Outcome<(Rig, WorkerName)> {
    let (before, name) = match request.name.rsplit_once('/') {
        Some((rig, name)) => (Some(rig.trim_end_matches("/crew")), name),
        None => (None, request.name.as_str()),
    };
    let name = name.parse()?;
    if let (Some(before), Some(rig)) = (before, &request.rig)
        && before != rig
    {
        return Err(Failure::new(Kind::Usage, format!("two rigs are named: {before} and {rig}"))
            .hint("Leave --rig or the part before the slash out."));
    }
    Ok((open.rig_meant(before.or(request.rig.as_deref()))?, name))
}

/// Reserves the name in the ledger. One that is reserved for this very crew member, and whose worktree is not ready,
/// is what a kill left.
fn reserve(open: &OpenTown, worker: &WorkerRef, request: &Request) -> Outcome<Rig> {
    let begun = !worktree::is_ready(open, worker);
    let done = open.ledger.transact(&open.actor, |tx| {
        let rigs = roster::rigs(tx.at_tip())?;
        let mut ever = roster::retired(tx.at_tip())?;
        ever.extend(rigs.iter().cloned());
        if let Some(holder) = ever.iter().find(|rig| rig.names.contains_key(&worker.name)) {
            let reserved = &holder.names[&worker.name];
            let same = holder.worker(&worker.name).as_ref() == Some(worker) && !reserved.retired;
            return if same && begun { Ok(holder.clone()) } else { Err(taken(holder, worker, same)) };
        }
        insert(tx, rigs, worker, request)
    })?;
    Ok(done.value)
}

fn insert(tx: &mut Transaction, rigs: Vec<Rig>, worker: &WorkerRef, request: &Request) -> Outcome<Rig> {
    let rig = rigs.into_iter().find(|rig| rig.name == worker.rig);
    let mut rig = rig.ok_or_else(|| Failure::new(Kind::NotFound, format!("there is no rig {}", worker.rig)))?;
    let role: RoleName = ROLE.parse()?;
    rig.names.insert(worker.name.clone(), Reserved::crew(role, request.agent.clone()));
    tx.put_text(rig.path(), rig.render());
    tx.describe("crew", format!("crew {} of {}", worker.name, worker.rig));
    Ok(rig)
}

fn taken(holder: &Rig, worker: &WorkerRef, same: bool) -> Failure {
    let (name, rig) = (&worker.name, &holder.name);
    if same {
        return Failure::new(Kind::Conflict, format!("{} is crew already", worker.short()))
            .hint(format!("`gt crew attach {name}` goes there"));
    }
    Failure::new(Kind::Conflict, format!("the name {name} is reserved in the rig {rig}"))
        .hint("Names of workers and crew are unique in the town and never given twice; choose another.")
}
