//! `gt crew`: a person's own long-lived worktrees and sessions. Nothing here is pooled, judged or taken away: what a
//! crew member has is the person's, and only the person starts and removes it.

pub mod add;
pub mod attach;
pub mod list;
pub mod remove;
mod worktree;

use super::OpenTown;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, WorkerKind, WorkerRef};
use crate::town::{Reserved, Rig};

/// The role of crew: what `roles.crew` in the settings is about, and what `GT_ROLE` says.
pub const ROLE: &str = "crew";

/// The branch of a crew member's worktree: `crew/<name>`.
pub fn branch_name(worker: &WorkerRef) -> String {
    format!("crew/{}", worker.name)
}

/// The crew member that acts, if one does.
pub(super) fn acting(open: &OpenTown) -> Option<&WorkerRef> {
    match &open.actor {
        Actor::Worker(worker) if worker.kind == WorkerKind::Crew => Some(worker),
        _ => None,
    }
}

/// The crew member that a person meant, with its rig and what its name is reserved for; without a word, the one that
/// acts here.
fn member(open: &OpenTown, word: Option<&str>) -> Outcome<(WorkerRef, Rig, Reserved)> {
    let worker = match word {
        Some(word) => open.find_worker(word)?.ok_or_else(|| nobody(open, word))?,
        None => acting(open).cloned().ok_or_else(|| {
            Failure::new(Kind::Usage, "no crew member stands here").hint("Name one: `gt crew list` shows them.")
        })?,
    };
    let rig = open.town.rig(&worker.rig)?;
    let reserved = rig.names.get(&worker.name).cloned();
    match reserved.filter(|_| worker.kind == WorkerKind::Crew) {
        Some(reserved) => Ok((worker, rig, reserved)),
        None => Err(Failure::new(Kind::Refused, format!("{} is no crew member", worker.short()))
            .hint("`gt crew list` shows the crew, `gt polecat list` the pooled workers.")),
    }
}

/// The same, unless it was removed.
fn present(open: &OpenTown, word: Option<&str>) -> Outcome<(WorkerRef, Rig, Reserved)> {
    let (worker, rig, reserved) = member(open, word)?;
    if reserved.retired {
        return Err(Failure::new(Kind::NotFound, format!("{} was removed", worker.short()))
            .hint("Its name is not given again; `gt crew add OTHER` makes another."));
    }
    Ok((worker, rig, reserved))
}

fn nobody(open: &OpenTown, word: &str) -> Failure {
    let rigs = open.town.rigs().unwrap_or_default();
    let names: Vec<String> = rigs.iter().flat_map(Rig::crew).map(|worker| worker.name.to_string()).collect();
    let failure = Failure::new(Kind::NotFound, format!("there is no crew member {word:?}"));
    let short = word.rsplit('/').next().unwrap_or(word);
    match crate::bead::lookup::nearest(short, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("Did you mean {near}?")),
        None => failure.hint("`gt crew add NAME` makes one"),
    }
}
