//! Ticks in a thread of their own, so that a long set-up does not stop the picture.

use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use crate::error::{Failure, Kind, Outcome};
use crate::ops::tick::{self, Ticked};
use crate::ops::{OpenTown, pass};

/// Between a tick and the next one, when something happened.
const SHORT: Duration = Duration::from_millis(300);
/// The same when it hangs on the next ticks whether anything goes on: what they set going needs a moment to show.
const PAUSE: Duration = Duration::from_secs(1);
/// Without a reason, ticks are this far apart: what only time changes is noticed then.
const LONGEST: Duration = Duration::from_secs(10);

/// A thread that ticks when it is told to.
pub(super) struct Ticker {
    orders: Sender<()>,
    answers: Receiver<Outcome<Ticked>>,
    ticking: bool,
    last: Option<Instant>,
    /// Whether there is a reason to tick.
    wanted: bool,
    asked: Option<String>,
    quiet: u32,
    /// Whether it hangs on the next ticks whether anything goes on.
    pub hurry: bool,
}

impl Ticker {
    /// Begins with a tick to come. The thread ends with this value, or after the tick that it is at.
    pub fn start(mut town: OpenTown) -> Outcome<Self> {
        town.merges = true;
        let (orders, ordered) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let body = move || {
            for () in ordered {
                if answer.send(tick::pass(&town)).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new()
            .name("tick".to_owned())
            .spawn(body)
            .map_err(|error| Failure::caused(Kind::External, "no thread can be started", error))?;
        Ok(Self { orders, answers, ticking: false, last: None, wanted: true, asked: None, quiet: 0, hurry: false })
    }

    /// There is a reason to tick.
    pub fn something_happened(&mut self) {
        self.wanted = true;
        self.quiet = 0;
    }

    /// How many ticks in a row changed nothing.
    pub fn quiet(&self) -> u32 {
        self.quiet
    }

    /// Orders the next tick when it is time. Answers what came of the last one.
    pub fn keep_going(&mut self, open: &OpenTown) -> Outcome<Option<Ticked>> {
        let ended = match self.answers.try_recv() {
            Ok(ticked) => Some(self.ended(ticked?)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                return Err(Failure::new(Kind::Internal, "the tick ended in a panic"));
            }
        };
        let asked = pass::requested(open);
        if asked != self.asked {
            (self.asked, self.wanted) = (asked, true);
        }
        if !self.ticking && self.is_time() {
            (self.ticking, self.wanted) = (true, false);
            // A thread that is gone shows at the next look.
            let _ = self.orders.send(());
        }
        Ok(ended)
    }

    fn ended(&mut self, ticked: Ticked) -> Ticked {
        (self.ticking, self.last) = (false, Some(Instant::now()));
        let idle = ticked.started.is_empty() && ticked.ended.is_empty() && ticked.closed.is_empty();
        if idle && ticked.remedies.is_empty() && !ticked.busy {
            self.quiet = self.quiet.saturating_add(1);
        } else {
            self.quiet = 0;
        }
        ticked
    }

    fn is_time(&self) -> bool {
        let pause = match (self.wanted, self.hurry) {
            (true, _) => SHORT,
            (false, true) => PAUSE,
            (false, false) => LONGEST,
        };
        self.last.is_none_or(|last| last.elapsed() >= pause)
    }
}
