//! `gt queue log`.

use crate::cli::bead::{Limit, say_what_was_cut};
use crate::cli::rig::OfRig;
use crate::cli::{Call, Perform, Render, Table, Text, Ui};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::queue::log::{Left, past};

/// Tell what landed and what was sent back, newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    of: OfRig,
    /// How much.
    #[command(flatten)]
    limit: Limit,
}

impl Perform for Args {
    type Report = Page<Left>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Left>> {
        past(&call.open()?, self.of.name(), self.limit.usual())
    }
}

impl Render for Page<Left> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nothing left the queue yet");
        }
        let mut table = Table::new(["WHEN", "BEAD", "HOW", "GATES", "TITLE"]);
        for left in &self.rows {
            let title = Text::new().title(&left.title);
            table.row([
                Text::new().time(rfc3339(left.at)),
                Text::new().id(&left.bead),
                Text::new().state(left.how.word()),
                Text::from(gates(left)),
                match &left.reason {
                    Some(reason) => title.plain(": ").warn(reason),
                    None => title,
                },
            ]);
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}

/// `test 1.2s, lint 0.3s`; a red one says so.
fn gates(left: &Left) -> String {
    let gate = |gate: &crate::refinery::Evidence| {
        let red = if gate.passed() { "" } else { " red" };
        format!("{}{red} {:.1}s", gate.gate, gate.milliseconds as f64 / 1000.0)
    };
    left.gates.iter().map(gate).collect::<Vec<_>>().join(", ")
}
