//! `gt nudge` and `gt broadcast`.

use super::render::show;
use super::{Call, Label, Perform, Render, Table, Text, Ui, complete, input};
use crate::clock::rfc3339;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::Page;
use crate::ops::message::{Request, Said, broadcast, list, nudge};
use crate::store::{Delivery, Mode};
use crate::town::Seconds;

/// Say something to the agent that runs for a worker, a bead or the mayor
///
/// It is queued, typed, accepted and turn_done, or said to have failed: accepted means that the agent was seen to have
/// it. Nothing is typed while the agent asks something, somebody scrolls, or a person's line stands half typed. Without
/// a text, the last messages and what became of them are shown.
///
///   gt nudge toast "Use the new endpoint" --wait
#[derive(Debug, clap::Args)]
pub(super) struct NudgeArgs {
    /// The worker, the bead that it is on, or `mayor`
    #[arg(value_name = "WHO", add = complete::everybody())]
    who: String,
    /// What to say; `-` reads it from stdin
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// When: as soon as the agent takes it, at the end of its turn, or at once
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Wait until the agent has it, or for so long
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "60s")]
    wait: Option<Seconds>,
    /// Without a text: all messages, not only the last ones
    #[arg(long, conflicts_with = "text")]
    all: bool,
}

/// Say something to every agent that runs, at the end of its turn
#[derive(Debug, clap::Args)]
pub(super) struct BroadcastArgs {
    /// What to say; `-` reads it from stdin
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,
    /// Only to those of this rig
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
}

/// How many messages are shown.
const SHOWN: usize = 20;

fn text(words: &[String]) -> Outcome<String> {
    let text = words.join(" ");
    if text == "-" { input::text("the message") } else { Ok(text) }
}

impl NudgeArgs {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if self.text.is_empty() { show(Last(self.who, self.all), call) } else { show(self, call) }
    }
}

struct Last(String, bool);

impl Perform for Last {
    type Report = Page<Said>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Said>> {
        list(&call.open()?, &self.0, if self.1 { usize::MAX } else { SHOWN })
    }
}

impl Perform for NudgeArgs {
    type Report = Said;

    fn perform(self, call: &mut Call) -> Outcome<Said> {
        let text = text(&self.text)?;
        let wait = self.wait.map(Seconds::duration);
        nudge(&call.open()?, &Request { who: self.who, text, mode: self.mode, wait })
    }
}

impl Perform for BroadcastArgs {
    type Report = Page<Said>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Said>> {
        broadcast(&call.open()?, &text(&self.text)?, self.rig.as_deref())
    }
}

impl Render for Said {
    fn render(&self, ui: &mut Ui) {
        let message = &self.message;
        let line = Text::new().id(message.id).plain(" to ").name(&message.what.to).plain(": ").join(state(self));
        ui.line(line.one_line());
        if message.state == Delivery::Failed {
            ui.error(&Failure::new(Kind::External, "the agent was not seen to take it"));
        }
    }
}

impl Render for Page<Said> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nobody was told anything");
        }
        let mut table = Table::new(["MESSAGE", "WHEN", "FROM", "TO", "STATE", "TEXT"]).flexible(5);
        for said in &self.rows {
            let message = &said.message;
            table.row([
                Text::new().id(message.id),
                Text::new().time(rfc3339(message.what.created)),
                Text::new().name(&message.what.from),
                Text::new().name(&message.what.to),
                state(said),
                Text::new().plain(message.what.text.lines().next().unwrap_or_default()),
            ]);
        }
        ui.table(table);
    }
}

fn state(said: &Said) -> Text {
    let message = &said.message;
    let word = match message.state {
        Delivery::Failed => Text::of(Label::Bad, message.state),
        other => Text::new().state(other),
    };
    match &message.reason {
        Some(reason) => word.faint(format!(" ({reason})")),
        None => word,
    }
}
