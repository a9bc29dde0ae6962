//! `gt why`.

use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::why::{Hands, Why, why};

/// Say in whose hands beads are, with the evidence
///
/// Each bead is ready, waiting for something named, hooked, in the merge queue, escalated or closed. Nothing is
/// repaired; what cannot be found out is shown as unknown.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The beads or workers
    #[arg(required = true, value_name = "BEAD", add = complete::beads())]
    subjects: Vec<String>,
}

impl Perform for Args {
    type Report = Many<Why>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Why>> {
        let open = call.open()?;
        Ok(Many::of(&self.subjects, |subject| why(&open, subject)))
    }
}

impl Render for Why {
    fn render(&self, ui: &mut Ui) {
        let head = match (&self.bead, &self.title, &self.worker) {
            (Some(id), Some(title), _) => Text::new().id(id).plain(" ").title(title),
            (_, _, Some(worker)) => Text::new().name(worker),
            _ => Text::new(),
        };
        let sentence = Text::new().plain(&self.sentence);
        ui.line(head.plain("  ").join(match self.hands {
            Hands::HookedWithoutSession | Hands::Escalated | Hands::Failed => Text::new().warn(&self.sentence),
            _ => sentence,
        }));
        for fact in &self.evidence {
            let says = if fact.known { Text::new().plain(&fact.says) } else { Text::new().warn(&fact.says) };
            ui.line(Text::from(format!("  {:<13}", fact.about)).join(says).one_line());
        }
        self.next.iter().for_each(|step| ui.hint(step));
    }
}
