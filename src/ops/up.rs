//! `gt up`: the town after the machine was started anew: what sessions run in, the sessions themselves, one tick.
//!
//! What has a bead on its hook is brought back by the tick, as after any other loss, in its conversation where that is
//! possible. Restoring does more: it tries again what was given up, and brings back those that people attend.

use std::collections::BTreeSet;

use serde::Serialize;

use super::crew::attach as crew;
use super::mayor::attach as mayor;
use super::tick::{self, Ticked};
use super::{OpenTown, Report, Talk, resume, session};
use crate::bead::Status;
use crate::error::Outcome;
use crate::id::{Actor, BeadId, SessionId, WorkerKind};
use crate::ledger::BeadQuery;
use crate::runtime::RuntimeKind;
use crate::store::SessionRow;

/// A town that is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Up {
    /// What sessions run in.
    pub runtime: String,
    /// The sessions that were brought back.
    pub back: Vec<Back>,
    /// How many others ran already.
    pub ran: usize,
    /// What could not be brought back, and why.
    pub troubles: Vec<String>,
    /// What the tick did.
    pub ticked: Ticked,
}

/// A session that was brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Back {
    /// Whose it is.
    pub who: Actor,
    /// The bead on its hook.
    pub bead: Option<BeadId>,
    /// The session.
    pub session: SessionId,
    /// Whether it goes on in the conversation that it had.
    pub resumed: bool,
}

impl Report for Up {
    const SCHEMA: &'static str = "gt.up/1";
}

/// Brings the town up; with `restore` also what was given up, and the sessions of the mayor and of crew that were lost.
///
/// # Errors
/// When the runtime cannot be started or the town not be read.
pub fn up(open: &OpenTown, restore: bool, talk: &mut dyn Talk) -> Outcome<Up> {
    let kind = open.settings.runtime;
    if kind == RuntimeKind::Tmux {
        open.runtime(kind)?.up()?;
    }
    let ran: BTreeSet<SessionId> = live(open)?.into_iter().map(|row| row.id).collect();
    if restore {
        let query = BeadQuery::of(Status::Hooked);
        for bead in open.snapshot()?.beads(&query)? {
            tick::forget(open, &bead.id)?;
        }
    }
    talk.step("looking after the town");
    let mut ticked = tick::pass_after_others(open)?;
    let mut troubles = std::mem::take(&mut ticked.troubles);
    if restore {
        for lost in lost(open)? {
            if let Err(failure) = attend(open, &lost, talk) {
                troubles.push(format!("{lost}: {failure}"));
            }
        }
    }
    let mut back = Vec::new();
    for row in live(open)?.into_iter().filter(|row| !ran.contains(&row.id)) {
        let resumed = resume::goes_on(open, &row)?;
        back.push(Back { who: row.worker, bead: row.bead, session: row.id, resumed });
    }
    Ok(Up { runtime: kind.to_string(), back, ran: ran.len(), troubles, ticked })
}

fn live(open: &OpenTown) -> Outcome<Vec<SessionRow>> {
    let sightings = session::sightings(open)?.into_iter();
    Ok(sightings.filter(|sighting| sighting.observed.is_live()).map(|sighting| sighting.row).collect())
}

/// The mayor and crew members whose last session nobody ended.
fn lost(open: &OpenTown) -> Outcome<Vec<Actor>> {
    let crew = open.town.rigs()?.into_iter().flat_map(|rig| rig.crew().map(Actor::Worker).collect::<Vec<_>>());
    let mut lost = Vec::new();
    for actor in std::iter::once(Actor::Mayor).chain(crew) {
        let last = open.state()?.sessions_of_worker(&actor, 1)?.pop();
        if last.and_then(|row| row.end).is_some_and(|end| end.reason == "lost") {
            lost.push(actor);
        }
    }
    Ok(lost)
}

fn attend(open: &OpenTown, who: &Actor, talk: &mut dyn Talk) -> Outcome<()> {
    match who {
        Actor::Worker(worker) if worker.kind == WorkerKind::Crew => {
            let request = crew::Request { name: Some(worker.to_string()), ..crew::Request::default() };
            crew::attend(open, &request, talk)?;
        }
        _ => {
            mayor::restore(open, talk)?;
        }
    }
    Ok(())
}
