//! The runtime `tmux`: a terminal for each session, in the town's own server.

mod config;
mod look;
mod screens;
mod server;
mod sign;
mod typing;

use std::path::Path;
use std::time::{Duration, Instant};

use tmux_interface::{
    CapturePane, ClearHistory, CopyMode, DisplayMessage, KillSession, NewSession, PipePane, RespawnPane, SetOption,
    StartServer,
};

use super::folder::{make_log_dir, make_private_dir};
use super::process::{confirm_start, exec_arguments, exec_environment};
use super::wait_until_started;
use super::{Attach, Launch, Observed, Place, Runtime, RuntimeError, RuntimeKind, attach, observe, quote};

use crate::env;

pub use look::Look;
pub(super) use look::is_pager;
pub(super) use server::without_escapes;
pub use server::{Pane, TmuxServer, tmux_version, usable_tmux};
pub use sign::{Posted, Sign};
pub use typing::Typed;

/// How long the session's own process may take to begin.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long the status line says that a session begins.
const BEGINS: Duration = Duration::from_secs(60);

/// [`super::LOG_LIMIT`] in the 512-byte blocks of `ulimit -f`.
const LOG_BLOCKS: u64 = super::LOG_LIMIT / 512;

/// Where a session is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Nowhere yet: its name is free.
    Free,
    /// In the terminal of this name, whose session has ended.
    Left,
}

/// The runtime `tmux` of a town.
#[derive(Debug, Clone)]
pub struct Tmux {
    place: Place,
    server: TmuxServer,
}

impl Tmux {
    /// The runtime of a town.
    pub fn new(place: Place) -> Self {
        let server = TmuxServer::at(&place.tmux_socket).with_config(&place.tmux_config);
        Self { place, server }
    }

    /// The town's server.
    pub fn server(&self) -> &TmuxServer {
        &self.server
    }

    fn prepare(&self) -> Result<(), RuntimeError> {
        let path = &self.place.program;
        if !path.is_file() {
            return Err(RuntimeError::io("start", path)(std::io::ErrorKind::NotFound.into()));
        }
        server::check_socket_path(&self.place.tmux_socket)?;
        for path in [&self.place.tmux_socket, &self.place.tmux_config] {
            make_private_dir(path.parent().unwrap_or(Path::new("/")))?;
        }
        let changed = config::write(&self.place)?;
        if !self.server.is_alive() {
            return usable_tmux().map(drop);
        }
        match if changed { self.server.reload() } else { Ok(()) } {
            // It went meanwhile, and the next one reads it as it starts.
            Err(RuntimeError::ServerDead { .. }) => Ok(()),
            told => told,
        }
    }

    /// Whether there is an ended session of this name, whose terminal can be taken over; refuses a living one.
    fn make_room(&self, dir: &Path, launch: &Launch) -> Result<Room, RuntimeError> {
        let panes = match self.server.panes() {
            Ok(panes) => panes,
            Err(RuntimeError::ServerDead { .. }) => return Ok(Room::Free),
            Err(error) => return Err(error),
        };
        let same: Vec<_> = panes.iter().filter(|pane| pane.name == launch.name).collect();
        if same.is_empty() {
            return Ok(Room::Free);
        }
        // A pane outlives its session by a moment.
        let runs = dir.parent().unwrap_or(dir);
        let is_over = |pane: &&Pane| {
            pane.dead
                || pane
                    .session
                    .as_ref()
                    .is_some_and(|id| matches!(observe(&runs.join(id.as_str())), Observed::Ended(_)))
        };
        if !same.iter().all(is_over) {
            return Err(RuntimeError::AlreadyRuns { name: launch.name.clone() });
        }
        if same.len() == 1 {
            return Ok(Room::Left);
        }
        self.server.run(KillSession::new().target_session(target(&launch.name)).build())?;
        Ok(Room::Free)
    }

    /// Begins in a new terminal, or in the one that the last session left: who looks at that one goes on looking.
    fn begin(&self, dir: &Path, launch: &Launch, room: Room) -> Result<(), RuntimeError> {
        let cwd = if launch.cwd.is_dir() { &launch.cwd } else { &self.place.town };
        let cwd = config::no_format(&cwd.to_string_lossy());
        let pane = format!("{}:", target(&launch.name));
        let line = self.shell_line(dir, launch);
        let begin = match room {
            Room::Free => {
                let new = NewSession::new().detached().session_name(&launch.name).width(200).height(50);
                vec![new.start_directory(cwd).shell_command(line).build()]
            }
            Room::Left => {
                let again = RespawnPane::new().kill().target_pane(&pane).start_directory(cwd).shell_command(line);
                // Whoever scrolled in what the last one left would keep every key from this one.
                let leave = CopyMode::new().cancel().target_pane(&pane);
                vec![again.build(), leave.build(), ClearHistory::new().target_pane(&pane).build()]
            }
        };
        let mark =
            SetOption::new().target_pane(&pane).option(server::SESSION_OPTION).value(launch.session.as_str()).build();
        let keep = PipePane::new().target_pane(&pane).shell_command(log_line(&launch.log)).build();
        let sign = first_sign(launch).commands();
        self.server.start_all(begin.into_iter().chain([mark, keep]).chain(sign)).map(drop)
    }

    /// One string for the shell of the pane: tmux eats a trailing `;` of separate arguments.
    fn shell_line(&self, dir: &Path, launch: &Launch) -> String {
        let assignments = exec_environment(launch).into_iter().map(|(key, value)| format!("{key}={value}"));
        let words = ["exec".to_owned(), "env".to_owned()].into_iter().chain(assignments);
        let words = words.chain([self.place.program.to_string_lossy().into_owned()]);
        quote::line(words.chain(exec_arguments(dir, launch)))
    }
}

impl Runtime for Tmux {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Tmux
    }

    fn start(&self, dir: &Path, launch: &Launch) -> Result<(), RuntimeError> {
        self.prepare()?;
        let mut room = self.make_room(dir, launch)?;
        let socket = Some(self.place.tmux_socket.clone());
        let launch = Launch { runtime: RuntimeKind::Tmux, tmux_socket: socket, ..launch.clone() };
        launch.write(dir)?;
        make_log_dir(&launch.log)?;
        let start = Instant::now();
        let mut tries = 3;
        while let Err(error) = self.begin(dir, &launch, room) {
            tries -= 1;
            // Somebody else was faster with the same name, perhaps, or ended what was left of it; or the server was
            // just ending when it was asked.
            let next = self.make_room(dir, &launch)?;
            let went = matches!(error, RuntimeError::ServerDead { .. }) && matches!(observe(dir), Observed::Starting);
            if tries == 0 || next != Room::Free || !(went || room == Room::Left) {
                return Err(error);
            }
            room = next;
        }
        confirm_start(dir, &launch, &wait_until_started(dir, START_LIMIT), start)
    }

    fn up(&self) -> Result<(), RuntimeError> {
        self.prepare()?;
        let start = || self.server.start_all([StartServer::new().build()]).map(drop);
        match start() {
            // One that was just ending has told so, and there is none now.
            Err(RuntimeError::ServerDead { .. }) => start(),
            told => told,
        }
    }

    fn capture(&self, dir: &Path, lines: usize) -> Result<String, RuntimeError> {
        let launch = Launch::read(dir)?;
        match self.screen(&launch, lines) {
            Ok(Some(text)) => Ok(text),
            Ok(None) | Err(RuntimeError::ServerDead { .. } | RuntimeError::TmuxMissing { .. }) => {
                let text = attach::read_log(&launch.log, lines)?;
                let last = last_words(dir, &launch, &text);
                Ok(text + &last)
            }
            Err(error) => Err(error),
        }
    }

    fn attach(&self, dir: &Path) -> Result<Attach, RuntimeError> {
        let launch = Launch::read(dir)?;
        let pane = self.server.pane_of(&launch.session)?;
        pane.ok_or_else(|| RuntimeError::no_session(&launch.session))?;
        Ok(Attach::Exec(self.server.attach_words(&launch.name)))
    }

    fn close(&self, dir: &Path) -> Result<(), RuntimeError> {
        let launch = Launch::read(dir)?;
        if observe(dir).is_live() {
            return Err(RuntimeError::AlreadyRuns { name: launch.name });
        }
        match self.server.pane_of(&launch.session) {
            Ok(Some(pane)) => self.server.run(KillSession::new().target_session(target(&pane.name)).build()).map(drop),
            Ok(None) | Err(RuntimeError::ServerDead { .. } | RuntimeError::TmuxMissing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Tmux {
    /// What the session's terminal shows; `None` when the name is another session's by now.
    fn screen(&self, launch: &Launch, lines: usize) -> Result<Option<String>, RuntimeError> {
        let pane = format!("{}:", target(&launch.name));
        let format = format!("#{{{}}}", server::SESSION_OPTION);
        let whose = DisplayMessage::new().print().target_pane(&pane).message(format).build();
        let capture = CapturePane::new().stdout().target_pane(&pane).start_line(format!("-{lines}")).build();
        let text = match self.server.run_all([whose, capture]) {
            Ok(text) => text,
            Err(RuntimeError::Tmux { .. }) if self.server.pane_of(&launch.session)?.is_none() => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some((whose, screen)) = text.split_once('\n') else { return Ok(None) };
        if whose != launch.session.as_str() {
            return Ok(None);
        }
        let all: Vec<&str> = screen.trim_end().lines().collect();
        Ok(Some(all[all.len().saturating_sub(lines)..].iter().map(|line| format!("{line}\n")).collect()))
    }
}

/// What the status line says of a session that begins.
fn first_sign(launch: &Launch) -> Posted {
    let told = |name: &str| launch.env.get(name).cloned().unwrap_or_default();
    let sign =
        Sign { bead: told(env::BEAD), title: told(env::TITLE), state: Some("starting".to_owned()), ..Sign::default() };
    let at = super::now();
    Posted { name: launch.name.clone(), sign, at, until: at + BEGINS }
}

/// How the session ended, when its log does not say it: tmux drops what it has not yet written when a pane goes.
fn last_words(dir: &Path, launch: &Launch, log: &str) -> String {
    match observe(dir) {
        Observed::Ended(exit) if !log.contains(&format!("(session {})", launch.session)) => {
            format!("[gt] {}\n", exit.describe(launch))
        }
        _ => String::new(),
    }
}

/// Exactly this session, not the first whose name begins so.
fn target(name: &str) -> String {
    format!("={name}")
}

/// Copies what the terminal shows to the log. Without the marker of the session, or the copier would be ended before
/// it has written the last words; and limited, because a terminal may write for ever.
fn log_line(log: &Path) -> String {
    let log = quote::word(&log.to_string_lossy());
    config::no_format(&format!("umask 077; ulimit -f {LOG_BLOCKS}; exec cat >> {log}"))
}
