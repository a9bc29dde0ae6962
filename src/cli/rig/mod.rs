//! `gt rig`: one file per command below it.

mod add;
mod list;
mod park;
mod remove;
mod show;
mod take;

use super::complete;
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

/// The rig that a list is about.
#[derive(Debug, clap::Args)]
pub(super) struct OfRig {
    /// Of this rig
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
}

impl OfRig {
    /// Its name; none where all of them are meant.
    pub(super) fn name(&self) -> Option<&str> {
        self.rig.as_deref()
    }
}
