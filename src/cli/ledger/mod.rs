//! `gt ledger`: one file per command below it.

mod adopt;
mod maintain;
mod restore;
mod status;

use clap::Subcommand;

use super::render::show;
use super::{Call, Text};
use crate::error::Outcome;
use crate::ops::ledger::Refusal;
use crate::ops::ledger::check_commit::check_commit;

/// See to the ledger: what you edited by hand, and git's side of the town
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Args),
    Adopt(adopt::Args),
    Restore(restore::Args),
    Pack(maintain::PackArgs),
    Settle(maintain::SettleArgs),
    /// What git's pre-commit hook asks: whether a commit would put other files back
    #[command(hide = true)]
    CheckCommit,
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::Status(args) => show(args, call),
            Command::Adopt(args) => show(args, call),
            Command::Restore(args) => show(args, call),
            Command::Pack(args) => show(args, call),
            Command::Settle(args) => show(args, call),
            Command::CheckCommit => {
                let index = std::env::var_os("GIT_INDEX_FILE");
                check_commit(&call.open_to_mend()?, index.as_deref()).map(|()| 0)
            }
        }
    }
}

/// `beads/web/x7/web-x7k2m.toml:3: why`.
fn complaint(refusal: &Refusal) -> Text {
    let line = refusal.line.map(|line| format!(":{line}")).unwrap_or_default();
    Text::new().path(&refusal.path).plain(format!("{line}: ")).bad(&refusal.reason)
}
