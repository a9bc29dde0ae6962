//! `gt done`.

use std::path::PathBuf;

use super::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::done::{Done, Request, done};

/// Hand in the commits of this worktree; they are tested and merged without you
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Commit everything first, with this message
    #[arg(long, value_name = "MESSAGE", conflicts_with = "discard")]
    commit: Option<String>,
    /// Put away what is not committed; a snapshot is kept
    #[arg(long)]
    discard: bool,
    /// Nothing needed to change, for this reason
    #[arg(long, value_name = "REASON")]
    no_change: Option<String>,
    /// What was found, handed to the beads that need this one
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,
}

impl Perform for Args {
    type Report = Done;

    fn perform(self, call: &mut Call) -> Outcome<Done> {
        let open = call.open()?;
        let Self { commit, discard, no_change, result } = self;
        done(&open, &Request { commit, discard, no_change, result })
    }
}

impl Render for Done {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().id(&self.bead).plain(" ").title(&self.title).plain(": ");
        ui.line(match &self.head {
            None => line.plain("done without a change"),
            Some(head) if self.again => line.plain(format!("{} is in the merge queue already", head.short())),
            Some(head) => {
                let commits =
                    if self.commits == 1 { "1 commit".to_owned() } else { format!("{} commits", self.commits) };
                line.plain(format!("{commits} handed in ({})", head.short()))
            }
        });
    }
}
