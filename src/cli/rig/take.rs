//! `gt rig take`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::rig::take::{Taken, take};

/// Bring what landed into your own repository, where something was in the way before
///
/// What you committed there meanwhile is merged in first, through the gates. Says what is still in the way, and
/// changes nothing then.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rig
    #[arg(add = complete::rigs())]
    rig: String,
}

impl Perform for Args {
    type Report = Taken;

    fn perform(self, call: &mut Call) -> Outcome<Taken> {
        let open = call.open()?;
        take(&open, &self.rig, &mut call.ui)
    }
}

impl Render for Taken {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().path(&self.repository).plain(format!(" has all that landed: {} is at ", self.branch));
        ui.line(line.id(self.tip.short()));
    }
}
