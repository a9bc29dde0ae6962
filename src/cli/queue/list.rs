//! `gt queue list`.

use crate::cli::rig::OfRig;
use crate::cli::{Call, Table, Text, Ui};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::ops::queue::list::{Queued, Standing, list};
use crate::ops::{Envelope, Page};

/// List what waits to be merged, in the order in which it is
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    of: OfRig,
    /// Say why each bead stands where it stands
    #[arg(long)]
    why: bool,
}

impl Args {
    /// Carries the command out; the exit code. As JSON the reasons are always there.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let page = list(&call.open()?, self.of.name())?;
        if call.ui.is_json() {
            call.ui.json(&Envelope(&page));
        } else {
            render(&mut call.ui, &page, self.why);
        }
        Ok(0)
    }
}

fn render(ui: &mut Ui, page: &Page<Queued>, why: bool) {
    if page.rows.is_empty() {
        return ui.hint("nothing waits to be merged");
    }
    let mut table = Table::new(["RIG", "#", "BEAD", "WHO", "STATE", if why { "WHY" } else { "TITLE" }]).right(1);
    for row in &page.rows {
        let who = row.worker.as_ref().map(|worker| worker.name.to_string()).unwrap_or_default();
        table.row([
            Text::new().name(&row.rig),
            row.place.to_string().into(),
            Text::new().id(&row.bead),
            Text::new().name(who),
            state(&row.standing),
            if why { reasons(row) } else { Text::new().title(&row.title) },
        ]);
    }
    ui.table(table);
}

fn state(standing: &Standing) -> Text {
    match standing {
        Standing::Waiting => Text::new().state("waiting"),
        Standing::Paused { .. } => Text::new().state("paused"),
        Standing::Landing => Text::new().good("landing"),
        Standing::Offered { .. } => Text::new().good("offered"),
        Standing::SetAside { .. } => Text::new().warn("set aside"),
        Standing::Elsewhere { .. } => Text::new().faint("elsewhere"),
    }
}

fn reasons(row: &Queued) -> Text {
    let text = Text::from(&row.why);
    match &row.standing {
        Standing::Paused { reason } => text.plain("; the queue is paused: ").warn(reason),
        Standing::SetAside { reason } => text.plain("; ").warn(reason),
        Standing::Offered { branch } => text.plain(format!("; pushed as {branch}, to be merged by somebody else")),
        Standing::Elsewhere { home } => text.plain(format!("; merged by the clone {home}")),
        Standing::Waiting | Standing::Landing => text,
    }
}

/// When something was submitted, for a line of its own.
pub(super) fn place(row: &Queued) -> Text {
    let submitted = rfc3339(row.submitted);
    Text::from(format!("{} in the queue of {}, submitted {submitted}  ", row.place, row.rig)).join(state(&row.standing))
}
