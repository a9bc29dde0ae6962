//! `gt feed`.

use super::bead::{Limit, say_what_was_cut};
use super::render::show;
use super::{Call, Perform, Render, Table, Text, Ui};
use crate::clock::rfc3339;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::feed::{feed, since};
use crate::ops::{OpenTown, Page};
use crate::store::{Event, Watch};

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
        if self.follow { follow(self.limit, call) } else { show(Once(self.limit), call) }
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
            let who = Text::new().name(&event.actor);
            table.row([Text::new().time(rfc3339(event.at)), who, Text::new().plain(&event.kind), text(event)]);
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}

fn text(event: &Event) -> Text {
    match &event.bead {
        Some(bead) => Text::new().id(bead).plain(" ").plain(&event.text),
        None => Text::new().plain(&event.text),
    }
}

impl Render for Event {
    fn render(&self, ui: &mut Ui) {
        let line = Text::new().time(rfc3339(self.at)).plain("  ").name(&self.actor);
        ui.line(line.plain("  ").plain(&self.kind).plain("  ").join(text(self)).one_line());
    }
}

fn follow(limit: Limit, call: &mut Call) -> Outcome<u8> {
    let open = call.open()?;
    // The file is made before its folder is watched.
    open.state()?;
    let cannot = |error| Failure::caused(Kind::External, "cannot wait for events", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(async {
        let mut watch = Watch::begin(&open.town.runtime_dir()).map_err(cannot)?;
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        let mut last = 0;
        for event in feed(&open, limit.usual())?.rows {
            last = event.id;
            call.print(&event);
        }
        loop {
            print_since(&open, call, &mut last)?;
            if call.ui.is_closed() {
                return Ok(0);
            }
            tokio::select! {
                _ = &mut stop => return Ok(0),
                () = watch.changed() => {}
            }
        }
    })
}

/// Prints what came after `last`.
fn print_since(open: &OpenTown, call: &mut Call, last: &mut i64) -> Outcome<()> {
    loop {
        let events = since(open, *last)?;
        let Some(newest) = events.last() else { break };
        *last = newest.id;
        events.iter().for_each(|event| call.print(event));
    }
    call.ui.flush();
    Ok(())
}
