//! `gt doctor`.

use super::{Call, Label, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::doctor::{Examined, Finding, Verdict, doctor, machine};

/// Check the machine, the town and its rigs, and say what to do about what is wrong
///
/// Outside of a town only the machine is checked. The exit code is 10 while a problem remains; warnings leave it at 0.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Mend what needs no decision of yours, look after the town once, and check again; nothing is deleted
    #[arg(long)]
    fix: bool,
}

impl Perform for Args {
    type Report = Examined;

    fn perform(self, call: &mut Call) -> Outcome<Examined> {
        if !self.fix && call.town_if_any()?.is_none() {
            return Ok(machine());
        }
        doctor(&call.open_to_mend()?, self.fix, &mut call.ui)
    }
}

/// The width of the verdicts with what stands around them.
const MARGIN: usize = 11;

impl Render for Examined {
    fn render(&self, ui: &mut Ui) {
        let mut area = "";
        for finding in &self.findings {
            if finding.area != area {
                area = &finding.area;
                ui.line(Text::new().heading(area));
            }
            line(ui, finding);
        }
        for (heading, lines) in [("mended", &self.mended), ("not mended", &self.troubles)] {
            if !lines.is_empty() {
                ui.line(Text::new().heading(heading));
            }
            lines.iter().for_each(|line| ui.prose(2, Label::Plain, line));
        }
        ui.blank();
        summary(ui, self);
    }
}

fn line(ui: &mut Ui, finding: &Finding) {
    let label = match finding.verdict {
        Verdict::Ok => Label::Good,
        Verdict::Warning => Label::Warn,
        Verdict::Problem => Label::Bad,
    };
    let verdict = Text::from("  ").with(label, format_args!("{:<width$}", finding.verdict.word(), width = MARGIN - 2));
    ui.entry(verdict, MARGIN, Label::Plain, &finding.what);
    for step in &finding.next {
        ui.entry(Text::from(" ".repeat(MARGIN)).faint("-> "), MARGIN + 3, Label::Hint, step);
    }
}

fn summary(ui: &mut Ui, examined: &Examined) {
    let number = |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    let (problems, warnings) = (examined.count(Verdict::Problem), examined.count(Verdict::Warning));
    if problems + warnings == 0 {
        return ui.line(Text::new().good("all is well"));
    }
    let counts = [(problems, "problem"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    ui.line(counts.map(|(count, word)| number(count, word)).collect::<Vec<_>>().join(", "));
    let mendable = examined.findings.iter().filter(|finding| finding.mendable).count();
    match (mendable, examined.mended.is_empty() && examined.troubles.is_empty()) {
        (0, _) => {}
        (mendable, true) => ui.hint(format!("`gt doctor --fix` can do something about {mendable} of them")),
        (_, false) => ui.hint("what is left needs you, or time: `gt doctor` tells whether it is still there"),
    }
}
