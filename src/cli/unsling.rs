//! `gt unsling`.

use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::unsling::{Unslung, unsling};

/// Take beads back from their workers; what was done on them is kept
///
/// The session ends, and the bead is open again. It is not started by itself, and the attempt does not count.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Beads, or the workers that they are on
    #[arg(required = true, value_name = "BEAD|WORKER", add = complete::held_beads_and_workers())]
    words: Vec<String>,
    /// Why, for whoever has it next
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Perform for Args {
    type Report = Many<Unslung>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Unslung>> {
        let open = call.open()?;
        Ok(Many::of(&self.words, |word| unsling(&open, word, self.reason.as_deref())))
    }
}

impl Render for Unslung {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title).plain(": taken back from ");
        ui.line(line.name(self.worker.short()));
        if let Some(warning) = &self.warning {
            ui.warning(format!("git cannot keep all of {}, which stays as it is: {warning}", self.worker.short()));
        }
    }
}
