//! `gt status --watch`: the picture anew whenever something changed.

use std::time::Duration;

use super::Args;
use crate::cli::Call;
use crate::cli::watching::Watched;
use crate::error::Outcome;
use crate::git::Oid;
use crate::ops::OpenTown;
use crate::ops::feed::feed;

/// Clears the terminal and goes to its top.
const ANEW: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

impl Watched for &Args {
    /// The ledger, and what happened on this machine.
    type Sign = (Oid, Option<i64>);
    const LOOKS: Duration = Duration::from_secs(5);

    fn ages(&self, call: &Call) -> bool {
        call.ui.is_terminal()
    }

    fn sign(&self, open: &OpenTown) -> Outcome<Self::Sign> {
        Ok((open.ledger.tip()?, feed(open, Some(1))?.rows.last().map(|event| event.id)))
    }

    fn show(&mut self, open: &OpenTown, call: &mut Call) -> Outcome<()> {
        let shown = self.look(open)?;
        if call.ui.is_terminal() && !call.ui.is_json() {
            call.ui.raw(ANEW);
        }
        call.print(&shown);
        Ok(())
    }
}
