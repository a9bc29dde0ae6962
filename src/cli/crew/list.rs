//! `gt crew list`.

use crate::cli::rig::list_of_rig;
use crate::cli::{Render, Table, Text, Ui};
use crate::ops::Page;
use crate::ops::crew::list::{Listed, list};

list_of_rig! {
    /// List the crew: where each one stands, and whether its session runs
    Args => list: Listed
}

impl Render for Page<Listed> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("there is no crew yet; `gt crew add NAME` makes a worktree of your own");
        }
        let mut table = Table::new(["CREW", "SESSION", "BRANCH", "WORK"]);
        for row in &self.rows {
            let agent = row.agent.as_deref().unwrap_or_default();
            table.row([
                Text::new().name(row.worker.short()),
                match &row.session {
                    Some(_) => Text::new().good("runs").faint(format_args!(" {agent}")),
                    None => Text::new().faint("none"),
                },
                Text::from(row.branch.as_deref().unwrap_or("no branch")),
                work(row),
            ]);
        }
        ui.table(table);
    }
}

fn work(row: &Listed) -> Text {
    if let Some(trouble) = &row.trouble {
        return Text::new().warn(trouble);
    }
    let count = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let parts = [
        count(row.uncommitted, "uncommitted"),
        count(row.ahead.unwrap_or(0), "ahead"),
        count(row.behind.unwrap_or(0), "behind"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { Text::new().faint("as the target") } else { Text::from(parts.join(", ")) }
}
