//! `gt demo`: the entire path with a scripted model, in a folder of its own.
//!
//! The demo types what a person would type: it runs `gt` itself, with an environment that has nothing of the person's
//! but what programs need to be found and shown. So nothing of theirs is touched, and nothing of theirs leaks in.

mod clear;
mod place;
mod proof;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Report;
use crate::error::{Failure, Kind, Outcome};
use crate::runtime::{Foreground, RuntimeError, RuntimeKind, Shown, tmux_version};

use place::Place;

pub use proof::Proof;

/// The goal, as a person would say it.
const GOAL: &str = "Make the to-do list usable: add, list, count and tick off";
/// The name of the rig and of its project.
const RIG: &str = "todo";
/// How often one looks whether a command has ended.
const STEP: Duration = Duration::from_millis(50);

/// What the person wants.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Leave the folder there.
    pub keep: bool,
    /// Where sessions run; tmux where it is installed when nothing is said.
    pub runtime: Option<RuntimeKind>,
}

/// One command of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is for, one sentence; nothing for what needs no words.
    pub why: &'static str,
    /// Program and arguments, as one would type them.
    pub words: Vec<String>,
    folder: PathBuf,
}

/// What was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demonstrated {
    /// The folder of town and project.
    pub folder: PathBuf,
    /// Whether the folder is still there.
    pub kept: bool,
    /// The town.
    pub town: PathBuf,
    /// The project.
    pub project: PathBuf,
    /// Where the sessions ran.
    pub runtime: RuntimeKind,
    /// What the ledger and the project say.
    #[serde(flatten)]
    pub proof: Proof,
    /// How long it took.
    pub milliseconds: u64,
}

impl Report for Demonstrated {
    const SCHEMA: &'static str = "gt.demo/1";
}

/// A demo that is going on. Whatever becomes of it: when this goes, nothing of it runs any more.
#[derive(Debug)]
pub struct Demo {
    place: Place,
    gt: PathBuf,
    runtime: RuntimeKind,
    keep: bool,
    began: Instant,
    cleared: bool,
}

impl Demo {
    /// Makes the folder with a small project in it.
    ///
    /// # Errors
    /// When the folder cannot be made, git is missing, or tmux is wanted and missing.
    pub fn prepare(request: Request) -> Outcome<Self> {
        let began = Instant::now();
        let runtime = match (request.runtime, tmux_version()) {
            (Some(RuntimeKind::Tmux), Err(error)) => return Err(error.into()),
            (Some(runtime), _) => runtime,
            (None, Ok(_)) => RuntimeKind::Tmux,
            (None, Err(RuntimeError::TmuxMissing { .. })) => RuntimeKind::Process,
            (None, Err(error)) => return Err(error.into()),
        };
        let gt = std::env::current_exe()
            .map_err(|error| Failure::caused(Kind::External, "cannot tell which program gt is", error))?;
        Ok(Self { place: Place::make()?, gt, runtime, keep: request.keep, began, cleared: false })
    }

    /// Where it takes place.
    pub fn folder(&self) -> &std::path::Path {
        &self.place.folder
    }

    /// Where its sessions run.
    pub fn runtime(&self) -> RuntimeKind {
        self.runtime
    }

    /// The commands that make the town and reach the goal.
    pub fn steps(&self) -> Vec<Step> {
        let project = self.place.project().display().to_string();
        let mut steps = vec![
            self.step(
                "A town is a folder of its own; your project stays where it is.",
                "",
                &["gt", "init", "town", "--agent", "builtin"],
            ),
            self.step("", "town", &["gt", "rig", "add", RIG, &project, "--gate", "./test.sh"]),
        ];
        if self.runtime == RuntimeKind::Process {
            steps.push(self.step("", "town", &["gt", "config", "set", "runtime", "process"]));
        }
        let run = ["gt", "run", GOAL, "--rig", RIG, "--workers", "3", "--yes"];
        let why = "From here on it goes by itself: the mayor plans, workers work, and what is green lands.";
        steps.push(self.step(why, "town", &run));
        steps
    }

    /// The commands that show what came of it.
    pub fn closing(&self) -> Vec<Step> {
        let landed = ["git", "log", "--graph", "--format=%h %<(8,trunc)%an %s"];
        let story = ["git", "log", "--reverse", "--format=%h %<(21,trunc)%an %s"];
        vec![
            self.step("What landed in the project, each with its gates green:", "project", &landed),
            self.step("Who did what, as the town's ledger has it, also in plain git:", "town", &story),
            self.step("And the project's own tests, in your checkout:", "project", &["./test.sh"]),
        ]
    }

    fn step(&self, why: &'static str, folder: &str, words: &[&str]) -> Step {
        let folder = self.place.folder.join(folder);
        Step { why, words: words.iter().map(|&word| word.to_owned()).collect(), folder }
    }

    /// Types one command and waits for its end. Its output goes where ours goes, or, for the quiet, into a log.
    ///
    /// # Errors
    /// When it cannot be started or fails, or the person interrupts.
    pub fn run(&self, step: &Step, quiet: bool, interrupts: &Receiver<()>) -> Outcome<()> {
        let mut words = step.words.clone();
        match words.first_mut() {
            Some(first) if first == "gt" => *first = self.gt.display().to_string(),
            Some(first) if first.starts_with("./") => *first = step.folder.join(&*first).display().to_string(),
            _ => {}
        }
        let log = self.place.folder.join("demo.log");
        let shown = if quiet { Shown::Log(&log) } else { Shown::Here };
        let mut program = Foreground::start(&words, &step.folder, &self.place.environment, shown)?;
        loop {
            if let Some(status) = program.ended()? {
                return if status.success() { Ok(()) } else { Err(self.failed(step, &status.to_string(), quiet)) };
            }
            match interrupts.recv_timeout(STEP) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new(Kind::Refused, "the demo was stopped, as you wished"));
                }
            }
        }
    }

    fn failed(&self, step: &Step, status: &str, quiet: bool) -> Failure {
        let mut message = format!("`{}` ended with {status}", step.words.join(" "));
        if quiet {
            let said = std::fs::read(self.place.folder.join("demo.log")).unwrap_or_default();
            let said = String::from_utf8_lossy(&said).into_owned();
            message = format!("{message}:\n{}", crate::agent::prompt::tail(&said, 2_000, ""));
        }
        let failure = Failure::new(Kind::External, message);
        if self.keep {
            failure.hint(format!("all of it is in {}", self.place.folder.display()))
        } else {
            failure.hint("`gt demo --keep` leaves everything there to look at")
        }
    }

    /// Makes sure that all of it is true, ends what runs, and removes the folder unless it is to stay.
    ///
    /// # Errors
    /// When something went otherwise than the script says, or cannot be ended or removed.
    pub fn finish(mut self) -> Outcome<Demonstrated> {
        let proof = proof::proof(&self.place)?;
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.clear()?;
        Ok(Demonstrated {
            folder: self.place.folder.clone(),
            kept: self.keep,
            town: self.place.town(),
            project: self.place.project(),
            runtime: self.runtime,
            proof,
            milliseconds,
        })
    }

    fn clear(&mut self) -> Outcome<()> {
        self.cleared = true;
        clear::end_everything(&self.place)?;
        if self.keep { Ok(()) } else { clear::remove(&self.place) }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if !self.cleared
            && let Err(failure) = self.clear()
        {
            tracing::warn!("not everything of the demo is gone: {failure}");
        }
    }
}
