//! `gt polecat remove`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::polecat::remove::{Removed, remove};

/// Retire workers: their worktrees go, their work and their names stay
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The workers
    #[arg(required = true, value_name = "WORKER", add = complete::workers())]
    workers: Vec<String>,
}

impl Perform for Args {
    type Report = Many<Removed>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Removed>> {
        let open = call.open()?;
        Ok(Many::of(&self.workers, |worker| remove(&open, worker)))
    }
}

impl Render for Removed {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().name(self.worker.short()).plain(": retired");
        ui.line(match &self.kept {
            Some(kept) => line.plain("; what was in its worktree is kept in ").path(kept),
            None => line,
        });
    }
}
