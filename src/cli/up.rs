//! `gt up`.

use super::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::id::Actor;
use crate::ops::up::{Up, up};

/// Bring the town up, as after a restart of the machine
///
/// Starts what sessions run in, brings back the session of every worker that has a bead, and looks after the town once.
/// A session goes on in the conversation that it had where its agent can do that, else a fresh one is told what is known.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also try again what was given up, and bring back the sessions of the mayor and of crew that were lost
    #[arg(long)]
    restore: bool,
}

impl Perform for Args {
    type Report = Up;

    fn perform(self, call: &mut Call) -> Outcome<Up> {
        up(&call.open()?, self.restore, &mut call.ui)
    }
}

impl Render for Up {
    fn render(&self, ui: &mut Ui) {
        for back in &self.back {
            let who = match &back.who {
                Actor::Worker(worker) => worker.short(),
                other => other.to_string(),
            };
            let line = Text::new().name(who).plain(" is back");
            let line = match &back.bead {
                Some(bead) => line.plain(" on ").id(bead),
                None => line,
            };
            ui.line(line.plain(if back.resumed { ", in the conversation it had" } else { ", in a fresh session" }));
        }
        if self.back.is_empty() {
            let ran = match self.ran {
                0 => "no session has a bead".to_owned(),
                1 => "1 session runs".to_owned(),
                several => format!("{several} sessions run"),
            };
            ui.line(format!("the town is up: {ran}, and nothing was to be brought back"));
        }
        self.troubles.iter().for_each(|trouble| ui.warning(trouble));
    }
}
