//! `gt ledger`: one file per command below it.

mod adopt;
mod maintain;
mod restore;
mod status;

use super::dispatch::subcommands;
use super::{Call, Text};
use crate::error::Outcome;
use crate::ops::ledger::Refusal;
use crate::ops::ledger::check_commit::check_commit;

subcommands! {
    /// See to the ledger: what you edited by hand, and git's side of the town
    Args {
        Status(status::Args),
        Adopt(adopt::Args),
        Restore(restore::Args),
        Pack(maintain::PackArgs),
        Settle(maintain::SettleArgs),
        CheckCommit(CheckCommitArgs),
    }
}

/// What git's pre-commit hook asks: whether a commit would put other files back
#[derive(Debug, clap::Args)]
#[command(hide = true)]
struct CheckCommitArgs {}

impl CheckCommitArgs {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let index = std::env::var_os("GIT_INDEX_FILE");
        check_commit(&call.open_to_mend()?, index.as_deref()).map(|()| 0)
    }
}

/// `beads/web/x7/web-x7k2m.toml:3: why`.
fn complaint(refusal: &Refusal) -> Text {
    let line = refusal.line.map(|line| format!(":{line}")).unwrap_or_default();
    Text::new().path(&refusal.path).plain(format!("{line}: ")).bad(&refusal.reason)
}
