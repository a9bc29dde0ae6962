//! Who acts: `GT_LEASE` and `GT_WORKER`, else the worktree, else the person. Disagreement is refused.

use std::path::Path;

use super::OpenTown;
use crate::bead::{Bead, Status};
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, Lease, WorkerKind, WorkerRef};
use crate::ledger::Snapshot;
use crate::town::Town;

/// Whoever runs this command, and what they show for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acting {
    /// Who.
    pub actor: Actor,
    /// The lease that the environment shows.
    pub lease: Option<Lease>,
    /// The bead that the environment names.
    pub bead: Option<BeadId>,
}

/// Reads the environment of this process and the folder it stands in.
///
/// # Errors
/// When the two name different workers, or a variable is no id.
pub(super) fn acting(town: &Town, here: &Path) -> Outcome<Acting> {
    let told: Option<Actor> = variable(env::WORKER)?;
    let stands = town.worker_of(here).map(Actor::Worker);
    if let (Some(told), Some(stands)) = (&told, &stands)
        && told != stands
    {
        return Err(Failure::new(
            Kind::Refused,
            format!("{} says {told}, and this folder belongs to {stands}", env::WORKER),
        )
        .hint(format!("Work in your own worktree, or unset {} and {}.", env::WORKER, env::LEASE)));
    }
    let lease = variable(env::LEASE)?;
    let bead = variable(env::BEAD)?;
    Ok(Acting { actor: told.or(stands).unwrap_or(Actor::Human), lease, bead })
}

fn variable<T>(name: &str) -> Outcome<Option<T>>
where
    T: std::str::FromStr<Err = crate::id::InvalidId>,
{
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => {
            let parsed = text.parse().map_err(|error| Failure::new(Kind::Invalid, format!("{name}: {error}")))?;
            Ok(Some(parsed))
        }
        _ => Ok(None),
    }
}

/// The bead that a worker's verb is about, with the lease it acts under: the one that is hooked to it.
///
/// # Errors
/// When nothing is hooked to it, or its lease is not the one in force any more.
pub fn hooked_bead(open: &OpenTown, snapshot: &Snapshot) -> Outcome<(Bead, Lease)> {
    let Actor::Worker(worker) = &open.actor else {
        return Err(Failure::new(Kind::Usage, "this verb is a worker's, and no worker stands here")
            .hint("Run it in a worker's worktree or session."));
    };
    let query = crate::ledger::BeadQuery::default().held_by(worker);
    let mut held = snapshot.beads(&query)?;
    // What it submitted earlier waits in the queue and is its own still; what is on its hook comes first.
    held.sort_by_key(|bead| bead.status() != Status::Hooked);
    let leased = |bead: &Bead| bead.claim().map(|claim| claim.lease.clone());
    let meant = match &open.lease {
        Some(lease) => held.iter().find(|bead| leased(bead).as_ref() == Some(lease)),
        None => held.first(),
    };
    match meant {
        Some(bead) => Ok((bead.clone(), leased(bead).expect("a bead with an assignee has a claim"))),
        None if open.lease.is_some() && held.iter().any(|bead| Some(&bead.id) == open.bead.as_ref()) => {
            Err(stale(worker, open.bead.as_ref()))
        }
        None => Err(nothing_hooked(open, snapshot, worker)?),
    }
}

/// Whoever lost their bead has no say about beads any more: refuses a worker whose lease is not in force.
///
/// # Errors
/// As [`hooked_bead`]; a person, and a worker that shows no lease, are not asked.
pub(super) fn check_lease(open: &OpenTown, snapshot: &Snapshot) -> Outcome<()> {
    if open.lease.is_some() && matches!(open.actor, Actor::Worker(_)) {
        hooked_bead(open, snapshot)?;
    }
    Ok(())
}

fn nothing_hooked(open: &OpenTown, snapshot: &Snapshot, worker: &WorkerRef) -> Outcome<Failure> {
    if worker.kind == WorkerKind::Crew {
        return Ok(Failure::new(Kind::NotFound, format!("{worker} is a person's own: nothing is hooked to it"))
            .hint("`gt queue add` hands in the branch of this worktree"));
    }
    let Some(id) = &open.bead else {
        return Ok(Failure::new(Kind::NotFound, format!("nothing is hooked to {worker}"))
            .hint("`gt hook --next` takes the next ready bead"));
    };
    let stands = match snapshot.find(id)? {
        Some(bead) => bead.state.describe(),
        None => "gone".to_owned(),
    };
    Ok(Failure::new(Kind::Conflict, format!("{id} is not hooked to {worker} any more: it is {stands}"))
        .hint("Stop here: the commits in this worktree are kept, and the bead is in other hands."))
}

fn stale(worker: &WorkerRef, bead: Option<&BeadId>) -> Failure {
    let what = bead.map_or_else(|| "the bead".to_owned(), ToString::to_string);
    Failure::new(
        Kind::Conflict,
        format!("the lease of {worker} on {what} is not valid any more: the bead was taken back"),
    )
    .hint("Stop here: the commits in this worktree are kept, and the bead is in other hands.")
}
