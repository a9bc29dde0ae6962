//! `gt polecat list`.

use crate::cli::rig::list_of_rig;
use crate::cli::{Render, Table, Text, Ui};
use crate::ops::Page;
use crate::ops::polecat::list::{Listed, list};

list_of_rig! {
    /// List the workers, with how each one is right now
    Args => list: Listed
}

impl Render for Page<Listed> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("there are no workers yet; `gt sling BEAD` makes one");
        }
        let mut table = Table::new(["WORKER", "ROLE", "HEALTH", "AGENT", "BEAD"]);
        for row in &self.rows {
            let bead = match (&row.bead, &row.title) {
                (Some(id), Some(title)) => Text::new().id(id).plain(" ").title(title),
                _ => Text::new(),
            };
            table.row([
                Text::new().name(row.worker.short()),
                row.role.to_string().into(),
                Text::new().state(row.judgement.health.word()),
                Text::new().faint(row.agent.as_deref().unwrap_or_default()),
                bead,
            ]);
        }
        ui.table(table);
    }
}
