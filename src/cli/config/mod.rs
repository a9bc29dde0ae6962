//! `gt config`: one file per command below it.

mod agent;
mod edit;
mod get;
mod list;
mod set;

use clap::Subcommand;

use super::render::show;
use super::{Call, Text, complete};
use crate::error::Outcome;
use crate::ops::config::Scope;

/// Read and change settings
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Get(get::Args),
    Agent(agent::Args),
    Set(set::SetArgs),
    Unset(set::UnsetArgs),
    List(list::Args),
    Edit(edit::Args),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::Get(args) => show(args, call),
            Command::Agent(args) => args.dispatch(call),
            Command::Set(args) => show(args, call),
            Command::Unset(args) => show(args, call),
            Command::List(args) => show(args, call),
            Command::Edit(args) => show(args, call),
        }
    }
}

/// For which file a setting is meant.
#[derive(Debug, clap::Args)]
struct ScopeArgs {
    /// As it is for work in this rig; the same as writing the key as `rigs.RIG.KEY`
    #[arg(long, add = complete::rigs())]
    rig: Option<String>,
}

impl ScopeArgs {
    fn scope(self, local: bool) -> Scope {
        Scope { rig: self.rig, local }
    }
}

/// A value as it would stand in a file.
fn value(value: Option<&toml::Value>) -> Text {
    match value {
        Some(toml::Value::String(text)) => text.into(),
        Some(other) => other.to_string().into(),
        None => Text::new().faint("not set"),
    }
}
