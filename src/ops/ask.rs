//! Asking an agent without a terminal: a program that is run once, or the built-in model client.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::agent::{Begin, Caller, Catalogue, LaunchRequest, Preset, Tuning, plan_ask, plan_oneshot};
use crate::clock::short;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::model::{self, Event, Model, ModelError, Reply, Subject};
use crate::ops::agents::choose;
use crate::ops::agents::oneshot::{self, Said};
use crate::ops::{OpenTown, Talk, confinement, launch};

/// Whoever is asked.
pub(super) struct Adviser<'a> {
    open: &'a OpenTown,
    preset: Preset,
    tuning: Tuning,
    caller: Caller,
    limit: Duration,
    seat: Seat,
}

/// Where a program is asked.
pub(super) struct Seat {
    /// The folder that it stands in.
    pub cwd: PathBuf,
    /// What it keeps from one time to the next.
    pub state: PathBuf,
    /// Variables beside those that every question has.
    pub variables: BTreeMap<String, String>,
    /// Whether it can change nothing, where this machine has a sandbox.
    pub only_looks: bool,
}

impl Seat {
    /// That of the mayor: a folder with nothing in it.
    pub fn mayors(open: &OpenTown) -> Self {
        let state = open.town.agent_state_dir("mayor");
        Self { cwd: open.town.mayor_dir(), state, variables: BTreeMap::new(), only_looks: false }
    }
}

/// One question.
pub(super) struct Question<'q> {
    /// The first line of the goal.
    pub title: &'q str,
    /// All that is said.
    pub prompt: &'q str,
    /// Where the prompt, the answer and what a program complains of are kept.
    pub folder: &'q Path,
    /// The conversation that it is about, for an agent that can be asked of it.
    pub conversation: Option<&'q str>,
}

impl<'a> Adviser<'a> {
    /// The planner of a town: the mayor's agent, else the town's, else what is installed.
    pub fn planner(open: &'a OpenTown) -> Outcome<Self> {
        let settings = &open.settings;
        let name = choose::mayors_agent(open)?;
        let preset = Catalogue::new(settings).get(&name)?.clone();
        let tuning = Tuning::of_model(settings.mayor.model.clone().or_else(|| settings.model.clone()));
        Ok(Self::new(open, preset, tuning, Seat::mayors(open)))
    }

    /// An agent, asked at this place. What makes a question long, and how long an answer may take, is as for plans.
    pub fn new(open: &'a OpenTown, preset: Preset, tuning: Tuning, seat: Seat) -> Self {
        let limit = open.settings.mayor.limit.duration();
        Self { open, preset, tuning, caller: launch::caller(open), limit, seat }
    }

    /// The agent's name.
    pub fn name(&self) -> &str {
        &self.preset.name
    }

    /// The answer to one question.
    pub fn ask(&self, question: &Question<'_>, talk: &mut dyn Talk) -> Outcome<String> {
        let answer =
            if self.preset.is_built_in() { self.ask_model(question, talk)? } else { self.ask_program(question)? };
        if answer.trim().is_empty() {
            return Err(Failure::new(Kind::External, format!("{} answered nothing", self.name())));
        }
        Ok(answer)
    }

    fn ask_model(&self, question: &Question<'_>, talk: &mut dyn Talk) -> Outcome<String> {
        let variable = |name: &str| self.caller.variables.get(name).cloned();
        let model = model::from_variables(self.tuning.model.as_deref(), &variable)?;
        let subject = Subject::new("mayor", question.title);
        let reply = within(self.limit, model, subject, question.prompt, talk)?;
        match reply {
            Some(reply) => Ok(reply?.text),
            None => Err(self.too_late()),
        }
    }

    fn ask_program(&self, question: &Question<'_>) -> Outcome<String> {
        let cwd = &self.seat.cwd;
        std::fs::create_dir_all(cwd).map_err(|error| cannot("make", cwd, error))?;
        let gt = self.open.program()?;
        let request = LaunchRequest {
            preset: &self.preset,
            prompt: question.prompt,
            tuning: &self.tuning,
            permissions: self.open.settings.permissions,
            worktree: cwd,
            run_dir: question.folder,
            state_dir: &self.seat.state,
            gt: &gt,
            variables: self.variables(question),
            caller: &self.caller,
            begin: Begin::New,
        };
        let mut plan = match question.conversation {
            Some(conversation) => plan_ask(&request, conversation)?,
            None => plan_oneshot(&request)?,
        };
        if question.conversation.is_some() {
            // What its own session was started with stays: that may go on.
            plan.files.retain(|file| file.path.starts_with(question.folder) || !file.path.exists());
        }
        // Its files are written outside, before it is started.
        if self.seat.only_looks {
            confinement::look_only(self.open, &mut plan, question.folder)?;
        }
        let said = oneshot::run(self.open, &plan, question.folder, self.limit)?;
        self.check(&said)?;
        Ok(said.answer)
    }

    fn variables(&self, question: &Question<'_>) -> BTreeMap<String, String> {
        let title = question.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let town = self.open.town.root.display().to_string();
        let usual = [(env::TOWN, town), (env::ROLE, "mayor".to_owned()), (env::TITLE, title)];
        let usual = usual.into_iter().map(|(name, value)| (name.to_owned(), value));
        usual.chain(self.seat.variables.clone()).collect()
    }

    fn check(&self, said: &Said) -> Outcome<()> {
        if said.result.timed_out {
            return Err(self.too_late());
        }
        if said.result.succeeded() {
            return Ok(());
        }
        let message = format!("{} {}", self.name(), said.complaint());
        Err(Failure::new(Kind::External, message).hint(format!(
            "see that {} answers when you run it yourself; `gt config set mayor.agent NAME` takes another one",
            self.name()
        )))
    }

    fn too_late(&self) -> Failure {
        Failure::new(Kind::External, format!("{} did not answer within {}", self.name(), short(self.limit)))
            .hint("`gt config set mayor.limit TIME` gives it longer; a smaller goal needs less")
    }
}

/// What is heard from the thread that asks.
enum Heard {
    Note(String),
    Reply(Result<Reply, ModelError>),
}

/// Asks in a thread of its own, because an endpoint may keep silent for long; `None` when the time is over.
fn within(
    limit: Duration,
    model: Box<dyn Model>,
    subject: Subject,
    prompt: &str,
    talk: &mut dyn Talk,
) -> Outcome<Option<Result<Reply, ModelError>>> {
    let (tell, told) = mpsc::channel();
    let late = Arc::new(AtomicBool::new(false));
    let (is_late, prompt) = (Arc::clone(&late), prompt.to_owned());
    std::thread::spawn(move || {
        let reply = model::complete(&*model, subject, &prompt, &mut |event| {
            if let Event::Waiting { wait, reason, .. } = event {
                let _ = tell.send(Heard::Note(format!("asking again in {}: {reason}", short(wait))));
            }
            if is_late.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let _ = tell.send(Heard::Reply(reply));
    });
    let end = Instant::now() + limit;
    loop {
        match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Heard::Note(note)) => talk.note(&note),
            Ok(Heard::Reply(reply)) => return Ok(Some(reply)),
            Err(RecvTimeoutError::Timeout) => {
                late.store(true, Ordering::Relaxed);
                return Ok(None);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::new(Kind::Internal, "the thread that asked the model ended in a panic"));
            }
        }
    }
}

fn cannot(action: &str, path: &Path, error: std::io::Error) -> Failure {
    Failure::caused(Kind::External, format!("cannot {action} {}", path.display()), error)
}
