//! Showing a session that a person attends: the mayor's, or a crew member's.

use super::{Call, Render, Text, Ui, attach};
use crate::error::Outcome;
use crate::id::Actor;
use crate::ops::attended::Attended;
use crate::ops::{OpenTown, session};
use crate::runtime::{follow_log, shell_line};

/// Takes the person there; without a terminal only says where it is. The exit code.
pub(super) fn join(call: &mut Call, open: &OpenTown, attended: &Attended) -> Outcome<u8> {
    call.ui.end_step();
    for note in &attended.notes {
        call.ui.warning(note);
    }
    if !call.ui.is_attended() {
        call.print(attended);
        return Ok(0);
    }
    call.ui.flush();
    match &attended.command {
        Some(words) => Err(attach::show(words)),
        None => {
            let folder = session::folder(open, &attended.session);
            follow_log(&folder, &attended.log, &mut std::io::stdout())?;
            Ok(0)
        }
    }
}

impl Render for Attended {
    fn render(&self, ui: &mut Ui) {
        let (who, verb) = match &self.who {
            Actor::Worker(worker) => (worker.short(), format!("gt crew attach {}", worker.name)),
            _ => ("The mayor".to_owned(), "gt mayor attach".to_owned()),
        };
        let state = match (self.started, self.resumed) {
            (true, true) => "goes on where it was",
            (true, false) => "was started",
            (false, _) => "runs",
        };
        ui.line(Text::from(who).plain(format!(" {state} with ")).name(&self.agent));
        match &self.command {
            Some(words) => ui.hint(format!("in a terminal, `{verb}` or `{}` shows it", shell_line(words))),
            None => ui.hint(format!("it has no terminal here; its output goes to {}", self.log.display())),
        }
    }
}
