//! `gt sling`.

use super::interrupt::{Stands, ends_commands};
use super::{Call, Perform, Render, Text, Ui, complete};
use crate::agent::Tuning;
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::launch::Start;
use crate::ops::sling::{Request, Slung, sling};

/// Give beads to workers and start them
///
/// Without a rig or a worker each bead goes to a free worker of its own rig. A sentence instead of an id makes the
/// bead first: gt sling "Add login" web
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Beads, or a sentence; last, where wanted, a rig or a worker
    #[arg(required = true, value_name = "BEAD", add = complete::beads_and_places())]
    words: Vec<String>,
    /// The agent that works on it
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    agent: Option<String>,
    /// The model of the agent
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// How hard the model thinks, in the agent's own spelling
    #[arg(long, value_name = "LEVEL")]
    effort: Option<String>,
    /// A named set of settings of the agent's own
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// An argument that the agent gets as it is; may be given several times
    #[arg(long = "extra-arg", value_name = "ARGUMENT", allow_hyphen_values = true)]
    extra_args: Vec<String>,
    /// Start from this branch instead of the target
    #[arg(long, value_name = "BRANCH")]
    from: Option<String>,
}

impl Perform for Args {
    type Report = Many<Slung>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Slung>> {
        let open = call.open()?;
        let kept = "what was given to a worker stays with it, and the next tick starts it";
        let _interruptible = ends_commands(&open, Stands::new(kept, "`gt status` shows who has what"))?;
        let tuning =
            Tuning { profile: self.profile, model: self.model, effort: self.effort, extra_args: self.extra_args };
        sling(&open, &Request { words: self.words, agent: self.agent, tuning, from: self.from })
    }
}

impl Render for Slung {
    fn render(&self, ui: &mut Ui) {
        let who = self.hooked.worker.short();
        let line = Text::new().id(&self.hooked.bead).plain(" ").title(&self.hooked.title).plain(" -> ").name(&who);
        match &self.start {
            Some(Start::Started(started)) => {
                let goes_on = if started.resumes.is_some() { ", in the conversation it had" } else { "" };
                ui.line(line.plain(format!(" ({}{goes_on})", started.agent)));
                started.notes.iter().for_each(|note| ui.warning(note));
            }
            Some(_) => ui.line(line),
            None => ui.line(line.plain(" (not started yet)")),
        }
        if let Some(warning) = &self.warning {
            ui.warning(format!("{who} was not started: {warning}"));
            ui.hint("it is tried again at the next tick; `gt why` tells how it stands");
        }
        for alike in &self.similar {
            ui.warning(format!("{} looks like the same work: {}", alike.id, alike.title));
        }
    }
}
