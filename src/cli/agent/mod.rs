//! `gt agent`.

mod add;
mod list;
mod show;
mod test;

use super::Call;
use super::dispatch::subcommands;
use crate::agent::Catalogue;
use crate::error::Outcome;

subcommands! {
    /// See which agents can work, add one, and try whether it does what is known about it
    Args {
        List(list::Args),
        Show(show::Args),
        Add(add::Args),
        Test(test::Args),
    }
}

/// The agents of the town and which one its settings name; outside of a town, those that are built in.
fn catalogue(call: &Call) -> Outcome<(Catalogue, Option<String>)> {
    let Some(town) = call.town_if_any()? else { return Ok((Catalogue::built_in(), None)) };
    let settings = town.settings()?;
    Ok((Catalogue::new(&settings), settings.agent))
}
