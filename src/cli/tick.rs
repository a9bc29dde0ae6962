//! `gt tick`: observe, repair, start, merge. Called by gt itself.

use super::interrupt::{Stands, ends_commands};
use super::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::tick::{Ticked, pass, pass_after_others};

/// Look after the town once: repair what broke, start what is ready, merge what was handed in
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Args {
    /// Wait for whoever looks after it now
    #[arg(long)]
    wait: bool,
}

impl Perform for Args {
    type Report = Ticked;

    fn perform(self, call: &mut Call) -> Outcome<Ticked> {
        let open = call.open()?;
        let _interruptible = ends_commands(&open, Stands::new("nothing is lost", "the next `gt tick` goes on"))?;
        if self.wait { pass_after_others(&open) } else { pass(&open) }
    }
}

impl Render for Ticked {
    fn render(&self, ui: &mut Ui) {
        if self.busy {
            ui.line("another process looks after the town; it will look again");
        }
        for name in &self.ended {
            ui.line(Text::new().name(name).plain(" ended"));
        }
        for (bead, worker) in &self.started {
            ui.line(Text::new().id(bead).plain(" -> ").name(worker.short()));
        }
        for remedied in &self.remedies {
            ui.line(Text::new().name(remedied.worker.short()).plain(format!(": {}", remedied.what)));
        }
        for bead in &self.escalated {
            ui.line(Text::new().id(bead).plain(" ").bad("failed").plain(", and somebody was told"));
        }
        for rig in &self.restored {
            ui.line(Text::new().name(rig).plain(": its repository was gone and was fetched anew"));
        }
        for bead in &self.closed {
            ui.line(Text::new().id(bead).plain(" closed"));
        }
        for rig in &self.merging {
            ui.line(Text::new().name(rig).plain(": merging"));
        }
        for trouble in &self.troubles {
            ui.warning(trouble);
        }
    }
}
