//! Which process, also after its number was given to another one.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
#[cfg(target_os = "linux")]
use std::time::Duration;
use std::time::SystemTime;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

/// One process of this machine: its number and when it started, so that a reused number is not taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// The number.
    pub pid: i32,
    /// Clock ticks from the boot of the machine to the start of the process; 0 where the system does not tell.
    pub start_ticks: u64,
}

/// What changes when the machine starts anew and at no other time; `None` where the system does not tell.
///
/// Source: `/proc/sys/kernel/random/boot_id`, see random(4).
pub fn boot_id() -> Option<String> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned());
    BOOT.get_or_init(read).clone()
}

impl ProcessId {
    /// The process with this number, if there is one that has not ended.
    pub fn of(pid: i32) -> Option<Self> {
        start_ticks(pid).map(|start_ticks| Self { pid, start_ticks })
    }

    /// The calling process.
    pub fn current() -> Self {
        static CURRENT: OnceLock<ProcessId> = OnceLock::new();
        let pid = std::process::id() as i32;
        *CURRENT.get_or_init(|| Self::of(pid).unwrap_or(Self { pid, start_ticks: 0 }))
    }

    /// Whether this very process still runs. A zombie, which has ended and only waits to be collected, does not.
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// When it started, to a hundredth of a second and never too late; `None` where the system does not tell.
    #[cfg(target_os = "linux")]
    pub fn started(self) -> Option<SystemTime> {
        // Looked at first: a pause before the other clock is read makes the process older than it is, and not younger.
        let now = now();
        // The unit of process times in /proc is the same on every Linux; see proc(5) and times(2).
        const TICKS: u64 = 100;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let uptime = Duration::try_from_secs_f64(uptime.split(' ').next()?.parse().ok()?).ok()?;
        let age = uptime.checked_sub(Duration::from_millis(self.start_ticks * 1000 / TICKS)).unwrap_or_default();
        now.checked_sub(age)
    }

    /// When it started, to a hundredth of a second; `None` where the system does not tell.
    #[cfg(not(target_os = "linux"))]
    pub fn started(self) -> Option<SystemTime> {
        None
    }

    /// The number as the system calls take it. Refuses 0 and 1, so that no signal ever goes to everybody.
    pub fn raw(self) -> Option<Pid> {
        if self.pid > 1 { Pid::from_raw(self.pid) } else { None }
    }

    /// For people: `process 4711 (gt sling web-x7k2m)`, or only the number where the system does not tell.
    pub fn describe(self) -> String {
        match std::fs::read(format!("/proc/{}/cmdline", self.pid)) {
            Ok(line) if !line.is_empty() && self.is_alive() => {
                let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
                let short: String = line.chars().take(80).collect();
                format!("process {} ({short})", self.pid)
            }
            _ => format!("process {}", self.pid),
        }
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.start_ticks)
    }
}

impl FromStr for ProcessId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pid, ticks) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        Ok(Self { pid: pid.parse()?, start_ticks: ticks.trim().parse()? })
    }
}

#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Field 22 of `/proc/PID/stat` (see proc(5)); the second field may contain spaces and brackets.
#[cfg(target_os = "linux")]
fn start_ticks(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    if matches!(fields.next()?, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn start_ticks(pid: i32) -> Option<u64> {
    let pid = Pid::from_raw(pid)?;
    match rustix::process::test_kill_process(pid) {
        Ok(()) | Err(rustix::io::Errno::PERM) => Some(0),
        Err(_) => None,
    }
}
