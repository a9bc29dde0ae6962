//! The desk of a session: what waits to be said to its agent, and what the agent's hooks tell.
//!
//! One thread types, so that two texts never mix. It looks at the terminal only while something waits. Who waits for an
//! answer, a hook above all, is answered at once by the session's own loop, which shares what is known with the thread.

mod deliver;
mod front;
mod judge;
mod post;
mod proof;
mod turns;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::super::tmux::TmuxServer;
use super::super::{Conversation, HookEvent, HookKind, Launch, ReadConversation, Reply};

use deliver::{NOT_TAKEN, Typist};
use post::Post;
use proof::plain;

/// How many events are kept to prove things with.
const KEPT: usize = 200;

/// How soon after the end of a turn another one is the same.
const TWICE: Duration = Duration::from_millis(300);

/// The desk, as the session's loop has it.
#[derive(Debug)]
pub struct Desk {
    shared: Arc<Shared>,
    post: Option<Post>,
}

/// What the loop and the thread share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Inside {
    /// Texts that are typed as they come, without a receipt.
    plain: VecDeque<(String, oneshot::Sender<Reply>)>,
    /// Somebody says that messages wait.
    called: bool,
    /// The last events, with their numbers from 1.
    pub heard: VecDeque<(u64, HookEvent)>,
    /// How many events there were.
    pub count: u64,
    /// Whether the agent works, by its hooks.
    pub busy: Option<bool>,
    /// The thread has a text in its hands: nothing is handed over meanwhile, for the order's sake.
    pub at_work: bool,
    /// Its turn is being broken off for a message, which is then typed.
    pub stopping: bool,
    /// Messages that were handed over, until something shows that the agent has them.
    pub handed: Vec<Handed>,
}

impl Inside {
    /// What an event says of the messages that were handed over.
    fn settle_handed(&mut self, post: &Post, event: &HookEvent) {
        let had = std::mem::take(&mut self.handed);
        // The end of the turn that it is in, or the next way to it, is to be seen.
        self.called |= !had.is_empty();
        for handed in had {
            match handed.is_taken(event) {
                Some(true) => post.accepted(handed.id, "the agent went on with it when it would have stopped"),
                Some(false) => post.waits(handed.id, NOT_TAKEN),
                None => self.handed.push(handed),
            }
        }
    }
}

/// A message that was handed over.
#[derive(Debug, Clone)]
pub(super) struct Handed {
    pub id: i64,
    /// A piece of it that a prompt shows.
    pub piece: String,
    pub at: Instant,
}

impl Handed {
    /// Whether an event shows that the agent went on with it; nothing where it does not tell.
    fn is_taken(&self, event: &HookEvent) -> Option<bool> {
        match (event.kind, event.text.as_deref()) {
            (HookKind::Prompt, Some(text)) => Some(plain(text).contains(&self.piece)),
            (HookKind::Prompt | HookKind::Tool | HookKind::ToolDone, _) => Some(true),
            // Some tell twice of the end of a turn that was broken off.
            (HookKind::Stop, _) => (self.at.elapsed() >= TWICE).then_some(true),
            (HookKind::Fail | HookKind::Interrupt | HookKind::End, _) => Some(false),
            (HookKind::Start | HookKind::Compact | HookKind::Compacted | HookKind::Waiting, _) => None,
        }
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Opens the desk of a session, whose first prompt is typed first if it is to be typed.
    pub fn open(launch: &Launch, read: ReadConversation) -> Self {
        let shared = Arc::new(Shared::default());
        let post = Post::of(launch);
        let pane = std::env::var("TMUX_PANE").unwrap_or_else(|_| format!("={}:", launch.name));
        let server = launch.tmux_socket.as_ref().map(|socket| TmuxServer::at(socket));
        let work = Work { shared: shared.clone(), pane, server, launch: launch.clone(), post: post.clone() };
        let _ = std::thread::Builder::new().name("typist".to_owned()).spawn(move || work.run(read));
        Self { shared, post }
    }

    /// Types a text as it is, after what is typed now. If the thread is gone, so is its half of the answer.
    pub fn type_plain(&self, text: String, reply: oneshot::Sender<Reply>) {
        self.shared.lock().plain.push_back((text, reply));
        self.shared.changed.notify_all();
    }

    /// Messages wait for the agent.
    pub fn call(&self) {
        self.shared.lock().called = true;
        self.shared.changed.notify_all();
    }

    /// The agent has ended.
    pub fn close(&self) {
        if let Some(post) = &self.post {
            post.leaves();
        }
    }

    /// Hears what a hook tells. Answers what the agent is to be told instead of stopping, when it can be.
    pub fn hear(&self, event: &HookEvent, takes: bool) -> Option<String> {
        let mut inside = self.shared.lock();
        inside.count += 1;
        let number = inside.count;
        inside.heard.push_back((number, event.clone()));
        if inside.heard.len() > KEPT {
            inside.heard.pop_front();
        }
        inside.busy = event.kind.means_busy().or(inside.busy);
        let mut text = None;
        if let Some(post) = &self.post {
            inside.settle_handed(post, event);
            if event.kind == HookKind::Stop && inside.handed.is_empty() {
                post.turn_done();
                if takes && !inside.at_work && !inside.stopping {
                    (text, inside.handed) = post.hand_over();
                }
            }
        }
        if text.is_some() {
            inside.busy = Some(true);
        }
        self.shared.changed.notify_all();
        text
    }
}

/// What hears the agent through what it writes down.
struct Ear {
    launch: Launch,
    read: ReadConversation,
    last: Option<Conversation>,
    read_at: Option<Instant>,
}

impl Ear {
    /// Reads on, if that was not done for so long.
    fn listen(&mut self, step: Duration) {
        if self.read_at.is_none_or(|at| at.elapsed() >= step) {
            self.last = (self.read)(&self.launch);
            self.read_at = Some(Instant::now());
        }
    }

    /// What was read last.
    fn last(&self) -> Option<&Conversation> {
        self.last.as_ref()
    }
}

/// What the thread works with.
struct Work {
    shared: Arc<Shared>,
    pane: String,
    server: Option<TmuxServer>,
    launch: Launch,
    post: Option<Post>,
}

impl Work {
    fn run(self, read: ReadConversation) {
        if let (Some(first), Some(server)) = (&self.launch.typed, &self.server)
            && let Err(error) = server.type_first(&self.pane, first)
        {
            super::say(&format!("the first prompt was not typed: {error}"));
        }
        let ear = Ear { launch: self.launch.clone(), read, last: None, read_at: None };
        let mut typist = self.post.clone().map(|post| Typist::new(&self, post, ear));
        // What was left over from an earlier session of the worker.
        let mut again = typist.as_mut().and_then(Typist::round);
        loop {
            match self.next(again) {
                Some((text, reply)) => drop(reply.send(self.type_plain(&text))),
                None => again = typist.as_mut().and_then(Typist::round),
            }
        }
    }

    /// The next text to be typed as it is; none when it is time to look at the messages.
    fn next(&self, limit: Option<Duration>) -> Option<(String, oneshot::Sender<Reply>)> {
        let mut inside = self.shared.lock();
        let mut news = inside.count;
        loop {
            if let Some(plain) = inside.plain.pop_front() {
                return Some(plain);
            }
            if std::mem::take(&mut inside.called) || (limit.is_some() && inside.count != news) {
                return None;
            }
            news = inside.count;
            inside = match limit {
                None => self.shared.changed.wait(inside).unwrap_or_else(PoisonError::into_inner),
                Some(limit) => {
                    let waited = self.shared.changed.wait_timeout(inside, limit);
                    let (inside, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && inside.plain.is_empty() {
                        return None;
                    }
                    inside
                }
            };
        }
    }

    fn type_plain(&self, text: &str) -> Reply {
        match self.server.as_ref().map(|server| server.type_text(&self.pane, text)) {
            Some(Ok(typed)) => Reply::Typed { shown: typed.shown },
            Some(Err(error)) => Reply::Failed { message: error.to_string() },
            None => Reply::Unsupported,
        }
    }
}
