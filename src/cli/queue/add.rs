//! `gt queue add`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::queue::add::{Added, Request, add, own_branch};

/// Put a branch of your own into the merge queue: it lands through the same gates
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The branch, of your repository or of the remote; in a crew worktree, the one that is checked out there
    branch: Option<String>,
    /// The open bead that it does; a new one when not given
    #[arg(long, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::Slung))]
    bead: Option<String>,
    /// The rig
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
}

impl Perform for Args {
    type Report = Added;

    fn perform(self, call: &mut Call) -> Outcome<Added> {
        let open = call.open()?;
        let branch = self.branch.map_or_else(|| own_branch(&open), Ok)?;
        add(&open, &Request { branch, bead: self.bead, rig: self.rig })
    }
}

impl Render for Added {
    fn render(&self, ui: &mut Ui) {
        let commits = if self.commits == 1 { "1 commit".to_owned() } else { format!("{} commits", self.commits) };
        let what = if self.again { "was in the queue already" } else { "is in the queue" };
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title);
        ui.line(line.plain(format!(" {what}: {commits} at ")).faint(self.head.short()));
    }
}
