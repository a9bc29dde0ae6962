//! `gt bead list`, short `gt list`.

use super::{Limit, say_what_was_cut};
use crate::bead::{Kind, Status};
use crate::cli::{Call, Perform, Render, Table, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Page;
use crate::ops::bead::brief::Brief;
use crate::ops::bead::list::{Listed, Request, list};

/// List beads, most urgent first
///
/// Without filters these are the beads that are not closed. A filter given several times lets through what fits one
/// of its values; of labels, what has all of them. A value that nothing has is an error, never an empty list.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// In this state
    #[arg(long, short = 's', value_enum, value_name = "STATUS")]
    status: Vec<Status>,
    /// Of this rig; `hq` is the town itself
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Vec<String>,
    /// With this label
    #[arg(long, short = 'l', value_name = "WORD")]
    label: Vec<String>,
    /// For this role
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// In the hands of this worker
    #[arg(long, value_name = "WORKER", add = complete::workers())]
    assignee: Vec<String>,
    /// Of this kind
    #[arg(long, short = 'k', value_enum)]
    kind: Vec<Kind>,
    /// The children of this bead
    #[arg(long, value_name = "BEAD", add = complete::beads())]
    parent: Option<String>,
    /// With this text in title, description or acceptance
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// Closed ones too, and all of them
    #[arg(long)]
    all: bool,
    /// How many.
    #[command(flatten)]
    limit: Limit,
}

impl Perform for Args {
    type Report = Page<Listed>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Listed>> {
        let Self { status, rig, label, role, assignee, kind, parent, text, all, limit } = self;
        let limit = if all { limit.or(None) } else { limit.usual() };
        let text = if text.is_empty() { None } else { Some(text.join(" ")) };
        let request = Request { status, rig, label, role, assignee, kind, parent, text, all, limit };
        list(&call.open()?, &request)
    }
}

impl Render for Page<Listed> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("no bead fits; `gt list --all` shows the closed ones too");
        }
        let mut table = table();
        for listed in &self.rows {
            match listed.brief() {
                Ok(brief) => table.row(cells(&brief)),
                Err(failure) => ui.error(&failure),
            }
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}

/// The head of a list of beads.
pub(super) fn table() -> Table {
    Table::new(["BEAD", "STATE", "P", "KIND", "WHO", "TITLE"])
}

/// One bead of such a list.
pub(super) fn cells(brief: &Brief) -> [Text; 6] {
    let row = &brief.row;
    let who = match &row.assignee {
        Some(worker) => Text::new().name(worker.short()),
        None => Text::new().faint(&row.role),
    };
    let title = Text::new().title(&brief.title);
    let labels: Vec<&str> = brief.labels.iter().map(String::as_str).collect();
    let title = if labels.is_empty() { title } else { title.faint(format_args!("  [{}]", labels.join(" "))) };
    [
        Text::new().id(&row.id),
        Text::new().state(brief.state()),
        row.priority.to_string().into(),
        crate::bead::word(row.kind).into(),
        who,
        title,
    ]
}
