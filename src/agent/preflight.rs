//! What must be true before an agent is started, found out without starting it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::fill::{self, Values};
use super::{AgentError, Caller, Credential, Dialog, Preset};

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
    program_places(program, caller).into_iter().next().ok_or_else(|| missing(caller.path()))
}

/// Every file that the caller's `PATH` has for `program`, in its order: the first is the one that is run. A folder that
/// stands there twice, also by another name such as `/bin` for `/usr/bin`, counts once.
pub fn program_places(program: &str, caller: &Caller) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let path = caller.path();
    let folders = path.iter().filter(|folder| folder.canonicalize().is_ok_and(|real| seen.insert(real)));
    folders.map(|folder| folder.join(program)).filter(|path| is_program(path)).collect()
}

/// Whether the agent could work: one of its credentials is there, and no screen of its first start is left.
///
/// # Errors
/// What is missing, and how the person gets it.
pub(super) fn preflight(preset: &Preset, caller: &Caller, folders: &Folders) -> Result<(), AgentError> {
    if !preset.preflight {
        return Ok(());
    }
    credentials(preset, caller, folders)?;
    let values: Values = folders.values().into();
    // In a folder of the worker's own the files of the preset answer them.
    let left = preset.dialogs.iter().find(|screen| !folders.own && !is_answered(screen, &values, caller));
    match left {
        None => Ok(()),
        Some(screen) => Err(AgentError::Unanswered {
            agent: preset.name.clone(),
            about: screen.about.clone(),
            hint: screen.hint.clone(),
        }),
    }
}

/// Whether a credential of the agent is there.
///
/// # Errors
/// [`AgentError::Unreadable`] when the only one is a file that this user cannot read, else
/// [`AgentError::NoCredentials`] with all that was looked for.
pub(super) fn credentials(preset: &Preset, caller: &Caller, folders: &Folders) -> Result<(), AgentError> {
    let values: Values = folders.values().into();
    let mut unreadable = None;
    for credential in &preset.credentials {
        match is_there(credential, &values, caller) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(path) => unreadable = unreadable.or(Some(path)),
        }
    }
    let agent = preset.name.clone();
    match unreadable {
        _ if preset.credentials.is_empty() => Ok(()),
        Some(path) => Err(AgentError::Unreadable { agent, facts: facts(&path), path }),
        None => {
            let variables = preset.credentials.iter().filter_map(|credential| credential.variable.clone()).collect();
            let files = preset.credentials.iter().filter(|credential| credential.contains.is_none());
            let files = files.filter_map(|credential| credential.file.as_deref());
            let files = files.map(|file| PathBuf::from(fill::fill(file, &values))).collect();
            Err(AgentError::NoCredentials { agent, variables, files, sign_in: preset.sign_in.clone() })
        }
    }
}

/// Whether it is there; the path of its file when that is there and cannot be read.
fn is_there(credential: &Credential, values: &Values, caller: &Caller) -> Result<bool, PathBuf> {
    let set = credential.variable.as_deref().is_none_or(|name| caller.get(name).is_some());
    let here = credential.system.as_deref().is_none_or(|system| system == std::env::consts::OS);
    let Some(file) = credential.file.as_deref().filter(|_| set && here) else { return Ok(set && here) };
    let path = expand_home(&fill::fill(file, values), caller);
    match fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            Ok(credential.contains.as_deref().is_none_or(|wanted| text.contains(wanted)))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(path),
        Err(_) => Ok(false),
    }
}

/// Owner and mode of a file, or of the folder above it that keeps it from being seen.
fn facts(path: &Path) -> String {
    let seen = path.ancestors().find_map(|part| Some((part, fs::metadata(part).ok()?)));
    let Some((part, facts)) = seen else { return "its owner cannot be told".to_owned() };
    let subject = if part == path { "it".to_owned() } else { part.display().to_string() };
    let own = rustix::process::geteuid().as_raw();
    let mode = facts.mode() & 0o7777;
    format!("{subject} belongs to user {} with mode {mode:04o}, and gt runs as user {own}", facts.uid())
}

/// The folder above `path` that its group or others can write to.
pub(super) fn exposed(path: &Path) -> Option<PathBuf> {
    let open = |folder: &&Path| fs::metadata(folder).is_ok_and(|facts| facts.mode() & 0o022 != 0);
    path.ancestors().skip(1).find(open).map(Path::to_path_buf)
}

fn is_answered(screen: &Dialog, values: &Values, caller: &Caller) -> bool {
    let applies = screen.when.as_deref().is_none_or(|name| caller.get(name).is_some())
        && screen.unless.as_deref().is_none_or(|name| caller.get(name).is_none());
    let Some(file) = screen.file.as_deref().filter(|_| applies) else { return true };
    let Ok(text) = fs::read_to_string(fill::fill(file, values)) else { return false };
    let has_text = screen.contains.as_deref().is_none_or(|wanted| text.contains(wanted));
    let key = screen.contains_tail_of.as_deref().and_then(|name| caller.get(name));
    has_text && key.is_none_or(|key| text.contains(tail(key)))
}

/// The last characters of a key, by which an agent records the consent of its owner.
pub(super) fn tail(key: &str) -> &str {
    let start = key.char_indices().rev().nth(TAIL - 1).map_or(0, |(index, _)| index);
    &key[start..]
}

/// Where an agent has its files for this caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folders {
    /// Configuration.
    pub config: PathBuf,
    /// Credentials and conversations.
    pub data: PathBuf,
    /// Whether both are a folder of the worker's own.
    pub own: bool,
}

impl Folders {
    /// Those of the person; one of the worker's own where a key is set and the person never finished the first start.
    pub fn of(preset: &Preset, caller: &Caller, state: &Path) -> Self {
        let moved = preset.config_variable.as_deref().and_then(|name| caller.get(name));
        let place = |folder: Option<&str>| expand_home(moved.or(folder).unwrap_or("~"), caller);
        let config = place(preset.config_folder.as_deref());
        let data = preset.data_folder.as_deref().map_or_else(|| config.clone(), |folder| place(Some(folder)));
        let folders = Self { config, data, own: false };
        let values: Values = folders.values().into();
        let can = !preset.own_config.is_empty() && preset.config_variable.is_some() && moved.is_none();
        let has_key = preset.keys.iter().any(|key| caller.get(key).is_some());
        if can && has_key && preset.dialogs.iter().any(|screen| !is_answered(screen, &values, caller)) {
            let own = state.join(&preset.name);
            return Self { config: own.clone(), data: own, own: true };
        }
        folders
    }

    /// As placeholders.
    pub fn values(&self) -> [(&'static str, String); 2] {
        [("config", self.config.display().to_string()), ("data", self.data.display().to_string())]
    }
}

pub(super) fn expand_home(path: &str, caller: &Caller) -> PathBuf {
    match path.strip_prefix('~') {
        Some("") => caller.home(),
        Some(rest) if rest.starts_with('/') => caller.home().join(&rest[1..]),
        _ => PathBuf::from(path),
    }
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}
