//! Commands with a time limit and a log: gates and set-up.

mod log;
mod memory;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::fs::fstat;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::RuntimeError;
use super::cgroup::Cgroup;
use super::folder::{PidFile, make_private_dir};
use super::survivors::{Sweep, Target};
use crate::env;
use crate::id::SessionId;
use crate::store::ProcessId;

use log::{CappedLog, Written};
use memory::Gauge;

/// How long what a command started may take to end after it, before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// How long a log may stay open after everything that writes to it is gone.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// What limits are given in.
const MEGABYTE: u64 = 1024 * 1024;

/// Becomes a member of the control group whose file is `$1`, and then the command `$2`.
const JOIN: &str = r#"{ echo 0 >"$1"; } 2>/dev/null; exec /bin/sh -c "$2""#;

/// How much of the end of the output is given back.
const TAIL: usize = 4 * 1024;

/// Whether this process is about to end, and waits for no command any more.
static ABANDONED: AtomicBool = AtomicBool::new(false);

/// From now on nobody in this process learns how a command ended, and none is started: whoever waits for one waits until
/// the process ends. So commands can be ended before it without being taken for red.
pub fn abandon_commands() {
    ABANDONED.store(true, Ordering::SeqCst);
}

fn wait_for_ever_if_abandoned() {
    while ABANDONED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// A command to run.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// For `/bin/sh -c`.
    pub command: String,
    /// Where it runs.
    pub cwd: PathBuf,
    /// Its complete environment; the marker `GT_SESSION` is added.
    pub env: BTreeMap<String, String>,
    /// When it is ended.
    pub limit: Duration,
    /// Where its output goes; replaced.
    pub log: PathBuf,
    /// How much of its output is kept: half from the beginning, half from the end.
    pub log_limit: u64,
    /// The folder of the run folders. While the command runs it has one there, so that what a killed `gt` leaves behind
    /// is found by [`super::runs`].
    pub runs: PathBuf,
    /// The bytes of memory that it and everything that it started may use together. Looked at ten times a second, on
    /// Linux.
    pub memory: Option<u64>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CommandResult {
    /// Its exit status, 128 and more for a signal; `None` when it was ended from here.
    pub status: Option<i32>,
    /// Whether it was ended because its time was over.
    pub timed_out: bool,
    /// How many bytes of memory it used, when it was ended because that was more than it may.
    pub memory: Option<u64>,
    /// How long it ran.
    pub duration: Duration,
    /// The log.
    pub log: PathBuf,
    /// How many bytes of output the log leaves out.
    pub left_out: u64,
    /// The last lines of its output.
    pub tail: String,
    /// How many processes it left behind that had to be ended.
    pub killed: usize,
}

impl CommandResult {
    /// Whether it ended by itself with status 0.
    pub fn succeeded(&self) -> bool {
        self.status == Some(0)
    }
}

/// Runs a command to its end, or to the end of its time, and ends everything that it started.
pub fn run_command(spec: &CommandSpec) -> Result<CommandResult, RuntimeError> {
    wait_for_ever_if_abandoned();
    let marker = SessionId::random();
    let run = RunFolder::make(&spec.runs.join(marker.as_str()), &spec.command)?;
    let start = Instant::now();
    let cgroup = Cgroup::make(&run.dir);
    let members = cgroup.as_ref().map(Cgroup::members_file);
    let (mut child, output) = spawn(spec, &marker, members.as_deref())?;
    let pipe = fstat(&output).ok().map(|stat| stat.st_ino);
    let group = child.id() as i32;
    run.note_child(group)?;
    let log = CappedLog::spawn(output, &spec.log, spec.log_limit);
    let target = Target { marker: marker.to_string(), group: Some(group), ancestor: None, pipe, cgroup: members };
    let gauge = spec.memory.map(|limit| Gauge::new(limit, target.clone()));
    let verdict = wait(&child, spec, start, gauge);
    wait_for_ever_if_abandoned();
    let duration = start.elapsed();
    let swept = sweep(target, verdict);
    // Only now: until it is collected, no other process can get its number, which is that of the group.
    let ended = collect(&mut child, verdict.is_none());
    let written = log.finish(DRAIN_LIMIT).map_err(RuntimeError::io("write the log", &spec.log))?;
    let killed = swept.map_err(|alive| RuntimeError::Survivors {
        session: marker.to_string(),
        pids: alive.iter().map(|process| process.pid).collect(),
    })?;
    let memory = verdict.and_then(Verdict::memory);
    Ok(CommandResult {
        status: ended.filter(|_| verdict.is_none()).map(code),
        timed_out: verdict == Some(Verdict::TimedOut),
        memory,
        duration,
        log: spec.log.clone(),
        left_out: written.left_out,
        tail: with_reason(spec, written, memory),
        killed: killed.iter().filter(|process| process.pid != group).count(),
    })
}

fn sweep(target: Target, verdict: Option<Verdict>) -> Result<Vec<ProcessId>, Vec<ProcessId>> {
    // What eats memory is not asked twice.
    let grace = if verdict.is_some_and(|verdict| verdict.memory().is_some()) { Duration::ZERO } else { GRACE };
    Sweep::new(target, grace).run()
}

/// The end of the output; where memory was the reason, that stands in it and in the log.
fn with_reason(spec: &CommandSpec, written: Written, memory: Option<u64>) -> String {
    let (Some(used), Some(limit)) = (memory, spec.memory) else { return written.tail };
    let (used, limit) = (used.div_ceil(MEGABYTE), limit / MEGABYTE);
    let reason = format!("\n[ended: it used {used} MB of memory, and may use {limit}]\n");
    // The output counts, also when the disk is full.
    let _ = OpenOptions::new().append(true).open(&spec.log).and_then(|mut log| log.write_all(reason.as_bytes()));
    written.tail + &reason
}

#[expect(clippy::disallowed_methods, reason = "this is the door for commands")]
fn spawn(
    spec: &CommandSpec,
    marker: &SessionId,
    members: Option<&Path>,
) -> Result<(Child, io::PipeReader), RuntimeError> {
    let (reader, writer) = io::pipe().map_err(RuntimeError::io("open a pipe for", &spec.log))?;
    let errors = writer.try_clone().map_err(RuntimeError::io("open a pipe for", &spec.log))?;
    let mut shell = Command::new("/bin/sh");
    match members {
        // Before its first command, so that nothing is started outside of the group.
        Some(file) => shell.args(["-c", JOIN, "sh"]).arg(file).arg(&spec.command),
        None => shell.args(["-c", &spec.command]),
    };
    let child = shell
        .current_dir(&spec.cwd)
        .env_clear()
        .envs(&spec.env)
        .env(env::SESSION, marker.as_str())
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(RuntimeError::io("run a command in", &spec.cwd))?;
    Ok((child, reader))
}

/// Why a command was ended from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    TimedOut,
    /// It used so many bytes.
    Memory(u64),
}

impl Verdict {
    fn memory(self) -> Option<u64> {
        match self {
            Self::Memory(used) => Some(used),
            Self::TimedOut => None,
        }
    }
}

/// Waits until the command has ended, without collecting it; answers why not to wait any longer.
fn wait(child: &Child, spec: &CommandSpec, start: Instant, mut gauge: Option<Gauge>) -> Option<Verdict> {
    let ended = notice_end(child);
    loop {
        let left = spec.limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Some(Verdict::TimedOut);
        }
        let step = gauge.as_ref().map_or(left, |gauge| left.min(gauge.pause()));
        match ended.recv_timeout(step) {
            Err(RecvTimeoutError::Timeout) => {
                if let Some(used) = gauge.as_mut().and_then(Gauge::look) {
                    return Some(Verdict::Memory(used));
                }
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn notice_end(child: &Child) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    let pid = Pid::from_raw(child.id() as i32).expect("a child has a number");
    // Should the thread not start, the channel closes: the command then counts as ended, and is ended.
    let _ = std::thread::Builder::new().name("wait".to_owned()).spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        let _ = sender.send(());
    });
    receiver
}

fn collect(child: &mut Child, by_itself: bool) -> Option<ExitStatus> {
    if !by_itself {
        let _ = child.kill();
    }
    child.wait().ok()
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// The run folder of a command, while it runs.
struct RunFolder {
    dir: PathBuf,
    pid: PidFile,
}

impl RunFolder {
    fn make(dir: &Path, command: &str) -> Result<Self, RuntimeError> {
        make_private_dir(dir)?;
        let command = Some(command.to_owned());
        let pid = PidFile::current(command);
        pid.write(dir)?;
        Ok(Self { dir: dir.to_owned(), pid })
    }

    fn note_child(&self, child: i32) -> Result<(), RuntimeError> {
        PidFile { child: ProcessId::of(child), ..self.pid.clone() }.write(&self.dir)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
