//! `gt polecat`: one file per command below it.

mod list;
mod remove;
mod restart;
mod show;
mod stop;

use super::dispatch::subcommands;

subcommands! {
    /// See the workers, and stop, restart or retire them
    Args {
        List(list::Args),
        Show(show::Args),
        Stop(stop::Args),
        Restart(restart::Args),
        Remove(remove::Args),
    }
}
