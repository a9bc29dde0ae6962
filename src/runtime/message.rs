//! Talking to a running session through its socket: one JSON object per line, one answer for each.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{HookEvent, RuntimeError, folder::session_of};
use crate::clock::Timestamp;

/// The longest path that every system takes for a socket (macOS: 104 bytes with the NUL).
pub(super) const SOCKET_PATH_LIMIT: usize = 100;

/// How long a session may take to answer. Typing into a slow agent takes seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// What a session can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Request {
    /// Are you there?
    Ping,
    /// What do you do?
    Status,
    /// End: the agent gets `delay_ms` to end by itself, then everything is asked to end and after `grace_ms` killed.
    /// Answered at once.
    End {
        /// Milliseconds before anything is signalled.
        #[serde(default)]
        delay_ms: u64,
        /// Milliseconds from the first signal to SIGKILL; the launch's own when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_ms: Option<u64>,
    },
    /// Carry a verb of the worker out, outside of its sandbox. Answered with any number of [`Reply::Output`], then
    /// [`Reply::Ran`].
    Verb(Verb),
    /// Type this text into the agent's terminal and submit it. Answered when it has been typed, which does not mean
    /// that the agent has accepted it.
    Deliver {
        /// The text.
        text: String,
    },
    /// Messages for the agent wait in the town's local state. Answered at once.
    Messages,
    /// A hook of the agent told something.
    Event {
        /// What.
        event: HookEvent,
        /// Whether the agent can be told something instead of stopping.
        #[serde(default)]
        takes: bool,
    },
}

/// A verb that a worker in the sandbox has typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verb {
    /// The arguments of `gt`, without its name.
    pub argv: Vec<String>,
    /// The folder that it was typed in.
    pub cwd: PathBuf,
    /// What it reads from its standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
}

/// Which of its outputs a verb wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// What a session answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Reply {
    /// It is there.
    Pong,
    /// What it does.
    Status(Status),
    /// It will end.
    Ending,
    /// The text was typed and Enter pressed.
    Typed {
        /// Whether the screen showed the text, or anything new, before Enter.
        shown: bool,
    },
    /// The event was recorded.
    Heard {
        /// What the agent is to be told instead of stopping.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hand_over: Option<String>,
    },
    /// What a verb said: so many bytes follow the line.
    Output {
        /// Where.
        stream: Stream,
        /// How many.
        bytes: usize,
    },
    /// The verb has ended.
    Ran {
        /// With this exit status.
        status: i32,
    },
    /// This runtime has no keyboard.
    Unsupported,
    /// It could not.
    Failed {
        /// Why.
        message: String,
    },
}

/// What a running session says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The number of the agent's process.
    pub agent: i32,
    /// When it was started.
    pub started: Timestamp,
    /// Whether the end has been asked for.
    pub ending: bool,
    /// How many texts were typed.
    pub typed: usize,
}

/// Asks the session of a run folder. An error of kind "not found" when nobody listens.
pub fn send(dir: &Path, request: &Request) -> Result<Reply, RuntimeError> {
    send_within(dir, request, ANSWER_LIMIT)
}

/// The same for those who cannot wait for long.
pub(super) fn send_within(dir: &Path, request: &Request, limit: Duration) -> Result<Reply, RuntimeError> {
    let path = socket_path(dir);
    ask(&path, request, limit).map_err(|error| match error.kind() {
        // It may also end while it is asked.
        io::ErrorKind::NotFound
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => RuntimeError::NoSession { session: session_of(dir) },
        _ => RuntimeError::io("ask the session at", &path)(error),
    })
}

/// Types a text into the session's terminal and submits it.
pub fn deliver(dir: &Path, text: &str) -> Result<Reply, RuntimeError> {
    send(dir, &Request::Deliver { text: text.to_owned() })
}

fn ask(path: &Path, request: &Request, limit: Duration) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let mut line = serde_json::to_string(request).expect("a request has only plain fields");
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    if BufReader::new(stream).read_line(&mut answer)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_str(&answer).map_err(io::Error::from)
}

/// Where the socket of a run folder is: in the folder, or, when that path is too long for a socket, in the machine's
/// folder for temporary files under a name computed from it.
pub(super) fn socket_path(dir: &Path) -> PathBuf {
    let path = dir.join("socket");
    if path.as_os_str().len() <= SOCKET_PATH_LIMIT {
        return path;
    }
    // FNV-1a: the same in every build of gt, unlike the hashes of the standard library.
    let hash = dir
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let user = rustix::process::getuid().as_raw();
    PathBuf::from(format!("/tmp/gt-{user}-{hash:016x}")).join("socket")
}
