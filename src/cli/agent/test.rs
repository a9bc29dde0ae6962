//! `gt agent test`.

use crate::agent::Tuning;
use crate::cli::{Call, Label, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::agents::trial::{Request, Step, Tested, Verdict, test};
use crate::town::Seconds;

/// Try whether an agent does what is known about it, step by step, in a scratch worktree
///
/// Looks at the program, its version, credentials and first-start screens; asks it for one word without a terminal;
/// then starts it in a terminal, lets it write one file without asking, and ends it; in the sandbox where that is
/// switched on. The exit code is that of an
/// external failure when a step fails. Its model is asked twice, which may cost.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The agent
    #[arg(value_name = "NAME", add = complete::agents())]
    name: String,
    /// Only look, start nothing
    #[arg(long)]
    dry_run: bool,
    /// In the sandbox, also where it is not switched on for the town
    #[arg(long)]
    sandbox: bool,
    /// The model of the agent
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// An argument that the agent gets as it is; may be given several times
    #[arg(long = "extra-arg", value_name = "ARGUMENT", allow_hyphen_values = true)]
    extra_args: Vec<String>,
    /// How long one step may take
    #[arg(long, value_name = "TIME", default_value = "90s")]
    limit: Seconds,
}

impl Perform for Args {
    type Report = Tested;

    fn perform(self, call: &mut Call) -> Outcome<Tested> {
        let tuning = Tuning { model: self.model, extra_args: self.extra_args, ..Tuning::default() };
        let request =
            Request { name: self.name, tuning, limit: self.limit.duration(), dry: self.dry_run, sandbox: self.sandbox };
        test(&call.open()?, &request, &mut call.ui)
    }
}

/// The width of verdict and step with what stands around them.
const MARGIN: usize = 26;

impl Render for Tested {
    fn render(&self, ui: &mut Ui) {
        self.steps.iter().for_each(|step| line(ui, step));
        if let Some(screen) = &self.screen {
            ui.line(Text::new().heading("its screen"));
            screen.lines().for_each(|line| ui.line(Text::from("  ").faint(line)));
        }
    }
}

fn line(ui: &mut Ui, step: &Step) {
    let (label, word) = match step.verdict {
        Verdict::Works => (Label::Good, "works"),
        Verdict::Fails => (Label::Bad, "fails"),
        Verdict::Skipped => (Label::Faint, "-"),
    };
    let head = Text::new().with(label, format_args!("{word:<7}")).plain(format!("{:<18} ", step.what));
    let took = if step.took_ms >= 100 { format!("  ({:.1} s)", step.took_ms as f64 / 1_000.0) } else { String::new() };
    ui.entry(head, MARGIN, Label::Plain, &format!("{}{took}", step.says));
    for hint in &step.hints {
        ui.entry(Text::from(" ".repeat(MARGIN)).faint("-> "), MARGIN + 3, Label::Hint, hint);
    }
}
