//! `gt convoy`.

use super::dispatch::subcommands;
use super::{Call, Perform, Render, Table, Text, Ui, complete};
use crate::convoy::Verdict;
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::convoy::{Listed, Shown, list, show};

subcommands! {
    /// See what is worked on as one, and how far it is
    Args {
        List(ListArgs),
        Show(ShowArgs),
    }
}

/// List the convoys that have not ended, the newest first
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Those that have ended too
    #[arg(long)]
    all: bool,
}

impl Perform for ListArgs {
    type Report = Page<Listed>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Listed>> {
        list(&call.open()?, self.all)
    }
}

/// Show a convoy with its beads
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The convoy
    #[arg(value_name = "CONVOY", add = complete::convoys())]
    convoy: String,
}

impl Perform for ShowArgs {
    type Report = Shown;

    fn perform(self, call: &mut Call) -> Outcome<Shown> {
        show(&call.open()?, &self.convoy)
    }
}

impl Render for Page<Listed> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui
                .hint("there is no convoy that goes on; `gt run \"GOAL\"` makes one, `--all` lists those that ended");
        }
        let mut table = Table::new(["CONVOY", "STATE", "DONE", "TITLE"]).right(2);
        for row in &self.rows {
            let done = format!("{}/{}", row.progress.closed(), row.progress.total);
            table.row([Text::new().id(&row.convoy.id), state(row), done.into(), Text::new().title(&row.convoy.title)]);
        }
        ui.table(table);
    }
}

fn state(listed: &Listed) -> Text {
    match &listed.state {
        Verdict::Finished => Text::new().state("done"),
        Verdict::Stuck { .. } => Text::new().bad("stuck"),
        Verdict::Going if listed.convoy.feed => Text::new().state("running"),
        Verdict::Going => Text::new().state("open"),
    }
}

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        let Listed { convoy, progress, .. } = &self.listed;
        ui.line(Text::new().id(&convoy.id).plain(" ").title(&convoy.title).plain("  ").join(state(&self.listed)));
        let fed = if convoy.feed { "ready beads are started" } else { "nothing is started by itself" };
        let workers = convoy.workers.map(|workers| format!(", {workers} at once")).unwrap_or_default();
        ui.line(Text::from(format!("  {} of {} closed; {fed}{workers}", progress.closed(), progress.total)));
        let mut table = Table::new(["BEAD", "TITLE", "STANDS"]).flexible(1);
        for bead in &self.beads {
            let stands = bead.account.as_ref().map_or_else(|| "there is no such bead".to_owned(), ToString::to_string);
            let title = bead.title.clone().unwrap_or_default();
            table.row([Text::new().id(&bead.id), Text::new().title(title), stands.into()]);
        }
        ui.table(table);
    }
}
