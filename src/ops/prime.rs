//! `gt prime`: what a worker that wakes needs to know, from the ledger.

use serde::Serialize;

use super::target::Target;
use super::{OpenTown, Report, crew, mailbox, mayor, memory, who};
use crate::agent::prompt::{
    AttemptContext, BeadContext, CrewContext, GateContext, LetterContext, MailContext, MoreContext, NeedContext,
    NoteContext, PrimeContext, Prompts,
};
use crate::bead::{Attempt, Bead};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::id::{Actor, WorkerRef};
use crate::ledger::Snapshot;
use crate::runtime::HookKind;
use crate::town::{Rig, Settings};

/// The text for a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Primed {
    /// Whose it is.
    pub worker: Actor,
    /// Markdown.
    pub text: String,
}

impl Report for Primed {
    const SCHEMA: &'static str = "gt.prime/1";
}

/// The text for the worker, the crew member or the mayor that stands here.
///
/// # Errors
/// When nothing is hooked to a worker, its lease is stale, or a template is broken.
pub fn prime(open: &OpenTown) -> Outcome<Primed> {
    let snapshot = open.snapshot()?;
    if let Some(worker) = crew::acting(open) {
        let context = crew_context(open, worker, &open.town.rig(&worker.rig)?)?;
        let text = Prompts::of(open.town.templates_dir()).crew(&context)?;
        return Ok(Primed { worker: Actor::Worker(worker.clone()), text });
    }
    if open.actor == Actor::Mayor {
        let text = Prompts::of(open.town.templates_dir()).mayor(&mayor::attach::context(open)?)?;
        return Ok(Primed { worker: Actor::Mayor, text });
    }
    let (bead, _) = who::hooked_bead(open, &snapshot)?;
    let worker = bead.claim().expect("a hooked bead has a claim").assignee.clone();
    let text = assignment(open, &snapshot, &bead, &worker)?;
    Ok(Primed { worker: Actor::Worker(worker), text })
}

/// The text for a worker with this bead on its hook.
///
/// # Errors
/// When the ledger cannot be read or a template is broken.
pub fn assignment(open: &OpenTown, snapshot: &Snapshot, bead: &Bead, worker: &WorkerRef) -> Outcome<String> {
    let rig = open.town.rig(&worker.rig)?;
    let settings = open.settings_for(&rig)?;
    let filled = PrimeContext {
        mail: mail(snapshot, &Actor::Worker(worker.clone()))?,
        ..context(open, snapshot, &Assignment { bead, worker, rig: &rig, settings: &settings })?
    };
    Ok(Prompts::of(open.town.templates_dir()).prime(&filled)?)
}

/// What the agent of a session is told when its hook reports this: at a start, which is also what many report after a
/// compaction, and after a compaction its assignment. Not before one: what is said then is lost in it, and some report one each turn.
/// A hook never fails: where there is no assignment nothing is said.
/// `primed` is what `gt prime` says.
pub fn at_event(kind: HookKind, primed: impl FnOnce() -> Option<String>) -> Option<String> {
    if !matches!(kind, HookKind::Start | HookKind::Compacted) {
        return None;
    }
    Some(format!("This is what `gt prime` says now; you need not run it again.\n\n{}", primed()?))
}

/// What the text for a crew member is filled with.
///
/// # Errors
/// When the ledger cannot be read.
pub fn crew_context(open: &OpenTown, worker: &WorkerRef, rig: &Rig) -> Outcome<CrewContext> {
    let snapshot = open.snapshot()?;
    Ok(CrewContext {
        worker: worker.short(),
        name: worker.name.to_string(),
        rig: rig.name.to_string(),
        branch: crew::branch_name(worker),
        target: target_name(open, rig),
        gates: gates(rig),
        remembered: memory::known_to(&snapshot, &rig.name, &crew::ROLE.parse()?)?,
        mail: mail(&snapshot, &Actor::Worker(worker.clone()))?,
        ..CrewContext::default()
    })
}

/// What lies in somebody's mailbox unread: its subjects alone.
///
/// # Errors
/// When the ledger cannot be read.
pub fn mail(snapshot: &Snapshot, of: &Actor) -> Outcome<MailContext> {
    let unread = mailbox::unread(snapshot, of)?.into_iter();
    let letters = unread.map(|letter| LetterContext {
        id: letter.id.to_string(),
        from: letter.from.to_string(),
        subject: letter.subject.split_whitespace().collect::<Vec<_>>().join(" "),
    });
    Ok(MailContext { letters: letters.collect(), more: 0 })
}

/// The branch that work lands on, as git names it in a worktree.
fn target_name(open: &OpenTown, rig: &Rig) -> String {
    let name = Target::of(open, rig).name;
    name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/").to_owned()
}

fn gates(rig: &Rig) -> Vec<GateContext> {
    rig.gates.iter().map(|gate| GateContext { name: gate.name.clone(), run: gate.run.clone() }).collect()
}

/// One bead in the hands of one worker.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a> {
    /// The bead.
    pub bead: &'a Bead,
    /// The worker.
    pub worker: &'a WorkerRef,
    /// Its rig.
    pub rig: &'a Rig,
    /// The settings in force for the rig.
    pub settings: &'a Settings,
}

/// The branch that a worker works on.
pub fn branch_of(assignment: &Assignment<'_>) -> String {
    format!("polecat/{}/{}-{}", assignment.worker.name, assignment.bead.id, assignment.bead.attempt_number())
}

/// What the templates of a worker are filled with.
///
/// # Errors
/// When the ledger cannot be read.
pub fn context(open: &OpenTown, snapshot: &Snapshot, assignment: &Assignment<'_>) -> Outcome<PrimeContext> {
    let Assignment { bead, worker, rig, settings } = *assignment;
    let parent = match &bead.parent {
        Some(id) => snapshot.find(id)?.map(|parent| format!("{id}: {}", parent.title)),
        None => None,
    };
    let needs = bead.needs.iter().map(|id| need(snapshot, id)).collect::<Outcome<Vec<_>>>()?;
    Ok(PrimeContext {
        remembered: memory::known_to(snapshot, &rig.name, &bead.role)?,
        remembered_more: 0,
        more: MoreContext::default(),
        mail: MailContext::default(),
        worker: worker.short(),
        rig: rig.name.to_string(),
        role: bead.role.to_string(),
        branch: branch_of(assignment),
        target: target_name(open, rig),
        attempt: u32::try_from(bead.counted_attempts()).unwrap_or(u32::MAX).saturating_add(1),
        attempts: settings.attempts,
        bead: BeadContext {
            id: bead.id.to_string(),
            title: bead.title.clone(),
            kind: word(bead.kind),
            priority: bead.priority,
            description: bead.description.clone(),
            acceptance: bead.acceptance.clone(),
            touches: bead.touches.clone(),
            parent,
            budget: bead.budget.clone(),
        },
        needs,
        earlier: bead.attempts.iter().map(|attempt| earlier(open, attempt)).collect(),
        notes: bead
            .notes
            .iter()
            .map(|note| NoteContext { by: note.by.to_string(), at: rfc3339(note.at), text: note.text.clone() })
            .collect(),
        conflict: bead.attempts.last().map(|last| last.conflict.clone()).unwrap_or_default(),
        gates: gates(rig),
    })
}

fn need(snapshot: &Snapshot, id: &crate::id::BeadId) -> Outcome<NeedContext> {
    let Some(bead) = snapshot.find(id)? else {
        return Ok(NeedContext { id: id.to_string(), ..NeedContext::default() });
    };
    let landed =
        bead.merge.as_ref().and_then(|merge| merge.landed.clone()).map(|commit| commit.chars().take(10).collect());
    Ok(NeedContext { id: id.to_string(), title: bead.title, landed, result: bead.result })
}

fn earlier(open: &OpenTown, attempt: &Attempt) -> AttemptContext {
    AttemptContext {
        number: attempt.number,
        outcome: word(attempt.outcome),
        worker: attempt.worker.as_ref().map(WorkerRef::short),
        reason: attempt.reason.clone(),
        log: attempt.log.as_ref().map(|log| open.town.runtime_dir().join(log).display().to_string()),
    }
}

/// The word of a plain enum, as files and `--json` have it.
pub fn word<T: clap::ValueEnum>(value: T) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
