//! One run of the real binary.

use std::ffi::OsStr;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::Ran;

/// A `gt` command that has not run yet.
#[derive(Debug)]
pub struct Invocation {
    command: Command,
    input: Option<String>,
}

impl Invocation {
    /// This command, which reads nothing.
    pub(super) fn of(command: Command) -> Self {
        Self { command, input: None }
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// One more environment variable.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Another folder to run in.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What it reads on stdin; nothing when this is not called.
    pub fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Runs it to its end. Its output goes through files, so that a program that it leaves running with
    /// inherited output is seen by the checks for leftovers and does not hang the test here.
    #[track_caller]
    pub fn run(self) -> Ran {
        let line = self.line();
        let Self { mut command, input } = self;
        let mut files = [tempfile::tempfile(), tempfile::tempfile()].map(|file| file.expect("a temporary file"));
        let [stdout, stderr] = files.each_ref().map(|file| file.try_clone().expect("an open file"));
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.stdout(stdout).stderr(stderr).spawn().expect("the binary under test starts");
        if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
            // A command that does not read its input closes the pipe; that is its right.
            let _ = stdin.write_all(text.as_bytes());
        }
        let status = wait_or_kill(&mut child, &line);
        let [stdout, stderr] = files.each_mut().map(|file| {
            let mut bytes = Vec::new();
            file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("an open file");
            bytes
        });
        Ran::new(line, &Output { status, stdout, stderr })
    }

    /// Starts it and leaves it running; its output goes nowhere.
    pub fn start(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.command.spawn().expect("the binary under test starts")
    }

    /// The plain command, for drivers that wrap it.
    pub fn into_command(self) -> Command {
        self.command
    }

    fn line(&self) -> String {
        let words = self.command.get_args().map(|argument| argument.to_string_lossy().into_owned());
        std::iter::once("gt".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

/// Waits for a child; one that hangs is killed, and the test fails.
#[track_caller]
fn wait_or_kill(child: &mut Child, line: &str) -> ExitStatus {
    const LIMIT: Duration = Duration::from_secs(180);
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a child has an id");
    let (over, is_over) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let hangs = is_over.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
        if hangs {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
        hangs
    });
    let status = child.wait().expect("a child of ours");
    drop(over);
    assert!(!watchdog.join().unwrap_or(false), "`{line}` did not end within {}s", LIMIT.as_secs());
    status
}
