//! `gt ledger adopt`.

use std::path::PathBuf;

use super::complaint;
use crate::cli::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::ledger::adopt::{Adopted, adopt};
use crate::ops::ledger::kind_word;

/// Check the files that you edited by hand, and commit those that are right
///
/// Files with a mistake stay as they are and are listed; they keep nothing else from being adopted. Where a bead
/// stands (status, assignee, lease, merge, attempts) is not changed by hand: `gt sling`, `gt bead close` and their
/// like do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these files
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

impl Perform for Args {
    type Report = Adopted;

    fn perform(self, call: &mut Call) -> Outcome<Adopted> {
        adopt(&call.open_to_mend()?, &self.files)
    }
}

impl Render for Adopted {
    fn render(&self, ui: &mut Ui) {
        if self.adopted.is_empty() && self.refused.is_empty() {
            return ui.line("nothing was edited by hand");
        }
        for edit in &self.adopted {
            ui.line(Text::new().good("adopted ").path(&edit.path).faint(format_args!("  {}", kind_word(edit.kind))));
        }
        for refusal in &self.refused {
            ui.line(Text::new().bad("refused ").join(complaint(refusal)));
            if let Some(hint) = &refusal.hint {
                ui.hint(hint);
            }
        }
    }
}
