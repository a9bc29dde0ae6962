//! `gt polecat restart`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::id::SessionId;
use crate::ops::Many;
use crate::ops::launch::Start;
use crate::ops::polecat::restart::{Restarted, restart};

/// Start workers again on the bead on their hook, in the worktree as it is
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The workers, or the beads that they are on
    #[arg(required = true, value_name = "WORKER|BEAD", add = complete::workers())]
    workers: Vec<String>,
    /// Only when this session is the one that runs
    #[arg(long, value_name = "SESSION", hide = true)]
    session: Option<SessionId>,
}

impl Perform for Args {
    type Report = Many<Restarted>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Restarted>> {
        let open = call.open()?;
        Ok(Many::of(&self.workers, |worker| restart(&open, worker, self.session.as_ref())))
    }
}

impl Render for Restarted {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().name(self.worker.short());
        match &self.start {
            Some(Start::Started(started)) => {
                ui.line(line.plain(" -> ").id(&started.bead).plain(format!(" ({})", started.agent)));
                started.notes.iter().for_each(|note| ui.warning(note));
            }
            Some(Start::Runs { .. }) => ui.line(line.plain(": runs again already")),
            Some(Start::Busy) => ui.line(line.plain(": another process starts it")),
            Some(Start::Gone) => ui.line(line.plain(": the bead left its hook meanwhile")),
            None => ui.line(line.plain(": another session runs by now")),
        }
    }
}
