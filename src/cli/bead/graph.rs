//! `gt bead graph`.

use crate::bead::graph::Link;
use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::bead::graph::{Format, Picture, Request, graph};

/// Draw how beads hang together
///
/// A tree has the children of a bead below it, and what it needs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// These beads with what hangs below them, instead of every bead that is not closed
    #[arg(value_name = "BEAD", add = complete::beads())]
    beads: Vec<String>,
    /// Of this rig
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs(), conflicts_with = "beads")]
    rig: Vec<String>,
    /// All closed ones too
    #[arg(long)]
    all: bool,
    /// In which language
    #[arg(long, short = 'f', value_enum, default_value_t)]
    format: Format,
}

impl Perform for Args {
    type Report = Picture;

    fn perform(self, call: &mut Call) -> Outcome<Picture> {
        let Self { beads, rig, all, format } = self;
        graph(&call.open()?, &Request { beads, rig, all, format })
    }
}

impl Render for Picture {
    fn render(&self, ui: &mut Ui) {
        if let Some(text) = &self.text {
            return ui.raw(text.as_bytes());
        }
        if self.trees.is_empty() {
            return ui.hint("there is no bead to draw; `--all` draws the closed ones too");
        }
        for (drawing, branch) in self.trees.iter().flat_map(crate::bead::graph::Branch::lines) {
            let line = Text::new().faint(drawing);
            let line = if branch.link == Link::Need { line.faint("needs ") } else { line };
            let line = line.id(&branch.id);
            let line = match branch.title.as_ref().filter(|_| !branch.repeated) {
                Some(title) => line.plain(" ").title(title),
                None => line,
            };
            ui.line(line.plain("  ").state(&branch.word));
        }
    }
}
