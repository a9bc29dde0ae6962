//! `gt config list`.

use super::{ScopeArgs, value};
use crate::cli::{Call, Perform, Render, Table, Text, Ui};
use crate::error::Outcome;
use crate::ops::{Page, config};
use crate::town::config::Row;

/// List the settings in force, and where each comes from
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only those that a file sets
    #[arg(long)]
    set: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Perform for Args {
    type Report = Page<Row>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Row>> {
        config::list(&call.town()?, &self.scope.scope(false), self.set)
    }
}

impl Render for Page<Row> {
    fn render(&self, ui: &mut Ui) {
        let mut table = Table::new(["SETTING", "VALUE", "FROM", "MEANING"]);
        for row in &self.rows {
            let from = match &row.file {
                Some(file) => Text::new().path(file),
                None => Text::new().faint("default"),
            };
            table.row([Text::new().name(&row.key), value(row.value.as_ref()), from, Text::new().faint(row.meaning)]);
        }
        ui.table(table);
    }
}
