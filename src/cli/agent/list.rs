//! `gt agent list`.

use crate::cli::{Call, Perform, Render, Table, Text, Ui};
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::agents::list::{Agent, Listed, list};

/// List the agents, with what is missing for them
///
/// Outside of a town, those that are built in.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Perform for Args {
    type Report = Page<Listed>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Listed>> {
        let (catalogue, set) = super::catalogue(call)?;
        list(&catalogue, set.as_deref())
    }
}

impl Render for Page<Listed> {
    fn render(&self, ui: &mut Ui) {
        let mut table = Table::new(["AGENT", "", "STATE", "WHERE"]);
        for row in &self.rows {
            match row {
                Listed::Usable(agent) => {
                    let path =
                        agent.found.program.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
                    table.row(cells(agent, Text::new().good("usable"), Text::new().path(path)));
                }
                Listed::SignedOut(agent) => {
                    let why = Text::new().faint(agent.found.unsigned.as_deref().unwrap_or_default());
                    table.row(cells(agent, Text::new().warn("signed out"), why));
                }
                Listed::Missing(agent) => table.row(cells(agent, Text::new().warn("missing"), missing(agent))),
                Listed::Broken { name, reason } => {
                    table.row([
                        Text::new().name(name),
                        Text::new(),
                        Text::new().state("broken"),
                        Text::new().bad(reason),
                    ]);
                }
            }
        }
        ui.table(table);
    }
}

fn cells(agent: &Agent, state: Text, place: Text) -> [Text; 4] {
    let default = if agent.default { Text::new().good("default") } else { Text::new() };
    [Text::new().name(&agent.found.name), default, state, place]
}

fn missing(agent: &Agent) -> Text {
    let found = &agent.found;
    match found.program {
        None if found.install.is_empty() => Text::new().faint("no program is set"),
        None => Text::new().faint(&found.install),
        Some(_) => Text::new().faint("no key for a model is set"),
    }
}
