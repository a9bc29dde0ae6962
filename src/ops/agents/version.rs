//! The version of an agent's program, asked for once for each file that it was.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::agent::{AgentError, LaunchPlan, Preset, Tuning};
use crate::error::Outcome;
use crate::ops::OpenTown;
use crate::ops::launch::caller;
use crate::store::SessionAgent;

/// How long a program may take to say its version; the first start of some takes seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// The version of the program of a plan; none when it tells none.
///
/// # Errors
/// When the program cannot even be asked, which a session of it would only show as a dead terminal.
pub(in crate::ops) fn of_plan(open: &OpenTown, preset: &Preset, plan: &LaunchPlan) -> Outcome<Option<String>> {
    if preset.is_built_in() {
        return Ok(Some(env!("CARGO_PKG_VERSION").to_owned()));
    }
    if preset.version.is_empty() || preset.command.is_some() {
        return Ok(None);
    }
    of_program(open, preset, Path::new(plan.argv.first().map_or("", String::as_str)))
}

/// The version of this program of a preset.
///
/// # Errors
/// As [`of_plan`].
pub(in crate::ops) fn of_program(open: &OpenTown, preset: &Preset, program: &Path) -> Outcome<Option<String>> {
    let Some(stamp) = stamp(program) else { return ask(open, preset, program) };
    let path = program.display().to_string();
    let state = open.state()?;
    if let Some(version) = state.program_version(&path, &stamp)? {
        return Ok(Some(version).filter(|version| !version.is_empty()));
    }
    let version = ask(open, preset, program)?;
    state.set_program_version(&path, &stamp, version.as_deref().unwrap_or_default())?;
    Ok(version)
}

/// What is recorded of the agent of a session that begins.
///
/// # Errors
/// As [`of_plan`].
pub(in crate::ops) fn recorded(
    open: &OpenTown,
    preset: &Preset,
    plan: &LaunchPlan,
    tuning: Tuning,
) -> Outcome<SessionAgent> {
    let version = of_plan(open, preset, plan)?;
    Ok(SessionAgent { tuning, conversation: plan.conversation.clone(), version, slot: None })
}

fn ask(open: &OpenTown, preset: &Preset, program: &Path) -> Outcome<Option<String>> {
    match crate::agent::version(preset, program, &caller(open), LIMIT) {
        Ok(version) => Ok(Some(version)),
        Err(AgentError::VersionMute { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What changes when the program is another one: the file behind all links, its size and its time.
fn stamp(program: &Path) -> Option<String> {
    let file = program.canonicalize().ok()?;
    let facts = file.metadata().ok()?;
    Some(format!("{} {} {}.{:09}", file.display(), facts.len(), facts.mtime(), facts.mtime_nsec()))
}
