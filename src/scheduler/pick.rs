//! Who is at work already, and who takes the next bead.

use std::collections::{BTreeMap, BTreeSet};

use super::{Feed, Refusal, Rig, Start, Town, Worker, WorkerState};
use crate::bead::Kind;
use crate::bead::ready::Row;
use crate::id::{BeadId, RigName, WorkerName, WorkerRef};

/// The town while beads are handed out.
pub(super) struct Board<'t> {
    town: &'t Town,
    /// What each worker has or was just given.
    hooks: BTreeMap<WorkerRef, BeadId>,
    /// The role of each worker in `hooks`.
    roles: BTreeMap<WorkerRef, crate::id::RoleName>,
    names: BTreeSet<WorkerName>,
}

impl<'t> Board<'t> {
    pub(super) fn new(town: &'t Town) -> Self {
        let mut board = Self { town, hooks: BTreeMap::new(), roles: BTreeMap::new(), names: BTreeSet::new() };
        for worker in &town.workers {
            if let WorkerState::Hooked(bead) = &worker.state {
                board.hook(&worker.who, &worker.role, bead);
            }
            board.names.insert(worker.who.name.clone());
        }
        board
    }

    fn hook(&mut self, worker: &WorkerRef, role: &crate::id::RoleName, bead: &BeadId) {
        self.hooks.insert(worker.clone(), bead.clone());
        self.roles.insert(worker.clone(), role.clone());
        self.names.insert(worker.name.clone());
    }

    /// Whether one of the convoys that feed a bead has room for one more worker.
    pub(super) fn feed_room(&self, feeds: &[&Feed]) -> Result<(), Refusal> {
        let mut full = None;
        for feed in feeds {
            let at_work = self.hooks.values().filter(|bead| feed.members.contains(bead)).count();
            match feed.workers {
                Some(limit) if at_work >= limit as usize => full = Some(Refusal::ConvoyFull { limit }),
                _ => return Ok(()),
            }
        }
        full.map_or(Ok(()), Err)
    }

    /// Starts a bead in its own rig.
    pub(super) fn start(&mut self, row: &Row, wanted: &BTreeSet<&WorkerRef>) -> Result<Start, Refusal> {
        self.start_in(row, None, wanted)
    }

    /// Starts a bead with the best free worker. Workers in `wanted` are preferred by some ready bead, and are
    /// taken for another one only when nobody else is free.
    pub(super) fn start_in(
        &mut self,
        row: &Row,
        rig: Option<&RigName>,
        wanted: &BTreeSet<&WorkerRef>,
    ) -> Result<Start, Refusal> {
        let rig = self.rig_for(row, rig)?;
        self.room(rig, row)?;
        let free = self.town.workers.iter().filter(|worker| self.fits(worker, rig, row));
        let best = free
            .min_by_key(|worker| (row.prefer.as_ref() != Some(&worker.who), wanted.contains(&worker.who), &worker.who));
        let (who, new) = match best {
            Some(worker) => (worker.who.clone(), false),
            None => (WorkerRef::polecat(rig.name.clone(), self.new_name(rig)?), true),
        };
        Ok(self.give(row, who, new))
    }

    /// Starts a bead with this worker and no other.
    pub(super) fn start_with(&mut self, row: &Row, who: &WorkerRef) -> Result<Start, Refusal> {
        if let Some(bead) = self.hooks.get(who) {
            return Err(Refusal::WorkerBusy { worker: who.clone(), bead: bead.clone() });
        }
        let known = self.town.workers.iter().find(|worker| worker.who == *who);
        if let Some(WorkerState::Unfit(reason)) = known.map(|worker| &worker.state) {
            return Err(Refusal::WorkerUnfit { worker: who.clone(), reason: reason.clone() });
        }
        let rig = self.rig_for(row, Some(&who.rig))?;
        self.room(rig, row)?;
        Ok(self.give(row, who.clone(), known.is_none()))
    }

    fn give(&mut self, row: &Row, who: WorkerRef, new: bool) -> Start {
        self.hook(&who, &row.role, &row.id);
        Start { bead: row.id.clone(), worker: who, role: row.role.clone(), new }
    }

    fn rig_for(&self, row: &Row, named: Option<&RigName>) -> Result<&'t Rig, Refusal> {
        if row.kind == Kind::Epic {
            return Err(Refusal::Epic);
        }
        let prefix = row.id.prefix();
        let rig = match named {
            Some(name) => self.town.rigs.iter().find(|rig| rig.name == *name),
            None => self.town.rigs.iter().find(|rig| rig.prefix == prefix),
        };
        let rig = rig.ok_or_else(|| match named {
            Some(name) => Refusal::UnknownRig { rig: name.clone() },
            None => Refusal::NoRig { prefix },
        })?;
        if rig.parked { Err(Refusal::Parked { rig: rig.name.clone() }) } else { Ok(rig) }
    }

    fn room(&self, rig: &Rig, row: &Row) -> Result<(), Refusal> {
        let in_rig = || self.roles.iter().filter(|(who, _)| who.rig == rig.name);
        if let Some(limit) = self.town.limit.filter(|limit| self.hooks.len() >= *limit as usize) {
            return Err(Refusal::TownFull { limit });
        }
        if let Some(limit) = rig.limit.filter(|limit| in_rig().count() >= *limit as usize) {
            return Err(Refusal::RigFull { rig: rig.name.clone(), limit });
        }
        let in_pool = in_rig().filter(|(_, role)| **role == row.role).count();
        match rig.pools.get(&row.role) {
            Some(limit) if in_pool >= *limit as usize => {
                Err(Refusal::PoolFull { rig: rig.name.clone(), role: row.role.clone(), limit: *limit })
            }
            _ => Ok(()),
        }
    }

    fn fits(&self, worker: &Worker, rig: &Rig, row: &Row) -> bool {
        let polecat = worker.who.kind == crate::id::WorkerKind::Polecat;
        let free = worker.state == WorkerState::Free && !self.hooks.contains_key(&worker.who);
        polecat && free && worker.who.rig == rig.name && worker.role == row.role
    }

    fn new_name(&self, rig: &Rig) -> Result<WorkerName, Refusal> {
        let name = rig.free_names.iter().find(|name| !self.names.contains(*name));
        name.cloned().ok_or_else(|| Refusal::NoName { rig: rig.name.clone() })
    }
}
