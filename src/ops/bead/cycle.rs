//! Whether a bead, as it is about to be written, would wait for itself.

use std::collections::BTreeMap;

use crate::bead::graph::{Cycle, Graph, Node};
use crate::bead::{Bead, Kind as BeadKind};
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ledger::{BeadQuery, Snapshot};

/// The cycle that `bead` closes in the state of `snapshot` with the beads of `changed` over it.
///
/// Only what the bead leads to is read, so that the check costs the same in a small and in a large ledger.
///
/// # Errors
/// When the ledger cannot be read.
pub fn closed_by(snapshot: &Snapshot, changed: &BTreeMap<BeadId, Bead>, bead: &Bead) -> Outcome<Option<Cycle>> {
    let mut graph = Graph::default();
    let mut ahead = vec![bead.clone()];
    while let Some(next) = ahead.pop() {
        if graph.node(&next.id).is_some() {
            continue;
        }
        graph.insert(Node::from(&next));
        for id in next.needs.iter().chain(&next.parent) {
            let found = if *id == bead.id { Some(bead.clone()) } else { find(snapshot, changed, id)? };
            ahead.extend(found);
        }
        if next.kind == BeadKind::Epic {
            ahead.extend(children(snapshot, changed, &next.id)?.into_iter().filter(|child| child.id != bead.id));
        }
    }
    Ok(graph.cycle_with(bead))
}

/// Refuses `bead` when it would wait for itself.
///
/// # Errors
/// Names the path of the cycle.
pub fn refuse(snapshot: &Snapshot, bead: &Bead) -> Outcome<()> {
    match closed_by(snapshot, &BTreeMap::new(), bead)? {
        None => Ok(()),
        Some(cycle) => Err(Failure::new(Kind::Invalid, format!("{} would wait for itself: {cycle}", bead.id))
            .hint("Take one of these away first: `gt bead dep remove BEAD NEED`.")),
    }
}

fn find(snapshot: &Snapshot, changed: &BTreeMap<BeadId, Bead>, id: &BeadId) -> Outcome<Option<Bead>> {
    match changed.get(id) {
        Some(bead) => Ok(Some(bead.clone())),
        // A broken file has no edges that anybody could follow; it is reported elsewhere.
        None => Ok(snapshot.row(id)?.and_then(|row| Bead::parse(&id.path(), &row.text).ok())),
    }
}

fn children(snapshot: &Snapshot, changed: &BTreeMap<BeadId, Bead>, parent: &BeadId) -> Outcome<Vec<Bead>> {
    let mut found: BTreeMap<BeadId, Bead> =
        snapshot.beads(&BeadQuery::children_of(parent))?.into_iter().map(|bead| (bead.id.clone(), bead)).collect();
    for bead in changed.values() {
        if bead.parent.as_ref() == Some(parent) {
            found.insert(bead.id.clone(), bead.clone());
        } else {
            found.remove(&bead.id);
        }
    }
    Ok(found.into_values().collect())
}
