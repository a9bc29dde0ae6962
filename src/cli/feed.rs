//! `gt feed`.

use std::time::Duration;

use super::bead::{Limit, say_what_was_cut};
use super::render::show;
use super::watching::{Watched, watch};
use super::{Call, Perform, Render, Table, Text, Ui};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::ops::feed::{feed, since};
use crate::ops::{OpenTown, Page};
use crate::store::Event;

/// Show what happens on this machine: the stream of events
///
/// With `--follow` it goes on until Ctrl-C; then `--json` prints one envelope for each event, one on a line.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Go on with what happens from now on
    #[arg(long, short = 'f')]
    follow: bool,
    /// How many.
    #[command(flatten)]
    limit: Limit,
}

impl Args {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        if !self.follow {
            return show(Once(self.limit), call);
        }
        watch(Following { limit: self.limit, last: None }, &call.open()?, call)
    }
}

/// The events so far.
struct Once(Limit);

impl Perform for Once {
    type Report = Page<Event>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Event>> {
        feed(&call.open()?, self.0.usual())
    }
}

impl Render for Page<Event> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("nothing happened yet");
        }
        let mut table = Table::new(["WHEN", "WHO", "WHAT", ""]);
        for event in &self.rows {
            let who = Text::new().name(&event.what.actor);
            table.row([
                Text::new().time(rfc3339(event.what.at)),
                who,
                Text::new().plain(&event.what.kind),
                text(event),
            ]);
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}

fn text(event: &Event) -> Text {
    match &event.what.bead {
        Some(bead) => Text::new().id(bead).plain(" ").plain(&event.what.text),
        None => Text::new().plain(&event.what.text),
    }
}

impl Render for Event {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().time(rfc3339(self.what.at)).plain("  ").name(&self.what.actor);
        ui.line(line.plain("  ").plain(&self.what.kind).plain("  ").join(text(self)).one_line());
    }
}

/// The events from now on, and first the last ones before.
struct Following {
    limit: Limit,
    /// The last one that was shown.
    last: Option<i64>,
}

impl Watched for Following {
    type Sign = Option<i64>;
    const LOOKS: Duration = Duration::from_secs(60);

    fn ages(&self, _: &Call) -> bool {
        false
    }

    fn sign(&self, open: &OpenTown) -> Outcome<Option<i64>> {
        Ok(feed(open, Some(1))?.rows.last().map(|event| event.id))
    }

    fn show(&mut self, open: &OpenTown, call: &mut Call) -> Outcome<()> {
        let mut last = match self.last {
            Some(last) => last,
            None => {
                let events = feed(open, self.limit.usual())?.rows;
                events.iter().for_each(|event| call.print(event));
                events.last().map_or(0, |event| event.id)
            }
        };
        loop {
            let events = since(open, last)?;
            let Some(newest) = events.last() else { break };
            last = newest.id;
            events.iter().for_each(|event| call.print(event));
        }
        self.last = Some(last);
        Ok(())
    }
}
