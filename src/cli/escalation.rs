//! `gt escalation`.

use super::dispatch::subcommands;
use super::{Call, Label, Perform, Render, Table, Text, Ui};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::ops::escalation::{Acknowledged, Raised, acknowledge, list};
use crate::ops::{Many, Page};

subcommands! {
    /// See the problems that were raised, and say that you are at them
    Args {
        List(ListArgs),
        Ack(AckArgs),
    }
}

/// List the problems that nobody has acknowledged, worst first
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Acknowledged ones too
    #[arg(long)]
    all: bool,
}

impl Perform for ListArgs {
    type Report = Page<Raised>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Raised>> {
        list(&call.open()?, self.all)
    }
}

impl Render for Page<Raised> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nothing needs you");
        }
        let mut table = Table::new(["PROBLEM", "SEVERITY", "FROM", "SINCE", "WHAT"]);
        for Raised { severity, letter } in &self.rows {
            let subject = Text::new().title(&letter.subject);
            table.row([
                Text::new().id(&letter.id),
                Text::of(Label::Warn, crate::bead::word(*severity)),
                Text::new().name(&letter.from),
                Text::new().time(rfc3339(letter.created)),
                if letter.acknowledged.is_some() { subject.faint("  (acknowledged)") } else { subject },
            ]);
        }
        ui.table(table);
    }
}

/// Say that something is being done about problems
#[derive(Debug, clap::Args)]
struct AckArgs {
    /// Their ids, or the beads that they are about
    #[arg(required = true, value_name = "PROBLEM|BEAD")]
    words: Vec<String>,
}

impl Perform for AckArgs {
    type Report = Many<Acknowledged>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Acknowledged>> {
        let open = call.open()?;
        Ok(Many::of(&self.words, |word| acknowledge(&open, word)))
    }
}

impl Render for Acknowledged {
    fn render(&self, ui: &mut Ui) {
        let how = if self.again { " was acknowledged already: " } else { " acknowledged: " };
        ui.line(Text::new().id(&self.id).plain(how).title(&self.subject));
    }
}
