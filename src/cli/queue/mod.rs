//! `gt queue`: one file per command below it.

mod list;
mod reject;
mod retry;
mod show;

use clap::Subcommand;

use super::Call;
use super::render::show as print;
use crate::error::Outcome;

/// See what waits to be merged, and try it again or send it back
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Retry(retry::Args),
    Reject(reject::Args),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::List(args) => args.dispatch(call),
            Command::Show(args) => print(args, call),
            Command::Retry(args) => print(args, call),
            Command::Reject(args) => print(args, call),
        }
    }
}
