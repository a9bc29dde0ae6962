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
}

/// Looks for every agent of the catalogue, by preference. No program is run.
pub fn detect(catalogue: &Catalogue, caller: &Caller, gt: &Path) -> Vec<Detected> {
    catalogue.all().into_iter().map(|preset| look_for(preset, caller, gt)).collect()
}

fn look_for(preset: &Preset, caller: &Caller, gt: &Path) -> Detected {
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
    }
}

/// The first usable agent, one with credentials before one without; the built-in one when there is none.
pub fn choose(found: &[Detected]) -> Choice {
    let usable = || found.iter().filter(|agent| agent.usable);
    let Some(first) = usable().find(|agent| agent.unsigned.is_none()).or_else(|| usable().next()) else {
        let reason = "no agent is installed and no key for a model is set".to_owned();
        return Choice { agent: "builtin".to_owned(), reason, usable: false };
    };
    let place = first.program.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    let reason = match (first.name.as_str(), first.keys.first()) {
        ("builtin", Some(key)) => format!("{key} is set and no other agent can work"),
        (name, _) => format!("{name} is installed in {place}"),
    };
    Choice { agent: first.name.clone(), reason, usable: true }
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
        stop: None,
    })
    .map_err(|error| fail(error.to_string()))?;
    if result.timed_out {
        return Err(AgentError::VersionLate { program: name, limit });
    }
    match result.tail.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) if result.succeeded() => Ok(line.to_owned()),
        Some(_) | None => Err(fail(match result.status {
            Some(0) => "it printed nothing".to_owned(),
            Some(status) => format!("it ended with status {status}"),
            None => "it was ended from outside".to_owned(),
        })),
    }
}

/// One word for `sh`, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
