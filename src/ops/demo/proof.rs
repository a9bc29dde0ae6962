//! What the ledger and the project say when the demo is over.

use serde::Serialize;

use super::place::Place;
use crate::bead::{Attempt, AttemptOutcome, Bead, Resolution, State};
use crate::clock::Clock;
use crate::convoy::{Convoy, ConvoyId};
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ops::OpenTown;
use crate::town::Town;

/// What came of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The convoy.
    pub convoy: ConvoyId,
    /// How many beads landed.
    pub landed: usize,
    /// How many workers there were.
    pub workers: usize,
    /// The bead that came back because it conflicted with what had landed.
    pub conflict: BeadId,
    /// The bead that came back because a gate was red.
    pub red: BeadId,
}

/// Reads what happened, and makes sure that it is what the script is about.
pub(super) fn proof(place: &Place) -> Outcome<Proof> {
    let open = OpenTown::open(Town::at(place.town()), &place.town(), Clock::System)?;
    let snapshot = open.snapshot()?;
    let (convoys, _) = snapshot.documents::<Convoy>()?;
    let convoy = convoys.into_iter().next().ok_or_else(|| unexpected("there is no convoy"))?;
    let beads = convoy.members.iter().map(|id| snapshot.bead(id)).collect::<Outcome<Vec<Bead>>>()?;
    if let Some(bead) = beads.iter().find(|bead| !is_merged(bead)) {
        return Err(unexpected(&format!("{} ({}) is {}", bead.id, bead.title, bead.state.describe())));
    }
    // A red gate leaves a log behind, a conflict does not.
    let came_back = |red: bool| {
        let fits = |attempt: &Attempt| attempt.outcome == AttemptOutcome::Bounced && attempt.log.is_some() == red;
        beads.iter().find(|bead| bead.attempts.iter().any(fits)).map(|bead| bead.id.clone())
    };
    let conflict = came_back(false).ok_or_else(|| unexpected("no bead came back with a merge conflict"))?;
    let red = came_back(true).ok_or_else(|| unexpected("no bead came back with a red gate"))?;
    let untidy = place.git().run(&["status", "--porcelain"])?;
    if !untidy.is_empty() {
        return Err(unexpected(&format!("the project is not clean:\n{untidy}")));
    }
    let workers = open.worker_names()?.len();
    Ok(Proof { convoy: convoy.id, landed: beads.len(), workers, conflict, red })
}

fn is_merged(bead: &Bead) -> bool {
    matches!(&bead.state, State::Closed(closing) if closing.resolution == Resolution::Merged)
}

fn unexpected(what: &str) -> Failure {
    Failure::new(Kind::Internal, format!("the demo did not go as its script says: {what}"))
}
