//! `gt rig park` and `gt rig unpark`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::rig::park::{Parked, park};

/// Set rigs aside: nothing of them is ready until they are taken up again
#[derive(Debug, clap::Args)]
pub(super) struct ParkArgs {
    /// The rigs
    #[arg(required = true, value_name = "RIG", add = complete::rigs())]
    rigs: Vec<String>,
}

/// Take rigs up again that were set aside
#[derive(Debug, clap::Args)]
pub(super) struct UnparkArgs {
    /// The rigs
    #[arg(required = true, value_name = "RIG", add = complete::rigs())]
    rigs: Vec<String>,
}

impl Perform for ParkArgs {
    type Report = Many<Parked>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Parked>> {
        let open = call.open()?;
        Ok(Many::of(&self.rigs, |rig| park(&open, rig, true)))
    }
}

impl Perform for UnparkArgs {
    type Report = Many<Parked>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Parked>> {
        let open = call.open()?;
        Ok(Many::of(&self.rigs, |rig| park(&open, rig, false)))
    }
}

impl Render for Parked {
    fn render(&self, ui: &mut Ui) {
        let state = if self.parked { "parked" } else { "active" };
        let before = if self.changed { " is " } else { " was already " };
        ui.line(Text::new().name(&self.rig).plain(before).state(state));
    }
}
