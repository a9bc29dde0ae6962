//! `gt mayor attach`: a session with the mayor, started when there is none.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::agent::prompt::{MayorContext, PlanRig, Prompts};
use crate::agent::{Catalogue, Tuning};
use crate::error::Outcome;
use crate::id::Actor;
use crate::ops::agents::choose;
use crate::ops::attended::{self, Attended, Begun, Wanted};
use crate::ops::{OpenTown, Talk, memory, prime};
use crate::store::FileLock;

/// The name of the session for people, also in tmux.
const NAME: &str = "mayor";
/// How long to wait for somebody else who starts it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The mayor's session, started if none runs.
///
/// # Errors
/// When the agent or the runtime cannot be had.
pub fn attend(open: &OpenTown, talk: &mut dyn Talk) -> Outcome<Attended> {
    join(open, false, talk)
}

/// The same in the conversation that it had last, where that is possible.
///
/// # Errors
/// As [`attend`].
pub fn restore(open: &OpenTown, talk: &mut dyn Talk) -> Outcome<Attended> {
    join(open, true, talk)
}

/// Whether some process is about to start the mayor's session.
pub(in crate::ops) fn is_under_way(open: &OpenTown) -> bool {
    FileLock::recorded_owner(&open.town.lock_file(NAME)).is_some_and(|owner| owner.process.is_alive())
}

fn join(open: &OpenTown, resumes: bool, talk: &mut dyn Talk) -> Outcome<Attended> {
    let _alone = FileLock::acquire(&open.town.lock_file(NAME), PATIENCE)?;
    attended::join_or(open, &Actor::Mayor, || {
        talk.step("starting the mayor");
        start(open, resumes)
    })
}

fn start(open: &OpenTown, resumes: bool) -> Outcome<Begun> {
    let settings = &open.settings;
    let agent = choose::mayors_agent(open)?;
    let can = resumes && Catalogue::new(settings).get(&agent)?.resume_form().is_some();
    let prompt = Prompts::of(open.town.templates_dir()).mayor(&context(open)?)?;
    attended::begin(
        open,
        &Wanted {
            actor: Actor::Mayor,
            name: NAME,
            role: NAME,
            agent: &agent,
            tuning: Tuning::of_model(settings.mayor.model.clone().or_else(|| settings.model.clone())),
            settings,
            worktree: &open.town.root,
            variables: BTreeMap::new(),
            prompt: &prompt,
            earlier: if can { attended::earlier(open, &Actor::Mayor, &agent)? } else { None },
        },
    )
}

/// What the mayor's text is filled with.
///
/// # Errors
/// When the rigs or the ledger cannot be read.
pub(in crate::ops) fn context(open: &OpenTown) -> Outcome<MayorContext> {
    let rigs = open.town.rigs()?.into_iter().map(|rig| PlanRig {
        name: rig.name.to_string(),
        gates: rig.gates.into_iter().map(|gate| gate.run).collect(),
        branch: rig.branch,
        ..PlanRig::default()
    });
    let snapshot = open.snapshot()?;
    Ok(MayorContext {
        town: open.settings.name.clone(),
        rigs: rigs.collect(),
        remembered: memory::known_to_all(&snapshot)?,
        mail: prime::mail(&snapshot, &Actor::Mayor)?,
        ..MayorContext::default()
    })
}
