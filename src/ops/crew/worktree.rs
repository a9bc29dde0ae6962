//! The worktree of a crew member: cut once, and never made anew while it is there.

use std::path::{Path, PathBuf};

use super::branch_name;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, Cut, Look, State, admin_dir};
use crate::git::{Oid, bare};
use crate::id::WorkerRef;
use crate::ops::target::Target;
use crate::ops::{OpenTown, sandbox};
use crate::polecat;
use crate::store::write_atomic;
use crate::town::{Rig, Settings};

/// Makes the worktree where there is none, on the person's branch, and mends one that git lost hold of. What is in it
/// stays as it is. What the person should know.
///
/// # Errors
/// When something else is in its place, git fails, or set-up fails.
pub(super) fn ready(open: &OpenTown, worker: &WorkerRef, rig: &Rig, settings: &Settings) -> Outcome<Vec<String>> {
    let (repo, path) = (open.town.rig_repo(&rig.name), open.town.worktree(worker));
    let mended = sandbox::mended(open, worker)?;
    if mended && is_ready(open, worker) {
        return Ok(Vec::new());
    }
    if !mended {
        not_in_the_way(&repo, &path)?;
        cut(open, worker, rig)?;
    } else if is_half_cut(open, worker, rig)? {
        cut(open, worker, rig)?;
    }
    let mut notes = polecat::furnish(&repo, &path, &sandbox::furnishing(rig))?;
    polecat::set_up(&repo, &path, &sandbox::set_up(open, rig, settings, worker.name.as_str()))?;
    if let Some(mark) = mark(open, worker) {
        write_atomic(&mark, b"", 0o600)
            .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", mark.display()), error))?;
    }
    notes.extend(worktree::extras(&path, Some(settings.network_limit.duration()))?.iter().map(ToString::to_string));
    Ok(notes)
}

/// Whether it was made, with set-up and all: what failed or was killed on the way is done again.
pub(super) fn is_ready(open: &OpenTown, worker: &WorkerRef) -> bool {
    mark(open, worker).is_some_and(|mark| mark.exists())
}

/// Lies with git's own files of the worktree, and goes when the worktree goes.
fn mark(open: &OpenTown, worker: &WorkerRef) -> Option<PathBuf> {
    let admin = admin_dir(&open.town.rig_repo(&worker.rig), &open.town.worktree(worker))?;
    Some(admin.join("gt-crew"))
}

/// Whether a kill left it registered and not checked out, or checked out and on no branch yet. One that a person made
/// by hand is neither, or has nothing that could be lost.
fn is_half_cut(open: &OpenTown, worker: &WorkerRef, rig: &Rig) -> Outcome<bool> {
    let (repo, path) = (open.town.rig_repo(&worker.rig), open.town.worktree(worker));
    if !admin_dir(&repo, &path).is_some_and(|admin| admin.join("index").exists()) {
        return Ok(true);
    }
    let Look { state, head, branch } = worktree::look(&repo, &path)?;
    Ok(state == State::Clean && branch.is_none() && head == Some(start(open, worker, rig)?))
}

fn not_in_the_way(repo: &Path, path: &Path) -> Outcome<()> {
    match worktree::look(repo, path)?.state {
        State::Foreign { reason } => {
            Err(Failure::new(Kind::Conflict, format!("{} is in the way: {reason}", path.display()))
                .hint("Move it away; gt leaves it alone."))
        }
        _ => Ok(()),
    }
}

/// Where the branch begins: what a person has on it is theirs, as after the folder was deleted by hand.
fn start(open: &OpenTown, worker: &WorkerRef, rig: &Rig) -> Outcome<Oid> {
    let target = Target::of(open, rig);
    match bare::ref_tip(&target.repo, &format!("refs/heads/{}", branch_name(worker)))? {
        Some(tip) => Ok(tip),
        None => target.tip(),
    }
}

fn cut(open: &OpenTown, worker: &WorkerRef, rig: &Rig) -> Outcome<()> {
    let (repo, path, branch) = (open.town.rig_repo(&rig.name), open.town.worktree(worker), branch_name(worker));
    let commit = start(open, worker, rig)?;
    let cut = Cut { repo: &repo, path: &path, branch: Some(&branch), commit: &commit };
    worktree::recycle(&cut, None, &open.town.trash_dir(), || sandbox::registry(open, worker))?;
    Ok(worktree::discard(&open.town.trash_dir())?)
}
