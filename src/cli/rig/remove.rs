//! `gt rig remove`.

use crate::cli::{Call, Perform, Render, Text, Ui, Unattended, complete};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::rig::remove::{Removed, remove};

/// Take a rig out of the town
///
/// Refused while beads of it are not closed, workers are at work, or work would be lost. Its beads stay in the
/// ledger; the repository that it came from is not touched.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rig
    #[arg(add = complete::rigs())]
    rig: String,
    /// Throw away work that is nowhere else
    #[arg(long)]
    discard: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

impl Perform for Args {
    type Report = Removed;

    fn perform(self, call: &mut Call) -> Outcome<Removed> {
        let open = call.open()?;
        if self.discard && !self.yes {
            let question = format!("Throw away all work of {} that is nowhere else?", self.rig);
            if !call.ui.confirm(question, false, Unattended::Refuse("--yes"))? {
                return Err(Failure::new(Kind::Refused, "nothing was removed, as you said"));
            }
        }
        remove(&open, &self.rig, self.discard)
    }
}

impl Render for Removed {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::from("Removed the rig ").name(&self.rig));
        for lost in &self.discarded {
            ui.line(Text::from("  discarded: ").warn(lost));
        }
    }
}
