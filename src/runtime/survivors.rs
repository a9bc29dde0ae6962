//! Finding and ending everything that a session or a command started, however well it hid.
//!
//! Five things lead to a process: the process group of the agent, descent from the session's own process (which
//! adopts what is orphaned below it), the pipe that a command's output goes into, its control group where there is one,
//! and the marker `GT_SESSION` in the environment. What carries the marker of another session, or the mark of our own
//! background processes, is not touched, and neither is what descends from it.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::cgroup::members;
use crate::env;
use crate::store::ProcessId;

/// How long processes may take to vanish after SIGKILL before they are reported.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// What is to be ended.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The value of `GT_SESSION`.
    pub marker: String,
    /// The process group of the agent or command.
    pub group: Option<i32>,
    /// The process whose descendants belong to it: the session's own, which is not ended itself.
    pub ancestor: Option<i32>,
    /// The inode of the pipe that its output goes into: who holds the writing end of it belongs to it.
    pub pipe: Option<u64>,
    /// The file that lists the members of its control group.
    pub cgroup: Option<PathBuf>,
}

impl Target {
    /// The processes of this target that live now, without the calling one. Looks on as long as new processes come, so
    /// that one which begins another and ends meanwhile hides none.
    pub fn find(&self) -> Vec<ProcessId> {
        let own = std::process::id() as i32;
        let mut table = Table { members: self.cgroup.as_deref().map(members).unwrap_or_default(), ..Table::default() };
        let (mut verdicts, mut found) = (HashMap::new(), Vec::new());
        loop {
            let fresh = table.read_on();
            if fresh.is_empty() {
                break;
            }
            let mut prey = fresh;
            prey.retain(|entry| !entry.zombie && entry.process.pid != own && Some(entry.process.pid) != self.ancestor);
            prey.retain(|entry| self.owns(entry, &table, &mut verdicts));
            found.extend(prey.into_iter().map(|entry| entry.process));
        }
        found.sort_by_key(|process| process.pid);
        found
    }

    fn owns(&self, entry: &Entry, table: &Table, verdicts: &mut HashMap<i32, bool>) -> bool {
        if let Some(verdict) = verdicts.get(&entry.process.pid) {
            return *verdict;
        }
        // Stands against a loop, which a table read while processes come and go could show.
        verdicts.insert(entry.process.pid, false);
        let verdict = match marker_of(entry) {
            Marker::Session(session) => session == self.marker,
            Marker::Detached => false,
            Marker::None => {
                let parent = || table.entries.get(&entry.parent);
                self.group == Some(entry.group)
                    || self.ancestor == Some(entry.parent)
                    || table.members.contains(&entry.process.pid)
                    || parent().is_some_and(|parent| self.owns_by_descent(parent, table, verdicts))
                    || self.pipe.is_some_and(|pipe| writes_to(entry.process.pid, pipe))
            }
        };
        verdicts.insert(entry.process.pid, verdict);
        verdict
    }

    /// The caller may itself stand in the session that it ends; what it starts is then no prey.
    fn owns_by_descent(&self, parent: &Entry, table: &Table, verdicts: &mut HashMap<i32, bool>) -> bool {
        parent.process.pid != std::process::id() as i32 && self.owns(parent, table, verdicts)
    }
}

/// The processes that were seen.
#[derive(Default)]
struct Table {
    entries: HashMap<i32, Entry>,
    /// The numbers of those in the target's control group.
    members: HashSet<i32>,
    /// Every number that was looked at.
    seen: HashSet<i32>,
}

impl Table {
    /// Those that have come since the last call; at the first one, all.
    fn read_on(&mut self) -> Vec<Entry> {
        let fresh: Vec<i32> = numbers().filter(|pid| self.seen.insert(*pid)).collect();
        let fresh: Vec<Entry> = fresh.into_iter().filter_map(entry_of).collect();
        self.entries.extend(fresh.iter().map(|entry| (entry.process.pid, *entry)));
        fresh
    }
}

/// The gradual end of a target: SIGTERM to everybody once, after the grace SIGKILL until nothing is left.
#[derive(Debug)]
pub(super) struct Sweep {
    target: Target,
    kill_at: Instant,
    asked: HashSet<ProcessId>,
}

/// How far a sweep is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing is left.
    Clean,
    /// Something still lives; look again.
    Busy,
    /// These do not even end by SIGKILL.
    Stuck(Vec<ProcessId>),
}

impl Sweep {
    /// Begins with nothing asked yet.
    pub fn new(target: Target, grace: Duration) -> Self {
        Self { target, kill_at: Instant::now() + grace, asked: HashSet::new() }
    }

    /// Kills after `grace` from now, if that is sooner.
    pub fn hurry(&mut self, grace: Duration) {
        self.kill_at = self.kill_at.min(Instant::now() + grace);
    }

    /// Looks, signals, and says whether to look again.
    pub fn step(&mut self) -> Progress {
        let alive = self.target.find();
        if alive.is_empty() {
            return Progress::Clean;
        }
        let now = Instant::now();
        if now >= self.kill_at + KILL_LIMIT {
            return Progress::Stuck(alive);
        }
        for process in alive {
            if self.asked.insert(process) {
                signal(process, Signal::TERM);
                // A stopped process would not see it.
                signal(process, Signal::CONT);
            }
            if now >= self.kill_at {
                signal(process, Signal::KILL);
            }
        }
        Progress::Busy
    }

    /// Steps until nothing is left. Answers what was signalled, or what does not end.
    pub fn run(mut self) -> Result<Vec<ProcessId>, Vec<ProcessId>> {
        let mut pause = Duration::from_millis(2);
        loop {
            match self.step() {
                Progress::Clean => return Ok(self.signalled()),
                Progress::Stuck(alive) => return Err(alive),
                Progress::Busy => super::pause(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(40));
        }
    }

    /// Every process that was signalled so far.
    pub fn signalled(&self) -> Vec<ProcessId> {
        self.asked.iter().copied().collect()
    }
}

/// Signals this very process, never one that has taken over its number.
pub(super) fn signal(process: ProcessId, signal: Signal) {
    let Some(pid) = process.raw() else { return };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
        if let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) {
            if process.is_alive() {
                let _ = pidfd_send_signal(&fd, signal);
            }
            return;
        }
    }
    if process.is_alive() {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Signals a process group; nothing for a number that no group can have.
pub(super) fn signal_group(group: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(group).filter(|_| group > 1) {
        let _ = rustix::process::kill_process_group(pid, signal);
    }
}

/// One row of the process table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub process: ProcessId,
    pub parent: i32,
    pub group: i32,
    pub zombie: bool,
    pub halt: Option<Halt>,
}

/// Why a process that lives does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// A signal stopped it, and one is needed for it to go on.
    Stopped,
    /// It waits in the kernel, for a disk or a server of files, and no signal reaches it.
    Stuck,
}

/// Whether a process does nothing, as of now. None where there is no `/proc`.
pub fn halt(process: ProcessId) -> Option<Halt> {
    entry_of(process.pid).filter(|entry| entry.process == process)?.halt
}

/// Lets a process that was stopped go on, and all of its group.
pub fn go_on(process: ProcessId) {
    if process.is_alive() {
        signal_group(process.pid, Signal::CONT);
        signal(process, Signal::CONT);
    }
}

/// The process table by number. Empty where there is no `/proc`.
pub(super) fn process_table() -> HashMap<i32, Entry> {
    numbers().filter_map(|pid| Some((pid, entry_of(pid)?))).collect()
}

/// The numbers of all processes. None where there is no `/proc`.
fn numbers() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Whether `pid` is below `ancestor`, which adopts what is orphaned below it.
pub(super) fn descends_from(pid: i32, ancestor: i32) -> bool {
    let mut at = pid;
    // A process has fewer above it than this, or they change while they are looked at.
    for _ in 0..1_000 {
        match entry_of(at) {
            Some(entry) if entry.parent == ancestor => return true,
            Some(entry) if entry.parent > 1 => at = entry.parent,
            _ => return false,
        }
    }
    false
}

/// Whether `pid` is in the sandbox of another session: it sees other mounts, can never get more rights, and is not
/// below this process.
pub(super) fn is_in_another_sandbox(pid: i32) -> bool {
    let mounts = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
    let sees_others = matches!((mounts(&pid.to_string()), mounts("self")), (Some(its), Some(own)) if its != own);
    let status = || std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    sees_others
        && status().lines().any(|line| line.starts_with("NoNewPrivs:") && line.ends_with('1'))
        && !descends_from(pid, std::process::id() as i32)
}

/// Fields 3, 4, 5 and 22 of `/proc/PID/stat`; see proc(5).
fn entry_of(pid: i32) -> Option<Entry> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let zombie = matches!(state, "Z" | "X" | "x");
    let halt = match state {
        "T" => Some(Halt::Stopped),
        "D" => Some(Halt::Stuck),
        _ => None,
    };
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start_ticks = fields.nth(16)?.parse().ok()?;
    Some(Entry { process: ProcessId { pid, start_ticks }, parent, group, zombie, halt })
}

/// Whether a process holds the writing end of a pipe; see proc_pid_fd(5) and proc_pid_fdinfo(5).
fn writes_to(pid: i32, pipe: u64) -> bool {
    let wanted = format!("pipe:[{pipe}]");
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().filter_map(Result::ok);
    open.filter(|file| std::fs::read_link(file.path()).is_ok_and(|link| link.as_os_str() == wanted.as_str())).any(
        |file| {
            let info = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", file.file_name().display()));
            let info = info.unwrap_or_default();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
            // The last octal digit has the access mode in its two lower bits.
            flags.and_then(|flags| flags.trim().chars().last()?.to_digit(8)).is_some_and(|mode| mode & 3 == 1)
        },
    )
}

/// To whom the environment of a process says that it belongs.
enum Marker {
    Session(String),
    Detached,
    None,
}

/// For how many milliseconds at most a process is given to become another program, while it shows no environment.
const BECOMING: u32 = 20;

/// The environment of a process; a moment later where it is just becoming another program, and shows nothing at all.
fn environment_of(entry: &Entry) -> Option<Vec<u8>> {
    let read = |what: &str| std::fs::read(format!("/proc/{}/{what}", entry.process.pid));
    // Kernel threads, which are below the second process of all, never show anything.
    let becomes = || entry.parent != KERNEL && read("cmdline").is_ok_and(|line| line.is_empty());
    for _ in 0..BECOMING {
        let environment = read("environ").ok()?;
        if !environment.is_empty() || !becomes() {
            return Some(environment);
        }
        super::pause(Duration::from_millis(1));
    }
    None
}

/// The number of the process that has the kernel's own below it; see kthreads(7).
const KERNEL: i32 = 2;

fn marker_of(entry: &Entry) -> Marker {
    let Some(environ) = environment_of(entry) else { return Marker::None };
    let value = |name: &str| {
        let mut variables = environ.split(|byte| *byte == 0);
        variables.find_map(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    };
    match (value(env::SESSION), value(env::DETACHED)) {
        (Some(session), _) => Marker::Session(String::from_utf8_lossy(session).into_owned()),
        (None, Some(_)) => Marker::Detached,
        (None, None) => Marker::None,
    }
}
