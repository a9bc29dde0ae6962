//! `gt escalate`.

use super::{Call, Perform, Render, Text, Ui, complete, input};
use crate::error::Outcome;
use crate::mail::Severity;
use crate::ops::escalate::{Escalated, Request, escalate};

/// Say that somebody has to look: the problem goes up, the bead stays where it is
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is wrong; `-` reads it from stdin
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// How bad it is; medium when not given
    #[arg(long, value_enum)]
    severity: Option<Severity>,
    /// The bead that it is about; that on the worker's own hook when not given
    #[arg(long, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::NotClosed))]
    bead: Option<String>,
}

impl Perform for Args {
    type Report = Escalated;

    fn perform(self, call: &mut Call) -> Outcome<Escalated> {
        let text = self.text.join(" ");
        let text = if text == "-" { input::text("the problem")? } else { text };
        escalate(&call.open()?, &Request { text, severity: self.severity, bead: self.bead })
    }
}

impl Render for Escalated {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().id(&self.id).plain(" to ").name(&self.to).plain(": ").title(&self.subject));
    }
}
