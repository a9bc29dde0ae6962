//! `gt mayor`: one file per command below it.

mod attach;
pub(super) mod plan;

use clap::Subcommand;

use super::Call;
use super::render::show;
use crate::error::Outcome;

/// Turn a goal into beads, or talk with the mayor
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::Args),
    Attach(attach::Args),
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::Plan(args) => show(args, call),
            Command::Attach(args) => args.dispatch(call),
        }
    }
}
