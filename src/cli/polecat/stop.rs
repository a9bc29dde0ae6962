//! `gt polecat stop`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::polecat::stop::{Stopped, stop};

/// Stop workers: their sessions end, their work is kept, and their beads are open again
///
/// A bead that stayed hooked would be started again; to have a fresh session on the same bead, use restart.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The workers, or the beads that they are on
    #[arg(required = true, value_name = "WORKER|BEAD", add = complete::workers())]
    workers: Vec<String>,
    /// Why, for whoever has the bead next
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Perform for Args {
    type Report = Many<Stopped>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Stopped>> {
        let open = call.open()?;
        Ok(Many::of(&self.workers, |worker| stop(&open, worker, self.reason.as_deref())))
    }
}

impl Render for Stopped {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().name(self.worker.short());
        ui.line(line.plain(if self.sessions == 0 { ": no session ran" } else { ": stopped" }));
        if let Some(released) = &self.released {
            released.render(ui);
        }
    }
}
