//! Sessions without a terminal: for containers and CI.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::detach::collect_later;
use super::folder::make_log_dir;
use super::{
    Attach, Exit, ExitReason, Launch, Observed, Place, Runtime, RuntimeError, RuntimeKind, attach, end, now,
    wait_until_started,
};
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
        let mut child = Command::new(&self.place.program)
            .args(exec_arguments(dir, &launch))
            .current_dir(&self.place.town)
            .env_clear()
            .envs(exec_environment(&launch))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(RuntimeError::io("start", &self.place.program))?;
        // The process leaves the caller's terminal and group before it writes its pid: from then on it stands alone.
        let start = Instant::now();
        let observed = wait_while_alive(dir, &mut child);
        collect_later(child);
        confirm_start(dir, &launch, &observed, start)
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

/// Waits until the session has begun or can begin no more, because its process is gone.
fn wait_while_alive(dir: &Path, child: &mut Child) -> Observed {
    const LOOK: Duration = Duration::from_millis(50);
    let start = Instant::now();
    loop {
        let ended = child.try_wait().is_ok_and(|status| status.is_some());
        let observed = wait_until_started(dir, LOOK);
        let waits = matches!(observed, Observed::Starting | Observed::Absent);
        if !waits || ended || start.elapsed() >= START_LIMIT {
            return observed;
        }
    }
}

/// What came of a start. A session that has not begun by now is ended for good, so that it can be started anew at once.
pub(super) fn confirm_start(
    dir: &Path,
    launch: &Launch,
    observed: &Observed,
    start: Instant,
) -> Result<(), RuntimeError> {
    if !matches!(observed, Observed::Starting | Observed::Absent) {
        return Ok(());
    }
    if Exit::read(dir).is_none() {
        let message = Some("it did not begin".to_owned());
        Exit { message, ..Exit::bare(ExitReason::NotStarted, now()) }.write(dir)?;
    }
    end(dir, Duration::ZERO)?;
    let (session, waited, log) = (launch.session.to_string(), start.elapsed(), launch.log.clone());
    Err(RuntimeError::DidNotStart { session, waited, log })
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
    let crash = std::env::var(env::CRASH).ok().map(|point| (env::CRASH, point));
    let own = [(env::SESSION, launch.session.to_string()), (env::DETACHED, "1".to_owned()), ("PATH", path)];
    own.into_iter().chain(crash).collect()
}
