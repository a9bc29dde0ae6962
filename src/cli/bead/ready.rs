//! `gt bead ready`, short `gt ready`.

use super::list::{cells, table};
use super::{Limit, say_what_was_cut};
use crate::cli::render::show;
use crate::cli::{Call, Perform, Render, Table, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::bead::ready::{Explained, Ready, Request, explain, ready};

/// List the beads that may start now, in the order in which they start
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Say of every bead that is not closed where it stands and what it waits for
    #[arg(long)]
    explain: bool,
    /// What is asked.
    #[command(flatten)]
    wanted: Wanted,
}

/// Which beads.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// Of this rig
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Vec<String>,
    /// For this role
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// How many.
    #[command(flatten)]
    limit: Limit,
}

impl Args {
    /// Carries the command out; the exit code.
    pub(crate) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if self.explain { show(Explain(self.wanted), call) } else { show(self.wanted, call) }
    }
}

impl Perform for Wanted {
    type Report = Page<Ready>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Ready>> {
        let request = Request { rig: self.rig, role: self.role, limit: self.limit.usual() };
        ready(&call.open()?, &request)
    }
}

impl Render for Page<Ready> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nothing is ready; `gt ready --explain` says what each bead waits for");
        }
        let mut table = table();
        for Ready(brief) in &self.rows {
            table.row(cells(brief));
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}

/// The accounts of all.
struct Explain(Wanted);

impl Perform for Explain {
    type Report = Page<Explained>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Explained>> {
        let request = Request { rig: self.0.rig, role: self.0.role, limit: self.0.limit.or(None) };
        explain(&call.open()?, &request)
    }
}

impl Render for Page<Explained> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("no bead is left to do; `gt new TITLE` makes one");
        }
        let mut table = Table::new(["BEAD", "TITLE", "STANDS"]).flexible(1);
        for explained in &self.rows {
            table.row([
                Text::new().id(&explained.account.id),
                Text::new().title(&explained.title),
                explained.sentence.as_str().into(),
            ]);
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}
