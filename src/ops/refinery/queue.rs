//! The queue as the ledger has it.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use crate::bead::{Bead, Merge, State, Status};
use crate::convoy::{Convoy, ConvoyId};
use crate::error::Outcome;
use crate::id::BeadId;
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::OpenTown;
use crate::refinery::{Entry, Event};
use crate::town::Rig;

/// The queue of a rig in this clone, in no order: [`crate::refinery::order`] has that.
///
/// # Errors
/// When the ledger cannot be read.
pub fn entries(open: &OpenTown, snapshot: &Snapshot, rig: &Rig) -> Outcome<Vec<Entry>> {
    every_entry(snapshot, &submitted(open, snapshot, rig)?)
}

/// Submitted beads as the queue sees them.
///
/// # Errors
/// When the ledger cannot be read.
pub fn every_entry(snapshot: &Snapshot, beads: &[Bead]) -> Outcome<Vec<Entry>> {
    let merges = beads.iter().filter_map(|bead| Some((bead, bead.merge.as_ref()?)));
    let convoys = if beads.len() > 1 { convoys(snapshot)? } else { BTreeMap::new() };
    merges.map(|(bead, merge)| entry(snapshot, bead, merge, &convoys)).collect()
}

/// The submitted beads of a rig that this clone has to judge: those of others are theirs.
pub(super) fn submitted(open: &OpenTown, snapshot: &Snapshot, rig: &Rig) -> Outcome<Vec<Bead>> {
    let home = open.home()?;
    let query = BeadQuery::of(Status::Submitted).with_prefix(&rig.prefix);
    let mut beads = snapshot.beads(&query)?;
    beads.retain(|bead| bead.claim().is_some_and(|claim| claim.home == *home));
    Ok(beads)
}

fn entry(snapshot: &Snapshot, bead: &Bead, merge: &Merge, convoys: &BTreeMap<BeadId, ConvoyId>) -> Outcome<Entry> {
    let mut needs = BTreeSet::new();
    for need in &bead.needs {
        let met = |found: Option<Bead>| found.is_none_or(|found| is_met(&found));
        if !met(snapshot.find(need)?) {
            needs.insert(need.clone());
        }
    }
    Ok(Entry { needs, convoy: convoys.get(&bead.id).cloned(), ..Entry::new(bead, merge) })
}

fn is_met(need: &Bead) -> bool {
    matches!(&need.state, State::Closed(closing) if closing.resolution.satisfies_needs())
}

fn convoys(snapshot: &Snapshot) -> Outcome<BTreeMap<BeadId, ConvoyId>> {
    let (convoys, _) = snapshot.documents::<Convoy>()?;
    let open = convoys.into_iter().filter(|convoy| convoy.closed.is_none());
    Ok(open.flat_map(|convoy| convoy.members.into_iter().map(move |bead| (bead, convoy.id.clone()))).collect())
}

impl Run<'_> {
    /// Tells the core what came into the queue and what left it since it was last read.
    pub(super) fn read_queue(&mut self) -> Outcome<()> {
        let read = entries(self.open, &self.open.snapshot()?, self.rig)?;
        let now: BTreeMap<BeadId, Entry> = read.into_iter().map(|entry| (entry.bead.clone(), entry)).collect();
        for gone in self.entries.keys().filter(|id| !now.contains_key(*id)) {
            self.core.apply(Event::Withdrawn(gone.clone()));
        }
        for (id, entry) in &now {
            let before = self.entries.get(id);
            if before == Some(entry) {
                continue;
            }
            // A need that was met, or a convoy that was left, is no new submission.
            if before.is_some_and(|before| before.head != entry.head || before.offered != entry.offered) {
                self.core.apply(Event::Withdrawn(id.clone()));
            }
            self.core.apply(Event::Submitted(entry.clone()));
        }
        self.entries = now;
        Ok(())
    }
}

/// Whether something came into the queue that a run did not know: it was submitted while the run ended.
pub(super) fn unseen(open: &OpenTown, rig: &Rig, known: &BTreeMap<BeadId, Entry>) -> Outcome<bool> {
    let now = entries(open, &open.snapshot()?, rig)?;
    Ok(now.iter().any(|entry| known.get(&entry.bead).is_none_or(|known| known.head != entry.head)))
}
