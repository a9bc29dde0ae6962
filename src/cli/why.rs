//! `gt why`.

use super::render::show;
use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::why::programs::{Programs, programs};
use crate::ops::why::{Hands, Why, why};

/// Say in whose hands beads are, with the evidence; without one, which programs are run
///
/// Each bead is ready, waiting for something named, hooked, in the merge queue, escalated or closed. Nothing is
/// repaired; what cannot be found out is shown as unknown. Without a bead: what the agents of this town, git and the
/// programs of forges resolve to, in which order of PATH.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The beads or workers
    #[arg(value_name = "BEAD", add = complete::beads())]
    subjects: Vec<String>,
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if self.subjects.is_empty() { show(ForPrograms, call) } else { show(self, call) }
    }
}

/// The question without a bead.
struct ForPrograms;

impl Perform for ForPrograms {
    type Report = Programs;

    fn perform(self, call: &mut Call) -> Outcome<Programs> {
        match call.town_if_any()? {
            Some(_) => programs(Some(&call.open()?)),
            None => programs(None),
        }
    }
}

impl Render for Programs {
    fn render(&self, ui: &mut Ui) {
        for program in &self.programs {
            let version = program.version.as_deref().map(|version| format!("  {version}")).unwrap_or_default();
            ui.line(Text::new().name(&program.about).faint(version));
            if let Some(trouble) = &program.trouble {
                ui.line(Text::from("  ").warn(trouble));
            } else if program.places.is_empty() {
                ui.line(Text::from("  ").warn(format!("{:?} is not in PATH", program.name)));
            }
            for (number, place) in program.places.iter().enumerate() {
                let text = Text::from("  ").path(place.display());
                ui.line(if number == 0 { text } else { text.faint("  hidden by the first") });
            }
        }
        ui.line(Text::new().name("PATH"));
        self.path.iter().for_each(|folder| ui.line(Text::from("  ").path(folder.display())));
    }
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
