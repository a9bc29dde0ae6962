//! `gt ledger status`.

use super::complaint;
use crate::cli::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::ledger::kind_word;
use crate::ops::ledger::status::{Status, status};

/// Show what you edited by hand, which files are broken, and whether git's index is in step
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Perform for Args {
    type Report = Status;

    fn perform(self, call: &mut Call) -> Outcome<Status> {
        status(&call.open_to_mend()?)
    }
}

impl Render for Status {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::from("ledger  ").plain(&self.branch).plain(" at ").id(self.tip.short()));
        for refusal in &self.broken {
            ui.line(Text::new().bad("broken  ").join(complaint(refusal)));
        }
        for edit in &self.edits {
            let word = Text::from(format!("{:<8}", kind_word(edit.kind)));
            ui.line(match &edit.refusal {
                None => word.path(&edit.path),
                Some(refusal) => word.join(complaint(refusal)),
            });
            if let Some(hint) = edit.refusal.as_ref().and_then(|refusal| refusal.hint.as_ref()) {
                ui.hint(hint);
            }
        }
        for path in &self.behind_in_index {
            ui.line(Text::new().warn("behind  ").path(path).plain(" in git's index"));
        }
        if !self.settled {
            ui.line(Text::new().warn("behind  ").plain("files and git's index are not in step with the tip"));
        }
        self.advise(ui);
    }
}

impl Status {
    fn advise(&self, ui: &mut Ui) {
        if self.edits.iter().any(|edit| edit.refusal.is_none()) {
            ui.hint("`gt ledger adopt` commits what was edited; `gt ledger restore FILE` puts a file back");
        }
        if !self.settled || !self.behind_in_index.is_empty() {
            ui.hint("`gt ledger settle` brings git's index up to date");
        }
        if self.wants_packing {
            ui.hint("`gt ledger pack` packs what has come together");
        }
        if self.edits.is_empty() && self.broken.is_empty() && self.behind_in_index.is_empty() && self.settled {
            ui.line("nothing was edited by hand");
        }
    }
}
