//! `gt bead note`.

use crate::cli::{Call, Perform, Render, Ui, complete, input};
use crate::error::Outcome;
use crate::ops::bead::note::{Noted, note};

/// Note on a bead what the next one should know
///
/// At most 8,000 bytes. Without a text, or with `-`, it is read from stdin.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bead, or the worker that has it
    #[arg(value_name = "BEAD", add = complete::beads())]
    bead: String,
    /// The note
    text: Vec<String>,
}

impl Args {
    /// Whether the note is read from stdin.
    pub(super) fn reads_stdin(&self) -> bool {
        self.text.is_empty() || self.text == ["-"]
    }
}

impl Perform for Args {
    type Report = Noted;

    fn perform(self, call: &mut Call) -> Outcome<Noted> {
        let open = call.open()?;
        let text = if self.reads_stdin() { input::text("the note")? } else { self.text.join(" ") };
        note(&open, &self.bead, &text)
    }
}

impl Render for Noted {
    fn render(&self, ui: &mut Ui) {
        ui.line(super::bead(&self.bead, &self.title).plain(": noted by ").name(&self.note.by));
    }
}
