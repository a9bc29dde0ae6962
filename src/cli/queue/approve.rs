//! `gt queue approve`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::queue::approve::{Approved, approve};

/// Let a bead land that touches protected files; a new commit needs a new approval
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bead
    #[arg(add = complete::beads_that_are(complete::Takes::Queued))]
    bead: String,
}

impl Perform for Args {
    type Report = Approved;

    fn perform(self, call: &mut Call) -> Outcome<Approved> {
        approve(&call.open()?, &self.bead)
    }
}

impl Render for Approved {
    fn render(&self, ui: &mut Ui) {
        let what = if self.again { ": was approved already at " } else { ": approved at " };
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title).plain(what);
        ui.line(line.faint(self.head.get(..10).unwrap_or(&self.head)));
    }
}
