//! `gt refinery`.

use clap::Subcommand;

use super::render::show;
use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::refinery::{Ran, run};

/// Work through the merge queue: merge, gate, land
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(RunArgs),
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Command::Run(args) => show(args, call),
        }
    }
}

/// Merge, gate and land what is in the queue, and stop when nothing is left to do
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The rig; all of them when not given
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// Stop when one bead has left the queue
    #[arg(long)]
    once: bool,
}

impl Perform for RunArgs {
    type Report = Many<Ran>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Ran>> {
        let open = call.open()?;
        let rigs = match &self.rig {
            Some(rig) => vec![open.rig(rig)?.name],
            None => open.town.rig_names()?,
        };
        Ok(Many::of(&rigs, |rig| run(&open, &rig.parse()?, self.once, &mut call.ui)))
    }
}

impl Render for Ran {
    fn render(&self, ui: &mut Ui) {
        if self.busy {
            ui.line(Text::new().name(&self.rig).plain(": another process works through the queue"));
            return;
        }
        let counts =
            format!(": {} landed, {} bounced, {} gates run", self.landed.len(), self.bounced.len(), self.gates_run);
        ui.line(Text::new().name(&self.rig).plain(counts));
        for id in &self.landed {
            ui.line(Text::new().plain("  ").id(id).plain(" ").good("landed"));
        }
        for (id, reason) in &self.bounced {
            ui.line(
                Text::new().plain("  ").id(id).plain(" ").bad("bounced").plain(format!(": {}", first_line(reason))),
            );
        }
        for (id, reason) in &self.set_aside {
            ui.line(
                Text::new().plain("  ").id(id).plain(" ").warn("set aside").plain(format!(": {}", first_line(reason))),
            );
        }
        if let Some(reason) = &self.waiting {
            ui.warning(format!("{} waits: {reason}", self.rig));
        }
        if let Some(reason) = &self.undelivered {
            ui.warning(format!("landed work of {} is not delivered yet: {reason}", self.rig));
            ui.hint(format!("gt rig take {}", self.rig));
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
