//! Pictures of the graph: a tree for the terminal, DOT and Mermaid.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Graph, Node};
use crate::id::BeadId;

/// One bead in a tree, with what hangs below it: its children, then its needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// The bead.
    pub id: BeadId,
    /// Its title; `None` when there is no such bead.
    pub title: Option<String>,
    /// Its word, such as `open` or `merged`; `missing` when there is no such bead.
    pub word: String,
    /// How it hangs on the one above.
    pub link: Link,
    /// Whether it stands in full elsewhere in the tree, and is not shown in full here.
    pub repeated: bool,
    /// What hangs below it.
    pub branches: Vec<Branch>,
}

/// How a bead hangs on the one above it in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// On nothing.
    Root,
    /// It is a child.
    Child,
    /// It is needed.
    Need,
}

impl Graph {
    /// The tree below `root`: children first, then needs. A bead that stands in the tree already, or will as a
    /// child, is named again but not opened again.
    pub fn tree(&self, root: &BeadId) -> Branch {
        let mut family = BTreeSet::new();
        self.gather_family(root, &mut family);
        self.branch(root, Link::Root, &family, &mut BTreeSet::new())
    }

    /// A tree for each bead without a parent, except those that only other beads' needs lead to.
    pub fn forest(&self) -> Vec<Branch> {
        let top = |node: &&Node| node.parent.as_ref().is_none_or(|parent| !self.nodes.contains_key(parent));
        let needed =
            |node: &Node| self.dependents(&node.id).next().is_some() && self.children(&node.id).next().is_none();
        let mut trees: Vec<Branch> =
            self.nodes.values().filter(top).filter(|node| !needed(node)).map(|node| self.tree(&node.id)).collect();
        // Beads in a cycle hang on nothing but each other: they are shown on their own.
        let mut shown = BTreeSet::new();
        trees.iter().for_each(|tree| gather_shown(tree, &mut shown));
        for id in self.nodes.keys() {
            if !shown.contains(id) {
                let tree = self.tree(id);
                gather_shown(&tree, &mut shown);
                trees.push(tree);
            }
        }
        trees
    }

    fn gather_family<'g>(&'g self, id: &'g BeadId, family: &mut BTreeSet<&'g BeadId>) {
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if family.insert(next) {
                open.extend(self.children(next));
            }
        }
    }

    fn branch<'g>(
        &'g self,
        id: &'g BeadId,
        link: Link,
        family: &BTreeSet<&BeadId>,
        seen: &mut BTreeSet<&'g BeadId>,
    ) -> Branch {
        let node = self.nodes.get(id);
        let elsewhere = link == Link::Need && family.contains(id);
        let repeated = node.is_some() && (elsewhere || !seen.insert(id));
        let mut branches = Vec::new();
        if let Some(node) = node.filter(|_| !repeated) {
            branches.extend(self.children(id).map(|child| self.branch(child, Link::Child, family, seen)));
            branches.extend(node.needs.iter().map(|need| self.branch(need, Link::Need, family, seen)));
        }
        let word = node.map_or_else(|| "missing".to_owned(), |node| node.word.clone());
        Branch { id: id.clone(), title: node.map(|node| node.title.clone()), word, link, repeated, branches }
    }

    /// The graph in the language of Graphviz. Arrows follow the work: from a need to what needs it.
    pub fn dot(&self) -> String {
        let mut out = String::from("digraph beads {\n    rankdir=LR;\n    node [shape=box];\n");
        for node in self.nodes.values() {
            let shape = if node.epic { ", style=rounded" } else { "" };
            let label = format!("{}\n{}\n{}", node.id, node.title, node.word);
            add(&mut out, format_args!("    \"{}\" [label=\"{}\"{shape}];\n", node.id, dot_text(&label)));
        }
        for node in self.nodes.values() {
            for need in &node.needs {
                add(&mut out, format_args!("    \"{need}\" -> \"{}\";\n", node.id));
            }
            if let Some(parent) = &node.parent {
                add(&mut out, format_args!("    \"{}\" -> \"{parent}\" [style=dashed, arrowhead=none];\n", node.id));
            }
        }
        out.push_str("}\n");
        out
    }

    /// The graph in the language of Mermaid, as code hosts show it in Markdown.
    pub fn mermaid(&self) -> String {
        let name = |id: &BeadId| id.as_str().replace('-', "_");
        let mut out = String::from("graph LR\n");
        for node in self.nodes.values() {
            let (open, close) = if node.epic { ("([", "])") } else { ("[", "]") };
            let label = mermaid_text(&format!("{}: {} ({})", node.id, node.title, node.word));
            add(&mut out, format_args!("    {}{open}\"{label}\"{close}\n", name(&node.id)));
        }
        for node in self.nodes.values() {
            for need in &node.needs {
                add(&mut out, format_args!("    {} --> {}\n", name(need), name(&node.id)));
            }
            if let Some(parent) = &node.parent {
                add(&mut out, format_args!("    {} -.- {}\n", name(&node.id), name(parent)));
            }
        }
        out
    }
}

impl Branch {
    /// The tree as lines, each with the drawing that stands before its bead, such as `│  ├─ `.
    pub fn lines(&self) -> Vec<(String, &Branch)> {
        let mut lines = vec![(String::new(), self)];
        self.lines_below("", &mut lines);
        lines
    }

    fn lines_below<'b>(&'b self, indent: &str, lines: &mut Vec<(String, &'b Branch)>) {
        for (place, branch) in self.branches.iter().enumerate() {
            let last = place + 1 == self.branches.len();
            lines.push((format!("{indent}{}", if last { "└─ " } else { "├─ " }), branch));
            branch.lines_below(&format!("{indent}{}", if last { "   " } else { "│  " }), lines);
        }
    }
}

impl std::fmt::Display for Branch {
    /// What stands on the line of the bead: `needs web-x7k2m Add login (open)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.link == Link::Need {
            f.write_str("needs ")?;
        }
        write!(f, "{}", self.id)?;
        if let Some(title) = self.title.as_ref().filter(|_| !self.repeated) {
            write!(f, " {title}")?;
        }
        write!(f, " ({})", self.word)
    }
}

fn gather_shown(branch: &Branch, shown: &mut BTreeSet<BeadId>) {
    shown.insert(branch.id.clone());
    branch.branches.iter().for_each(|below| gather_shown(below, shown));
}

fn add(out: &mut String, line: std::fmt::Arguments<'_>) {
    out.write_fmt(line).expect("writing to a string cannot fail");
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "").replace('\n', "\\n")
}

/// Mermaid knows no escapes in labels but numbered entities.
fn mermaid_text(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '"' | '#' | '<' | '>' | '&' | ';' | '`' | '\\' => add(&mut out, format_args!("#{};", u32::from(character))),
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
