//! `gt status`.

mod rig;
mod town;
mod watch;

use super::render::show;
use super::{Call, Perform, Render, Table, Text, Ui, complete, watching};
use crate::clock::{Timestamp, short, since};
use crate::error::Outcome;
use crate::ops::status::{Known, Picture, status};
use crate::ops::{OpenTown, Report};

/// Show the whole town: rigs, workers and how they are, merge queues, beads, problems
///
/// Everything is asked anew and nothing is repaired. What does not answer within a second or two is shown as unknown,
/// with the reason. With `--watch` and `--json` each picture is one envelope on a line.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this rig
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// Say from what each worker's health and each place in a queue follows
    #[arg(long, short = 'e')]
    explain: bool,
    /// Go on, and show it anew whenever something changes, until Ctrl-C
    #[arg(long, short = 'w')]
    watch: bool,
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if self.watch { watching::watch(&self, &call.open_to_mend()?, call) } else { show(self, call) }
    }

    fn look(&self, open: &OpenTown) -> Outcome<Shown> {
        Ok(Shown { picture: status(open, self.rig.as_deref())?, explain: self.explain })
    }
}

/// A picture, and how much of it is told.
#[derive(Debug, serde::Serialize)]
#[serde(transparent)]
pub(super) struct Shown {
    picture: Picture,
    #[serde(skip)]
    explain: bool,
}

impl Report for Shown {
    const SCHEMA: &'static str = Picture::SCHEMA;
}

impl Perform for Args {
    type Report = Shown;

    fn perform(self, call: &mut Call) -> Outcome<Shown> {
        self.look(&call.open_to_mend()?)
    }
}

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        let picture = &self.picture;
        let tree = Tree { room: ui.room(), now: picture.now, explain: self.explain };
        tree.print(ui, town::heading(&picture.town), town::branches(&tree, picture));
        for rig in &picture.rigs {
            ui.blank();
            tree.print(ui, rig::heading(rig), rig::branches(&tree, rig));
        }
        town::advise(ui, picture);
    }
}

/// Something with a heading, and branches below it, each of some lines under one label.
struct Tree {
    room: Option<usize>,
    now: Timestamp,
    explain: bool,
}

/// The lines under one label.
struct Branch {
    label: &'static str,
    lines: Vec<Text>,
}

/// The width of the labels with what stands before and behind them.
const MARGIN: usize = 13;

impl Tree {
    fn print(&self, ui: &mut Ui, heading: Text, branches: Vec<Branch>) {
        ui.line(self.fitting(heading, 0));
        let branches: Vec<Branch> = branches.into_iter().filter(|branch| !branch.lines.is_empty()).collect();
        let count = branches.len();
        for (index, branch) in branches.into_iter().enumerate() {
            let last = index + 1 == count;
            for (place, line) in branch.lines.into_iter().enumerate() {
                let (stem, label) = match (place, last) {
                    (0, false) => (" ├ ", branch.label),
                    (0, true) => (" └ ", branch.label),
                    (_, false) => (" │ ", ""),
                    (_, true) => ("   ", ""),
                };
                let margin = Text::new().faint(stem).heading(label);
                let space = " ".repeat(MARGIN.saturating_sub(margin.width()));
                ui.line(margin.plain(space).join(self.fitting(line, MARGIN)));
            }
        }
    }

    fn fitting(&self, line: Text, margin: usize) -> Text {
        let line = line.one_line();
        match self.room {
            Some(room) => line.cut(room.saturating_sub(margin)),
            None => line,
        }
    }

    fn lines(&self, table: Table) -> Vec<Text> {
        table.lines(self.room.map(|room| room.saturating_sub(MARGIN)))
    }

    fn ago(&self, then: Timestamp) -> Text {
        Text::new().time(short(since(self.now, then)))
    }
}

/// What is not known, with the reason.
fn unknown(why: &str) -> Text {
    Text::new().state("unknown").faint(format_args!(": {why}"))
}

/// The text of an answer, or that there is none.
fn told<T>(known: &Known<T>, text: impl FnOnce(&T) -> Text) -> Text {
    match known {
        Known::Known(answer) => text(answer),
        Known::Unknown { unknown: why } => unknown(why),
    }
}

/// `1 commit`, `2 commits`.
fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
