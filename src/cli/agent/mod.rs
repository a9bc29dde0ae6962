//! `gt agent`.

mod add;
mod list;
mod show;
mod test;

use clap::Subcommand;

use super::Call;
use super::render::show;
use crate::agent::Catalogue;
use crate::error::Outcome;

/// See which agents can work, add one, and try whether it does what is known about it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    Test(test::Args),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::List(args) => show(args, call),
            Command::Show(args) => show(args, call),
            Command::Add(args) => show(args, call),
            Command::Test(args) => show(args, call),
        }
    }
}

/// The agents of the town and which one its settings name; outside of a town, those that are built in.
fn catalogue(call: &Call) -> Outcome<(Catalogue, Option<String>)> {
    let Some(town) = call.town_if_any()? else { return Ok((Catalogue::built_in(), None)) };
    let settings = town.settings()?;
    Ok((Catalogue::new(&settings), settings.agent))
}
