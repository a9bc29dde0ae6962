//! `gt agent`.

use clap::Subcommand;

use super::render::show;
use super::{Call, Perform, Render, Table, Text, Ui};
use crate::agent::Catalogue;
use crate::error::{Kind, Outcome};
use crate::ops::Page;
use crate::ops::agents::list::{Agent, Listed, list};

/// See which agents can work
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(ListArgs),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::List(args) => show(args, call),
        }
    }
}

/// List the agents, with what is missing for them
///
/// Outside of a town, those that are built in.
#[derive(Debug, clap::Args)]
struct ListArgs {}

impl Perform for ListArgs {
    type Report = Page<Listed>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Listed>> {
        match call.town() {
            Ok(town) => {
                let settings = town.settings()?;
                list(&Catalogue::new(&settings), settings.agent.as_deref())
            }
            Err(failure) if failure.kind == Kind::NotFound && !call.names_town() => list(&Catalogue::built_in(), None),
            Err(failure) => Err(failure),
        }
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
