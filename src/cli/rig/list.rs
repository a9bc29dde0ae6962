//! `gt rig list`.

use crate::cli::{Call, Perform, Render, Table, Text, Ui};
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::rig::list::{Facts, Listed, list};

/// List the rigs
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Perform for Args {
    type Report = Page<Listed>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Listed>> {
        list(&call.town()?)
    }
}

impl Render for Page<Listed> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            ui.hint("there is no rig yet: `gt rig add NAME URL` takes a repository in");
            return;
        }
        let mut table = Table::new(["RIG", "PREFIX", "BRANCH", "STATE", "GATES", "WORKERS", "FROM"]).right(5);
        for row in &self.rows {
            match row {
                Listed::Active(facts) => table.row(cells(facts, "active")),
                Listed::Parked(facts) => table.row(cells(facts, "parked")),
                Listed::Broken { name, reason } => {
                    let empty = Text::new;
                    table.row([
                        empty().name(name),
                        empty(),
                        empty(),
                        empty().state("broken"),
                        empty(),
                        empty(),
                        empty().bad(reason),
                    ]);
                }
            }
        }
        ui.table(table);
    }
}

fn cells(facts: &Facts, state: &str) -> [Text; 7] {
    let gates = if facts.gates.is_empty() { Text::new().warn("none") } else { facts.gates.join(", ").into() };
    [
        Text::new().name(&facts.name),
        facts.prefix.to_string().into(),
        facts.branch.as_str().into(),
        Text::new().state(state),
        gates,
        facts.polecats.to_string().into(),
        Text::new().path(&facts.url),
    ]
}
