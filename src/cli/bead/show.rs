//! `gt bead show`, short `gt show`.

use crate::bead::{Attempt, Bead, Merge, Note, State, word};
use crate::cli::{Call, Label, Perform, Render, Text, Ui, complete};
use crate::clock::{Timestamp, rfc3339, short, since};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::bead::brief::{Neighbour, state_of};
use crate::ops::bead::show::{Shown, show};

/// Show everything of beads
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The beads: ids, unique beginnings of ids, or the workers that have them
    #[arg(required = true, value_name = "BEAD", add = complete::beads())]
    beads: Vec<String>,
}

impl Perform for Args {
    type Report = Many<Shown>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Shown>> {
        let open = call.open()?;
        let snapshot = open.snapshot()?;
        Ok(Many::of(&self.beads, |text| show(&open, &snapshot, text)))
    }
}

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        let bead = &self.bead;
        ui.line(super::bead(&bead.id, &bead.title).plain("  ").state(state_of(bead)));
        facts(ui, self);
        prose(ui, "Description", &bead.description);
        prose(ui, "Acceptance", &bead.acceptance);
        neighbours(ui, "Needs", &self.needs);
        neighbours(ui, "Needed by", &self.needed_by);
        neighbours(ui, "Children", &self.children);
        prose(ui, "Result", bead.result.as_deref().unwrap_or_default());
        bead.merge.iter().for_each(|merge| landing(ui, merge));
        attempts(ui, &bead.attempts);
        notes(ui, &bead.notes, self.now);
        if !bead.extra.is_empty() {
            prose(ui, "Other keys", &toml::to_string(&bead.extra).unwrap_or_default());
        }
        ui.blank();
    }
}

/// The short facts, one on a line.
fn facts(ui: &mut Ui, shown: &Shown) {
    let bead = &shown.bead;
    let mut fact = |name: &str, value: Text| ui.line(Text::from(format!("  {name:<13}")).join(value));
    fact("stands", Text::new().plain(shown.account.to_string()));
    fact("is", kind_of(bead));
    fact("created", moment(bead.created, shown.now));
    if let State::Closed(closing) = &bead.state {
        fact("closed", moment(closing.at, shown.now));
    }
    if let Some(claim) = bead.claim() {
        fact("held by", Text::new().name(&claim.assignee).faint(format_args!("  in the clone {}", claim.home)));
    }
    for (what, neighbour) in &shown.beside {
        fact(what, one(neighbour));
    }
    let words = |words: &mut dyn Iterator<Item = &str>| Text::from(words.collect::<Vec<_>>().join(", "));
    if !bead.labels.is_empty() {
        fact("labels", words(&mut bead.labels.iter().map(String::as_str)));
    }
    if !bead.touches.is_empty() {
        fact("touches", words(&mut bead.touches.iter().map(String::as_str)));
    }
    let extra = (!bead.extra_args.is_empty()).then(|| bead.extra_args.join(" "));
    let options = [
        ("agent", &bead.agent),
        ("profile", &bead.profile),
        ("model", &bead.model),
        ("effort", &bead.effort),
        ("arguments", &extra),
        ("starts from", &bead.from),
        ("budget", &bead.budget),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            fact(name, value.into());
        }
    }
    if let Some(worker) = &bead.prefer {
        fact("prefers", Text::new().name(worker));
    }
    if let Some(until) = bead.defer_until {
        fact("not before", Text::new().time(rfc3339(until)));
    }
}

fn kind_of(bead: &Bead) -> Text {
    Text::from(format!("a {} for a {}, priority {}", word(bead.kind), bead.role, bead.priority))
}

fn moment(then: Timestamp, now: Timestamp) -> Text {
    Text::new().time(rfc3339(then)).faint(format_args!("  {} ago", short(since(now, then))))
}

fn one(neighbour: &Neighbour) -> Text {
    let title = neighbour.title.as_deref().unwrap_or("there is no such bead");
    super::bead(&neighbour.id, title).plain("  ").state(&neighbour.state)
}

fn heading(ui: &mut Ui, heading: &str) {
    ui.blank();
    ui.line(Text::new().heading(heading));
}

fn prose(ui: &mut Ui, name: &str, prose: &str) {
    if !prose.trim().is_empty() {
        heading(ui, name);
        ui.prose(2, Label::Plain, prose.trim_end());
    }
}

fn neighbours(ui: &mut Ui, name: &str, neighbours: &[Neighbour]) {
    if !neighbours.is_empty() {
        heading(ui, name);
        for neighbour in neighbours {
            ui.line(Text::from("  ").join(one(neighbour)));
        }
    }
}

fn landing(ui: &mut Ui, merge: &Merge) {
    heading(ui, "Merge");
    let mut fact = |name: &str, value: Text| ui.line(Text::from(format!("  {name:<13}")).join(value));
    fact("submitted", Text::new().time(rfc3339(merge.submitted)));
    fact("branch", Text::new().plain(&merge.branch).plain(" into ").plain(&merge.target));
    fact("head", Text::new().id(&merge.head));
    fact("base", Text::new().id(&merge.base));
    if let Some(intent) = &merge.intent {
        fact("landing", Text::new().id(&intent.landed).plain(" (begun, not yet known to be over)"));
    }
    if let Some(landed) = &merge.landed {
        fact("landed", Text::new().id(landed));
    }
    for gate in &merge.gates {
        fact("gate", Text::new().path(gate));
    }
}

fn attempts(ui: &mut Ui, attempts: &[Attempt]) {
    if attempts.is_empty() {
        return;
    }
    heading(ui, "Attempts");
    for attempt in attempts {
        let mut line = Text::from(format!("  {} ", attempt.number)).state(word(attempt.outcome));
        if let Some(worker) = &attempt.worker {
            line = line.plain("  ").name(worker.short());
        }
        if let Some(head) = &attempt.head {
            line = line.plain("  ").id(head.get(..10).unwrap_or(head));
        }
        ui.line(line);
        ui.prose(4, Label::Plain, &attempt.reason);
        if let Some(log) = &attempt.log {
            ui.line(Text::from("    ").path(log));
        }
    }
}

fn notes(ui: &mut Ui, notes: &[Note], now: Timestamp) {
    if notes.is_empty() {
        return;
    }
    heading(ui, "Notes");
    for note in notes {
        ui.line(Text::from("  ").name(&note.by).plain("  ").join(moment(note.at, now)));
        ui.prose(4, Label::Plain, &note.text);
    }
}
