//! `gt log` and `gt bead log`.

use super::bead::{Limit, say_what_was_cut};
use super::{Call, Perform, Render, Table, Text, Ui, complete};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::log::{Entry, Request, log};

/// Tell what happened, from the git history of the town
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only of this bead, or of the one that this worker has; all of it
    #[arg(value_name = "BEAD", conflicts_with = "rig", add = complete::beads())]
    bead: Option<String>,
    /// Only in this rig
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// Only what this one did: `human`, `mayor`, `web/refinery`, or a worker
    #[arg(long, value_name = "ACTOR", add = complete::workers())]
    actor: Option<String>,
    /// How much.
    #[command(flatten)]
    limit: Limit,
}

/// Tell the story of a bead, from the git history of its file
#[derive(Debug, clap::Args)]
pub(super) struct BeadArgs {
    /// The bead, or the worker that has it
    #[arg(value_name = "BEAD", add = complete::beads())]
    bead: String,
    /// How much.
    #[command(flatten)]
    limit: Limit,
}

impl Perform for Args {
    type Report = Page<Entry>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Entry>> {
        let limit = if self.bead.is_some() { self.limit.or(None) } else { self.limit.usual() };
        let request = Request { bead: self.bead, rig: self.rig, actor: self.actor, limit, ..Request::default() };
        log(&call.open()?, &request)
    }
}

impl Perform for BeadArgs {
    type Report = Page<Entry>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Entry>> {
        log(&call.open()?, &Request { bead: Some(self.bead), limit: self.limit.or(None), ..Request::default() })
    }
}

impl Render for Page<Entry> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nothing happened yet");
        }
        let mut table = Table::new(["WHEN", "WHO", "WHAT"]);
        for entry in &self.rows {
            let who = match &entry.actor {
                Some(actor) => Text::new().name(actor),
                None => Text::new().name(&entry.author).faint(" (plain git)"),
            };
            table.row([Text::new().time(rfc3339(entry.at)), who, Text::new().plain(&entry.subject)]);
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}
