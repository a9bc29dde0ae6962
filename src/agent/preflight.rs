//! What must be true before an agent is started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::fill::{self, Values};
use super::{AgentError, Caller, FirstStart, Preset};

/// How many characters of a key its owner's consent is recorded by.
const TAIL: usize = 20;

/// The absolute path of `program`, looked up in the caller's `PATH` without running it.
///
/// # Errors
/// [`AgentError::ProgramMissing`], with the folders that were searched and how to install it.
pub fn find_program(preset: &Preset, program: &str, caller: &Caller) -> Result<PathBuf, AgentError> {
    let missing = |searched| AgentError::ProgramMissing {
        agent: preset.name.clone(),
        program: if program.is_empty() { "(none is set)".to_owned() } else { program.to_owned() },
        searched,
        install: preset.install.clone(),
    };
    if program.is_empty() {
        return Err(missing(Vec::new()));
    }
    if program.contains('/') {
        let path = expand_home(program, caller);
        let folder = path.parent().map(Path::to_path_buf).into_iter().collect();
        return if is_program(&path) { Ok(path) } else { Err(missing(folder)) };
    }
    let folders = caller.path();
    let found = folders.iter().map(|folder| folder.join(program)).find(|path| is_program(path));
    found.ok_or_else(|| missing(folders))
}

/// What may swallow the first prompt: screens of the agent's first start that the person has not been through.
pub fn first_start_warnings(preset: &Preset, caller: &Caller) -> Vec<String> {
    let values: Values = [("config", config_folder(preset, caller).display().to_string())].into();
    preset
        .first_start
        .iter()
        .filter(|screen| !is_out_of_the_way(screen, &values, caller))
        .map(|screen| screen.hint.clone())
        .collect()
}

fn is_out_of_the_way(screen: &FirstStart, values: &Values, caller: &Caller) -> bool {
    let applies = screen.when.as_deref().is_none_or(|name| caller.get(name).is_some())
        && screen.unless.as_deref().is_none_or(|name| caller.get(name).is_none());
    if !applies {
        return true;
    }
    let Ok(text) = fs::read_to_string(fill::fill(&screen.file, values)) else { return false };
    let has_text = screen.contains.as_deref().is_none_or(|wanted| text.contains(wanted));
    let has_tail = screen.contains_tail_of.as_deref().and_then(|name| caller.get(name)).is_none_or(|key| {
        let start = key.char_indices().rev().nth(TAIL - 1).map_or(0, |(index, _)| index);
        text.contains(&key[start..])
    });
    has_text && has_tail
}

/// The agent's configuration folder for this caller.
pub(super) fn config_folder(preset: &Preset, caller: &Caller) -> PathBuf {
    let moved = preset.config_variable.as_deref().and_then(|name| caller.get(name));
    expand_home(moved.or(preset.config_folder.as_deref()).unwrap_or("~"), caller)
}

fn expand_home(path: &str, caller: &Caller) -> PathBuf {
    match path.strip_prefix('~') {
        Some("") => caller.home(),
        Some(rest) if rest.starts_with('/') => caller.home().join(&rest[1..]),
        _ => PathBuf::from(path),
    }
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}
