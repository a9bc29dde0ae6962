//! Where sessions and commands run, and how everything that they started is ended.
//!
//! A session is one run of one agent. In every runtime it is the body of `gt session exec ID` ([`exec()`]): it reads
//! its [`Launch`] from the session's run folder, starts the agent, keeps a socket for messages, and writes how it
//! ended. What a session does is never stored but observed ([`observe`]) from that folder and the process table.
//!
//! The files of a run folder: `launch.toml` (what to start), `pid` (who runs it), `socket`, `events.jsonl` (what the
//! agent's hooks told), `exit` (how it ended).
//! Once `exit` is there, nothing of that session will ever start again.
//!
//! Not here: which worker runs what (`ops`), what an agent's screen means (`agent`), whether to restart (`witness`).

mod attach;
mod cgroup;
mod command;
mod confine;
mod conversation;
mod detach;
mod end;
mod event;
mod exec;
mod exit;
mod folder;
mod foreground;
mod household;
mod launch;
mod manners;
mod message;
mod outside;
mod process;
mod quote;
mod survivors;
mod tmux;
mod users;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Timestamp};
use crate::error::{Failure, Kind};
use crate::id::SessionId;

pub use attach::{Attach, agent_spoke, follow_log, read_log, replace_process};
pub use command::{CommandResult, CommandSpec, abandon_commands, run_command};
pub use confine::{Confinement, Scratch, View, can_confine, confine, ways_out};
pub use conversation::{Conversation, ReadConversation};
pub use detach::spawn_detached;
pub use end::{EndReport, end, end_after};
pub use event::{HookEvent, HookKind, events, last_event, tell};
pub use exec::exec;
pub use exit::{Exit, ExitReason};
pub use folder::{Observed, Run, observe, remove_run, runs, wait_until_ended, wait_until_started, was_before_boot};
pub use foreground::{Foreground, Shown};
pub use household::end_household;
pub use launch::{FirstPrompt, Launch, Pulse};
pub use manners::Manners;
pub use message::{Reply, Request, Status, Verb, deliver, send};
pub use outside::run_outside;
pub use process::Processes;
pub use quote::line as shell_line;
pub use survivors::{Halt, go_on, halt};
pub use tmux::{Look, Pane, Posted, Sign, Tmux, TmuxServer, Typed, tmux_version, usable_tmux};
pub use users::{Users, users};
pub use watch::{Watched, watch};

/// The longest transcript of a session, in bytes.
const LOG_LIMIT: u64 = 64 << 20;

/// What kind of place sessions run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum, Default)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeKind {
    /// A terminal for each session, in the town's own tmux server.
    #[default]
    Tmux,
    /// A process with a log and no terminal, for containers and CI.
    Process,
}

impl RuntimeKind {
    /// The word for it in settings and in the local state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tmux => "tmux",
            Self::Process => "process",
        }
    }
}

impl std::fmt::Display for RuntimeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for RuntimeKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tmux" => Ok(Self::Tmux),
            "process" => Ok(Self::Process),
            _ => Err(format!("{text:?} is not a runtime: there are tmux and process")),
        }
    }
}

/// What a runtime needs to know of the town.
#[derive(Debug, Clone)]
pub struct Place {
    /// The `gt` program, absolute; it runs as `gt session exec ID --dir RUN_FOLDER`.
    pub program: PathBuf,
    /// The folder that the sessions' own processes stand in: the town's root.
    pub town: PathBuf,
    /// The socket of the town's tmux server, under 100 bytes.
    pub tmux_socket: PathBuf,
    /// The configuration of that server; generated, and replaced when it differs.
    pub tmux_config: PathBuf,
    /// A command for the tmux server to run when the process of a session has died; empty for none.
    pub pane_died: Vec<String>,
}

/// A place where sessions run. `dir` is always the session's run folder.
pub trait Runtime: std::fmt::Debug {
    /// Which one it is.
    fn kind(&self) -> RuntimeKind;

    /// Writes the launch file and starts the session. When this returns, the session does not depend on the caller's
    /// life. The session of the same name must have ended; its remains on the screen are removed.
    fn start(&self, dir: &Path, launch: &Launch) -> Result<(), RuntimeError>;

    /// Gets ready for sessions, so that the first one need not: starts what they run in, if that is anything.
    fn up(&self) -> Result<(), RuntimeError> {
        Ok(())
    }

    /// The last `lines` lines that the session shows, or has written to its log.
    fn capture(&self, dir: &Path, lines: usize) -> Result<String, RuntimeError>;

    /// How a person watches or talks to the session.
    fn attach(&self, dir: &Path) -> Result<Attach, RuntimeError>;

    /// Removes what is left of an ended session on the screen, so that its name is free. Nothing when there is nothing.
    fn close(&self, dir: &Path) -> Result<(), RuntimeError>;
}

/// The runtime of this kind.
pub fn open(kind: RuntimeKind, place: &Place) -> Box<dyn Runtime> {
    match kind {
        RuntimeKind::Tmux => Box::new(Tmux::new(place.clone())),
        RuntimeKind::Process => Box::new(Processes::new(place.clone())),
    }
}

/// Why a session or a command could not be started, asked or ended.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// There is no tmux program.
    #[error("tmux is not installed: there is no tmux in {path}")]
    TmuxMissing {
        /// The search path.
        path: String,
    },
    /// tmux is too old.
    #[error("tmux is version {found}, and gt needs 3.2 or newer")]
    TmuxTooOld {
        /// What it says.
        found: String,
    },
    /// The town's tmux server does not run.
    #[error("the tmux server of this town does not run (socket {socket})", socket = socket.display())]
    ServerDead {
        /// Its socket.
        socket: PathBuf,
    },
    /// The town's tmux server is there and does not answer.
    #[error("tmux did not answer within {waited:?}")]
    TmuxSilent {
        /// How long was waited.
        waited: Duration,
    },
    /// A path is longer than a socket may be.
    #[error("the socket path {path} is {length} bytes long, and the system allows {limit}", path = path.display())]
    SocketPathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        length: usize,
        /// The longest possible.
        limit: usize,
    },
    /// tmux refused a command.
    #[error("tmux {command} failed: {message}")]
    Tmux {
        /// The command.
        command: String,
        /// What it said.
        message: String,
    },
    /// There is no session here.
    #[error("session {session} does not run")]
    NoSession {
        /// Which one.
        session: String,
    },
    /// A session of this name lives already.
    #[error("a session named {name} already runs")]
    AlreadyRuns {
        /// The name for people.
        name: String,
    },
    /// The launch file breaks a rule.
    #[error("{path} is no launch file: {reason}", path = path.display())]
    InvalidLaunch {
        /// The file.
        path: PathBuf,
        /// The rule.
        reason: String,
    },
    /// The session did not carry a verb out.
    #[error("session {session} did not carry this out: {reason}")]
    NotCarriedOut {
        /// Which one.
        session: String,
        /// Its reason.
        reason: String,
    },
    /// This machine cannot put a session into a sandbox.
    #[error("no sandbox can be made here: {reason}")]
    NoSandbox {
        /// What is missing.
        reason: String,
    },
    /// The session's own process did not begin in time.
    #[error("session {session} did not begin within {waited:?}; see {log}", log = log.display())]
    DidNotStart {
        /// Which one.
        session: String,
        /// How long was waited.
        waited: Duration,
        /// Its log.
        log: PathBuf,
    },
    /// Processes that do not end, not even by SIGKILL.
    #[error("session {session} left processes that do not end: {pids:?}")]
    Survivors {
        /// Which one.
        session: String,
        /// Their numbers.
        pids: Vec<i32>,
    },
    /// The session answered that it cannot do this.
    #[error("session {session} did not take the message: {reason}")]
    NotDelivered {
        /// Which one.
        session: String,
        /// Its reason.
        reason: String,
    },
}

/// A measured pause, where another process gives no event to wait for.
#[expect(clippy::disallowed_methods, reason = "what is waited for is a file or a screen of another process")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Waits for a moment before something is looked at again that another process writes.
pub fn rest(duration: Duration) {
    pause(duration);
}

/// The machine's time, which the files of a run folder are about; never a time that a test has fixed.
fn now() -> Timestamp {
    Clock::System.now()
}

impl RuntimeError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    fn no_session(session: &SessionId) -> Self {
        Self::NoSession { session: session.to_string() }
    }

    /// The class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Io { .. } | Self::Tmux { .. } | Self::TmuxMissing { .. } | Self::TmuxTooOld { .. } => Kind::External,
            Self::DidNotStart { .. } | Self::Survivors { .. } | Self::ServerDead { .. } => Kind::External,
            Self::TmuxSilent { .. } | Self::NoSandbox { .. } => Kind::External,
            Self::SocketPathTooLong { .. } | Self::InvalidLaunch { .. } => Kind::Invalid,
            Self::NoSession { .. } => Kind::NotFound,
            Self::AlreadyRuns { .. } => Kind::Conflict,
            Self::NotDelivered { .. } => Kind::Retryable,
            Self::NotCarriedOut { .. } => Kind::Refused,
        }
    }

    /// What to do next, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::TmuxMissing { .. } => {
                Some("install tmux 3.2 or newer (Debian: apt-get install tmux), or use the runtime `process`")
            }
            Self::TmuxTooOld { .. } => Some("install a newer tmux, or use the runtime `process`"),
            Self::ServerDead { .. } => Some("the next `gt sling`, or `gt doctor --fix`, starts it again"),
            Self::SocketPathTooLong { .. } => Some("make the town in a folder with a shorter path"),
            Self::NoSandbox { .. } => Some("`gt config set sandbox off` starts sessions without one"),
            Self::AlreadyRuns { .. } => Some("attach to it, or stop it first"),
            Self::DidNotStart { .. } => Some("the machine may be overloaded: try again, and see the log"),
            _ => None,
        }
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        let failure = Self::new(error.kind(), error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
