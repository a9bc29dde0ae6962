//! `gt prime`.

use super::{Call, Perform, Render, Ui};
use crate::error::Outcome;
use crate::ops::prime::{Primed, prime};

/// Say what a worker that wakes needs to know: its role, its bead, what came before
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Perform for Args {
    type Report = Primed;

    fn perform(self, call: &mut Call) -> Outcome<Primed> {
        prime(&call.open()?)
    }
}

impl Render for Primed {
    fn render(&self, ui: &mut Ui) {
        ui.raw(self.text.as_bytes());
    }
}
