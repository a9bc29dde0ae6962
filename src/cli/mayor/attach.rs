//! `gt mayor attach`.

use crate::cli::{Call, join};
use crate::error::Outcome;
use crate::ops::mayor::attach::attend;

/// Talk with the mayor in its terminal
///
/// The mayor's session is started when it does not run, and goes on when you detach with C-b d.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let open = call.open()?;
        let attended = attend(&open, &mut call.ui)?;
        join(call, &open, &attended)
    }
}
