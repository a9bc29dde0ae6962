//! The turn loop: ask the model, carry out what it calls, until it has nothing more to do or a limit is reached.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::audit::Audit;
use super::budget::Budget;
use super::conversation::Conversation;
use super::inbox::{Broken, Done, Heard, Inbox, Progress};
use super::screen::{Label, Screen};
use super::terminal::Keyboard;
use super::tools::{Answer, Bounds, Stop, Trouble, brief, carry_out, specs};
use super::{Ended, HarnessOptions, Options, Reason, input};
use crate::error::{Failure, Kind, Outcome};
use crate::model::{self, Event, Message, Model, ModelError, Reply, ToolCall};
use crate::runtime::{self, HookEvent, HookKind};

/// How the agent works, whatever its role.
const SYSTEM: &str = include_str!("system.md");

/// How often a reply that the limit of its tokens cut off is gone on with.
const CONTINUATIONS: u32 = 3;

/// Runs what the options of the command line say; a session that ended for another reason than that all is done is a
/// failure.
pub fn start(options: Options) -> Outcome<Ended> {
    let options = options.prepare(&|name| std::env::var(name).ok())?;
    let ended = run(options)?;
    match ended.reason {
        Reason::Stopped => Ok(ended),
        _ => Err(ended.failure().expect("every other reason is a failure")),
    }
}

/// Runs a session at the terminal of this process.
pub fn run(options: HarnessOptions) -> Outcome<Ended> {
    let screen = Arc::new(Mutex::new(Screen::stdout()));
    let inbox = Inbox::default();
    let keyboard = if options.interactive {
        let taken = Keyboard::take(&screen);
        let keyboard = taken.map_err(|error| Failure::caused(Kind::External, "the terminal cannot be used", error))?;
        input::listen_to_keyboard(Arc::clone(&screen), inbox.sender());
        Some(keyboard)
    } else {
        None
    };
    if let Err(error) = input::listen_to_interrupts(inbox.sender()) {
        lock(&screen).line(Label::Note, &format!("Ctrl-C ends at once: {error}"));
    }
    let ended = Session::new(options, screen, inbox)?.run();
    drop(keyboard);
    Ok(ended)
}

/// Runs a session without a terminal: what a person would see goes to `out`, and nothing interrupts it.
pub fn run_unattended(options: HarnessOptions, out: Box<dyn Write + Send>) -> Outcome<Ended> {
    let screen = Arc::new(Mutex::new(Screen::new(out, false)));
    let options = HarnessOptions { interactive: false, ..options };
    Ok(Session::new(options, screen, Inbox::default())?.run())
}

fn lock(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What comes after some work.
enum Next {
    /// Wait for a message.
    Rest,
    /// The session ends.
    End(Reason),
}

pub(super) struct Session {
    model: Arc<dyn Model>,
    bounds: Bounds,
    conversation: Conversation,
    budget: Budget,
    audit: Audit,
    screen: Arc<Mutex<Screen>>,
    inbox: Inbox,
    interactive: bool,
    /// Ctrl-C was pressed and nothing has happened since.
    interrupted: bool,
    /// Whether what it works on came from the prompt line, where somebody sees an error and can try again.
    attended: bool,
    told: Option<PathBuf>,
}

impl Session {
    pub fn new(options: HarnessOptions, screen: Arc<Mutex<Screen>>, mut inbox: Inbox) -> Outcome<Self> {
        inbox.said.extend(options.prompt);
        let bounds = Bounds::new(&options.cwd).map_err(|error| {
            let what = format!("{} cannot be worked in", options.cwd.display());
            Failure::caused(Kind::NotFound, what, error).hint("--cwd names the worktree")
        })?;
        let audit = Audit::open(options.audit.as_deref(), &options.session)
            .and_then(|audit| audit.start(options.model.name(), bounds.root()).map(|()| audit))
            .map_err(|error| Failure::caused(Kind::External, "the audit log cannot be written", error))?;
        let system = format!("{SYSTEM}\nThe worktree is {}.\n\n{}", bounds.root().display(), options.system);
        let context = options.limits.context;
        let reply = options.limits.reply.min(u32::try_from(context / 4).unwrap_or(u32::MAX));
        Ok(Self {
            model: options.model,
            bounds,
            conversation: Conversation::new(options.subject, system, specs(), context, reply),
            budget: Budget::new(options.limits),
            audit,
            screen,
            inbox,
            interactive: options.interactive,
            interrupted: false,
            attended: false,
            told: options.told,
        })
    }

    /// Works and waits until the end.
    pub fn run(mut self) -> Ended {
        let reason = self.work_and_wait();
        let ended = Ended { reason, turns: self.budget.turns, usage: self.budget.usage };
        // The end is told even if it cannot be logged.
        let _ = self.audit.end(&ended);
        let usage = ended.usage;
        let cost = format!("{} turns, {} tokens read, {} written", ended.turns, usage.prompt(), usage.output);
        self.screen().line(Label::Note, &format!("[{}; {cost}]", ended.reason));
        ended
    }

    fn work_and_wait(&mut self) -> Reason {
        loop {
            if !self.inbox.said.is_empty() {
                self.budget.begin();
                let next = self.work();
                self.budget.rest();
                if let Next::End(reason) = next {
                    return reason;
                }
            }
            if !self.inbox.said.is_empty() {
                continue;
            }
            if !self.interactive || self.inbox.closed {
                return Reason::Stopped;
            }
            if let Some(reason) = self.wait_for_message() {
                return reason;
            }
        }
    }

    /// Waits at the prompt; gives a reason to end instead of a message.
    fn wait_for_message(&mut self) -> Option<Reason> {
        self.screen().prompt();
        loop {
            match self.inbox.next() {
                Some(Heard::Message) => {
                    self.attended = true;
                    return None;
                }
                Some(Heard::Interrupt) if self.interrupted => return Some(Reason::Interrupted),
                Some(Heard::Interrupt) => {
                    self.interrupted = true;
                    self.screen().line(Label::Note, "[Ctrl-C again ends the session]");
                    self.screen().prompt();
                }
                None => return Some(Reason::Stopped),
            }
        }
    }

    /// Asks and carries out until the model has nothing more to do.
    fn work(&mut self) -> Next {
        let mut continuations = 0;
        loop {
            self.accept_messages();
            if let Some(reason) = self.budget.spent() {
                return Next::End(reason);
            }
            if let Some(warning) = self.budget.warning() {
                self.conversation.add(Message::user(warning));
            }
            let reply = match self.ask() {
                Ok(reply) => reply,
                Err(next) => return next,
            };
            if let Err(next) = self.carry_out_all(&reply.calls) {
                return next;
            }
            if !reply.calls.is_empty() || !self.inbox.said.is_empty() {
                continue;
            }
            match reply.stop {
                model::Stop::Length if continuations < CONTINUATIONS => {
                    continuations += 1;
                    self.conversation
                        .add(Message::user("[The limit of tokens cut your reply off. Go on where it ends.]"));
                }
                model::Stop::Declined => return self.trouble(Reason::Declined),
                _ => match self.tell(HookKind::Stop, None) {
                    Some(text) => self.inbox.said.push_back(text),
                    None => return Next::Rest,
                },
            }
        }
    }

    /// Tells the session what happens, as the hooks of other agents do; what it wants to be gone on with at a stop.
    fn tell(&self, kind: HookKind, text: Option<&str>) -> Option<String> {
        let event = HookEvent { text: text.map(|text| text.chars().take(600).collect()), ..HookEvent::of(kind) };
        runtime::tell(self.told.as_deref()?, &event, kind == HookKind::Stop).ok().flatten()
    }

    /// Takes the messages that came into the conversation.
    fn accept_messages(&mut self) {
        while let Some(text) = self.inbox.said.pop_front() {
            self.interrupted = false;
            self.tell(HookKind::Prompt, Some(&text));
            self.conversation.add(Message::user(text));
        }
    }

    /// One reply of the model, written down and added to the conversation.
    fn ask(&mut self) -> Result<Reply, Next> {
        let shortened = self.conversation.make_room();
        self.tell_shortened(shortened);
        let mut result = self.ask_once()?;
        if matches!(result, Err(ModelError::TooLong { .. })) {
            let shortened = self.conversation.make_much_room();
            self.tell_shortened(shortened);
            if shortened > 0 {
                result = self.ask_once()?;
            }
        }
        match result {
            Ok(reply) => {
                self.conversation.reply(&reply);
                Ok(reply)
            }
            // Models end so when the last tool said all there is to say.
            Err(ModelError::Empty { .. }) if self.conversation.ends_with_result() => Err(Next::Rest),
            Err(error) => Err(self.trouble(Reason::Failed(error))),
        }
    }

    fn ask_once(&mut self) -> Result<Result<Reply, ModelError>, Next> {
        let (model, request) = (Arc::clone(&self.model), self.conversation.request());
        let start = Instant::now();
        let progress = self.job(move |stop, tell| {
            let result = model.turn(&request, &mut |event| {
                match event {
                    Event::Text(text) => tell(Progress::Text(text.to_owned())),
                    Event::Waiting { wait, reason, next_try } => {
                        let wait = wait.as_secs_f64();
                        tell(Progress::Note(format!("[{reason}; try {next_try} in {wait:.1} s]")));
                    }
                    Event::Again => {}
                }
                if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            Done::Reply(result)
        });
        let result = match progress {
            Ok(Done::Reply(result)) => result,
            Ok(Done::Answer(_)) => unreachable!("the job ends with a reply"),
            Err(broken) => return Err(self.give_up(broken)),
        };
        self.budget.turns += u32::from(result.is_ok());
        if let Ok(reply) = &result {
            self.budget.usage += reply.usage;
        }
        self.screen().text(if matches!(&result, Ok(reply) if !reply.text.is_empty()) { "\n" } else { "" });
        let written = self.audit.model(self.budget.turns, self.model.name(), start.elapsed(), &result);
        written.map_err(|error| Next::End(Reason::Audit(error)))?;
        Ok(result)
    }

    fn tell_shortened(&self, shortened: usize) {
        if shortened > 0 {
            self.screen().line(Label::Note, &format!("[{shortened} old texts of the conversation were shortened]"));
        }
    }

    /// Carries out the calls of one reply; every call gets an answer, also when the work is broken off.
    fn carry_out_all(&mut self, calls: &[ToolCall]) -> Result<(), Next> {
        let mut broken = None;
        for call in calls {
            let start = Instant::now();
            let answer = if broken.is_some() {
                Err(Trouble::Interrupted("[not carried out: the turn was interrupted]".into())).into()
            } else {
                self.screen().call(&brief(call));
                self.carry_out(call).unwrap_or_else(|reason| {
                    broken = Some(reason);
                    Err(Trouble::Interrupted("[interrupted]".into())).into()
                })
            };
            self.screen().answer(&answer.text, answer.failed());
            let written = self.audit.tool(self.budget.turns, call, start.elapsed(), &answer);
            self.conversation.add(Message::ToolResult {
                call: call.id.clone(),
                tool: call.name.clone(),
                failed: answer.failed(),
                text: answer.text,
            });
            written.map_err(|error| Next::End(Reason::Audit(error)))?;
        }
        broken.map_or(Ok(()), |broken| Err(self.give_up(broken)))
    }

    fn carry_out(&mut self, call: &ToolCall) -> Result<Answer, Broken> {
        let (call, bounds) = (call.clone(), self.bounds.clone());
        match self.job(move |stop, _| Done::Answer(carry_out(&call, &bounds, stop)))? {
            Done::Answer(answer) => Ok(answer),
            Done::Reply(_) => unreachable!("the job ends with an answer"),
        }
    }

    fn job(&mut self, body: impl FnOnce(&Stop, &dyn Fn(Progress)) -> Done + Send + 'static) -> Result<Done, Broken> {
        let (screen, budget) = (&self.screen, &self.budget);
        let tell = |progress: &Progress| match progress {
            Progress::Text(text) => lock(screen).text(text),
            Progress::Note(note) => lock(screen).line(Label::Note, note),
        };
        self.inbox.run(body, &tell, &|| budget.time_left())
    }

    /// What follows when a job was given up.
    fn give_up(&mut self, broken: Broken) -> Next {
        match broken {
            Broken::Time => Next::End(self.budget.out_of_time().unwrap_or(Reason::Interrupted)),
            Broken::Interrupted if self.interactive && !self.interrupted => {
                self.interrupted = true;
                self.screen().line(Label::Note, "[interrupted; Ctrl-C again ends the session]");
                // Each question has an answer, so that the next message does not follow another of the user.
                self.conversation.add(Message::user("[The person interrupted you.]"));
                self.tell(HookKind::Interrupt, None);
                Next::Rest
            }
            Broken::Interrupted => Next::End(Reason::Interrupted),
        }
    }

    /// Trouble with the model ends the session, unless somebody at the prompt line sees it.
    fn trouble(&mut self, reason: Reason) -> Next {
        if !(self.interactive && self.attended) || self.inbox.closed {
            return Next::End(reason);
        }
        self.screen().line(Label::Fault, &reason.to_string());
        Next::Rest
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        lock(&self.screen)
    }
}

#[cfg(test)]
mod tests;
