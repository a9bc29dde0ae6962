//! The page of the presets.

use super::MADE;
use super::tables::cell;
use crate::agent::{By, Catalogue};

/// `agents.md`.
pub(super) fn page() -> String {
    let mut page = format!(
        "# Agents\n\n{MADE}\nWhat `gt` knows about each agent. `gt agent test NAME` finds out what of it is still true on your \
         machine, `gt agent show NAME` shows it with your own changes, and every field is a setting \
         `agents.NAME.FIELD`. Between braces stand placeholders; brackets are left out when a placeholder in them \
         has no value.\n\n| agent | program | known |\n|---|---|---|\n"
    );
    let catalogue = Catalogue::built_in();
    for preset in catalogue.all() {
        let known = if preset.measured.by == By::Nobody { String::new() } else { preset.provenance() };
        page.push_str(&format!("| [{0}](#{0}) | `{1}` | {known} |\n", preset.name, cell(&preset.program)));
    }
    for preset in catalogue.all() {
        page.push_str(&format!("\n## {}\n\n{}\n\n| | |\n|---|---|\n", preset.name, preset.title));
        for row in preset.traits() {
            page.push_str(&format!("| {} | {} |\n", row.about, cell(&row.says)));
        }
    }
    page
}
