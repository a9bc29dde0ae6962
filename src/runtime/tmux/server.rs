//! One tmux server behind its socket: single calls of the tmux program.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use chrono::DateTime;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::Signal;
use tmux_interface::{AttachSession, KillServer, ListPanes, ListSessions, SourceFile, SwitchClient, TmuxCommand};

use super::super::RuntimeError;
use super::super::message::SOCKET_PATH_LIMIT;
use super::super::survivors::signal;
use crate::clock::Timestamp;
use crate::env;
use crate::id::SessionId;
use crate::store::ProcessId;

/// The user option of a tmux session that names ours.
pub const SESSION_OPTION: &str = "@gt_session";

/// The oldest version that has what is used here.
const OLDEST: (u32, u32) = (3, 2);

/// What the program of tmux says when the server that it asked is no more: another one may be there by now.
const GONE: [&str; 2] = ["server exited", "no server running"];

/// A tmux server, which may or may not run.
#[derive(Debug, Clone)]
pub struct TmuxServer {
    socket: PathBuf,
    config: Option<PathBuf>,
    limit: Option<Duration>,
}

/// One terminal of the server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Pane {
    /// The name of its tmux session, for people.
    pub name: String,
    /// The session of ours that runs in it.
    pub session: Option<SessionId>,
    /// tmux's own name for it, `%3`.
    pub pane: String,
    /// The process of the session.
    pub pid: i32,
    /// Whether that process has ended and only its last screen is left.
    pub dead: bool,
    /// The exit status of that process, if it is dead and was not killed. tmux 3.3a loses it now and then: how a
    /// session ended stands in its run folder.
    pub dead_status: Option<i32>,
    /// When the terminal last showed something new.
    pub activity: Option<Timestamp>,
    /// How many people look at it.
    pub attached: usize,
    /// Whether a full-screen program runs in it, which has no scrollback.
    pub full_screen: bool,
    /// What its status line says, as a mark that is the same for the same words.
    pub sign: Option<String>,
    /// Until when that holds.
    pub sign_until: Option<Timestamp>,
    /// What the status lines of all sessions say of the town.
    pub town: String,
    /// The title that the agent has set.
    pub title: String,
}

impl TmuxServer {
    /// The server at a socket.
    pub fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), config: None, limit: None }
    }

    /// The same, where a command that is not answered in time is given up.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The same, started with this configuration when a command starts it.
    #[must_use]
    pub fn with_config(self, config: &Path) -> Self {
        Self { config: Some(config.to_owned()), ..self }
    }

    /// Whether somebody listens at the socket; also a server that is stopped does, and never answers.
    pub fn is_alive(&self) -> bool {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (Ok(address), Ok(socket)) =
            (SocketAddrUnix::new(&self.socket), socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None))
        else {
            return false;
        };
        // A full queue: somebody listens and does not come to it.
        matches!(connect(&socket, &address), Ok(()) | Err(Errno::AGAIN))
    }

    /// Every terminal of the server, in one query.
    pub fn panes(&self) -> Result<Vec<Pane>, RuntimeError> {
        let fields = "#{session_name}|#{@gt_session}|#{pane_id}|#{pane_pid}|#{pane_dead}|#{pane_dead_status}|\
                      #{window_activity}|#{session_attached}|#{alternate_on}|#{@gt_sign}|#{@gt_until}|#{@gt_status}|#{pane_title}";
        let mut tries = 3;
        loop {
            tries -= 1;
            match self.run(ListPanes::new().all().format(fields).build()) {
                Ok(text) => return Ok(text.lines().filter_map(parse_pane).collect()),
                Err(RuntimeError::Tmux { .. }) if self.has_no_sessions() => return Ok(Vec::new()),
                // The first session may have come between the two questions.
                Err(RuntimeError::Tmux { .. }) if tries > 0 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Asked for all panes, a server without sessions complains that there is no current one.
    fn has_no_sessions(&self) -> bool {
        self.run(ListSessions::new().build()).is_ok_and(|text| text.is_empty())
    }

    /// The terminal of a session, if the server still has it.
    pub fn pane_of(&self, session: &SessionId) -> Result<Option<Pane>, RuntimeError> {
        Ok(self.panes()?.into_iter().find(|pane| pane.session.as_ref() == Some(session)))
    }

    /// Reads the configuration again.
    pub fn reload(&self) -> Result<(), RuntimeError> {
        match &self.config {
            Some(config) => self.run(SourceFile::new().path(config.to_string_lossy()).build()).map(drop),
            None => Ok(()),
        }
    }

    /// Ends the server with every terminal in it; nothing when it does not run.
    pub fn end(&self) -> Result<(), RuntimeError> {
        match self.run(KillServer::new().build()) {
            Ok(_) | Err(RuntimeError::ServerDead { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What a person's terminal is to run in order to show a session. Inside this very server the terminal switches
    /// to it; inside another one it attaches all the same.
    pub fn attach_words(&self, name: &str) -> Vec<String> {
        let inside = std::env::var("TMUX").is_ok_and(|value| self.is_socket_of(&value));
        let target = super::target(name);
        let command = if inside {
            SwitchClient::new().target_session(target).build()
        } else {
            AttachSession::new().target_session(target).build()
        };
        let socket = self.socket.to_string_lossy().into_owned();
        let before: &[&str] = if inside { &["tmux"] } else { &["env", "-u", "TMUX", "-u", "TMUX_PANE", "tmux", "-u"] };
        let words = before.iter().map(|word| (*word).to_owned()).chain(["-S".to_owned(), socket]);
        words.chain(command.to_vec().iter().map(ToString::to_string)).collect()
    }

    /// Whether `TMUX`, which is `socket,pid,session`, means this server.
    fn is_socket_of(&self, variable: &str) -> bool {
        let socket = Path::new(variable.split(',').next().unwrap_or_default());
        let own = self.socket.canonicalize().ok();
        socket == self.socket || own.is_some_and(|own| socket.canonicalize().is_ok_and(|socket| socket == own))
    }

    /// Runs one command and answers what it prints.
    pub(super) fn run(&self, command: TmuxCommand<'_>) -> Result<String, RuntimeError> {
        self.run_all([command])
    }

    /// Runs several commands in one call; the first that fails ends it.
    pub(super) fn run_all<'a>(&self, all: impl IntoIterator<Item = TmuxCommand<'a>>) -> Result<String, RuntimeError> {
        self.check_alive()?;
        self.call(&words(all), None)
    }

    /// The same, but starts the server if it does not run.
    pub(super) fn start_all<'a>(&self, all: impl IntoIterator<Item = TmuxCommand<'a>>) -> Result<String, RuntimeError> {
        self.call(&words(all), None)
    }

    /// Runs one command with an input.
    pub(super) fn run_with_input(&self, command: TmuxCommand<'_>, input: &[u8]) -> Result<String, RuntimeError> {
        self.check_alive()?;
        self.call(&words([command]), Some(input))
    }

    /// Before a call, because after one that failed somebody else may have started the server.
    fn check_alive(&self) -> Result<(), RuntimeError> {
        if self.is_alive() { Ok(()) } else { Err(RuntimeError::ServerDead { socket: self.socket.clone() }) }
    }

    fn call(&self, words: &[String], input: Option<&[u8]>) -> Result<String, RuntimeError> {
        let mut command = tmux();
        command.arg("-u").arg("-S").arg(&self.socket);
        if let Some(config) = &self.config {
            command.arg("-f").arg(config);
        }
        let answer = output(command.args(words), input, self.limit).map_err(|error| cannot_run(&error))?;
        let Some(output) = answer else {
            return Err(RuntimeError::TmuxSilent { waited: self.limit.unwrap_or_default() });
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        self.check_alive()?;
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if GONE.iter().any(|words| message.starts_with(words)) {
            return Err(RuntimeError::ServerDead { socket: self.socket.clone() });
        }
        Err(RuntimeError::Tmux { command: words.first().cloned().unwrap_or_default(), message })
    }
}

fn words<'a>(all: impl IntoIterator<Item = TmuxCommand<'a>>) -> Vec<String> {
    let mut words = Vec::new();
    for mut command in all {
        if !words.is_empty() {
            words.push(";".to_owned());
        }
        command.not_use_alias();
        words.extend(command.to_vec().iter().map(ToString::to_string));
    }
    words
}

/// The tmux program with an empty environment: the first call starts the server, which keeps what it was given and
/// hands it to every session. The mark says that the server belongs to no session, whoever started it.
#[expect(clippy::disallowed_methods, reason = "this is the door to tmux")]
fn tmux() -> Command {
    let mut command = Command::new("tmux");
    command.env_clear().env("PATH", search_path()).env(env::DETACHED, "1").current_dir("/");
    command
}

fn search_path() -> String {
    std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned())
}

/// What a call printed; nothing when it took longer than `limit` and was ended.
fn output(command: &mut Command, input: Option<&[u8]>, limit: Option<Duration>) -> io::Result<Option<Output>> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // tmux says on stderr why it did not read.
        let _ = pipe.write_all(input);
    }
    match limit {
        None => child.wait_with_output().map(Some),
        Some(limit) => wait_for(child, limit),
    }
}

fn wait_for(child: Child, limit: Duration) -> io::Result<Option<Output>> {
    let process = ProcessId::of(child.id().cast_signed());
    let (send, answer) = mpsc::channel();
    std::thread::Builder::new().name("tmux".to_owned()).spawn(move || send.send(child.wait_with_output()).is_ok())?;
    match answer.recv_timeout(limit) {
        Ok(output) => output.map(Some),
        Err(_) => {
            process.inspect(|process| signal(*process, Signal::KILL));
            Ok(None)
        }
    }
}

fn cannot_run(error: &io::Error) -> RuntimeError {
    match error.kind() {
        io::ErrorKind::NotFound => RuntimeError::TmuxMissing { path: search_path() },
        _ => RuntimeError::Tmux { command: "program".to_owned(), message: error.to_string() },
    }
}

/// The version of the tmux program, `3.3a`.
pub fn tmux_version() -> Result<String, RuntimeError> {
    let output = output(tmux().arg("-V"), None, None).map_err(|error| cannot_run(&error))?.expect("without a limit");
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.trim().trim_start_matches("tmux ").to_owned())
}

/// The version of the tmux program, if it is one that has what is used here.
pub fn usable_tmux() -> Result<String, RuntimeError> {
    let found = tmux_version()?;
    if is_too_old(&found) { Err(RuntimeError::TmuxTooOld { found }) } else { Ok(found) }
}

/// `3.3a`, `next-3.4`, `openbsd-7.3`, `master`: what has no version of tmux's own counting counts as new.
fn is_too_old(version: &str) -> bool {
    let digits = version.trim_start_matches("next-");
    let mut parts = digits.split('.');
    let number = |part: Option<&str>| -> Option<u32> {
        let part = part?;
        part[..part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len())].parse().ok()
    };
    match (number(parts.next()), number(parts.next())) {
        (Some(major), Some(minor)) => (major, minor) < OLDEST,
        _ => false,
    }
}

pub(super) fn check_socket_path(socket: &Path) -> Result<(), RuntimeError> {
    let length = socket.as_os_str().len();
    if length <= SOCKET_PATH_LIMIT {
        return Ok(());
    }
    Err(RuntimeError::SocketPathTooLong { path: socket.to_owned(), length, limit: SOCKET_PATH_LIMIT })
}

fn parse_pane(line: &str) -> Option<Pane> {
    let mut fields = line.splitn(13, '|');
    let mut next = || fields.next();
    Some(Pane {
        name: next()?.to_owned(),
        session: next()?.parse().ok(),
        pane: next()?.to_owned(),
        pid: next()?.parse().ok()?,
        dead: next()? == "1",
        dead_status: next()?.parse().ok(),
        activity: time(next()?),
        attached: next()?.parse().unwrap_or(0),
        full_screen: next()? == "1",
        sign: Some(next()?).filter(|sign| !sign.is_empty()).map(str::to_owned),
        sign_until: time(next()?),
        town: next()?.to_owned(),
        title: next().unwrap_or_default().to_owned(),
    })
}

fn time(seconds: &str) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds.parse().ok()?, 0)
}

/// A transcript without the control sequences of ECMA-48: what is left can be read, more or less.
pub(in crate::runtime) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' => skip_sequence(&mut characters),
            '\n' | '\t' => plain.push(character),
            _ if character.is_control() => {}
            _ => plain.push(character),
        }
    }
    plain
}

fn skip_sequence(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.next() {
        // A control sequence ends with a letter or one of `@[\]^_`{|}~`.
        Some('[') => while characters.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        // A string ends with BEL, or with ESC and a backslash.
        Some(']' | 'P' | '_' | '^') => {
            while let Some(character) = characters.next() {
                if character == '\x07' || (character == '\x1b' && characters.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        // A character set: one more character.
        Some('(' | ')' | '#') => drop(characters.next()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (version, old) in [
            ("3.3a", false),
            ("3.2", false),
            ("next-3.5", false),
            ("master", false),
            ("openbsd-7.3", false),
            ("10.0", false),
            ("3.1c", true),
            ("2.9a", true),
            ("next-3.1", true),
        ] {
            assert_eq!(is_too_old(version), old, "{version}");
        }
    }

    #[test]
    fn panes_are_read_whole() {
        let pane = parse_pane("web/toast|abcdefgh2345|%3|4711|1|7|1700000000|2|0|c0ffee||2 working|a|b")
            .expect("it has thirteen fields");
        assert_eq!((pane.name.as_str(), pane.pid, pane.dead, pane.dead_status), ("web/toast", 4711, true, Some(7)));
        assert_eq!((pane.sign.as_deref(), pane.sign_until), (Some("c0ffee"), None));
        assert_eq!((pane.attached, pane.title.as_str()), (2, "a|b"));
        assert_eq!(parse_pane("no pane"), None);
    }

    #[test]
    fn escapes_vanish() {
        let text = "\x1b[1;31mred\x1b[0m \x1b]0;title\x07and\x1b]8;;x\x1b\\link\x1b(B\r\n\u{8}ü";
        assert_eq!(without_escapes(text), "red andlink\nü");
    }
}
