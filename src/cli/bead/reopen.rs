//! `gt bead reopen`.

use crate::cli::{Call, Perform, Render, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::bead::reopen::{Reopened, reopen};

/// Open beads again that are closed or have failed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The beads
    #[arg(required = true, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::Reopened))]
    beads: Vec<String>,
    /// Why; the next worker reads it
    #[arg(long, short = 'm', value_name = "TEXT")]
    reason: String,
}

impl Perform for Args {
    type Report = Many<Reopened>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Reopened>> {
        let open = call.open()?;
        Ok(Many::of(&self.beads, |bead| reopen(&open, bead, &self.reason)))
    }
}

impl Render for Reopened {
    fn render(&self, ui: &mut Ui) {
        ui.line(super::bead(&self.bead, &self.title).plain(": ").state("open"));
    }
}
