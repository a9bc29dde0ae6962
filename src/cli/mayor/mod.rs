//! `gt mayor`: one file per command below it.

mod attach;
pub(super) mod plan;

use super::dispatch::subcommands;

subcommands! {
    /// Turn a goal into beads, or talk with the mayor
    Args {
        Plan(plan::Args),
        Attach(attach::Args),
    }
}
