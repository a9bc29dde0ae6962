//! `gt harness`.

use clap::Subcommand;

use super::Call;
use crate::error::Outcome;
use crate::harness::{Options, start};

/// The built-in agent
///
/// Sessions of the agent `builtin` run it; by hand it works in any folder, also outside of a town.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<Options>),
}

impl Args {
    /// Carries the command out. The agent speaks for itself while it works; what is left is the exit code.
    pub(super) fn dispatch(self, _call: &mut Call) -> Outcome<u8> {
        let Command::Run(options) = self.command;
        start(*options).map(|_| 0)
    }
}
