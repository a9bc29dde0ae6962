//! `gt queue`: one file per command below it.

mod add;
mod approve;
mod list;
mod log;
mod pause;
mod place;
mod reject;
mod retry;
mod show;

use super::dispatch::subcommands;

subcommands! {
    /// See what waits to be merged, change its order, stop it, or send it back
    Args {
        List(list::Args),
        Show(show::Args),
        Retry(retry::Args),
        Add(add::Args),
        Approve(approve::Args),
        Reject(reject::Args),
        Log(log::Args),
        Pause(pause::PauseArgs),
        Resume(pause::ResumeArgs),
        Bump(place::BumpArgs),
        Lower(place::LowerArgs),
    }
}
