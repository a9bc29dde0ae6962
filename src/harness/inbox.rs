//! What reaches a session while it works and waits: messages, Ctrl-C, and its own jobs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::tools::{Answer, Stop};
use crate::model::{ModelError, Reply};

/// Something that reached the session.
pub(super) enum Happening {
    /// A message, from the person or from gt.
    Said(String),
    /// No message will come any more.
    Closed,
    /// Ctrl-C.
    Interrupt,
    /// The job of this number goes on.
    Goes(u64, Progress),
    /// The job of this number is done.
    Done(u64, Done),
}

/// What a job tells while it goes on.
pub(super) enum Progress {
    /// More text of the model.
    Text(String),
    /// Something to know.
    Note(String),
}

/// What a job ends with.
pub(super) enum Done {
    /// The model was asked.
    Reply(Result<Reply, ModelError>),
    /// A tool was called.
    Answer(Answer),
}

/// Why a job was given up.
pub(super) enum Broken {
    /// Ctrl-C.
    Interrupted,
    /// The time for work is over.
    Time,
}

/// What was heard at the prompt.
pub(super) enum Heard {
    /// A message, now the last of [`Inbox::said`].
    Message,
    /// Ctrl-C.
    Interrupt,
}

/// The one place where everything arrives.
pub(super) struct Inbox {
    to: Sender<Happening>,
    from: Receiver<Happening>,
    jobs: u64,
    /// Messages that the model has not been told yet.
    pub said: VecDeque<String>,
    /// No message will come any more.
    pub closed: bool,
}

impl Default for Inbox {
    fn default() -> Self {
        let (to, from) = mpsc::channel();
        Self { to, from, jobs: 0, said: VecDeque::new(), closed: false }
    }
}

impl Inbox {
    /// Where to send what happens.
    pub fn sender(&self) -> Sender<Happening> {
        self.to.clone()
    }

    /// Waits for a message or Ctrl-C; nothing when no message will come any more.
    pub fn next(&mut self) -> Option<Heard> {
        while !self.closed {
            match self.from.recv() {
                Ok(Happening::Said(text)) => {
                    self.said.push_back(text);
                    return Some(Heard::Message);
                }
                Ok(Happening::Interrupt) => return Some(Heard::Interrupt),
                Ok(Happening::Closed) | Err(_) => self.closed = true,
                // Of a job that was given up.
                Ok(Happening::Goes(..) | Happening::Done(..)) => {}
            }
        }
        None
    }

    /// Runs a job in a thread of its own until it is done, interrupted, or no time is left. A job that is given up is
    /// asked to stop, and what it still says is not heard.
    pub fn run(
        &mut self,
        body: impl FnOnce(&Stop, &dyn Fn(Progress)) -> Done + Send + 'static,
        tell: &dyn Fn(&Progress),
        time_left: &dyn Fn() -> Option<Duration>,
    ) -> Result<Done, Broken> {
        self.jobs += 1;
        let (number, stop, to) = (self.jobs, Arc::new(Stop::default()), self.to.clone());
        let for_thread = Arc::clone(&stop);
        std::thread::spawn(move || {
            let goes = |progress| drop(to.send(Happening::Goes(number, progress)));
            let done = body(&for_thread, &goes);
            let _ = to.send(Happening::Done(number, done));
        });
        let result = self.follow(number, tell, time_left);
        if result.is_err() {
            stop.now();
        }
        result
    }

    fn follow(
        &mut self,
        job: u64,
        tell: &dyn Fn(&Progress),
        time_left: &dyn Fn() -> Option<Duration>,
    ) -> Result<Done, Broken> {
        loop {
            let happening = match time_left() {
                Some(left) => self.from.recv_timeout(left),
                None => self.from.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match happening {
                Ok(Happening::Goes(number, progress)) if number == job => tell(&progress),
                Ok(Happening::Done(number, done)) if number == job => return Ok(done),
                Ok(Happening::Goes(..) | Happening::Done(..)) => {}
                Ok(Happening::Said(text)) => self.said.push_back(text),
                Ok(Happening::Closed) => self.closed = true,
                Ok(Happening::Interrupt) => return Err(Broken::Interrupted),
                Err(RecvTimeoutError::Timeout) => return Err(Broken::Time),
                Err(RecvTimeoutError::Disconnected) => unreachable!("the inbox itself holds a sender"),
            }
        }
    }
}
