//! Sessions without a terminal: for containers and CI.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::detach::collect_later;
use super::folder::make_log_dir;
use super::{Attach, Launch, Observed, Place, Runtime, RuntimeError, RuntimeKind, attach, wait_until_started};
use crate::env;

/// How long the session's own process may take to begin.
const START_LIMIT: Duration = Duration::from_secs(10);

/// The runtime `process`: each session is a process with a log.
#[derive(Debug, Clone)]
pub struct Processes {
    place: Place,
}

impl Processes {
    /// The runtime of a town.
    pub fn new(place: Place) -> Self {
        Self { place }
    }
}

impl Runtime for Processes {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Process
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door for sessions")]
    fn start(&self, dir: &Path, launch: &Launch) -> Result<(), RuntimeError> {
        let launch = Launch { runtime: RuntimeKind::Process, tmux_socket: None, ..launch.clone() };
        launch.write(dir)?;
        make_log_dir(&launch.log)?;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&launch.log)
            .map_err(RuntimeError::io("open the log", &launch.log))?;
        let errors = log.try_clone().map_err(RuntimeError::io("open the log", &launch.log))?;
        let child = Command::new(&self.place.program)
            .args(exec_arguments(dir, &launch))
            .current_dir(&self.place.town)
            .env_clear()
            .envs(exec_environment(&launch))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(RuntimeError::io("start", &self.place.program))?;
        collect_later(child);
        // The process leaves the caller's terminal and group before it writes its pid: from then on it stands alone.
        match wait_until_started(dir, START_LIMIT) {
            Observed::Starting | Observed::Absent => Err(RuntimeError::DidNotStart {
                session: launch.session.to_string(),
                waited: START_LIMIT,
                log: launch.log,
            }),
            Observed::Running(_) | Observed::Ended(_) | Observed::Lost => Ok(()),
        }
    }

    fn capture(&self, dir: &Path, lines: usize) -> Result<String, RuntimeError> {
        let launch = Launch::read(dir)?;
        attach::tail(&launch.log, lines).map_err(RuntimeError::io("read", &launch.log))
    }

    fn attach(&self, dir: &Path) -> Result<Attach, RuntimeError> {
        Launch::read(dir).map(|launch| Attach::Follow(launch.log))
    }

    fn close(&self, _dir: &Path) -> Result<(), RuntimeError> {
        Ok(())
    }
}

/// What `gt` is called with to run a session.
pub(super) fn exec_arguments(dir: &Path, launch: &Launch) -> Vec<String> {
    let dir = dir.to_string_lossy().into_owned();
    vec!["session".into(), "exec".into(), launch.session.to_string(), "--dir".into(), dir]
}

/// The environment of the session's own process: the marker, by which it is found before it has written its pid, and
/// what a program needs to find others. The agent gets none of it.
pub(super) fn exec_environment(launch: &Launch) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    vec![(env::SESSION, launch.session.to_string()), (env::DETACHED, "1".to_owned()), ("PATH", path)]
}
