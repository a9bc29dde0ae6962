//! What moves while a command works: one step after the other, or a board of lines.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Text;

/// What takes less is not worth showing.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// A step that is shown once it takes longer than half a second: a spinner on a terminal, a plain line elsewhere.
/// It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Step {
    bar: ProgressBar,
    end: Option<Sender<()>>,
    shower: Option<JoinHandle<()>>,
}

impl Step {
    pub fn begin(what: &str, terminal: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_message(what.to_owned());
        bar.set_style(spinner());
        let (end, ended) = mpsc::channel::<()>();
        let shown = bar.clone();
        let shower = std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            if terminal {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(TURN);
            } else {
                said(format_args!("{} ...", shown.message()));
            }
        });
        Self { bar, end: Some(end), shower: Some(shower) }
    }

    /// Prints beside the spinner.
    pub fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(shower) = self.shower.take() {
            let _ = shower.join();
        }
        self.bar.finish_and_clear();
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}").expect("a constant template")
}

/// Lines that change in place on a terminal; elsewhere each change is printed as one line.
#[derive(Debug, Clone)]
pub struct Board {
    bars: Option<MultiProgress>,
    colour: bool,
    silent: bool,
}

/// One line of a [`Board`].
#[derive(Debug)]
pub struct Line {
    name: String,
    bar: Option<ProgressBar>,
    colour: bool,
    silent: bool,
    last: String,
}

impl Board {
    pub(super) fn new(terminal: bool, colour: bool, silent: bool) -> Self {
        let bars = terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { bars, colour, silent }
    }

    /// Whether lines change in place, so that they may show what changes all the time.
    pub fn moves(&self) -> bool {
        self.bars.is_some()
    }

    /// Adds a line at the end, named so that it is told apart where lines do not stay in place.
    pub fn line(&self, name: impl Into<String>) -> Line {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner().with_style(spinner()));
            bar.enable_steady_tick(TURN);
            bar
        });
        Line { name: name.into(), bar, colour: self.colour, silent: self.silent, last: String::new() }
    }

    /// Prints a line that stays, above the moving ones.
    pub fn say(&self, text: impl Into<Text>) {
        if self.silent {
            return;
        }
        let line = text.into().paint(self.colour);
        match &self.bars {
            Some(bars) => bars.suspend(|| said(format_args!("{line}"))),
            None => said(format_args!("{line}")),
        }
    }
}

impl Line {
    /// Shows `text` on this line; the same text again changes nothing.
    pub fn set(&mut self, text: impl Into<Text>) {
        let text = text.into().one_line().paint(self.colour);
        if self.silent || text == self.last {
            return;
        }
        match &self.bar {
            Some(bar) => bar.set_message(format!("{} {text}", self.name)),
            None => said(format_args!("{}: {text}", self.name)),
        }
        self.last = text;
    }

    /// Takes the line away; on a terminal nothing of it stays.
    pub fn clear(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line on stderr; where nobody reads it, nothing is lost.
fn said(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
