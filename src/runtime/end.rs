//! Ending a session, whatever state it is in.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cgroup::Cgroup;
use super::folder::{PidFile, session_of};
use super::survivors::{Sweep, Target, signal};
use super::{
    Exit, ExitReason, Launch, Observed, Reply, Request, RuntimeError, now, observe, pause, send, wait_until_ended,
};
use crate::store::ProcessId;

/// What a session needs beyond the grace: to kill, to look, to write.
const KILL_LIMIT: Duration = Duration::from_secs(6);

/// How long a session may live on after it has written how it ended.
const LAST_ACTS: Duration = Duration::from_secs(2);

/// What ending a session found and did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EndReport {
    /// What the session did before.
    pub was: Observed,
    /// How it ended; `None` when there was no session.
    pub exit: Option<Exit>,
    /// The processes that had to be signalled from here. Those that the session ended by itself are counted in its
    /// exit.
    pub killed: Vec<ProcessId>,
}

/// Ends everything that a session started, and returns when nothing of it lives any more: asked over its socket if it
/// answers, else found by process group, descent and marker. What does not end within `grace` is killed. May be
/// repeated, and done while the session is only starting: it then never starts.
pub fn end(dir: &Path, grace: Duration) -> Result<EndReport, RuntimeError> {
    let was = observe(dir);
    if was == Observed::Absent {
        return Ok(EndReport { was, exit: None, killed: Vec::new() });
    }
    let pid = PidFile::read(dir);
    let is_command = pid.as_ref().is_some_and(|pid| pid.command.is_some());
    if was.is_live() && !is_command && ask_to_end(dir, Duration::ZERO, grace) {
        wait_until_ended(dir, grace + KILL_LIMIT);
        // Its last act after the exit file is to start `on_end`.
        pid.as_ref().inspect(|pid| wait_until_gone(pid.process));
    }
    // Written before looking for processes: a session that begins only now sees it and stops by itself.
    let reason = if was == Observed::Lost { ExitReason::Lost } else { ExitReason::Ended };
    if Exit::read(dir).is_none() {
        Exit::bare(reason, now()).write(dir)?;
    }
    let mut killed = Vec::new();
    // The session's own process first, or it would run `on_end` and talk about what is done to its agent.
    let own = pid.as_ref().filter(|_| !is_command).and_then(PidFile::living);
    if let Some(own) = own {
        signal(own, Signal::KILL);
        killed.push(own);
    }
    let group = pid.and_then(|pid| pid.living_child()).map(|child| child.pid);
    let cgroup = Cgroup::of(dir);
    let members = cgroup.as_ref().map(Cgroup::members_file);
    let target = Target { marker: session_of(dir), group, ancestor: None, pipe: None, cgroup: members };
    match Sweep::new(target, grace).run() {
        Ok(signalled) => killed.extend(signalled.into_iter().filter(|process| Some(*process) != own)),
        Err(alive) => {
            let pids = alive.iter().map(|process| process.pid).collect();
            return Err(RuntimeError::Survivors { session: session_of(dir), pids });
        }
    }
    Ok(EndReport { was, exit: Exit::read(dir), killed })
}

/// Asks a session to end after `delay`, in which its agent may end by itself, and returns at once. For verbs that the
/// agent itself calls, such as `gt done`. Answers false when nobody listens: then [`end()`] it.
pub fn end_after(dir: &Path, delay: Duration) -> bool {
    let grace = Launch::read(dir).map_or(Duration::from_secs(5), |launch| Duration::from_secs(launch.grace_seconds));
    ask_to_end(dir, delay, grace)
}

fn wait_until_gone(process: ProcessId) {
    let start = Instant::now();
    while process.is_alive() && start.elapsed() < LAST_ACTS {
        pause(Duration::from_millis(3));
    }
}

fn ask_to_end(dir: &Path, delay: Duration, grace: Duration) -> bool {
    let request = Request::End { delay_ms: millis(delay), grace_ms: Some(millis(grace)) };
    matches!(send(dir, &request), Ok(Reply::Ending))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
