//! Which agents are installed, and which one to work with when nobody said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::environment::environment;
use super::preflight::{Folders, credentials, find_program};
use super::{AgentError, Caller, Catalogue, Preset};
use crate::runtime::{CommandSpec, run_command};

/// What was found of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detected {
    /// The name of its preset.
    pub name: String,
    /// Its name in prose.
    pub title: String,
    /// Where its program is; none when it is not installed.
    pub program: Option<PathBuf>,
    /// Which variables with credentials for it are set.
    pub keys: Vec<String>,
    /// Whether it could be started now, as far as one sees without running it.
    pub usable: bool,
    /// What keeps it from reaching a model; none when a credential is there, or nobody can tell.
    pub unsigned: Option<String>,
    /// How to install it.
    pub install: String,
    /// Whether the town made it, under a name that no built-in agent has.
    #[serde(skip)]
    pub own: bool,
}

/// The agent to work with when nobody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its name.
    pub agent: String,
    /// Why: "claude is installed in /usr/bin/claude".
    pub reason: String,
    /// Whether it could be started now.
    pub usable: bool,
    /// Agents of the town's own between which nobody but the person can choose; then none is usable.
    #[serde(skip)]
    pub undecided: Vec<String>,
}

impl Choice {
    fn of(agent: &str, reason: impl Into<String>, usable: bool) -> Self {
        Self { agent: agent.to_owned(), reason: reason.into(), usable, undecided: Vec::new() }
    }

    /// The one that the person named.
    pub fn named(agent: &str, usable: bool) -> Self {
        Self::of(agent, "you chose it", usable)
    }
}

/// Looks for every agent of the catalogue, by preference. No program is run.
pub fn detect(catalogue: &Catalogue, caller: &Caller, gt: &Path) -> Vec<Detected> {
    catalogue.all().into_iter().map(|preset| look_for(preset, caller, gt)).collect()
}

/// Looks for one agent. No program is run.
pub fn look_for(preset: &Preset, caller: &Caller, gt: &Path) -> Detected {
    let name = preset.program.replace("{gt}", &gt.display().to_string());
    let program = find_program(preset, &name, caller).ok();
    let keys: Vec<String> = preset.keys.iter().filter(|key| caller.get(key).is_some()).cloned().collect();
    let folders = Folders::of(preset, caller, Path::new(""));
    let unsigned = preset.preflight.then(|| credentials(preset, caller, &folders).err()).flatten();
    let usable = program.is_some() && (!preset.needs_key || !keys.is_empty());
    Detected {
        name: preset.name.clone(),
        title: preset.title.clone(),
        program,
        keys,
        usable,
        unsigned: unsigned.map(|error| error.to_string()),
        install: preset.install.clone(),
        own: !Catalogue::is_built_in(&preset.name),
    }
}

/// The first known agent that is usable and has its credentials; else the only one of the town's own that is usable.
/// Between several of those only the person can choose: none of them is better known than the others. Else a known one
/// without credentials; the built-in one when there is none at all.
pub fn choose(found: &[Detected]) -> Choice {
    let (own, known): (Vec<&Detected>, Vec<&Detected>) =
        found.iter().filter(|agent| agent.usable).partition(|agent| agent.own);
    let signed_in = known.iter().find(|agent| agent.unsigned.is_none());
    match (signed_in, own.as_slice()) {
        (Some(first), _) => Choice::of(&first.name, installed(first), true),
        (None, [only]) => Choice::of(&only.name, format!("{} is the only agent that can work", only.name), true),
        (None, []) => match known.first() {
            Some(first) => Choice::of(&first.name, installed(first), true),
            None => Choice::of("builtin", "no agent is installed and no key for a model is set", false),
        },
        (None, several) => {
            let undecided: Vec<String> = several.iter().map(|agent| agent.name.clone()).collect();
            let reason = format!("{} could work, and none of them is chosen", undecided.join(", "));
            Choice { undecided, ..Choice::of(&several[0].name, reason, false) }
        }
    }
}

fn installed(agent: &Detected) -> String {
    let place = agent.program.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    match (agent.name.as_str(), agent.keys.first()) {
        ("builtin", Some(key)) => format!("{key} is set and no other agent can work"),
        (name, _) => format!("{name} is installed in {place}"),
    }
}

/// Asks a program for its version: the first line that it prints.
///
/// # Errors
/// When it cannot be started, fails, says nothing, or takes longer than `limit`; all that it started is ended then.
pub fn version(preset: &Preset, program: &Path, caller: &Caller, limit: Duration) -> Result<String, AgentError> {
    let name = program.display().to_string();
    let fail = |reason: String| AgentError::Version { program: name.clone(), reason };
    let folder = tempfile::tempdir().map_err(|error| fail(error.to_string()))?;
    let words = std::iter::once(&name).chain(&preset.version).map(|word| quoted(word));
    let result = run_command(&CommandSpec {
        command: format!("{} 2>/dev/null", words.collect::<Vec<_>>().join(" ")),
        cwd: folder.path().to_path_buf(),
        env: environment(preset, caller, program, &BTreeMap::new()),
        limit,
        log: folder.path().join("log"),
        log_limit: 4_096,
        runs: folder.path().join("run"),
        memory: None,
    })
    .map_err(|error| fail(error.to_string()))?;
    if result.timed_out {
        return Err(AgentError::VersionLate { program: name, limit });
    }
    match result.tail.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) if result.succeeded() => Ok(line.to_owned()),
        None if result.status == Some(0) => Err(AgentError::VersionMute { program: name }),
        Some(_) | None => Err(fail(match result.status {
            Some(status) => format!("it ended with status {status}"),
            None => "it was ended from outside".to_owned(),
        })),
    }
}

/// One word for `sh`, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
