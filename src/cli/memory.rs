//! `gt remember`, `gt recall` and `gt forget`.

use super::{Call, Perform, Render, Text, Ui, complete, input};
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::memory::{Forgotten, Remembered, Whom, forget, recall, remember};

/// Keep a note that every worker is shown when it starts
///
/// For everybody, or for a rig or a role alone. It is a file of the town, `memory/**.md`, that may be edited as any
/// other. Without a text, or with `-`, it is read from stdin.
///
///   gt remember --rig web "The API answers in UTC; never use local time."
#[derive(Debug, clap::Args)]
pub(super) struct RememberArgs {
    /// The note, in Markdown, at most 2,000 bytes
    text: Vec<String>,
    /// For whom.
    #[command(flatten)]
    whom: WhomArgs,
    /// What to call it; a note of that name is replaced
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

/// Show the notes that workers are shown
#[derive(Debug, clap::Args)]
pub(super) struct RecallArgs {
    /// Only notes with all of these words
    words: Vec<String>,
    /// For whom.
    #[command(flatten)]
    whom: WhomArgs,
}

/// Take a note away; git keeps it
#[derive(Debug, clap::Args)]
pub(super) struct ForgetArgs {
    /// Its name, or the last part of it
    name: String,
}

/// For whom a note is; for everybody when nothing is said.
#[derive(Debug, clap::Args)]
pub(super) struct WhomArgs {
    /// For the workers of this rig
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// For the workers of this role
    #[arg(long, value_name = "ROLE", conflicts_with = "rig")]
    role: Option<String>,
}

impl RememberArgs {
    /// Whether the note is read from stdin.
    pub(super) fn reads_stdin(&self) -> bool {
        self.text.is_empty() || self.text == ["-"]
    }
}

impl Perform for RememberArgs {
    type Report = Remembered;

    fn perform(self, call: &mut Call) -> Outcome<Remembered> {
        let open = call.open()?;
        let whom = Whom::of(&open, self.whom.rig.as_deref(), self.whom.role.as_deref())?;
        let text = if self.reads_stdin() { input::text("the note")? } else { self.text.join(" ") };
        remember(&open, &whom, self.name.as_deref(), &text)
    }
}

impl Render for Remembered {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().name(&self.name).plain(": remembered"));
    }
}

impl Perform for RecallArgs {
    type Report = Page<Remembered>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Remembered>> {
        let open = call.open()?;
        let asked = self.whom.rig.is_some() || self.whom.role.is_some();
        let whom = Whom::of(&open, self.whom.rig.as_deref(), self.whom.role.as_deref())?;
        recall(&open, asked.then_some(&whom), &self.words)
    }
}

impl Render for Page<Remembered> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nothing to recall; `gt remember \"TEXT\"` keeps a note");
        }
        for note in &self.rows {
            ui.line(Text::new().heading(&note.name));
            ui.prose(2, super::Label::Plain, &note.text);
        }
    }
}

impl Perform for ForgetArgs {
    type Report = Forgotten;

    fn perform(self, call: &mut Call) -> Outcome<Forgotten> {
        forget(&call.open()?, &self.name)
    }
}

impl Render for Forgotten {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().name(&self.note.name).plain(": forgotten"));
    }
}
