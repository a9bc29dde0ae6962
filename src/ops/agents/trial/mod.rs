//! `gt agent test`: whether an agent does on this machine what its preset claims, step by step, in a scratch worktree.
//!
//! Everything but this costs nothing; this asks the agent's model twice: for one word, and for one file.

mod place;
mod session;

use std::time::{Duration, Instant};

use serde::Serialize;

use self::place::Place;
use super::{oneshot, version};
use crate::agent::{AgentError, Begin, Caller, Catalogue, LaunchPlan, LaunchRequest, Preset, Tuning, find_program};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::confinement::{self, Cell};
use crate::ops::{OpenTown, Report, Talk, launch};
use crate::runtime::{Confinement, RuntimeKind, can_confine};
use crate::town::Sandbox;

/// What the person typed.
#[derive(Debug, Clone)]
pub struct Request {
    /// The agent.
    pub name: String,
    /// How it is to work.
    pub tuning: Tuning,
    /// How long one step may take.
    pub limit: Duration,
    /// Only what costs nothing: the agent is not started.
    pub dry: bool,
    /// In the sandbox, also where the town has none for its workers.
    pub sandbox: bool,
}

/// What was found out about an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// The agent.
    pub agent: String,
    /// The version of its program.
    pub version: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What its terminal showed where a step failed.
    pub screen: Option<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was tried.
    pub what: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was seen, or why it failed.
    pub says: String,
    /// What the person can do.
    pub hints: Vec<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the preset claims.
    Works,
    /// Not so.
    Fails,
    /// The preset claims nothing.
    Skipped,
}

impl Report for Tested {
    const SCHEMA: &'static str = "gt.agent.test/1";

    fn exit_code(&self) -> u8 {
        let failed = self.steps.iter().any(|step| step.verdict == Verdict::Fails);
        if failed { Kind::External.exit_code() } else { 0 }
    }
}

/// Tries the agent of a request.
///
/// # Errors
/// When there is no such agent, or the scratch worktree cannot be made or removed.
pub fn test(open: &OpenTown, request: &Request, talk: &mut dyn Talk) -> Outcome<Tested> {
    let catalogue = Catalogue::new(&open.settings);
    let preset = catalogue.get(&request.name)?;
    let place = Place::make(open)?;
    let subject = Subject { open, preset, request, caller: launch::caller(open), place: &place };
    let mut sheet = Sheet {
        tested: Tested { agent: preset.name.clone(), version: None, steps: Vec::new(), screen: None },
        begun: Instant::now(),
        talk,
    };
    let tried = subject.try_all(&mut sheet);
    let cleared = place.clear(&subject);
    tried?;
    cleared?;
    Ok(sheet.tested)
}

/// What is tried, and where.
struct Subject<'a> {
    open: &'a OpenTown,
    preset: &'a Preset,
    request: &'a Request,
    caller: Caller,
    place: &'a Place,
}

/// The steps so far.
struct Sheet<'t> {
    tested: Tested,
    begun: Instant,
    talk: &'t mut dyn Talk,
}

impl Sheet<'_> {
    fn begin(&mut self, what: &str) {
        self.begun = Instant::now();
        self.talk.step(what);
    }

    fn put(&mut self, what: &'static str, verdict: Verdict, says: impl Into<String>) {
        let took_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tested.steps.push(Step { what, verdict, says: says.into(), hints: Vec::new(), took_ms });
        self.begun = Instant::now();
    }

    fn works(&mut self, what: &'static str, says: impl Into<String>) {
        self.put(what, Verdict::Works, says);
    }

    fn fails(&mut self, what: &'static str, says: impl Into<String>, hints: Vec<String>) {
        self.put(what, Verdict::Fails, says);
        self.tested.steps.last_mut().expect("it was just put").hints = hints;
    }

    fn refused(&mut self, what: &'static str, error: &AgentError) {
        self.fails(what, error.to_string(), error.hints());
    }
}

impl Subject<'_> {
    fn try_all(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        let Some(plan) = self.preflight(sheet)? else { return Ok(()) };
        if self.request.dry {
            return Ok(());
        }
        if !self.can_be_confined(sheet) {
            return Ok(());
        }
        self.answers(sheet)?;
        if self.open.settings.runtime == RuntimeKind::Process {
            sheet.put("session", Verdict::Skipped, "the runtime of this town is `process`, which has no terminal");
            return Ok(());
        }
        session::try_session(self, plan, sheet)
    }

    fn is_confined(&self) -> bool {
        self.request.sandbox || self.open.settings.sandbox == Sandbox::On
    }

    /// Whether there is a sandbox where one is wanted.
    fn can_be_confined(&self, sheet: &mut Sheet<'_>) -> bool {
        let asked = self.is_confined().then(|| can_confine(&self.open.program()?).map_err(Failure::from));
        match asked {
            None => sheet.put("sandbox", Verdict::Skipped, "not switched on; --sandbox tries it there"),
            Some(Ok(())) => sheet.works("sandbox", "all that follows happens in it"),
            Some(Err(failure)) => {
                sheet.fails("sandbox", failure.message, failure.hints);
                return false;
            }
        }
        true
    }

    /// The sandbox that a worker would have in the scratch worktree.
    fn confinement(&self, plan: &mut LaunchPlan) -> Outcome<Option<Confinement>> {
        if !self.is_confined() {
            return Ok(None);
        }
        let place = self.place;
        plan.env.insert("TMPDIR".to_owned(), place.temporary.display().to_string());
        let cell = Cell {
            session: &place.session,
            run: place.run.clone(),
            cut: Some(place.cut.clone()),
            writes: &self.open.settings.sandbox_writes,
        };
        confinement::of(self.open, &cell, plan).map(Some)
    }

    /// Everything that costs nothing; none when it would not start.
    fn preflight(&self, sheet: &mut Sheet<'_>) -> Outcome<Option<LaunchPlan>> {
        sheet.begin("looking at the program");
        if self.preset.command.is_none() && !self.preset.is_built_in() {
            match find_program(self.preset, &self.preset.program, &self.caller) {
                Ok(path) => sheet.works("program", path.display().to_string()),
                Err(error) => {
                    sheet.refused("program", &error);
                    return Ok(None);
                }
            }
        }
        let plan = match self.plan(&self.place.wish(), Form::Session)? {
            Ok(plan) => plan,
            Err(error) => {
                let what = match &error {
                    AgentError::Unanswered { .. } => "first start",
                    AgentError::NoCredentials { .. } | AgentError::Unreadable { .. } => "credentials",
                    _ => "program",
                };
                self.tells_version(sheet);
                sheet.refused(what, &error);
                return Ok(None);
            }
        };
        match version::of_plan(self.open, self.preset, &plan) {
            Ok(Some(said)) => {
                sheet.works("version", &said);
                sheet.tested.version = Some(said);
            }
            Ok(None) => sheet.put("version", Verdict::Skipped, "it tells none"),
            Err(failure) => {
                sheet.fails("version", &failure.message, failure.hints);
                return Ok(None);
            }
        }
        match self.preset.credentials.is_empty() || !self.preset.preflight {
            true => sheet.put("credentials", Verdict::Skipped, "its preset does not say what it needs"),
            false => sheet.works("credentials", "there, and readable; whether they are accepted shows below"),
        }
        match self.preset.dialogs.as_slice() {
            [] => sheet.put("first start", Verdict::Skipped, "its preset knows no screens"),
            screens => sheet.works("first start", format!("{} screens answered beforehand", screens.len())),
        }
        plan.warnings.iter().for_each(|warning| sheet.talk.warn(warning));
        Ok(Some(plan))
    }

    /// The version of a program that cannot be started as things are.
    fn tells_version(&self, sheet: &mut Sheet<'_>) {
        let found = find_program(self.preset, &self.preset.program, &self.caller);
        let said = found.ok().filter(|_| !self.preset.version.is_empty() && self.preset.command.is_none());
        if let Some(Ok(Some(said))) = said.map(|path| version::of_program(self.open, self.preset, &path)) {
            sheet.works("version", &said);
            sheet.tested.version = Some(said);
        }
    }

    /// One word, without a terminal.
    fn answers(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        sheet.begin("asking it for a word, without a terminal");
        let word = place::word();
        let prompt = format!("Answer with this word and nothing else: {word}");
        let mut plan = match self.plan(&prompt, Form::Oneshot)? {
            Ok(plan) => plan,
            Err(AgentError::NoOneshot { .. }) => {
                sheet.put("answers", Verdict::Skipped, "its preset has no run without a terminal");
                return Ok(());
            }
            Err(error) => {
                sheet.refused("answers", &error);
                return Ok(());
            }
        };
        if let Some(confinement) = self.confinement(&mut plan)? {
            confinement::enter(&mut plan, confinement, &self.place.oneshot)?;
        }
        let said = oneshot::run(self.open, &plan, &self.place.oneshot, self.request.limit)?;
        let hint = || vec![format!("Run it yourself to see more: `{}`.", self.preset.program)];
        if said.result.timed_out {
            sheet.fails("answers", format!("it did not within {} s", self.request.limit.as_secs()), hint());
        } else if !said.result.succeeded() {
            sheet.fails("answers", said.complaint(), hint());
        } else if said.answer.contains(&word) {
            sheet.works("answers", "without a terminal");
        } else {
            let answer = crate::agent::prompt::tail(said.answer.trim(), 200, "");
            sheet.fails("answers", format!("with something else than it was asked for: {answer:?}"), hint());
        }
        Ok(())
    }

    fn plan(&self, prompt: &str, form: Form) -> Outcome<Result<LaunchPlan, AgentError>> {
        let run_dir = match form {
            Form::Session => self.place.run.clone(),
            Form::Oneshot => self.place.oneshot.clone(),
        };
        let gt = self.open.program()?;
        let request = LaunchRequest {
            preset: self.preset,
            prompt,
            tuning: &self.request.tuning,
            permissions: crate::town::Permissions::Autonomous,
            worktree: &self.place.worktree,
            run_dir: &run_dir,
            state_dir: &self.place.state,
            gt: &gt,
            variables: self.place.variables(self.open),
            caller: &self.caller,
            begin: Begin::New,
        };
        Ok(match form {
            Form::Session => crate::agent::plan(&request),
            Form::Oneshot => crate::agent::plan_oneshot(&request),
        })
    }
}

/// In a terminal or without one.
#[derive(Clone, Copy)]
enum Form {
    Session,
    Oneshot,
}
