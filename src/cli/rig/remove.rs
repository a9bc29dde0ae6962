//! `gt rig remove`.

use crate::cli::{Call, Perform, Render, Text, Ui, Unattended, complete};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::rig::remove::{Discard, Removed, at_stake, remove};

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
        let discard = match (self.discard, self.yes) {
            (false, _) => Discard::Nothing,
            (true, true) => Discard::Everything,
            (true, false) => Discard::Shown(agreed(call, at_stake(&open, &self.rig)?, &self.rig)?),
        };
        remove(&open, &self.rig, &discard)
    }
}

/// Shows all that would be lost, and asks.
fn agreed(call: &mut Call, lost: Vec<String>, rig: &str) -> Outcome<Vec<String>> {
    lost.iter().for_each(|what| call.ui.warning(format!("nowhere else: {what}")));
    let question = match lost.len() {
        0 => format!("Remove {rig}? All of its work is somewhere else."),
        1 => format!("Remove {rig}, and throw this away for ever?"),
        many => format!("Remove {rig}, and throw these {many} away for ever?"),
    };
    if call.ui.confirm(question, false, Unattended::Refuse("--yes"))? {
        return Ok(lost);
    }
    Err(Failure::new(Kind::Refused, "nothing was removed, as you said"))
}

impl Render for Removed {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::from("Removed the rig ").name(&self.rig));
        for lost in &self.discarded {
            ui.line(Text::from("  discarded: ").warn(lost));
        }
    }
}
