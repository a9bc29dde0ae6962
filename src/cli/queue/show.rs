//! `gt queue show`.

use crate::cli::{Call, Label, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::queue::list::Standing;
use crate::ops::queue::show::{Attempted, Gated, Story, show};

/// Tell the whole story of a bead in the queue: commits, conflicts, gates, attempts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bead
    #[arg(add = complete::beads())]
    bead: String,
}

impl Perform for Args {
    type Report = Story;

    fn perform(self, call: &mut Call) -> Outcome<Story> {
        show(&call.open()?, &self.bead)
    }
}

impl Render for Story {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().id(&self.bead).plain(" ").title(&self.title).plain("  ").state(&self.status));
        let fact = |name: &str, value: Text| Text::from(format!("  {name:<10}")).join(value);
        if let Some(queued) = &self.queued {
            ui.line(fact("place", super::list::place(queued)));
            ui.line(fact("because", Text::from(&queued.why)));
            if let Standing::SetAside { reason } = &queued.standing {
                ui.line(fact("set aside", Text::new().warn(reason)));
            }
        }
        if let Some(merge) = &self.merge {
            ui.line(fact("branch", Text::from(format!("{} -> {}", merge.branch, merge.target))));
            ui.line(fact("from", Text::new().faint(short(&merge.base))));
            if let Some(landed) = &merge.landed {
                ui.line(fact("landed", Text::new().good(short(landed))));
            }
            let place = merge.batch.iter().position(|member| *member == self.bead);
            if let (Some(place), 2..) = (place, merge.batch.len()) {
                let members: Vec<&str> = merge.batch.iter().map(|member| member.as_str()).collect();
                let text = format!("{} of {}: {}", place + 1, members.len(), members.join(", "));
                ui.line(fact("batch", Text::new().faint(text)));
            }
        }
        for commit in &self.commits {
            let line = Text::new().faint(commit.commit.short()).plain(" ").title(&commit.subject);
            ui.line(fact("commit", line.faint(format_args!("  {}", commit.author))));
        }
        if self.commits.len() < self.total_commits {
            ui.line(fact(
                "",
                Text::new().faint(format_args!("{} of {} commits", self.commits.len(), self.total_commits)),
            ));
        }
        self.conflicts.iter().for_each(|path| ui.line(fact("conflict", Text::new().bad(path))));
        self.gates.iter().for_each(|gated| gate(ui, gated));
        self.attempts.iter().for_each(|attempted| attempt(ui, attempted));
    }
}

fn gate(ui: &mut Ui, gated: &Gated) {
    let label = if gated.evidence.passed() { Label::Good } else { Label::Bad };
    ui.line(Text::from("  gate      ").with(label, &gated.sentence).faint(format_args!("  {}", gated.evidence.at)));
    log(ui, gated.output.as_deref());
}

fn attempt(ui: &mut Ui, attempted: &Attempted) {
    let attempt = &attempted.attempt;
    let who = attempt.worker.as_ref().map(|worker| worker.short()).unwrap_or_default();
    let outcome = crate::bead::word(attempt.outcome);
    let line = Text::from(format!("  attempt   {}  ", attempt.number)).state(outcome).plain("  ").name(who);
    ui.line(line.faint(format_args!("  {}", attempt.head.as_deref().map(short).unwrap_or_default())));
    ui.prose(12, Label::Plain, &attempt.reason);
    log(ui, attempted.output.as_deref());
}

fn log(ui: &mut Ui, path: Option<&std::path::Path>) {
    if let Some(path) = path {
        ui.line(Text::from("            ").path(path.display()));
    }
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
