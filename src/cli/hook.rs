//! `gt hook`.

use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::hook::{Held, Hook, Next, Taken, next, show as look};
use crate::ops::launch::Start;

/// Show what is on a worker's hook; with `--next`, take the next ready bead
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The worker, or the bead that it is on; the worker that stands here when not given
    #[arg(value_name = "WORKER", conflicts_with = "next", add = complete::workers())]
    worker: Option<String>,
    /// As a polecat: take the first ready bead of the rig
    #[arg(long)]
    next: bool,
    /// Take one for this role instead of one's own
    #[arg(long, value_name = "ROLE", requires = "next")]
    role: Option<String>,
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if self.next { super::render::show(NextArgs(self.role), call) } else { super::render::show(self, call) }
    }
}

impl Perform for Args {
    type Report = Hook;

    fn perform(self, call: &mut Call) -> Outcome<Hook> {
        look(&call.open()?, self.worker.as_deref())
    }
}

struct NextArgs(Option<String>);

impl Perform for NextArgs {
    type Report = Taken;

    fn perform(self, call: &mut Call) -> Outcome<Taken> {
        next(&call.open()?, self.0.as_deref())
    }
}

impl Render for Hook {
    fn render(&self, ui: &mut Ui) {
        let worker = Text::new().name(self.worker.short());
        match &self.hooked {
            Some(held) => ui.line(worker.plain(": ").join(line(held))),
            None => ui.line(worker.plain(": nothing is hooked")),
        }
        for held in &self.submitted {
            ui.line(Text::from("  ").join(line(held)).faint("  in the merge queue"));
        }
    }
}

fn line(held: &Held) -> Text {
    let text = Text::new().id(&held.bead).plain(" ").title(&held.title);
    if held.attempt > 1 { text.faint(format_args!("  attempt {}", held.attempt)) } else { text }
}

impl Render for Taken {
    fn render(&self, ui: &mut Ui) {
        let Self { hooked, session } = self;
        let who = hooked.worker.short();
        ui.line(Text::new().id(&hooked.bead).plain(" ").title(&hooked.title).plain(" -> ").name(&who));
        match session {
            Next::Fresh => {
                ui.hint("a fresh session begins with it and reads `gt prime`; end this one: there is nothing left to do in it");
            }
            Next::Start { start: Start::Started(started) } => {
                started.notes.iter().for_each(|note| ui.warning(note));
                ui.hint(format!("`gt attach {who}` shows its session"));
            }
            Next::Start { .. } => {}
            Next::Failed { warning } => {
                ui.warning(format!("{who} was not started: {warning}"));
                ui.hint("it is tried again at the next tick");
            }
        }
    }
}
