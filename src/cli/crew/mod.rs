//! `gt crew`: one file per command below it.

mod add;
mod attach;
mod list;
mod remove;

use super::dispatch::subcommands;

subcommands! {
    /// Work in a rig yourself: a worktree and a session of your own, for as long as you like
    Args {
        Add(add::Args),
        List(list::Args),
        Attach(attach::Args),
        Remove(remove::Args),
    }
}
