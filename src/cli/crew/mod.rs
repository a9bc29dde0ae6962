//! `gt crew`: one file per command below it.

mod add;
mod attach;
mod list;
mod remove;

use clap::Subcommand;

use super::Call;
use super::render::show;
use crate::error::Outcome;

/// Work in a rig yourself: a worktree and a session of your own, for as long as you like
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Args),
    List(list::Args),
    Attach(attach::Args),
    Remove(remove::Args),
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::Add(args) => show(args, call),
            Command::List(args) => show(args, call),
            Command::Attach(args) => args.dispatch(call),
            Command::Remove(args) => show(args, call),
        }
    }
}
