//! `gt mayor attach`.

use crate::cli::{Call, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::mayor::attach::{Attended, attend};
use crate::ops::session;
use crate::runtime::{follow_log, replace_process};

/// Talk with the mayor in its terminal
///
/// The mayor's session is started when it does not run, and goes on when you detach with C-b d.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let open = call.open()?;
        let attended = attend(&open, &mut call.ui)?;
        call.ui.end_step();
        for note in &attended.notes {
            call.ui.warning(note);
        }
        if !call.ui.is_attended() {
            call.print(&attended);
            return Ok(0);
        }
        call.ui.flush();
        match &attended.command {
            Some(words) => Err(replace_process(words).into()),
            None => {
                let folder = session::folder(&open, &attended.session);
                follow_log(&folder, &attended.log, &mut std::io::stdout())?;
                Ok(0)
            }
        }
    }
}

impl Render for Attended {
    fn render(&self, ui: &mut Ui) {
        let state = if self.started { "was started" } else { "runs" };
        ui.line(Text::from("The mayor ").plain(state).plain(" with ").name(&self.agent));
        match &self.command {
            Some(words) => {
                ui.hint(format!(
                    "in a terminal, `gt mayor attach` or `{}` shows it",
                    crate::runtime::shell_line(words)
                ));
            }
            None => ui.hint(format!("it has no terminal here; its output goes to {}", self.log.display())),
        }
    }
}
