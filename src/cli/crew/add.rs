//! `gt crew add`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::crew::add::{Added, Request, add};

/// Make a worktree of your own in a rig, on the branch crew/NAME
///
/// It stays until you remove it. The name is yours for ever: nobody else in the town gets it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What it is called, such as your first name; also as RIG/NAME
    #[arg(value_name = "NAME")]
    name: String,
    /// The rig; not needed when there is only one
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// The agent of its sessions; that of the rig or the town when not given
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    agent: Option<String>,
}

impl Perform for Args {
    type Report = Added;

    fn perform(self, call: &mut Call) -> Outcome<Added> {
        let open = call.open()?;
        let added = add(&open, &Request { name: self.name, rig: self.rig, agent: self.agent }, &mut call.ui);
        call.ui.end_step();
        added
    }
}

impl Render for Added {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().name(self.worker.short()).plain(" on ").name(&self.branch).plain(" in ");
        ui.line(line.path(self.path.display()));
        self.notes.iter().for_each(|note| ui.warning(note));
        ui.hint(format!("`gt crew attach {}` opens a session there; `gt queue add` hands it in", self.worker.name));
    }
}
