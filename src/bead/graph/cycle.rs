//! Beads that would wait for each other for ever.
//!
//! A bead has a start and an end. It starts after the ends of its needs and after the start of its parent; it
//! ends after its start and, being an epic, after the ends of its children. A deadlock is a cycle of these
//! four rules, so that a child that needs its own epic is found as well as two beads that need each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Graph, Node};
use crate::id::BeadId;

/// Beads that wait for each other, as steps that lead back to where they began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// Why each waits for the next.
    pub steps: Vec<Step>,
}

/// Why one bead waits for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The first needs the second.
    Needs(BeadId, BeadId),
    /// The first starts after its parent, the second.
    BelongsTo(BeadId, BeadId),
    /// The first is an epic and ends after its child, the second.
    HasChild(BeadId, BeadId),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needs(from, to) => write!(f, "{from} needs {to}"),
            Self::BelongsTo(from, to) => write!(f, "{from} belongs to {to}"),
            Self::HasChild(from, to) => write!(f, "{from} waits for its child {to}"),
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        f.write_str(&steps.join(", "))
    }
}

impl Cycle {
    /// The beads in it.
    pub fn beads(&self) -> BTreeSet<&BeadId> {
        self.steps.iter().map(Step::from).collect()
    }
}

impl Step {
    fn from(&self) -> &BeadId {
        match self {
            Self::Needs(from, _) | Self::BelongsTo(from, _) | Self::HasChild(from, _) => from,
        }
    }
}

/// The start or the end of a bead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Point<'g> {
    Start(&'g BeadId),
    End(&'g BeadId),
}

impl Graph {
    /// Cycles: at least one of each group of beads that wait for each other.
    pub fn cycles(&self) -> Vec<Cycle> {
        let mut search = Search::of(self);
        for id in self.nodes.keys() {
            search.run(Point::End(id));
        }
        search.found
    }

    /// The cycle that would come to be through `bead` if it were as given: an edge added, a parent changed.
    pub fn cycle_with(&self, bead: impl Into<Node>) -> Option<Cycle> {
        let node: Node = bead.into();
        let changed = self.reachable_from(&node);
        // A search finds every cycle through the point that it begins at.
        let mut search = Search::of(&changed);
        search.run(Point::Start(&node.id));
        search.run(Point::End(&node.id));
        search.found.into_iter().find(|cycle| cycle.beads().contains(&node.id))
    }

    /// The part of the graph that `node` could wait for: small, where the whole may be large.
    fn reachable_from(&self, node: &Node) -> Graph {
        let mut part = Graph::default();
        let mut open: Vec<&Node> = vec![node];
        while let Some(next) = open.pop() {
            if part.node(&next.id).is_some() {
                continue;
            }
            part.insert(next.clone());
            let ids = next.needs.iter().chain(&next.parent).chain(self.children(&next.id));
            open.extend(ids.filter_map(|id| self.nodes.get(id)));
        }
        part
    }

    fn after<'g>(&'g self, point: Point<'g>) -> Vec<(Point<'g>, Option<Step>)> {
        let known = |id: &&BeadId| self.nodes.contains_key(*id);
        match point {
            Point::Start(id) => {
                let node = &self.nodes[id];
                let needs = node.needs.iter().filter(known);
                let needs = needs.map(|need| (Point::End(need), Some(Step::Needs(id.clone(), need.clone()))));
                let parent = node.parent.iter().filter(known);
                let parent = parent.map(|up| (Point::Start(up), Some(Step::BelongsTo(id.clone(), up.clone()))));
                needs.chain(parent).collect()
            }
            Point::End(id) => {
                let children = self.children(id).filter(|_| self.nodes[id].epic);
                let children =
                    children.map(|child| (Point::End(child), Some(Step::HasChild(id.clone(), child.clone()))));
                std::iter::once((Point::Start(id), None)).chain(children).collect()
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    OnPath(usize),
    Over,
}

/// A point on the path, by which step it was reached, and where it leads that was not tried yet.
struct Frame<'g> {
    point: Point<'g>,
    by: Option<Step>,
    ahead: Vec<(Point<'g>, Option<Step>)>,
}

struct Search<'g> {
    graph: &'g Graph,
    state: BTreeMap<Point<'g>, Visit>,
    path: Vec<Frame<'g>>,
    found: Vec<Cycle>,
}

impl<'g> Search<'g> {
    fn of(graph: &'g Graph) -> Self {
        Self { graph, state: BTreeMap::new(), path: Vec::new(), found: Vec::new() }
    }

    /// Depth first, with a path of its own: a chain of ten thousand beads must not overflow the stack.
    fn run(&mut self, from: Point<'g>) {
        if self.state.contains_key(&from) {
            return;
        }
        self.enter(from, None);
        while let Some(frame) = self.path.last_mut() {
            let Some((point, step)) = frame.ahead.pop() else {
                let over = self.path.pop().expect("there was a last");
                self.state.insert(over.point, Visit::Over);
                continue;
            };
            match self.state.get(&point) {
                None => self.enter(point, step),
                Some(Visit::Over) => {}
                Some(Visit::OnPath(place)) => {
                    let inner = self.path[place + 1..].iter().filter_map(|frame| frame.by.clone());
                    self.found.push(Cycle { steps: inner.chain(step).collect() });
                }
            }
        }
    }

    fn enter(&mut self, point: Point<'g>, by: Option<Step>) {
        self.state.insert(point, Visit::OnPath(self.path.len()));
        let mut ahead = self.graph.after(point);
        ahead.reverse();
        self.path.push(Frame { point, by, ahead });
    }
}
