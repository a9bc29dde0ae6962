//! `gt bead close`, short `gt close`.

use crate::bead::{Resolution, word};
use crate::cli::{Call, Perform, Render, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::bead::close::{Closed, Request, close};

/// Close beads that are not to be merged
///
/// A worker that has one of them is stopped; what it committed and its worktree are kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The beads
    #[arg(required = true, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::NotClosed))]
    beads: Vec<String>,
    /// As what: `done` needs no commit, `cancelled` is not wanted any more
    #[arg(long = "as", value_enum, value_name = "WHAT", default_value_t = As::Cancelled)]
    resolution: As,
    /// The bead that is the same work, of a duplicate
    #[arg(long, value_name = "BEAD", add = complete::beads())]
    of: Option<String>,
    /// Why; becomes a note
    #[arg(long, short = 'm', value_name = "TEXT")]
    reason: Option<String>,
}

/// As what a person closes a bead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum As {
    /// Not wanted any more
    Cancelled,
    /// Another bead is the same work
    Duplicate,
    /// Done without a commit
    Done,
}

impl From<As> for Resolution {
    fn from(word: As) -> Self {
        match word {
            As::Cancelled => Self::Cancelled,
            As::Duplicate => Self::Duplicate,
            As::Done => Self::Done,
        }
    }
}

impl Perform for Args {
    type Report = Many<Closed>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Closed>> {
        let open = call.open()?;
        let request = Request { resolution: self.resolution.into(), of: self.of, reason: self.reason };
        Ok(Many::of(&self.beads, |bead| close(&open, bead, &request)))
    }
}

impl Render for Closed {
    fn render(&self, ui: &mut Ui) {
        ui.line(super::bead(&self.bead, &self.title).plain(": closed as ").state(word(self.closed_as)));
        if let Some(worker) = &self.taken_from {
            ui.hint(format!("{worker} was stopped; its worktree is as it was"));
        }
    }
}
