//! How a command and its report are put together.

use super::{Call, Ui};
use crate::error::Outcome;
use crate::ops::{Each, Envelope, Many, Report};

/// A report as text.
pub trait Render: Report {
    /// Prints it for a person. `--json` never comes here.
    fn render(&self, ui: &mut Ui);

    /// Whether there is nothing to print, not even as JSON.
    fn is_silent(&self) -> bool {
        false
    }
}

/// The arguments of a command, which know how to carry it out.
pub trait Perform {
    /// What is shown at the end.
    type Report: Render;

    /// Calls the verb.
    ///
    /// # Errors
    /// As the verb's.
    fn perform(self, call: &mut Call) -> Outcome<Self::Report>;
}

/// Carries out `command` and prints its report as text or JSON; the exit code is the report's.
pub(super) fn show<P: Perform>(command: P, call: &mut Call) -> Outcome<u8> {
    let mut report = command.perform(call)?;
    call.explain(report.failures());
    call.ui.end_step();
    call.print(&report);
    Ok(report.exit_code())
}

impl Call {
    /// Prints a report; for commands that print several, such as a stream of events.
    pub fn print<R: Render>(&mut self, report: &R) {
        match (report.is_silent(), self.ui.is_json()) {
            (true, _) => {}
            (false, true) => self.ui.json(&Envelope(report)),
            (false, false) => report.render(&mut self.ui),
        }
    }
}

impl Render for () {
    fn render(&self, _ui: &mut Ui) {}

    fn is_silent(&self) -> bool {
        true
    }
}

/// Each as it would be shown alone; what failed, on stderr.
impl<T: Render> Render for Many<T> {
    fn render(&self, ui: &mut Ui) {
        for Each { outcome, .. } in &self.items {
            match outcome {
                Ok(report) => report.render(ui),
                Err(failure) => ui.error(failure),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::cli::Text;
    use crate::error::{Failure, Kind};

    #[derive(Serialize)]
    struct Closed(String);

    impl Report for Closed {
        const SCHEMA: &'static str = "gt.test/1";
    }

    impl Render for Closed {
        fn render(&self, ui: &mut Ui) {
            ui.line(Text::new().plain("closed ").id(&self.0));
        }
    }

    #[test]
    fn several_ids_are_shown_one_by_one() {
        let many = Many::of(["a", "b"], |id| match id {
            "a" => Ok(Closed(id.to_owned())),
            _ => Err(Failure::new(Kind::NotFound, "no bead b")),
        });
        let mut ui = Ui::captured(80);
        many.render(&mut ui);
        assert_eq!(ui.taken(), ("closed a\n".to_owned(), "error: no bead b\n".to_owned()));
    }
}
