//! `gt queue bump` and `gt queue lower`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::id::BeadId;
use crate::ops::queue::place::{End, Moved, put};

/// Put a bead at the front of its merge queue, with what it needs before it
#[derive(Debug, clap::Args)]
pub(super) struct BumpArgs {
    /// The bead
    #[arg(add = complete::beads_that_are(complete::Takes::Queued))]
    bead: String,
}

/// Put a bead at the back of its merge queue; what needs it stays after it
#[derive(Debug, clap::Args)]
pub(super) struct LowerArgs {
    /// The bead
    #[arg(add = complete::beads_that_are(complete::Takes::Queued))]
    bead: String,
}

impl Perform for BumpArgs {
    type Report = Moved;

    fn perform(self, call: &mut Call) -> Outcome<Moved> {
        put(&call.open()?, &self.bead, End::Front)
    }
}

impl Perform for LowerArgs {
    type Report = Moved;

    fn perform(self, call: &mut Call) -> Outcome<Moved> {
        put(&call.open()?, &self.bead, End::Back)
    }
}

impl Render for Moved {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title);
        let line = line.plain(format!(": {} of {} in the queue", self.place, self.of));
        let with: Vec<&str> = self.with.iter().map(BeadId::as_str).collect();
        match with.as_slice() {
            [] => ui.line(line),
            with => ui.line(line.plain(format!(", after {}, which it needs", with.join(", ")))),
        }
    }
}
