//! The agent's process: started, made owner of the terminal, collected.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, waitpid};
use rustix::termios::{OptionalActions, SpecialCodeIndex, isatty, tcgetattr, tcsetattr, tcsetpgrp};

use super::super::survivors::{process_table, signal_group};
use super::super::{Launch, RuntimeKind};
use super::output::Output;
use crate::env;

/// How often a stopped agent is continued. One that stops for ever, because it lost the terminal, must not spin.
const CONTINUES: usize = 1_000;

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    pid: Pid,
    continues: usize,
    /// Where what it prints goes, when it has no terminal.
    output: Option<Output>,
}

/// Why an agent could not be started.
#[derive(Debug)]
pub struct Refusal {
    /// As a shell has it: 127 for a missing program, 126 for one that cannot be run.
    pub status: i32,
    /// The thing and the reason.
    pub message: String,
}

/// How an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a status.
    Status(i32),
    /// By a signal.
    Signal(i32),
}

impl Agent {
    /// Starts the agent of a launch in a process group of its own, in the foreground of the terminal if there is one.
    pub fn start(launch: &Launch, dir: &Path) -> Result<Self, Refusal> {
        let name = &launch.argv[0];
        if !launch.cwd.is_dir() {
            let message = format!("the folder {} does not exist, so {name} was not started", launch.cwd.display());
            return Err(Refusal { status: 126, message });
        }
        let program = find_program(name, launch)?;
        take_suspend_key();
        let mut command = match &launch.confinement {
            Some(confinement) => into_the_sandbox(&confinement.program, dir),
            None => becoming(&program, launch),
        };
        let output = match launch.runtime {
            RuntimeKind::Process => Some(to_the_log(&mut command).map_err(|error| refusal(name, &error))?),
            RuntimeKind::Tmux => None,
        };
        command
            .current_dir(&launch.cwd)
            .env_clear()
            .envs(&launch.env)
            .env("TERM", terminal(launch))
            .env(env::SESSION, launch.session.as_str())
            .process_group(0);
        let child = command.spawn().map_err(|error| refusal(name, &error))?;
        // It holds our ends of the agent's output, which would keep that open for ever.
        drop(command);
        let pid = Pid::from_raw(child.id() as i32).expect("a child has a number");
        // An agent that touches the terminal before this is stopped, and continued by `collect`.
        if isatty(io::stdin()) {
            let _ = tcsetpgrp(io::stdin(), pid);
        }
        Ok(Self { pid, continues: 0, output })
    }

    /// What copies its output, to be waited for at the end.
    pub fn take_output(&mut self) -> Option<Output> {
        self.output.take()
    }

    /// Its number, which is also that of its process group.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Collects what has ended below this process. Answers how the agent ended, once. An agent that stops
    /// itself, as many do on Ctrl-Z, is continued: there is no shell above it that would.
    pub fn collect(&mut self) -> Option<Ending> {
        collect_adopted(self.pid());
        loop {
            match waitpid(Some(self.pid), WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some((_, status))) if status.stopped() => self.go_on(status),
                Ok(Some((_, status))) => return Some(Ending::of(status)),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    fn go_on(&mut self, status: WaitStatus) {
        let from_terminal = [Signal::TSTP, Signal::TTIN, Signal::TTOU].map(Signal::as_raw);
        let wanted = status.stopping_signal().is_some_and(|signal| from_terminal.contains(&signal));
        if wanted && self.continues < CONTINUES {
            self.continues += 1;
            signal_group(self.pid(), Signal::CONT);
        }
    }
}

impl Ending {
    fn of(status: WaitStatus) -> Self {
        match status.terminating_signal() {
            Some(signal) => Self::Signal(signal),
            None => Self::Status(status.exit_status().unwrap_or(0)),
        }
    }
}

/// Collects what was orphaned below this process and has ended. The programs that this process starts for itself are
/// in its own group and collected by who started them.
fn collect_adopted(agent: i32) {
    let own = std::process::id() as i32;
    let table = process_table();
    let own_group = table.get(&own).map(|entry| entry.group);
    for entry in table.values() {
        let adopted = entry.zombie && entry.parent == own && entry.process.pid != agent;
        if adopted && Some(entry.group) != own_group {
            let _ = waitpid(Pid::from_raw(entry.process.pid), WaitOptions::NOHANG);
        }
    }
}

/// Switches the key off that stops the programs of the terminal: no shell is above the agent to continue it.
fn take_suspend_key() {
    if let Ok(mut settings) = tcgetattr(io::stdin()) {
        settings.special_codes[SpecialCodeIndex::VSUSP] = 0;
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &settings);
    }
}

/// The agent itself.
#[expect(clippy::disallowed_methods, reason = "this is the door for agents")]
fn becoming(program: &Path, launch: &Launch) -> Command {
    let mut command = Command::new(program);
    command.arg0(&launch.argv[0]).args(&launch.argv[1..]);
    command
}

/// What goes behind the walls first and becomes the agent there.
#[expect(clippy::disallowed_methods, reason = "this is the door for agents")]
fn into_the_sandbox(gt: &Path, dir: &Path) -> Command {
    let mut command = Command::new(gt);
    command.args(["session", "confine", "--dir"]).arg(dir);
    command
}

/// Makes the calling process, which has the agent's environment and stands in its folder, the agent. Answers only why
/// that failed.
pub fn become_agent(launch: &Launch) -> String {
    match find_program(&launch.argv[0], launch) {
        Ok(program) => refusal(&launch.argv[0], &becoming(&program, launch).exec()).message,
        Err(refusal) => refusal.message,
    }
}

fn terminal(launch: &Launch) -> String {
    let own = || std::env::var("TERM").ok().filter(|_| launch.runtime == RuntimeKind::Tmux);
    own().or_else(|| launch.env.get("TERM").cloned()).unwrap_or_else(|| "dumb".to_owned())
}

fn to_the_log(command: &mut Command) -> io::Result<Output> {
    let (output, [out, errors]) = Output::begin()?;
    command.stdout(out).stderr(errors);
    Ok(output)
}

/// Looks the program up in the agent's own search path, so that the reason of a failure can be told.
fn find_program(name: &str, launch: &Launch) -> Result<PathBuf, Refusal> {
    if name.contains('/') {
        let path = launch.cwd.join(name);
        return if path.exists() { Ok(path) } else { Err(missing(name, "there is no such file")) };
    }
    let search = launch.env.get("PATH").map_or("/usr/local/bin:/usr/bin:/bin", String::as_str);
    let mut blocked = None;
    for dir in std::env::split_paths(search) {
        let path = launch.cwd.join(dir).join(name);
        match std::fs::metadata(&path) {
            Ok(file) if file.is_file() && file.permissions().mode() & 0o111 != 0 => return Ok(path),
            Ok(file) if file.is_file() => blocked = Some(path),
            _ => {}
        }
    }
    match blocked {
        Some(path) => Err(not_executable(&path)),
        None => Err(missing(name, "it is in no folder of its PATH")),
    }
}

fn missing(name: &str, reason: &str) -> Refusal {
    Refusal { status: 127, message: format!("the agent program {name} was not found: {reason}") }
}

fn not_executable(path: &Path) -> Refusal {
    let message = format!("the agent program {} may not be executed: see its permissions", path.display());
    Refusal { status: 126, message }
}

fn refusal(name: &str, error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound => missing(name, "it, or the interpreter in its first line, does not exist"),
        io::ErrorKind::PermissionDenied => not_executable(Path::new(name)),
        _ => Refusal { status: 126, message: format!("the agent program {name} cannot be run: {error}") },
    }
}
