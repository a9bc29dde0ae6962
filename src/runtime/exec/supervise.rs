//! The time between the start of the agent and the end of everything that it started.

use std::future::pending;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use super::super::event::record;
use super::super::survivors::{Progress, Sweep, Target};
use super::super::{Exit, ExitReason, HookEvent, Launch, ReadConversation, Reply, Request, Status, now};
use super::agent::{Agent, Ending};
use super::desk::Desk;
use super::pulse::Beats;
use super::serve::{Question, Socket};
use super::sign::Board;
use super::verbs::Verbs;
use super::{EARLY, has_keyboard, run_on_end};
use crate::clock::Timestamp;
use crate::store::StateDb;

/// How often the process table is looked at while everything ends.
const SWEEP_STEP: Duration = Duration::from_millis(15);

/// Which session it is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Its run folder.
    pub dir: &'a Path,
    /// What it was to start.
    pub launch: &'a Launch,
}

/// Watches over a running agent until nothing of it is left.
pub async fn supervise(
    place: Place<'_>,
    agent: Agent,
    signals: Signals,
    socket: Option<Socket>,
    read: ReadConversation,
) -> Exit {
    let (sender, questions) = mpsc::channel(16);
    let mut watch = Watch::new(place, agent, read);
    tokio::select! {
        () = watch.run(signals, questions) => {}
        () = serve(socket.as_ref(), sender, Verbs::of(place.launch)) => {}
    }
    watch.desk.close();
    watch.exit()
}

async fn serve(socket: Option<&Socket>, questions: mpsc::Sender<Question>, verbs: Verbs) {
    match socket {
        Some(socket) => socket.serve(questions, verbs).await,
        None => {
            let _open = questions;
            pending::<()>().await;
        }
    }
}

/// The signals that matter to a session.
pub struct Signals {
    child: Signal,
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    /// Handled for the agent's sake: it inherits what is ignored here, and gets the default of what is handled. tmux
    /// ignores the last two, so that an agent that reads before it owns the terminal would not be stopped but fail.
    _inherited: [Signal; 4],
}

impl Signals {
    /// Watches for them from now on.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            child: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            _inherited: [
                signal(SignalKind::quit())?,
                signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
                signal(SignalKind::from_raw(rustix::process::Signal::TTIN.as_raw()))?,
                signal(SignalKind::from_raw(rustix::process::Signal::TTOU.as_raw()))?,
            ],
        })
    }
}

/// What is going on.
enum Phase {
    /// The agent works.
    Running,
    /// The end was asked for; the agent may still end by itself.
    Waiting { until: Instant, grace: Duration },
    /// Everything is being ended.
    Sweeping(Sweep),
    /// Nothing is left, or what is left does not end.
    Over,
}

struct Watch<'a> {
    dir: &'a Path,
    launch: &'a Launch,
    agent: Agent,
    phase: Phase,
    began: Instant,
    started: Timestamp,
    asked: bool,
    hung_up: bool,
    ending: Option<(Ending, Duration)>,
    killed: usize,
    stuck: Vec<i32>,
    typed: usize,
    /// The agent's own id of its conversation, once it is noted.
    conversation: Option<String>,
    board: Board,
    desk: Desk,
}

impl<'a> Watch<'a> {
    fn new(Place { dir, launch }: Place<'a>, agent: Agent, read: ReadConversation) -> Self {
        Self {
            dir,
            launch,
            conversation: None,
            board: Board::of(launch),
            agent,
            phase: Phase::Running,
            began: Instant::now(),
            started: now(),
            asked: false,
            hung_up: false,
            ending: None,
            killed: 0,
            stuck: Vec::new(),
            typed: 0,
            desk: Desk::open(launch, read),
        }
    }

    async fn run(&mut self, mut signals: Signals, mut questions: mpsc::Receiver<Question>) {
        // The agent may have ended before the signals were watched.
        self.collect();
        let mut beats = Beats::of(self.launch);
        while !matches!(self.phase, Phase::Over) {
            let pause = self.pause();
            tokio::select! {
                _ = signals.child.recv() => self.collect(),
                _ = signals.terminate.recv() => self.end(Duration::ZERO, self.grace()),
                _ = signals.hangup.recv() => self.hang_up(),
                _ = signals.interrupt.recv() => self.end(Duration::ZERO, self.grace()),
                Some((request, reply)) = questions.recv() => self.answer(request, reply),
                () = pause => self.go_on(),
                () = beats.next() => run_on_end(self.launch),
            }
        }
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(self.launch.grace_seconds)
    }

    /// Until the phase has something to do by itself.
    fn pause(&self) -> impl Future<Output = ()> + use<> {
        let until = match &self.phase {
            Phase::Running | Phase::Over => None,
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Sweeping(_) => Some(Instant::now() + SWEEP_STEP),
        };
        async move {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => pending().await,
            }
        }
    }

    fn go_on(&mut self) {
        match &mut self.phase {
            Phase::Waiting { grace, .. } => {
                let grace = *grace;
                self.sweep(grace);
            }
            Phase::Sweeping(sweep) => {
                let progress = sweep.step();
                self.killed = sweep.signalled().len();
                match progress {
                    Progress::Busy => {}
                    Progress::Clean => self.phase = Phase::Over,
                    Progress::Stuck(alive) => {
                        self.stuck = alive.iter().map(|process| process.pid).collect();
                        self.phase = Phase::Over;
                    }
                }
                self.collect();
            }
            Phase::Running | Phase::Over => {}
        }
    }

    fn collect(&mut self) {
        let Some(ending) = self.agent.collect() else { return };
        self.ending = Some((ending, self.began.elapsed()));
        if !matches!(self.phase, Phase::Sweeping(_) | Phase::Over) {
            self.sweep(self.grace());
        }
    }

    fn end(&mut self, delay: Duration, grace: Duration) {
        self.asked = true;
        match &mut self.phase {
            Phase::Running if delay.is_zero() => self.sweep(grace),
            Phase::Running => self.phase = Phase::Waiting { until: Instant::now() + delay, grace },
            Phase::Waiting { until, grace: former } => {
                *until = (*until).min(Instant::now() + delay);
                *former = (*former).min(grace);
            }
            Phase::Sweeping(sweep) => sweep.hurry(delay + grace),
            Phase::Over => {}
        }
    }

    /// Its terminal is gone; what ran there ends, though nobody asked for that.
    fn hang_up(&mut self) {
        self.hung_up |= !self.asked && has_keyboard(self.launch);
        self.end(Duration::ZERO, self.grace());
    }

    /// Whether it is over because its terminal is gone. The agent is told of that at the same moment, and may have ended
    /// before this process heard of it.
    fn is_hung_up(&self) -> bool {
        self.hung_up || !self.asked && has_keyboard(self.launch) && !io::stdin().is_terminal()
    }

    fn sweep(&mut self, grace: Duration) {
        let target = Target {
            marker: self.launch.session.to_string(),
            group: Some(self.agent.pid()),
            ancestor: Some(std::process::id() as i32),
            pipe: None,
            cgroup: None,
        };
        self.phase = Phase::Sweeping(Sweep::new(target, grace));
        self.go_on();
    }

    fn answer(&mut self, request: Request, reply: oneshot::Sender<Reply>) {
        let answer = match request {
            // Answered before it comes here.
            Request::Verb(_) => Reply::Unsupported,
            Request::Ping => Reply::Pong,
            Request::Status => Reply::Status(self.status()),
            Request::End { delay_ms, grace_ms } => {
                let grace = grace_ms.map_or(self.grace(), Duration::from_millis);
                // Answered, and sent, first: the asker may be among those that are ended.
                let _ = reply.send(Reply::Ending);
                return self.end(Duration::from_millis(delay_ms.max(5)), grace);
            }
            Request::Event { event, takes } => self.hear(&event, takes && matches!(self.phase, Phase::Running)),
            Request::Messages => {
                self.desk.call();
                Reply::Pong
            }
            Request::Deliver { .. } if !has_keyboard(self.launch) => Reply::Unsupported,
            Request::Deliver { .. } if !matches!(self.phase, Phase::Running) => {
                Reply::Failed { message: "the session is ending".to_owned() }
            }
            Request::Deliver { text } => {
                self.typed += 1;
                // The typist answers.
                return self.desk.type_plain(text, reply);
            }
        };
        let _ = reply.send(answer);
    }

    /// An event that cannot be written down, as on a full disk, is heard all the same: what it proves it proves.
    fn hear(&mut self, event: &HookEvent, takes: bool) -> Reply {
        if let Err(error) = record(self.dir, event) {
            super::say(&error.to_string());
        }
        self.board.hear(event.kind);
        if event.conversation.is_some() && event.conversation != self.conversation {
            self.conversation.clone_from(&event.conversation);
            self.note_conversation();
        }
        Reply::Heard { hand_over: self.desk.hear(event, takes) }
    }

    /// It is on record in the events too, so that a state that cannot be written loses nothing.
    fn note_conversation(&self) {
        if let (Some(path), Some(conversation)) = (&self.launch.state, &self.conversation)
            && let Ok(state) = StateDb::open(path)
        {
            let _ = state.set_session_conversation(&self.launch.session, conversation);
        }
    }

    fn status(&self) -> Status {
        Status { agent: self.agent.pid(), started: self.started, ending: self.asked, typed: self.typed }
    }

    fn exit(&self) -> Exit {
        let (status, signal) = match self.ending {
            Some((Ending::Status(status), _)) => (Some(status), None),
            Some((Ending::Signal(signal), _)) => (None, Some(signal)),
            None => (None, None),
        };
        let hung_up = self.is_hung_up();
        let early = (hung_up || !self.asked) && self.ending.is_some_and(|(_, lasted)| lasted < EARLY);
        let reason = match (hung_up, self.asked) {
            (true, _) => ExitReason::HungUp,
            (false, true) => ExitReason::Ended,
            (false, false) => ExitReason::Exited,
        };
        let message = (!self.stuck.is_empty()).then(|| format!("these processes do not end: {:?}", self.stuck));
        let bare = Exit::bare(reason, now());
        Exit { status, signal, message, started: Some(self.started), early, killed: self.killed, ..bare }
    }
}
