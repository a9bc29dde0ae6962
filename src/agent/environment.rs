//! The environment of an agent: nothing of the caller's but what is listed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Preset;
use crate::env;
use crate::id::{BeadId, Lease, RigName, RoleName, SessionId, WorkerRef};

/// Variables of the caller that every agent gets. No agent of keys (`SSH_AUTH_SOCK`): a worker never pushes.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLORTERM",
    "TMPDIR",
    "XDG_*",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CC",
    "CXX",
    "GOPATH",
    "GOROOT",
    "GOPROXY",
    "GOMODCACHE",
    "GOCACHE",
    "JAVA_HOME",
    "GRADLE_USER_HOME",
    "MAVEN_OPTS",
    "DOTNET_ROOT",
    "NVM_DIR",
    "PNPM_HOME",
    "COREPACK_HOME",
    "npm_config_*",
    "NPM_CONFIG_*",
    "PIP_*",
    "UV_*",
    "PYENV_ROOT",
    "GEM_HOME",
    "GEM_PATH",
    "BUNDLE_*",
    "COMPOSER_HOME",
    "MIX_HOME",
    "HEX_HOME",
    "DENO_DIR",
    "BUN_INSTALL",
    "NIX_*",
    "DOCKER_HOST",
    "GT_CLOCK",
];

/// The process that asks for a session: its environment, and whether it is root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its environment; variables that are not UTF-8 are left out.
    pub variables: BTreeMap<String, String>,
    /// Whether it runs as root.
    pub root: bool,
}

impl Caller {
    /// This process.
    pub fn this_process() -> Self {
        let text = |value: OsString| value.into_string().ok();
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
        Self { variables, root: rustix::process::geteuid().is_root() }
    }

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folders of `PATH`, in order.
    pub fn path(&self) -> Vec<PathBuf> {
        self.get("PATH").map(|path| std::env::split_paths(path).collect()).unwrap_or_default()
    }

    /// The home folder.
    pub fn home(&self) -> PathBuf {
        PathBuf::from(self.get("HOME").unwrap_or("/"))
    }
}

/// What a worker's verbs need to know about it: the `GT_*` variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerVariables {
    /// The town's root.
    pub town: PathBuf,
    /// The session.
    pub session: SessionId,
    /// The rig.
    pub rig: Option<RigName>,
    /// The worker; none for the mayor.
    pub worker: Option<WorkerRef>,
    /// The role.
    pub role: Option<RoleName>,
    /// The bead.
    pub bead: Option<BeadId>,
    /// The title of the bead.
    pub title: Option<String>,
    /// The lease.
    pub lease: Option<Lease>,
    /// The attempt, from 1.
    pub attempt: Option<u32>,
}

impl WorkerVariables {
    /// Those of a session without worker and bead.
    pub fn of_session(town: &Path, session: SessionId) -> Self {
        Self {
            town: town.to_path_buf(),
            session,
            rig: None,
            worker: None,
            role: None,
            bead: None,
            title: None,
            lease: None,
            attempt: None,
        }
    }

    /// As names and values.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let one_line = |title: &String| title.split_whitespace().collect::<Vec<_>>().join(" ");
        [
            (env::TOWN, Some(self.town.display().to_string())),
            (env::SESSION, Some(self.session.to_string())),
            (env::RIG, self.rig.as_ref().map(ToString::to_string)),
            (env::WORKER, self.worker.as_ref().map(ToString::to_string)),
            (env::ROLE, self.role.as_ref().map(ToString::to_string)),
            (env::BEAD, self.bead.as_ref().map(ToString::to_string)),
            (env::TITLE, self.title.as_ref().map(one_line)),
            (env::LEASE, self.lease.as_ref().map(ToString::to_string)),
            (env::ATTEMPT, self.attempt.map(|attempt| attempt.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

/// Whether a variable of the caller's passes to every agent. A credential under one of the wide names does not: the
/// token of a registry publishes packages.
fn passes_always(name: &str) -> bool {
    PASSED.iter().any(|pattern| fits(pattern, name)) && !is_secret(name)
}

/// Whether a variable holds a credential, by its name.
fn is_secret(name: &str) -> bool {
    const MARKS: &[&str] = &["TOKEN", "PASSWORD", "PASSWD", "SECRET", "CREDENTIAL", "AUTH", "_KEY"];
    let name = name.to_ascii_uppercase();
    MARKS.iter().any(|mark| name.contains(mark))
}

/// The complete environment of an agent, the last word first: what is given, what the preset sets, what passes.
pub(super) fn environment(
    preset: &Preset,
    caller: &Caller,
    gt: &Path,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let with = preset.pass_with.iter().filter(|(name, _)| caller.get(name).is_some()).flat_map(|(_, names)| names);
    let own: Vec<&str> = preset.pass.iter().chain(&preset.keys).chain(with).map(String::as_str).collect();
    let passes = |name: &str| passes_always(name) || own.iter().any(|pattern| fits(pattern, name));
    let mut variables: BTreeMap<String, String> =
        caller.variables.iter().filter(|(name, _)| passes(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    variables.insert("PATH".to_owned(), with_gt(caller, gt));
    variables.entry("TERM".to_owned()).or_insert_with(|| "xterm-256color".to_owned());
    variables.extend(preset.env.clone());
    if caller.root {
        variables.extend(preset.env_root.clone());
    }
    variables.extend(given.clone());
    variables
}

/// The complete environment of a gate or a set-up command: what passes to every agent, and no credentials.
pub fn command_environment(caller: &Caller, gt: &Path) -> BTreeMap<String, String> {
    let passes = passes_always;
    let mut variables: BTreeMap<String, String> =
        caller.variables.iter().filter(|(name, _)| passes(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    variables.insert("PATH".to_owned(), with_gt(caller, gt));
    variables
}

/// `PATH` with the folder of this `gt` in front, so that an agent's `gt` is the one that started it.
fn with_gt(caller: &Caller, gt: &Path) -> String {
    let path = caller.get("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
    match gt.parent().map(|folder| folder.display().to_string()) {
        Some(folder) if !folder.is_empty() && !path.split(':').any(|entry| entry == folder) => {
            format!("{folder}:{path}")
        }
        Some(folder) if !folder.is_empty() => {
            let others: Vec<&str> = path.split(':').filter(|entry| *entry != folder).collect();
            std::iter::once(folder.as_str()).chain(others).collect::<Vec<_>>().join(":")
        }
        _ => path.to_owned(),
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}
