//! The sessions of a worker, a bead, a rig or the town.

use serde::Serialize;

use crate::agent::Catalogue;
use crate::clock::Timestamp;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, SessionId};
use crate::ops::{OpenTown, Page, Row, session};
use crate::runtime::{self, can_confine};
use crate::store::{SessionEnd, SessionRow};

/// More than there can be.
const ALL: usize = i64::MAX as usize;

/// A session that was, or is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Past {
    /// Which one.
    pub session: SessionId,
    /// Whose it was.
    pub worker: Actor,
    /// The bead that was hooked when it began.
    pub bead: Option<BeadId>,
    /// Which attempt at the bead.
    pub attempt: Option<u32>,
    /// The agent.
    pub agent: String,
    /// The agent's own id of the conversation, where it is known.
    pub conversation: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// Whether it runs.
    pub live: bool,
    /// How it ended, where that is known.
    pub end: Option<SessionEnd>,
    /// Whether its agent can be asked with all that it knew; else only what was kept of it can be looked through.
    pub remembers: bool,
}

impl Row for Past {
    const SCHEMA: &'static str = "gt.seance/1";
}

/// The sessions of `who`, newest first and at most `limit`, else all: a worker, a bead, a rig, `mayor`; without one, all.
///
/// # Errors
/// When `who` is nothing of that.
pub fn sessions(open: &OpenTown, who: Option<&str>, limit: Option<usize>) -> Outcome<Page<Past>> {
    let rows = rows(open, who)?;
    let Page { rows, total } = Page::cut(rows, limit.unwrap_or(usize::MAX));
    let catalogue = Catalogue::new(&open.settings);
    let confined = can_confine(&open.program()?).is_ok();
    Ok(Page { rows: rows.into_iter().map(|row| past(open, &catalogue, row, confined)).collect(), total })
}

/// The recorded sessions of `who`.
///
/// # Errors
/// As [`sessions`].
pub(super) fn rows(open: &OpenTown, who: Option<&str>) -> Outcome<Vec<SessionRow>> {
    let state = open.state()?;
    let Some(who) = who else { return Ok(state.sessions_beginning("", ALL)?) };
    if who == Actor::Mayor.to_string() {
        return Ok(state.sessions_of_worker(&Actor::Mayor, ALL)?);
    }
    if let Ok(name) = who.parse()
        && let Ok(rig) = open.town.rig(&name)
    {
        return Ok(state.sessions_beginning(&format!("{}/", rig.name), ALL)?);
    }
    if let Some(worker) = open.find_worker(who)? {
        return Ok(state.sessions_of_worker(&Actor::Worker(worker), ALL)?);
    }
    let snapshot = open.snapshot()?;
    match open.bead_id(&snapshot, who) {
        Ok(bead) => Ok(state.sessions_of_bead(&bead, ALL)?),
        Err(failure) if failure.kind == Kind::NotFound => {
            Err(Failure::new(Kind::NotFound, format!("{who:?} is no worker, bead or rig"))
                .hint("`gt seance` alone lists the sessions of all"))
        }
        Err(failure) => Err(failure),
    }
}

fn past(open: &OpenTown, catalogue: &Catalogue, row: SessionRow, confined: bool) -> Past {
    let live = row.end.is_none() && runtime::observe(&session::folder(open, &row.id)).is_live();
    let remembers = super::talk::of_conversation(catalogue, &row, live, confined).is_some();
    let SessionRow { id, worker, bead, attempt, agent, with, created, end, .. } = row;
    let conversation = with.conversation;
    Past { session: id, worker, bead, attempt, agent, conversation, started: created, live, end, remembers }
}
