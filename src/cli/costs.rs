//! `gt costs`.

use chrono::NaiveDate;

use super::{Call, Perform, Render, Table, Text, Ui};
use crate::error::Outcome;
use crate::ops::costs::{By, Costs, Used, costs};

/// Show what sessions have used: tokens, and money where that is known
///
/// Counted from what the agents themselves write down. Money is what an agent reckons, else tokens by `prices.MODEL` of
/// the settings; a model without a price is named, and its cost is unknown. With `--json`, `complete` says whether
/// `dollars` is all of it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What it is put together by
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Only what was used on this day (in UTC) or later
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    since: Option<NaiveDate>,
}

fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "write the day as 2026-11-20".to_owned())
}

impl Perform for Args {
    type Report = Costs;

    fn perform(self, call: &mut Call) -> Outcome<Costs> {
        costs(&call.open()?, self.by, self.since)
    }
}

impl Render for Costs {
    fn render(&self, ui: &mut Ui) {
        if self.lines.is_empty() {
            ui.hint("no session has written down any tokens");
        } else {
            let headings = [heading(self.by), "READ", "CACHED", "WRITTEN", "REPLIES", "DOLLARS"];
            let mut table = (1..headings.len()).fold(Table::new(headings), Table::right);
            let total = (self.lines.len() > 1).then_some(&self.total);
            self.lines.iter().chain(total).for_each(|line| table.row(cells(line)));
            ui.table(table);
        }
        if !self.unpriced.is_empty() {
            let models: Vec<&str> = self.unpriced.iter().map(String::as_str).map(named).collect();
            ui.hint(format!("no price is known of {}: set `prices.MODEL.input` and its like", models.join(", ")));
        }
        if !self.free.is_empty() {
            ui.hint(format!("free, because it is played from a file: {}", self.free.join(", ")));
        }
        for (agent, sessions) in &self.untold {
            ui.hint(format!("not counted: {sessions} of {agent}, which wrote down no tokens"));
        }
        if self.partly > 0 {
            ui.hint(format!("counted in part: {} with a transcript too long to be read at once", self.partly));
        }
    }
}

fn heading(by: By) -> &'static str {
    match by {
        By::Session => "SESSION",
        By::Bead => "BEAD",
        By::Rig => "RIG",
        By::Day => "DAY",
        By::Agent => "AGENT",
        By::Model => "MODEL",
    }
}

fn named(model: &str) -> &str {
    if model.is_empty() { "a model without a name" } else { model }
}

fn cells(line: &Used) -> [Text; 6] {
    let tokens = line.count.tokens;
    let number = |number: u64| Text::from(number.to_string());
    let dollars = match (line.complete, line.dollars > 0.0) {
        (true, _) => Text::from(format!("{:.2}", line.dollars)),
        (false, true) => Text::new().warn(format!("{:.2} and more", line.dollars)),
        (false, false) => Text::new().warn("unknown"),
    };
    let read = number(tokens.input + tokens.cache_write);
    let replies = number(line.count.replies);
    [Text::new().name(named(&line.what)), read, number(tokens.cache_read), number(tokens.output), replies, dollars]
}
