//! `gt queue retry`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::queue::retry::{Retried, retry};

/// Try beads again whose gates were red, or that were set aside, through no fault of theirs
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The beads
    #[arg(required = true, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::Tried))]
    beads: Vec<String>,
}

impl Perform for Args {
    type Report = Many<Retried>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Retried>> {
        let open = call.open()?;
        Ok(Many::of(&self.beads, |bead| retry(&open, bead)))
    }
}

impl Render for Retried {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title);
        ui.line(line.plain(if self.queued { ": tried again" } else { ": its gates run again when it is handed in" }));
        for sentence in &self.forgotten {
            ui.line(Text::from("  forgotten: ").plain(sentence));
        }
        if !self.queued {
            ui.hint(format!("`gt sling {}` starts it", self.bead));
        }
    }
}
