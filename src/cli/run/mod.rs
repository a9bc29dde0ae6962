//! `gt run`.

mod board;

use super::interrupt::{Stands, ends_commands, interrupts};
use super::mayor::plan::agreed;
use super::{Call, Perform, Render, Text, Ui, complete};
use crate::clock::short;
use crate::convoy::ConvoyId;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::OpenTown;
use crate::ops::mayor::plan::{Feeding, Request};
use crate::ops::run::{Left, Ran, begin, drive, resume};

use board::Progress;

/// Reach a goal: plan it, give the beads to workers, merge what comes back
///
/// Shows who works on what until every bead is closed or nothing goes on by itself. Ctrl-C starts nothing further and
/// waits for what runs; a second one, or SIGTERM, leaves at once. What runs goes on without gt, and `--resume` takes it up again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is to be reached
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    goal: Option<String>,
    /// The rig to work in; when not given, the beads may be spread over all rigs
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs(), conflicts_with = "resume")]
    rig: Option<String>,
    /// The most workers at once
    #[arg(long, short = 'w', value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    workers: Option<u32>,
    /// Begin without asking whether the plan is right
    #[arg(short, long)]
    yes: bool,
    /// Go on with this convoy, or with the latest that has not ended
    #[arg(long, value_name = "CONVOY", num_args = 0..=1, default_missing_value = "", add = complete::convoys())]
    resume: Option<String>,
}

impl Perform for Args {
    type Report = Ran;

    fn perform(self, call: &mut Call) -> Outcome<Ran> {
        let open = call.open()?;
        let planning = ends_commands(&open, Stands::unplanned())?;
        begin(&open, self.rig.as_deref(), self.workers, &mut call.ui)?;
        let convoy = match &self.resume {
            Some(named) => resume(&open, Some(named.as_str()).filter(|named| !named.is_empty()), self.workers)?.id,
            None => self.plan(&open, call)?,
        };
        let interrupts = interrupts()?;
        drop(planning);
        let mut progress = Progress::new(call.ui.board(), convoy.clone());
        let ran = drive(&open, &convoy, &interrupts, &mut |told| progress.show(&told));
        progress.clear();
        ran
    }
}

impl Args {
    /// Plans the goal; from then on the convoy is fed.
    fn plan(&self, open: &OpenTown, call: &mut Call) -> Outcome<ConvoyId> {
        let request = Request { goal: self.goal.clone().unwrap_or_default(), rig: self.rig.clone() };
        let feeding = Feeding { feed: true, workers: self.workers };
        let planned = agreed(open, call, &request, self.yes, feeding)?;
        if !call.ui.is_json() {
            planned.render(&mut call.ui);
        }
        call.ui.flush();
        let convoy = planned.convoy().cloned();
        convoy.ok_or_else(|| Failure::new(Kind::Internal, "the plan was not written"))
    }
}

impl Render for Ran {
    fn render(&self, ui: &mut Ui) {
        let total = self.landed.len() + self.closed.len() + self.left.len();
        let time = short(std::time::Duration::from_millis(self.milliseconds));
        let head = Text::new().id(&self.convoy).plain(" ").title(&self.title).plain(": ");
        let count = format!("{} of {total} landed", self.landed.len());
        let head = if self.left.is_empty() { head.good(count) } else { head.warn(count) };
        ui.line(head.plain(" in ").time(time));
        for landed in &self.landed {
            let commit: String = landed.commit.chars().take(10).collect();
            let line = row(Text::new().good("landed"), 6, &landed.bead, &landed.title).plain("  ").id(commit);
            ui.line(if landed.attempts > 1 {
                line.faint(format_args!("  at attempt {}", landed.attempts))
            } else {
                line
            });
        }
        for Left { bead, title, why } in &self.closed {
            ui.line(row(Text::new().faint("closed"), 6, bead, title).plain(format!("  {why}")));
        }
        for Left { bead, title, why } in &self.left {
            ui.line(row(Text::new().bad("left"), 4, bead, title).plain(format!(": {why}")).one_line());
        }
        for (rig, why) in &self.undelivered {
            ui.warning(format!("landed work of {rig}: {why}"));
        }
        if self.left.is_empty() {
            return;
        }
        if self.stopped {
            ui.hint("nothing further is started; what runs goes on, and is merged when it is done");
        } else {
            ui.hint("`gt why BEAD` tells more, `gt show BEAD` has the logs of its attempts");
        }
        ui.hint(format!("`gt run --resume {}` goes on", self.convoy));
    }
}

fn row(word: Text, width: usize, bead: &crate::id::BeadId, title: &str) -> Text {
    Text::from("  ").join(word).plain(" ".repeat(8 - width)).id(bead).plain("  ").title(title)
}
