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

use clap::Subcommand;

use super::Call;
use super::render::show as print;
use crate::error::Outcome;

/// See what waits to be merged, change its order, stop it, or send it back
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
    Add(add::Args),
    Approve(approve::Args),
    Reject(reject::Args),
    Log(log::Args),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Bump(place::BumpArgs),
    Lower(place::LowerArgs),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::List(args) => args.dispatch(call),
            Command::Show(args) => print(args, call),
            Command::Retry(args) => print(args, call),
            Command::Add(args) => print(args, call),
            Command::Approve(args) => print(args, call),
            Command::Reject(args) => print(args, call),
            Command::Log(args) => print(args, call),
            Command::Pause(args) => print(args, call),
            Command::Resume(args) => print(args, call),
            Command::Bump(args) => print(args, call),
            Command::Lower(args) => print(args, call),
        }
    }
}
