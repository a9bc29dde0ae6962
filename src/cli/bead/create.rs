//! `gt bead create`, short `gt new`.

use clap::builder::PossibleValuesParser;

use crate::bead::Kind;
use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::clock::Timestamp;
use crate::error::Outcome;
use crate::id::RoleName;
use crate::ops::bead::create::{Created, NewBead, create};

/// Make a bead: one piece of work that can land alone
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One line
    #[arg(required = true, value_name = "TITLE")]
    title: Vec<String>,
    /// The rig that it belongs to; `hq` for the town's own
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// What is to be done and why
    #[arg(long, short = 'd', value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// How one sees that it is done
    #[arg(long, short = 'a', value_name = "TEXT", default_value = "", hide_default_value = true)]
    acceptance: String,
    /// What sort of work it is
    #[arg(long, short = 'k', value_enum, default_value_t = Kind::Task)]
    kind: Kind,
    /// From 0, now, to 4, some day
    #[arg(long, short = 'p', default_value = "2", value_parser = PossibleValuesParser::new(["0", "1", "2", "3", "4"]))]
    priority: String,
    /// Which sort of worker it is for
    #[arg(long, value_name = "ROLE", default_value = "developer")]
    role: RoleName,
    /// A word to filter by; may be given several times
    #[arg(long, short = 'l', value_name = "WORD")]
    label: Vec<String>,
    /// The epic that it belongs to
    #[arg(long, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::NotClosed))]
    parent: Option<String>,
    /// A bead that must be done before; may be given several times
    #[arg(long, short = 'n', value_name = "BEAD", add = complete::beads_that_are(complete::Takes::NotClosed))]
    needs: Vec<String>,
    /// The bead during whose work it was found
    #[arg(long, value_name = "BEAD", add = complete::beads())]
    discovered_from: Option<String>,
    /// A glob of paths that it will change; may be given several times
    #[arg(long, value_name = "GLOB")]
    touches: Vec<String>,
    /// Not ready before this moment, as 2026-01-31T09:00:00Z
    #[arg(long, value_name = "TIME")]
    defer_until: Option<Timestamp>,
}

impl Perform for Args {
    type Report = Created;

    fn perform(self, call: &mut Call) -> Outcome<Created> {
        let open = call.open()?;
        let wanted = NewBead {
            title: self.title.join(" "),
            rig: self.rig,
            description: self.description,
            acceptance: self.acceptance,
            kind: self.kind,
            priority: self.priority.parse().expect("one of the possible values"),
            role: self.role,
            labels: self.label.into_iter().collect(),
            parent: self.parent,
            needs: self.needs,
            discovered_from: self.discovered_from,
            touches: self.touches,
            defer_until: self.defer_until,
        };
        create(&open, &wanted)
    }
}

impl Render for Created {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().id(&self.id).plain(" ").title(&self.title));
        for alike in &self.similar {
            ui.warning(format!("{} looks like the same work: {}", alike.id, alike.title));
        }
    }
}
