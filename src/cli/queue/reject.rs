//! `gt queue reject`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::queue::reject::{Rejected, reject};

/// Send a bead back to its worker, with the reason
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bead
    #[arg(add = complete::beads_that_are(complete::Takes::Queued))]
    bead: String,
    /// What has to be different
    #[arg(required = true, value_name = "REASON")]
    reason: Vec<String>,
}

impl Perform for Args {
    type Report = Rejected;

    fn perform(self, call: &mut Call) -> Outcome<Rejected> {
        reject(&call.open()?, &self.bead, &self.reason.join(" "))
    }
}

impl Render for Rejected {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title).plain(": sent back");
        ui.line(match &self.worker {
            Some(worker) => line.plain(" to ").name(worker.short()),
            None => line,
        });
    }
}
