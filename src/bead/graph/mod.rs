//! How beads hang together: parents, needs, cycles, and pictures of them.

mod cycle;
mod picture;
#[cfg(test)]
mod tests;

pub use cycle::{Cycle, Step};
pub use picture::{Branch, Link};

use std::collections::{BTreeMap, BTreeSet};

use super::{Bead, Kind, State};
use crate::id::BeadId;

/// What of a bead matters for the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The bead.
    pub id: BeadId,
    /// See [`Bead::title`].
    pub title: String,
    /// Its status, for a closed bead as what it was closed: `open`, `hooked`, `submitted`, `merged`, ...
    pub word: String,
    /// Whether it waits for its children.
    pub epic: bool,
    /// See [`Bead::parent`].
    pub parent: Option<BeadId>,
    /// See [`Bead::needs`].
    pub needs: BTreeSet<BeadId>,
}

impl From<&Bead> for Node {
    fn from(bead: &Bead) -> Self {
        let word = match &bead.state {
            State::Closed(closing) => super::word(closing.resolution),
            state => super::word(state.status()),
        };
        Self {
            id: bead.id.clone(),
            title: bead.title.clone(),
            word,
            epic: bead.kind == Kind::Epic,
            parent: bead.parent.clone(),
            needs: bead.needs.clone(),
        }
    }
}

/// Beads and the edges between them. Edges to beads that are not in it lead nowhere.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: BTreeMap<BeadId, Node>,
    children: BTreeMap<BeadId, BTreeSet<BeadId>>,
    dependents: BTreeMap<BeadId, BTreeSet<BeadId>>,
}

impl Graph {
    /// The graph of these beads.
    pub fn of<N: Into<Node>>(beads: impl IntoIterator<Item = N>) -> Self {
        let mut graph = Self::default();
        beads.into_iter().for_each(|bead| graph.insert(bead.into()));
        graph
    }

    /// Puts a bead in, or in the place of what had its id.
    pub fn insert(&mut self, node: Node) {
        if let Some(old) = self.nodes.get(&node.id) {
            if let Some(parent) = &old.parent {
                self.children.entry(parent.clone()).or_default().remove(&node.id);
            }
            for need in &old.needs {
                self.dependents.entry(need.clone()).or_default().remove(&node.id);
            }
        }
        if let Some(parent) = &node.parent {
            self.children.entry(parent.clone()).or_default().insert(node.id.clone());
        }
        for need in &node.needs {
            self.dependents.entry(need.clone()).or_default().insert(node.id.clone());
        }
        self.nodes.insert(node.id.clone(), node);
    }

    /// One bead.
    pub fn node(&self, id: &BeadId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The beads whose parent is `id`.
    pub fn children(&self, id: &BeadId) -> impl Iterator<Item = &BeadId> {
        self.children.get(id).into_iter().flatten()
    }

    /// The beads that need `id`.
    pub fn dependents(&self, id: &BeadId) -> impl Iterator<Item = &BeadId> {
        self.dependents.get(id).into_iter().flatten()
    }

    /// The parent of `id`, its parent, and so on; ends where a parent comes a second time.
    pub fn ancestors(&self, id: &BeadId) -> Vec<&BeadId> {
        let mut found: Vec<&BeadId> = Vec::new();
        let mut next = self.nodes.get(id).and_then(|node| node.parent.as_ref());
        while let Some(parent) = next.filter(|parent| *parent != id && !found.contains(parent)) {
            found.push(parent);
            next = self.nodes.get(parent).and_then(|node| node.parent.as_ref());
        }
        found
    }
}
