//! `gt handoff`.

use super::{Call, Perform, Render, Text, Ui, input};
use crate::error::Outcome;
use crate::ops::handoff::{HandedOff, handoff};

/// Go on in a fresh session: note what it has to know, and this one ends
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What the fresh session has to know; `-` reads it from stdin
    #[arg(required = true, value_name = "NOTES")]
    notes: Vec<String>,
}

impl Perform for Args {
    type Report = HandedOff;

    fn perform(self, call: &mut Call) -> Outcome<HandedOff> {
        let notes = self.notes.join(" ");
        let notes = if notes == "-" { input::text("the notes")? } else { notes };
        handoff(&call.open()?, &notes)
    }
}

impl Render for HandedOff {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title).plain(": noted");
        ui.line(match &self.ends {
            Some(_) => line.plain("; this session ends and a fresh one goes on in the same worktree"),
            None => line,
        });
    }
}
