//! `gt queue pause` and `gt queue resume`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::queue::pause::{Paused, pause, resume};

/// Stop the merge queue of a rig: nothing lands until `gt queue resume`
#[derive(Debug, clap::Args)]
pub(super) struct PauseArgs {
    /// The rig
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: String,
    /// Why; shown until it goes on
    #[arg(value_name = "REASON")]
    reason: Vec<String>,
}

/// Let the merge queue of a rig go on
#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    /// The rig
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: String,
}

impl Perform for PauseArgs {
    type Report = Paused;

    fn perform(self, call: &mut Call) -> Outcome<Paused> {
        pause(&call.open()?, &self.rig, &self.reason.join(" "))
    }
}

impl Perform for ResumeArgs {
    type Report = Paused;

    fn perform(self, call: &mut Call) -> Outcome<Paused> {
        resume(&call.open()?, &self.rig)
    }
}

impl Render for Paused {
    fn render(&self, ui: &mut Ui) {
        let line = Text::from("the queue of ").name(&self.rig);
        ui.line(match (&self.paused, self.changed) {
            (Some(reason), _) => line.plain(" is ").state("paused").plain(format!(": {reason}")),
            (None, true) => line.plain(" goes on"),
            (None, false) => line.plain(" was not paused"),
        });
    }
}
