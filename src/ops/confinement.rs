//! Which sandbox the session of a worker gets: what its agent may write, where that is switched on.

use std::path::{Path, PathBuf};

use super::{OpenTown, session};
use crate::agent::LaunchPlan;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{bare, worktree};
use crate::id::{RoleName, SessionId, WorkerRef};
use crate::polecat;
use crate::runtime::{Confinement, can_confine};
use crate::town::{Sandbox, Settings};

/// Whether a sandbox can be made where one is wanted.
///
/// # Errors
/// When this machine has none.
pub(super) fn check(open: &OpenTown, settings: &Settings, role: &RoleName) -> Outcome<()> {
    match settings.sandbox_of(role) {
        Sandbox::Off => Ok(()),
        Sandbox::On => Ok(can_confine(&open.program()?)?),
    }
}

/// The session that is to be put into a sandbox.
pub(super) struct Inmate<'a> {
    /// Which one.
    pub session: &'a SessionId,
    /// Whose.
    pub worker: &'a WorkerRef,
    /// The role of its bead.
    pub role: &'a RoleName,
    /// The settings of its rig.
    pub settings: &'a Settings,
}

/// The sandbox of a session, where one is wanted; its environment says so then.
///
/// # Errors
/// When a folder that it may write cannot be made.
pub(super) fn of(open: &OpenTown, inmate: &Inmate<'_>, plan: &mut LaunchPlan) -> Outcome<Option<Confinement>> {
    if inmate.settings.sandbox_of(inmate.role) == Sandbox::Off {
        return Ok(None);
    }
    let repository = open.town.rig_repo(&inmate.worker.rig);
    let worktree = open.town.worktree(inmate.worker);
    let own = own_entry(&repository, &worktree)?;
    bare::ensure_settings(&repository)?;
    let run = open.town.run_dir();
    let sockets = open.place()?.tmux_socket.parent().map(Path::to_path_buf);
    let temporary = plan.env.get("TMPDIR").map(PathBuf::from);
    let hidden: Vec<PathBuf> = std::iter::once(run.clone()).chain(sockets.filter(|folder| *folder != run)).collect();
    let covered = |path: &Path| hidden.iter().any(|folder| path.starts_with(folder));
    let shown =
        temporary.iter().filter(|path| covered(path)).cloned().chain([session::folder(open, inmate.session)]).collect();
    let mut writes = vec![worktree.clone(), repository.join("objects"), own.clone()];
    writes.extend(temporary);
    writes.extend(references(&repository, inmate.worker)?);
    writes.extend(of_the_agent(plan)?);
    writes.extend(audit_log(open, inmate, plan)?);
    writes.extend(inmate.settings.sandbox_writes.iter().map(|path| at_home(path, plan)));
    plan.env.insert(env::SANDBOX.to_owned(), "1".to_owned());
    let entry = own.file_name().expect("a folder in worktrees/").to_string_lossy().into_owned();
    let fixed = vec![own.join("commondir"), own.join("gitdir"), worktree.join(".git"), repository.join("objects/info")];
    let (program, beside) = (open.program()?, run.join("repository"));
    Ok(Some(Confinement { program, writes, fixed, hidden, shown, beside, repository, entry }))
}

fn own_entry(repository: &Path, worktree: &Path) -> Outcome<PathBuf> {
    worktree::admin_dir(repository, worktree).ok_or_else(|| {
        let message = format!("{} does not know the worktree {}", repository.display(), worktree.display());
        Failure::new(Kind::Corrupt, message).hint("`gt doctor --fix` mends it")
    })
}

/// The folders of a worker's branches and of their logs.
fn references(repository: &Path, worker: &WorkerRef) -> Outcome<Vec<PathBuf>> {
    let branches = polecat::branches_of(&worker.name);
    let folders =
        vec![repository.join("refs/heads").join(&branches), repository.join("logs/refs/heads").join(&branches)];
    folders.iter().try_for_each(|folder| make(folder))?;
    Ok(folders)
}

/// Where the agent keeps its state. What it would make by itself and may not inside is made here.
fn of_the_agent(plan: &LaunchPlan) -> Outcome<Vec<PathBuf>> {
    for place in &plan.writes {
        match &place.file {
            false => make(&place.path)?,
            true if plan.files.iter().any(|file| file.path.parent() == place.path.parent()) && !place.path.exists() => {
                crate::store::write_atomic(&place.path, b"", 0o600).map_err(|error| cannot_make(&place.path, error))?;
            }
            true => {}
        }
    }
    Ok(plan.writes.iter().map(|place| place.path.clone()).collect())
}

/// What the built-in agent writes of what it does, beside the session's log.
fn audit_log(open: &OpenTown, inmate: &Inmate<'_>, plan: &LaunchPlan) -> Outcome<Option<PathBuf>> {
    if plan.argv.first().map(PathBuf::from) != Some(open.program()?) {
        return Ok(None);
    }
    let log = open.town.session_log(inmate.session).with_extension("audit.jsonl");
    make(log.parent().expect("a file in the folder of logs"))?;
    crate::store::write_atomic(&log, b"", 0o600).map_err(|error| cannot_make(&log, error))?;
    Ok(Some(log))
}

fn at_home(path: &str, plan: &LaunchPlan) -> PathBuf {
    match (path.strip_prefix("~/"), plan.env.get("HOME")) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn make(folder: &Path) -> Outcome<()> {
    std::fs::create_dir_all(folder).map_err(|error| cannot_make(folder, error))
}

fn cannot_make(path: &Path, error: std::io::Error) -> Failure {
    Failure::caused(
        Kind::External,
        format!("cannot make {}, which the sandbox shall let through", path.display()),
        error,
    )
}
