//! `gt agent show`.

use crate::cli::{Call, Label, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::agents::show::{Shown, show};

/// Show what is known about an agent: how it is started, what it needs, how it is understood
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The agent
    #[arg(value_name = "NAME", add = complete::agents())]
    name: String,
}

impl Perform for Args {
    type Report = Shown;

    fn perform(self, call: &mut Call) -> Outcome<Shown> {
        show(&super::catalogue(call)?.0, &self.name)
    }
}

/// The width of what a line is about.
const MARGIN: usize = 32;

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().name(&self.preset.name).plain("  ").title(&self.preset.title));
        for place in &self.places {
            let about = if Some(place) == self.places.first() { "program" } else { "hidden by it" };
            ui.entry(Text::from(format!("  {about:<30}")), MARGIN, Label::Plain, &place.display().to_string());
        }
        if let Some(missing) = &self.missing {
            ui.entry(Text::from(format!("  {:<30}", "missing")), MARGIN, Label::Warn, missing);
        }
        for one in &self.traits {
            ui.entry(Text::from(format!("  {:<30}", one.about)), MARGIN, Label::Plain, &one.says);
        }
    }
}
