//! `gt rig`: one file per command below it.

mod add;
mod list;
mod park;
mod remove;
mod show;
mod take;

use super::dispatch::subcommands;

subcommands! {
    /// Take in repositories and look after them
    Args {
        Add(Box<add::Args>),
        List(list::Args),
        Show(show::Args),
        Take(take::Args),
        Park(park::ParkArgs),
        Unpark(park::UnparkArgs),
        Remove(remove::Args),
    }
}
