//! `gt polecat remove`: a worker is retired. Its name stays reserved, its work stays in the repository.
//!
//! The ledger first: from then on nobody hooks anything to it. The rest may be done again by the same command.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::agent::{Caller, Catalogue, planted};
use crate::bead::Status;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, WorkerKind, WorkerRef};
use crate::ops::aftermath::Guard;
use crate::ops::unsling::{self, PATIENCE};
use crate::ops::{OpenTown, Report, launch, sandbox, session, transcripts};
use crate::polecat::{self, Secured};
use crate::town::{Rig, Settings};

/// How many sessions of a worker are looked at for where their agents had their settings.
const SESSIONS: usize = 50;

/// A worker that was retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Who.
    pub worker: WorkerRef,
    /// Where what was in its worktree is kept; none when everything was reachable already.
    pub kept: Option<String>,
}

impl Report for Removed {
    const SCHEMA: &'static str = "gt.polecat.remove/1";
}

/// Retires the worker that `word` means. Its commits and what is uncommitted in its worktree are kept by refs of the
/// rig's repository; the folder goes.
///
/// # Errors
/// When there is no such worker, a bead is hooked to it, or its work cannot be kept.
pub fn remove(open: &OpenTown, word: &str) -> Outcome<Removed> {
    unsling::by_somebody_in_charge(open)?;
    let worker = open.worker(&open.snapshot()?, word)?;
    if worker.kind == WorkerKind::Crew {
        return Err(Failure::new(Kind::Refused, format!("{} is crew, a person's own", worker.short()))
            .hint("The verbs of `gt crew` are about it."));
    }
    retire_worker(open, worker)
}

/// The same for a worker of either kind.
///
/// # Errors
/// As [`remove`].
pub(in crate::ops) fn retire_worker(open: &OpenTown, worker: WorkerRef) -> Outcome<Removed> {
    Guard::of_worker(open, &worker, PATIENCE)?.after(remove_alone(open, worker))
}

fn remove_alone(open: &OpenTown, worker: WorkerRef) -> Outcome<Removed> {
    retire(open, &worker)?;
    commit_point("remove.retired");
    session::end_all(open, &worker, "removed")?;
    let rig = open.town.rig(&worker.rig)?;
    let place = sandbox::place(open, &worker, &open.settings_for(&rig)?)?;
    let kept = match polecat::remove(&place)? {
        Secured::Nothing => None,
        Secured::Ref(snapshot) => Some(snapshot.name),
        Secured::Aside { path, .. } => Some(path.display().to_string()),
    };
    clear_settings(open, &worker, &open.settings_for(&rig)?)?;
    open.event("worker.removed", &open.actor, None, Some(&worker.rig), format!("{} was retired", worker.short()));
    Ok(Removed { worker, kept })
}

/// Removes what its agents kept, and the files of ours beside the person's settings of those agents.
///
/// # Errors
/// When one of them cannot be removed.
pub(in crate::ops) fn clear_settings(open: &OpenTown, worker: &WorkerRef, settings: &Settings) -> Outcome<()> {
    let state = open.town.agent_state_dir(&worker.to_string());
    let catalogue = Catalogue::new(settings);
    let (callers, worktree) = (callers(open, worker)?, open.town.worktree(worker));
    let planted = |caller| {
        let presets = catalogue.all().into_iter();
        presets.flat_map(|preset| planted(preset, caller, &worktree, &state)).collect::<BTreeSet<_>>()
    };
    let files: BTreeSet<_> = callers.iter().flat_map(planted).collect();
    files.into_iter().map(std::fs::remove_file).chain([std::fs::remove_dir_all(&state)]).try_for_each(|removed| {
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let message = format!("cannot remove what the agents of {} kept", worker.short());
                Err(Failure::caused(Kind::External, message, error))
            }
            _ => Ok(()),
        }
    })
}

/// Who asks for it, and whoever started its sessions, as far as that is known: their agents may keep their settings elsewhere.
fn callers(open: &OpenTown, worker: &WorkerRef) -> Outcome<Vec<Caller>> {
    let rows = open.state()?.sessions_of_worker(&Actor::Worker(worker.clone()), SESSIONS)?;
    let of = |row| transcripts::with_subject(open, row, |_, subject| subject.caller.clone());
    Ok(std::iter::once(launch::caller(open)).chain(rows.iter().filter_map(of)).collect())
}

/// Checked and changed in one transaction: nothing can be hooked to it in between.
fn retire(open: &OpenTown, worker: &WorkerRef) -> Outcome<()> {
    let path = open.town.rig(&worker.rig)?.path();
    open.ledger.transact(&open.actor, |tx| {
        if let Some(bead) = tx.held_by(worker)?.into_iter().find(|bead| bead.status() == Status::Hooked) {
            return Err(Failure::new(
                Kind::Refused,
                format!("{} is hooked to {}: {}", bead.id, worker.short(), bead.title),
            )
            .hint(format!("`gt unsling {}` takes it back first; what was done on it is kept", bead.id)));
        }
        let text = tx.text(&path)?.ok_or_else(|| Failure::new(Kind::NotFound, format!("the ledger has no {path}")))?;
        let mut rig = Rig::parse(&path, &text)?;
        let Some(reserved) = rig.names.get_mut(&worker.name) else {
            return Err(Failure::new(Kind::NotFound, format!("there is no worker {}", worker.short())));
        };
        if !std::mem::replace(&mut reserved.retired, true) {
            tx.put_text(path.as_str(), rig.render());
            tx.describe("retire", format!("retire {} of {}", worker.name, worker.rig));
        }
        Ok(())
    })?;
    Ok(())
}
