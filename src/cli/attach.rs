//! `gt attach` and `gt peek`.

use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::attach::{Attached, Peeked, Way, attach, peek};
use crate::runtime;

/// Watch or talk to a worker in its own terminal
///
/// In tmux: leave with the prefix and `d`; the session goes on. Where sessions have no terminal, its log is followed.
#[derive(Debug, clap::Args)]
pub(super) struct AttachArgs {
    /// The worker, or the bead that it is on
    #[arg(value_name = "WORKER|BEAD", add = complete::everybody())]
    worker: String,
}

impl AttachArgs {
    /// Carries the command out; the exit code. With `--json` only says how it would be done.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let attached = attach(&call.open()?, &self.worker)?;
        if call.ui.is_json() {
            call.print(&attached);
            return Ok(0);
        }
        call.ui.flush();
        match &attached.way {
            Way::Command { command } => Err(become_it(call, command)),
            Way::Log { log } => {
                call.ui.hint(format!("this session has no terminal; following {}", log.display()));
                runtime::follow_log(&attached.folder, log, &mut std::io::stdout())?;
                Ok(0)
            }
        }
    }
}

/// Replaces this process; what comes back is why not.
fn become_it(call: &Call, words: &[String]) -> Failure {
    if !call.ui.is_terminal() {
        return Failure::new(Kind::Usage, "a session in tmux can only be shown in a terminal")
            .hint("`gt peek WORKER` prints the last of it");
    }
    show(words)
}

/// Becomes the program that shows a session; what comes back is why not.
pub(super) fn show(words: &[String]) -> Failure {
    let term = std::env::var("TERM").unwrap_or_default();
    if matches!(term.as_str(), "" | "dumb" | "unknown") {
        let message = format!("tmux cannot draw in this terminal: TERM is {term:?}");
        return Failure::new(Kind::Usage, message)
            .hint("say what it is, as with `export TERM=xterm-256color`")
            .hint("`gt peek WORKER` prints the last of it");
    }
    runtime::replace_process(words).into()
}

impl Render for Attached {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().name(self.worker.short()));
    }
}

/// Print the last of what a worker's session shows
#[derive(Debug, clap::Args)]
pub(super) struct PeekArgs {
    /// The worker, or the bead that it is on
    #[arg(value_name = "WORKER|BEAD", add = complete::everybody())]
    worker: String,
    /// How many lines
    #[arg(long, short = 'n', value_name = "N", default_value_t = 40)]
    lines: usize,
}

impl Perform for PeekArgs {
    type Report = Peeked;

    fn perform(self, call: &mut Call) -> Outcome<Peeked> {
        peek(&call.open()?, &self.worker, self.lines)
    }
}

impl Render for Peeked {
    fn render(&self, ui: &mut Ui) {
        ui.raw(self.text.as_bytes());
        if let Some(end) = &self.end {
            ui.hint(format!("{} has no running session: {end}", self.worker.short()));
        }
    }
}
