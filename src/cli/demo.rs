//! `gt demo`.

use super::interrupt::requests_to_end;
use super::{Call, Perform, Render, Text, Ui};
use crate::clock::short;
use crate::error::Outcome;
use crate::ops::demo::{Demo, Demonstrated, Request, Step};
use crate::runtime::{RuntimeKind, shell_line};

/// See the entire path with nothing: no agent, no key, no network
///
/// Makes a town and a small project in a temporary folder and reaches a goal there with three workers and a scripted
/// model: two of the beads come back, one with a merge conflict and one with a red gate, and are mended. Takes less than
/// a minute, touches nothing of yours, and removes everything afterwards.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Leave the folder there, to look around
    #[arg(long)]
    keep: bool,
    /// Where workers run: in tmux, or as processes without a terminal; tmux when it is installed
    #[arg(long, value_enum, value_name = "RUNTIME")]
    runtime: Option<RuntimeKind>,
}

impl Perform for Args {
    type Report = Demonstrated;

    fn perform(self, call: &mut Call) -> Outcome<Demonstrated> {
        let interrupts = requests_to_end()?;
        let demo = Demo::prepare(Request { keep: self.keep, runtime: self.runtime })?;
        let ui = &mut call.ui;
        let quiet = ui.is_json() || ui.is_quiet();
        if !quiet {
            welcome(ui, &demo);
        }
        for step in demo.steps() {
            announce(ui, &step, quiet);
            demo.run(&step, quiet, &interrupts)?;
        }
        if !quiet {
            for step in demo.closing() {
                announce(ui, &step, quiet);
                demo.run(&step, quiet, &interrupts)?;
            }
            ui.blank();
        }
        demo.finish()
    }
}

fn welcome(ui: &mut Ui, demo: &Demo) {
    let folder = demo.folder().display();
    ui.line(
        Text::from("A small project in shell, a town beside it, and a model that plays a script: all in ").path(folder),
    );
    if demo.runtime() == RuntimeKind::Process {
        ui.line("Workers run as plain processes; with tmux, each would have a terminal to watch.");
    }
}

fn announce(ui: &mut Ui, step: &Step, quiet: bool) {
    if quiet {
        return;
    }
    ui.blank();
    if !step.why.is_empty() {
        ui.line(step.why);
    }
    ui.line(Text::new().faint("$ ").command(shell_line(&step.words)));
    ui.flush();
}

impl Render for Demonstrated {
    fn render(&self, ui: &mut Ui) {
        let proof = &self.proof;
        let time = short(std::time::Duration::from_millis(self.milliseconds));
        let count = format!("{} beads landed", proof.landed);
        let rest = format!(", by {} workers, three of them at once", proof.workers);
        ui.line(Text::new().good(count).plain(" in ").time(time).plain(rest));
        ui.line(came_back(&proof.conflict, "with a merge conflict"));
        ui.line(came_back(&proof.red, "from a red gate"));
        ui.blank();
        let head = if self.kept { "Look around:" } else { "`gt demo --keep` leaves all of it there, to look around:" };
        ui.line(head);
        let folder = if self.kept { self.town.display().to_string() } else { "FOLDER/town".to_owned() };
        let (convoy, red) = (&proof.convoy, &proof.red);
        let commands = [
            (format!("cd {}", shell_line([folder])), ""),
            (format!("gt convoy show {convoy}"), "what became of the goal"),
            (format!("gt show {red}"), "a bead, with its attempts and the evidence of its gates"),
            ("gt log".to_owned(), "who did what, by bead"),
            ("gt polecat list".to_owned(), "the workers, and what they are at"),
            ("git log --oneline -- beads/".to_owned(), "all of it is plain git"),
            ("git -C ../project log --graph --stat".to_owned(), "what your project got"),
        ];
        let width = commands.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        for (command, meaning) in commands {
            let space = " ".repeat(width + 2 - command.len());
            ui.line(Text::from("  ").command(command).plain(space).faint(meaning));
        }
        if self.kept {
            ui.hint(format!("nothing of it runs any more; the folder {} is yours to remove", self.folder.display()));
        }
    }
}

fn came_back(bead: &crate::id::BeadId, how: &str) -> Text {
    Text::from("  ").id(bead).plain(format!(" came back {how}, was mended and landed"))
}
