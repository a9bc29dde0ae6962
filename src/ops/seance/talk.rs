//! A question to a session that was: to its agent, which goes on from the conversation, else to an agent that is shown
//! what was kept of it.
//!
//! The work stays as it is. The one way uses only forms of an agent in which it has no tool that writes, and looks
//! afterwards whether the worktree is what it was; the other stands in an empty folder. In both whoever answers is no
//! worker: it has no lease, and a verb that it calls in a worktree is refused.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::agent::prompt::tail;
use crate::agent::{Catalogue, Preset};
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, Look};
use crate::id::{Actor, SessionId};
use crate::ops::agents::choose;
use crate::ops::ask::{Adviser, Question, Seat};
use crate::ops::{OpenTown, Report, Talk, session, transcripts};
use crate::runtime::{self, can_confine};
use crate::store::{SessionRow, Tuning};
use crate::town::Settings;

/// How many lines and bytes of what a session wrote are shown to whoever answers for it.
const LINES: usize = 3_000;
const BYTES: usize = 60_000;
/// How much of a line of a transcript: an entry may hold a whole file.
const WIDTH: usize = 1_500;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The conversation itself: its agent remembers all of it.
    Conversation,
    /// What its agent wrote down of the conversation.
    Transcript,
    /// What the session showed on its terminal, as far as that was kept.
    Log,
}

impl Source {
    fn words(self) -> &'static str {
        match self {
            Self::Conversation => "the conversation",
            Self::Transcript => "the transcript",
            Self::Log => "what the terminal showed",
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// Who was asked.
    pub session: SessionId,
    /// The agent that answered.
    pub agent: String,
    /// From what.
    pub source: Source,
    /// The answer.
    pub answer: String,
    /// What the person should know.
    pub notes: Vec<String>,
}

impl Report for Answered {
    const SCHEMA: &'static str = "gt.seance.talk/1";
}

/// Asks the session that `word` means: an id or the beginning of one, else the last one of a worker or a bead.
///
/// # Errors
/// When there is no such session, nothing was kept of it, or the agent does not answer.
pub fn talk(open: &OpenTown, word: &str, question: &str, talk: &mut dyn Talk) -> Outcome<Answered> {
    if question.trim().is_empty() {
        return Err(
            Failure::new(Kind::Usage, "there is no question").hint("`gt seance --talk SESSION -p \"QUESTION\"`")
        );
    }
    let row = find(open, word)?;
    let live = row.end.is_none() && runtime::observe(&session::folder(open, &row.id)).is_live();
    let catalogue = Catalogue::new(&settings_of(open, &row)?);
    talk.step(&format!("asking the session {} of {}", row.id, row.worker));
    let asked = Asked { open, row: &row, question };
    let why_not = can_confine(&open.program()?).err();
    let unprotected = |why| format!("{why}; that nothing is changed rests on the settings of {}", row.agent);
    let mut notes: Vec<String> = why_not.iter().map(unprotected).collect();
    if let Some((preset, conversation)) = of_conversation(&catalogue, &row, live, why_not.is_none()) {
        match asked.of_conversation(preset, conversation, talk) {
            Ok((answer, changed)) => {
                notes.extend(changed);
                return Ok(Answered { session: row.id, agent: row.agent, source: Source::Conversation, answer, notes });
            }
            Err(failure) => notes.push(format!("its own conversation does not answer: {failure}")),
        }
    }
    let (source, kept) = record(open, &row)?;
    let (agent, answer) = asked.of_record(&catalogue, source, &kept, talk)?;
    Ok(Answered { session: row.id, agent, source, answer, notes })
}

/// The conversation of a session, and the agent that can be asked of it. Without a sandbox some cannot be asked.
pub(super) fn of_conversation<'c>(
    catalogue: &'c Catalogue,
    row: &'c SessionRow,
    live: bool,
    confined: bool,
) -> Option<(&'c Preset, &'c str)> {
    let preset = catalogue.get(&row.agent).ok()?;
    let harmless = confined || !(preset.ask_writes || live && preset.ask_adds);
    let can = preset.ask.is_some() && preset.command.is_none() && harmless;
    can.then_some(preset).zip(row.with.conversation.as_deref())
}

fn find(open: &OpenTown, word: &str) -> Outcome<SessionRow> {
    let mut called = open.state()?.sessions_called(word, 8)?;
    if called.len() > 1 {
        let failure = Failure::new(Kind::Ambiguous, format!("{word:?} is the beginning of several sessions"));
        return Err(called.iter().fold(failure, |failure, row| failure.hint(format!("{} of {}", row.id, row.worker))));
    }
    if let Some(row) = called.pop() {
        return Ok(row);
    }
    let none = || Failure::new(Kind::NotFound, format!("there was no session {word:?}")).hint("`gt seance` lists them");
    match super::list::rows(open, Some(word)) {
        Ok(rows) => rows.into_iter().next().ok_or_else(none),
        Err(failure) if failure.kind == Kind::NotFound => Err(none()),
        Err(failure) => Err(failure),
    }
}

/// A question to a session.
struct Asked<'a> {
    open: &'a OpenTown,
    row: &'a SessionRow,
    question: &'a str,
}

impl Asked<'_> {
    /// The answer of the agent itself, and what a person should know of the worktree then.
    fn of_conversation(
        &self,
        preset: &Preset,
        conversation: &str,
        talk: &mut dyn Talk,
    ) -> Outcome<(String, Option<String>)> {
        let Self { open, row, question } = *self;
        let folder = new_folder(open)?;
        // Most agents find a conversation by the folder in which it was.
        let cwd = match &row.worker {
            Actor::Worker(worker) => open.town.worktree(worker),
            _ => open.town.root.clone(),
        };
        if !cwd.is_dir() {
            return Err(Failure::new(Kind::NotFound, format!("{} is not there any more", cwd.display())));
        }
        let before = look(open, row)?;
        let state = open.town.agent_state_dir(&row.worker.to_string());
        let seat = Seat { cwd, state, variables: nobody(), only_looks: true };
        let adviser = Adviser::new(open, preset.clone(), tuning(&row.with.tuning), seat);
        let prompt =
            format!("Nothing is to be done. Answer this question from what you know, in a few lines:\n\n{question}");
        let asked = Question { title: "seance", prompt: &prompt, folder: &folder, conversation: Some(conversation) };
        let answer = adviser.ask(&asked, talk)?;
        let changed = before != look(open, row)?;
        let note = "its worktree is not as it was: look at it, and who works in it, with `gt polecat show`";
        Ok((answer, changed.then(|| note.to_owned())))
    }

    /// The answer of an agent that is shown what was kept of a session, and which one it was.
    fn of_record(
        &self,
        catalogue: &Catalogue,
        source: Source,
        kept: &str,
        talk: &mut dyn Talk,
    ) -> Outcome<(String, String)> {
        let Self { open, row, question } = *self;
        let able =
            |preset: &&Preset| preset.is_built_in() || preset.oneshot.is_some() || preset.oneshot_command.is_some();
        let preset = match catalogue.get(&row.agent).ok().filter(able) {
            Some(preset) => preset,
            None => catalogue.get(&choose::mayors_agent(open)?)?,
        };
        let folder = new_folder(open)?;
        let seat = Seat { cwd: folder.join("empty"), variables: nobody(), only_looks: true, ..Seat::mayors(open) };
        let adviser = Adviser::new(open, preset.clone(), tuning(&row.with.tuning), seat);
        let about = row.bead.as_ref().map(|bead| format!(" on the bead {bead}")).unwrap_or_default();
        let prompt = format!(
            "Below is the end of {} of a session in which the coding agent {} worked{about}. \
         Answer the question from it alone, in a few lines; what it does not tell, say so. Do nothing else.\n\n\
         Question: {question}\n\n--- {} ---\n{}\n",
            source.words(),
            row.agent,
            source.words(),
            tail(kept, BYTES, ""),
        );
        let asked = Question { title: "seance", prompt: &prompt, folder: &folder, conversation: None };
        Ok((adviser.name().to_owned(), adviser.ask(&asked, talk)?))
    }
}

/// What was kept of a session: its transcript where that consists of lines, else what its terminal showed.
fn record(open: &OpenTown, row: &SessionRow) -> Outcome<(Source, String)> {
    let transcript = transcripts::now(open, row)?.map(|followed| followed.path);
    let lines = transcript.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let read = |path: &Path| runtime::read_log(path, LINES).ok().filter(|text| !text.trim().is_empty());
    if let Some(text) = lines.as_deref().and_then(read) {
        let short = text.lines().map(|line| line.chars().take(WIDTH).chain(['\n']).collect::<String>());
        return Ok((Source::Transcript, short.collect()));
    }
    read(&row.log).map(|text| (Source::Log, text)).ok_or_else(|| {
        Failure::new(Kind::NotFound, format!("nothing was kept of the session {}", row.id))
            .hint("its bead may tell more: `gt show`, `gt log`")
    })
}

/// The worktree of the worker whose session it was.
fn look(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Look>> {
    match &row.worker {
        Actor::Worker(worker) => {
            Ok(Some(worktree::look(&open.town.rig_repo(&worker.rig), &open.town.worktree(worker))?))
        }
        _ => Ok(None),
    }
}

/// Whoever answers is not the worker in whose folder it stands: its verbs are refused there.
fn nobody() -> std::collections::BTreeMap<String, String> {
    [(env::WORKER.to_owned(), Actor::Mayor.to_string())].into()
}

/// Without further arguments: they may let an agent do what it is not to do here.
fn tuning(of_session: &Tuning) -> Tuning {
    Tuning { extra_args: Vec::new(), ..of_session.clone() }
}

fn settings_of(open: &OpenTown, row: &SessionRow) -> Outcome<Settings> {
    match &row.worker {
        Actor::Worker(worker) => open.settings_for(&open.town.rig(&worker.rig)?),
        _ => Ok(open.settings.clone()),
    }
}

/// A folder for one question, which stays: it tells what was asked and answered.
fn new_folder(open: &OpenTown) -> Outcome<PathBuf> {
    let folder = open.town.seance_dir().join(SessionId::random().as_str());
    let cannot = |error| Failure::caused(Kind::External, format!("cannot make {}", folder.display()), error);
    std::fs::create_dir_all(folder.join("empty")).map_err(cannot)?;
    Ok(folder)
}
