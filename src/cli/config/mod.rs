//! `gt config`: one file per command below it.

mod agent;
mod edit;
mod get;
mod list;
mod set;

use super::dispatch::subcommands;
use super::{Text, complete};
use crate::ops::config::Scope;

subcommands! {
    /// Read and change settings
    Args {
        Get(get::Args),
        Agent(agent::Args),
        Set(set::SetArgs),
        Unset(set::UnsetArgs),
        List(list::Args),
        Edit(edit::Args),
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
