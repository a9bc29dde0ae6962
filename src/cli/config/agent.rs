//! `gt config agent`.

use crate::cli::Call;
use crate::cli::Perform;
use crate::cli::complete;
use crate::cli::dispatch::subcommands;
use crate::error::Outcome;
use crate::ops::agents::add::{Added, Request, set};

subcommands! {
    /// Say what an agent is
    Args {
        Set(SetArgs),
    }
}

/// Let a line of sh start the agent, new or known
///
///   gt config agent set mine "my-agent --yes {prompt}"
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
struct SetArgs {
    /// The agent
    #[arg(value_name = "NAME", add = complete::agents())]
    name: String,
    /// The line of sh
    #[arg(value_name = "COMMAND")]
    line: String,
    /// On this machine only
    #[arg(long)]
    local: bool,
}

impl Perform for SetArgs {
    type Report = Added;

    fn perform(self, call: &mut Call) -> Outcome<Added> {
        set(&call.open()?, &Request { name: self.name, command: Some(self.line), from: None, local: self.local })
    }
}
