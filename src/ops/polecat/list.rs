//! `gt polecat list`.

use serde::Serialize;

use crate::error::Outcome;
use crate::id::{BeadId, RoleName, SessionId, WorkerKind, WorkerRef};
use crate::ops::tick::{Seen, seen};
use crate::ops::{OpenTown, Page, Row};
use crate::witness::Judgement;

/// A worker in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Who.
    pub worker: WorkerRef,
    /// Which pool it belongs to.
    pub role: RoleName,
    /// How it is, derived now, with the evidence.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The bead on its hook.
    pub bead: Option<BeadId>,
    /// The title of that.
    pub title: Option<String>,
    /// Its last session.
    pub session: Option<SessionId>,
    /// The agent of that.
    pub agent: Option<String>,
}

impl Row for Listed {
    const SCHEMA: &'static str = "gt.polecat.list/1";
}

/// Every polecat of the rig, or of all of them.
///
/// # Errors
/// When there is no such rig, or the ledger or the local state cannot be read.
pub fn list(open: &OpenTown, rig: Option<&str>) -> Outcome<Page<Listed>> {
    let rigs = open.rigs(rig)?;
    let snapshot = open.snapshot()?;
    let role = |worker: &WorkerRef| {
        let rig = rigs.iter().find(|rig| rig.name == worker.rig)?;
        rig.names.get(&worker.name).map(|reserved| reserved.role.clone())
    };
    let rows = seen(open, &snapshot, &rigs)?
        .into_iter()
        .filter(|seen| seen.observation.worker.kind == WorkerKind::Polecat)
        .filter_map(|seen| role(&seen.observation.worker).map(|role| listed(seen, role)))
        .collect();
    Ok(Page::complete(rows))
}

pub(super) fn listed(seen: Seen, role: RoleName) -> Listed {
    let (bead, title) = seen.bead.map(|bead| (bead.id, bead.title)).unzip();
    let (session, agent) = seen.row.map(|row| (row.id, row.agent)).unzip();
    Listed { worker: seen.observation.worker, role, judgement: seen.judgement, bead, title, session, agent }
}
