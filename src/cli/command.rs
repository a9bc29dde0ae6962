//! The commands, grouped by purpose; an arm is one call.
//!
//! The groups are those of `gt --help`, in this order. Within a group a variant stands where a person would
//! look for it.

use clap::Subcommand;

use super::render::show;
use super::{Call, completions};
use crate::error::Outcome;

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The town and this machine.
    #[command(flatten)]
    Town(Town),
}

/// The town and this machine.
#[derive(Debug, Subcommand)]
pub enum Town {
    /// Make the shell complete commands, bead ids, rigs, workers and agents
    Completions(completions::Args),
}

/// The groups by their headings, for the help.
pub(super) fn groups() -> Vec<(&'static str, clap::Command)> {
    fn group<G: Subcommand>(heading: &'static str) -> (&'static str, clap::Command) {
        (heading, G::augment_subcommands(clap::Command::new(heading)))
    }
    vec![group::<Town>("Town")]
}

impl Command {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Town(command) => command.dispatch(call),
        }
    }
}

impl Town {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Completions(args) => show(args, call),
        }
    }
}
