//! What a person sees of a run: a line for each worker and one for the queue, and above them what happens.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::{Board, Label, Line, Text};
use crate::clock::short;
use crate::convoy::ConvoyId;
use crate::id::WorkerRef;
use crate::ops::run::{Picture, Told, Worker};
use crate::store::Event;

/// Room for the word of an event.
const WORD: usize = 10;

/// The lines of a run.
pub(super) struct Progress {
    board: Board,
    convoy: ConvoyId,
    workers: BTreeMap<WorkerRef, Line>,
    queue: Option<Line>,
}

impl Progress {
    pub fn new(board: Board, convoy: ConvoyId) -> Self {
        Self { board, convoy, workers: BTreeMap::new(), queue: None }
    }

    /// Shows what a run tells.
    pub fn show(&mut self, told: &Told<'_>) {
        match told {
            Told::Event(event, title) => {
                if let Some(line) = happened(event, *title) {
                    self.board.say(line);
                }
            }
            Told::Picture(picture) => self.picture(picture),
            Told::Trouble(trouble) => {
                self.board.say(word(Label::Warn, "trouble").plain(*trouble).one_line());
            }
            Told::Stopping(picture) => self.stopping(picture),
        }
    }

    /// Takes the lines away.
    pub fn clear(self) {
        self.workers.into_values().chain(self.queue).for_each(Line::clear);
    }

    /// The lines that change all the time; only where they can do so in place.
    fn picture(&mut self, picture: &Picture) {
        if !self.board.moves() {
            return;
        }
        let gone: Vec<WorkerRef> = self
            .workers
            .keys()
            .filter(|who| !picture.workers.iter().any(|worker| worker.worker == **who))
            .cloned()
            .collect();
        for who in gone {
            self.workers.remove(&who).into_iter().for_each(Line::clear);
        }
        for worker in &picture.workers {
            if !self.workers.contains_key(&worker.worker) {
                // The queue stays the last line.
                self.queue.take().into_iter().for_each(Line::clear);
            }
            let board = &self.board;
            let line = self.workers.entry(worker.worker.clone());
            line.or_insert_with(|| board.line(format!("{:<16}", worker.worker.short()))).set(at_work(worker));
        }
        let board = &self.board;
        self.queue.get_or_insert_with(|| board.line(format!("{:<16}", "queue"))).set(queue(picture));
    }

    fn stopping(&self, picture: &Picture) {
        let count = picture.workers.len() + picture.queue.waiting.len();
        self.board.say(Text::new().warn("stopping:").plain(" no further bead is started"));
        for worker in &picture.workers {
            let line = Text::from("  ").name(worker.worker.short()).plain(" still works on ").id(&worker.bead);
            self.board.say(line.plain(" ").title(&worker.title));
        }
        for (bead, title) in &picture.queue.waiting {
            self.board.say(Text::from("  ").id(bead).plain(" ").title(title).plain(" is still in the queue"));
        }
        let convoy = &self.convoy;
        self.board.say(if count == 0 {
            format!("nothing runs any more; `gt run --resume {convoy}` goes on")
        } else {
            format!("waiting for these; Ctrl-C again leaves them to themselves, and `gt run --resume {convoy}` goes on")
        });
    }
}

fn at_work(worker: &Worker) -> Text {
    let attempt = if worker.attempt > 1 { format!(" (attempt {})", worker.attempt) } else { String::new() };
    Text::new()
        .id(&worker.bead)
        .plain(" ")
        .title(&worker.title)
        .faint(attempt)
        .plain("  ")
        .state(worker.health)
        .plain("  ")
        .time(short(Duration::from_secs(worker.seconds)))
}

fn queue(picture: &Picture) -> Text {
    let progress = &picture.progress;
    let text = match (picture.queue.waiting.len(), &picture.queue.gate) {
        (0, _) => Text::new().faint("empty"),
        (count, Some((gate, seconds))) => Text::from(format!("{count} waiting, "))
            .command(gate)
            .plain("  ")
            .time(short(Duration::from_secs(*seconds))),
        (count, None) => Text::from(format!("{count} waiting")),
    };
    text.faint(format_args!("  {} of {} done", progress.closed(), progress.total))
}

/// A line for what happened, where a person wants to know it.
fn happened(event: &Event, title: Option<&str>) -> Option<Text> {
    let (label, verb) = match event.what.kind.as_str() {
        "bead.hooked" => (Label::Name, "slung"),
        "bead.submitted" => (Label::Id, "submitted"),
        "done.refused" => (Label::Warn, "refused"),
        "bead.bounced" => (Label::Bad, "bounced"),
        "bead.landed" => (Label::Good, "landed"),
        "bead.closed" => (Label::Good, "closed"),
        "bead.released" => (Label::Warn, "released"),
        "worker.restarted" => (Label::Warn, "restarted"),
        "escalated" => (Label::Bad, "escalated"),
        "target.delivered" => (Label::Good, "delivered"),
        "target.waiting" => (Label::Warn, "undelivered"),
        _ => return None,
    };
    let line = word(label, verb);
    let line = match &event.what.bead {
        Some(bead) => line.id(bead).plain("  "),
        None => line,
    };
    let text = event.what.text.lines().next().unwrap_or_default();
    let line = match title {
        // The text of a hooking is the title and the worker.
        Some(title) if event.what.kind == "bead.hooked" => {
            let worker = text.strip_prefix(title).map_or(text, |rest| rest.trim_start_matches(" to "));
            line.title(title).plain(" -> ").name(worker)
        }
        Some(title) => line.title(title).plain(": ").plain(text),
        None => line.plain(text),
    };
    Some(line.one_line())
}

fn word(label: Label, verb: &str) -> Text {
    Text::new().with(label, verb).plain(" ".repeat(WORD.saturating_sub(verb.len()).max(1)))
}
