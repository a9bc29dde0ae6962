//! `gt bead dep`.

use crate::cli::dispatch::subcommands;
use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::bead::dep::{Needs, add, remove};

subcommands! {
    /// Say what a bead has to wait for
    Args {
        Add(Add),
        Remove(Remove),
    }
}

/// Let a bead wait until others are done
#[derive(Debug, clap::Args)]
struct Add {
    /// The bead that is to wait
    #[arg(add = complete::beads_that_are(complete::Takes::NotClosed))]
    bead: String,
    /// What it needs
    #[arg(required = true, value_name = "NEED", add = complete::beads_that_are(complete::Takes::NotClosed))]
    needs: Vec<String>,
}

/// Let a bead not wait for others any more
#[derive(Debug, clap::Args)]
struct Remove {
    /// The bead that waits
    #[arg(add = complete::beads_that_are(complete::Takes::NotClosed))]
    bead: String,
    /// What it needs no more
    #[arg(required = true, value_name = "NEED", add = complete::beads())]
    needs: Vec<String>,
}

impl Perform for Add {
    type Report = Needs;

    fn perform(self, call: &mut Call) -> Outcome<Needs> {
        add(&call.open()?, &self.bead, &self.needs)
    }
}

impl Perform for Remove {
    type Report = Needs;

    fn perform(self, call: &mut Call) -> Outcome<Needs> {
        remove(&call.open()?, &self.bead, &self.needs)
    }
}

impl Render for Needs {
    fn render(&self, ui: &mut Ui) {
        let verb = if self.added { "needs" } else { "does not need" };
        for need in &self.changed {
            let line = Text::new().id(&self.bead).plain(format!(" {verb} ")).id(&need.id);
            ui.line(match &need.title {
                Some(title) => line.plain(" ").title(title).plain("  ").state(&need.state),
                None => line,
            });
        }
        for need in &self.unchanged {
            ui.line(Text::new().id(&self.bead).plain(" needed ").id(need).plain(" already"));
        }
    }
}
