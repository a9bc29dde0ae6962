//! The body of `gt session exec ID`: the process that every session is made of.
//!
//! It starts the agent in a process group of its own that owns the terminal, listens on a socket, and when the agent
//! has ended or the end was asked for, ends everything that the agent started, writes the `exit` file and runs the
//! `on_end` command.

mod agent;
mod desk;
mod output;
mod pulse;
mod serve;
mod sign;
mod supervise;
mod verbs;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::attach::OWN_WORDS;
use super::folder::PidFile;
use super::{
    Exit, ExitReason, Launch, Observed, ReadConversation, RuntimeError, RuntimeKind, now, observe, spawn_detached,
};
use crate::store::ProcessId;

pub(super) use agent::become_agent;
use agent::{Agent, Refusal};
use serve::Socket;
use supervise::{Place, Signals};

/// An agent that ends by itself within this time can hardly have done anything.
const EARLY: Duration = Duration::from_secs(2);

/// The exit status of `gt session exec` when it could not even read its orders.
const BROKEN: i32 = 125;

/// Runs the session of a run folder to its end and answers the exit status for the process. Never to be called by a
/// process that does anything else. `read` is asked for what the agent writes down of its conversation.
pub fn exec(dir: &Path, read: ReadConversation) -> i32 {
    // Leaves the caller's terminal and group, if it has not a terminal of its own already.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    match session(dir, read) {
        Ok(exit) => exit.code().unwrap_or(BROKEN),
        Err(error) => {
            say(&error.to_string());
            if Exit::read(dir).is_none() {
                let exit = Exit { message: Some(error.to_string()), ..Exit::bare(ExitReason::NotStarted, now()) };
                let _ = exit.write(dir);
            }
            BROKEN
        }
    }
}

fn session(dir: &Path, read: ReadConversation) -> Result<Exit, RuntimeError> {
    let launch = Launch::read(dir)?;
    if let Observed::Running(_) = observe(dir) {
        return Err(RuntimeError::AlreadyRuns { name: launch.name });
    }
    let fail = |error| RuntimeError::io("watch over the session in", dir)(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fail)?;
    let Some(exit) = runtime.block_on(run(dir, &launch, read))? else {
        return Ok(Exit::bare(ExitReason::Ended, now()));
    };
    say(&exit.describe(&launch));
    // The first who writes how it ended is right.
    if Exit::read(dir).is_none() {
        exit.write(dir)?;
    }
    run_on_end(&launch);
    Ok(exit)
}

/// Everything up to the end of the agent and of all that it started; `None` when the session was ended before it began.
async fn run(dir: &Path, launch: &Launch, read: ReadConversation) -> Result<Option<Exit>, RuntimeError> {
    // Both before the pid file, which says that this session can be asked and signalled.
    let signals = Signals::open().map_err(RuntimeError::io("watch for signals in", dir))?;
    // Without its socket a session still works; it is then ended by signals.
    let socket = Socket::open(dir).inspect_err(|error| say(&error.to_string())).ok();
    let mut pid = PidFile::current(None);
    pid.write(dir)?;
    // Looked for after the pid file is there: whoever ended this session meanwhile either sees the pid or is seen here.
    if Exit::read(dir).is_some() {
        return Ok(None);
    }
    let mut agent = match Agent::start(launch, dir) {
        Ok(agent) => agent,
        Err(Refusal { status, message }) => {
            let bare = Exit::bare(ExitReason::NotStarted, now());
            return Ok(Some(Exit { status: Some(status), message: Some(message), started: Some(now()), ..bare }));
        }
    };
    pid.child = ProcessId::of(agent.pid());
    pid.write(dir)?;
    let output = agent.take_output();
    let exit = supervise::supervise(Place { dir, launch }, agent, signals, socket, read).await;
    if let Some(output) = output {
        output.finish();
    }
    Ok(Some(exit))
}

fn run_on_end(launch: &Launch) {
    if launch.on_end.is_empty() {
        return;
    }
    // Not the agent's folder: it may be removed while this runs.
    let cwd = launch.log.parent().unwrap_or(Path::new("/"));
    if let Err(error) = spawn_detached(&launch.on_end, cwd, &launch.on_end_env) {
        say(&format!("cannot run {:?}: {error}", launch.on_end));
    }
}

/// Says something where the session's output goes: on the pane, or into the log.
fn say(text: &str) {
    let _ = write!(std::io::stderr(), "\r\n{OWN_WORDS}{text}\r\n");
}

/// Whether the session has a terminal that texts can be typed into.
fn has_keyboard(launch: &Launch) -> bool {
    launch.runtime == RuntimeKind::Tmux && launch.tmux_socket.is_some()
}
