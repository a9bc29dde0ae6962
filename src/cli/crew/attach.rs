//! `gt crew attach`.

use crate::cli::{Call, complete, join};
use crate::error::Outcome;
use crate::ops::crew::attach::{Request, attend};

/// Go to your session in its terminal; it is started when it does not run
///
/// It lives on when you detach with C-b d, and the worktree stays as it is when the session ends. A session that is
/// started again goes on with the last conversation, where the agent can.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which; not needed in its own worktree
    #[arg(value_name = "NAME", add = complete::crew())]
    name: Option<String>,
    /// Start it with this agent
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    agent: Option<String>,
    /// Start it with a new conversation
    #[arg(long)]
    fresh: bool,
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let open = call.open()?;
        let request = Request { name: self.name, agent: self.agent, fresh: self.fresh };
        let attended = attend(&open, &request, &mut call.ui)?;
        join(call, &open, &attended)
    }
}
