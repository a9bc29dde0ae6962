//! `gt rig`: one file per command below it.

mod add;
mod list;
mod park;
mod remove;
mod show;
mod take;

use clap::Subcommand;

use super::Call;
use super::render::show;
use crate::error::Outcome;

/// Take in repositories and look after them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Box<add::Args>),
    List(list::Args),
    Show(show::Args),
    Take(take::Args),
    Park(park::ParkArgs),
    Unpark(park::UnparkArgs),
    Remove(remove::Args),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::Add(args) => show(*args, call),
            Command::List(args) => show(args, call),
            Command::Show(args) => show(args, call),
            Command::Take(args) => show(args, call),
            Command::Park(args) => show(args, call),
            Command::Unpark(args) => show(args, call),
            Command::Remove(args) => show(args, call),
        }
    }
}
