//! `gt polecat`: one file per command below it.

mod list;
mod remove;
mod restart;
mod show;
mod stop;

use clap::Subcommand;

use super::Call;
use super::render::show as print;
use crate::error::Outcome;

/// See the workers, and stop, restart or retire them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Stop(stop::Args),
    Restart(restart::Args),
    Remove(remove::Args),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::List(args) => print(args, call),
            Command::Show(args) => print(args, call),
            Command::Stop(args) => print(args, call),
            Command::Restart(args) => print(args, call),
            Command::Remove(args) => print(args, call),
        }
    }
}
