//! `gt refinery`.

mod watch;

use super::dispatch::subcommands;
use super::interrupt::{Stands, ends_commands};
use super::render::show;
use super::watching;
use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::id::RigName;
use crate::ops::queue::status::{State, status};
use crate::ops::refinery::{Ran, run};
use crate::ops::{Many, OpenTown, Page};
use watch::Queues;

subcommands! {
    /// Work through the merge queue: merge, gate, land
    Args {
        Run(RunArgs),
        Status(StatusArgs),
    }
}

/// Merge, gate and land what is in the queue, and stop when nothing is left to do
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The rig; all of them when not given
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// Stop when a bead or a batch has left the queue
    #[arg(long, conflicts_with = "watch")]
    once: bool,
    /// Go on with what comes into the queue, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// How the queue stands when a run is interrupted.
fn stands() -> Stands {
    Stands::new("what has not landed stays in the queue", "`gt refinery run` goes on")
}

impl RunArgs {
    fn rigs(&self, open: &OpenTown) -> Outcome<Vec<RigName>> {
        Ok(match &self.rig {
            Some(rig) => vec![open.rig(rig)?.name],
            None => open.town.rig_names()?,
        })
    }

    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if !self.watch {
            return show(self, call);
        }
        let open = call.open()?;
        let _interruptible = ends_commands(&open, stands())?;
        let rigs = self.rigs(&open)?;
        watching::watch(Queues { rigs, told: Vec::new() }, &open, call)
    }
}

impl Perform for RunArgs {
    type Report = Many<Ran>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Ran>> {
        let open = call.open()?;
        let _interruptible = ends_commands(&open, stands())?;
        let rigs = self.rigs(&open)?;
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
            ui.hint(format!("`gt rig take {}` takes it, once that is out of the way", self.rig));
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Show how the merge queues stand
#[derive(Debug, clap::Args)]
struct StatusArgs {
    /// Of this rig
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
}

impl Perform for StatusArgs {
    type Report = Page<State>;

    fn perform(self, call: &mut Call) -> Outcome<Page<State>> {
        status(&call.open()?, self.rig.as_deref())
    }
}

impl Render for Page<State> {
    fn render(&self, ui: &mut Ui) {
        for state in &self.rows {
            let line = Text::new().name(&state.rig).plain(": ");
            let line = match (state.parked, state.process) {
                (_, Some(process)) => line.good("working").faint(format_args!(" (process {process})")),
                (true, None) => line.state("parked"),
                (false, None) => line.plain("at rest"),
            };
            let tip = state.tip.as_ref().map_or("unknown", |tip| tip.short());
            let waiting = match &state.next {
                Some(next) => Text::from(format!(", {} waiting, next ", state.waiting)).id(next),
                None => Text::from(format!(", {} waiting", state.waiting)),
            };
            ui.line(line.join(waiting).plain(format!(", {} at ", state.branch)).faint(tip));
            for id in &state.set_aside {
                ui.line(Text::from("  ").id(id).plain(" ").warn("set aside"));
            }
            if let Some(reason) = &state.paused {
                ui.warning(format!("the queue of {} is paused: {reason}", state.rig));
                ui.hint(format!("`gt queue resume {}`", state.rig));
            }
            state.problems.iter().for_each(|problem| ui.warning(problem));
            if state.undelivered > 0 {
                let count = state.undelivered;
                ui.warning(format!("{count} landed commits of {} are not in your repository yet", state.rig));
                ui.hint(format!("`gt rig take {}`", state.rig));
            }
        }
    }
}
