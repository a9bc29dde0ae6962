//! `gt bead graph`: how beads hang together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::brief::Brief;
use crate::bead::graph::{Branch, Graph, Node};
use crate::bead::{Kind as BeadKind, Status};
use crate::error::Outcome;
use crate::id::BeadId;
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::{OpenTown, Report};

/// In which language a graph is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Trees for the terminal
    #[default]
    Tree,
    /// The language of Graphviz
    Dot,
    /// The language of Mermaid, as code hosts show it in Markdown
    Mermaid,
}

/// Which beads, and how they are drawn.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// These beads and what hangs below them; everything when nothing is named.
    pub beads: Vec<String>,
    /// Of these rigs.
    pub rig: Vec<String>,
    /// Closed ones too, also where nothing open hangs on them.
    pub all: bool,
    /// In which language.
    pub format: Format,
}

/// A picture of beads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// In which language.
    pub format: Format,
    /// The text of a language other than trees.
    pub text: Option<String>,
    /// The trees.
    pub trees: Vec<Branch>,
    /// How many beads it shows.
    pub beads: usize,
}

impl Report for Picture {
    const SCHEMA: &'static str = "gt.bead.graph/1";
}

/// Draws beads.
///
/// # Errors
/// When one does not exist, or the index cannot be read.
pub fn graph(open: &OpenTown, request: &Request) -> Outcome<Picture> {
    let snapshot = open.snapshot()?;
    let roots = request.beads.iter().map(|text| open.bead_id(&snapshot, text)).collect::<Outcome<Vec<_>>>()?;
    let nodes = if roots.is_empty() { everything(open, &snapshot, request)? } else { below(&snapshot, &roots)? };
    let (beads, graph) = (nodes.len(), Graph::of(nodes.into_values()));
    let (text, trees) = match request.format {
        Format::Dot => (Some(graph.dot()), Vec::new()),
        Format::Mermaid => (Some(graph.mermaid()), Vec::new()),
        Format::Tree if roots.is_empty() => (None, graph.forest()),
        Format::Tree => (None, roots.iter().map(|root| graph.tree(root)).collect()),
    };
    Ok(Picture { format: request.format, text, trees, beads })
}

type Nodes = BTreeMap<BeadId, Node>;

fn everything(open: &OpenTown, snapshot: &Snapshot, request: &Request) -> Outcome<Nodes> {
    let not_closed = Status::NOT_CLOSED.to_vec();
    let query = BeadQuery {
        status: if request.all { Vec::new() } else { not_closed },
        prefix: request.rig.iter().map(|name| super::list::prefix(open, name)).collect::<Outcome<_>>()?,
        ..Default::default()
    };
    let mut nodes = Nodes::new();
    for row in snapshot.lines(&query)?.0 {
        let node = node(Brief::read(row)?);
        nodes.insert(node.id.clone(), node);
    }
    // What the open ones hang on is shown with them, closed or not.
    let edges: BTreeSet<BeadId> =
        nodes.values().flat_map(|node| node.needs.iter().chain(&node.parent)).cloned().collect();
    for id in edges {
        if let (false, Some(row)) = (nodes.contains_key(&id), snapshot.line(&id)?) {
            nodes.insert(id, node(Brief::read(row)?));
        }
    }
    Ok(nodes)
}

fn below(snapshot: &Snapshot, roots: &[BeadId]) -> Outcome<Nodes> {
    let mut nodes = Nodes::new();
    let mut ahead = roots.to_vec();
    while let Some(id) = ahead.pop() {
        if nodes.contains_key(&id) {
            continue;
        }
        let Some(row) = snapshot.line(&id)? else { continue };
        let node = node(Brief::read(row)?);
        ahead.extend(node.needs.iter().cloned());
        let (children, _) = snapshot.lines(&BeadQuery::children_of(&id))?;
        for child in children {
            ahead.push(child.id.parse()?);
        }
        nodes.insert(id, node);
    }
    Ok(nodes)
}

fn node(brief: Brief) -> Node {
    Node {
        word: brief.state(),
        epic: brief.row.kind == BeadKind::Epic,
        id: brief.row.id,
        title: brief.title,
        parent: brief.row.parent,
        needs: brief.row.needs,
    }
}
