//! Everything that was started with one home folder: for towns that live for minutes, such as that of the demo.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::RuntimeError;
use super::survivors::{process_table, signal};
use crate::store::ProcessId;

/// How often one looks again.
const STEP: Duration = Duration::from_millis(15);
/// How long processes may take to vanish after SIGKILL.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// Ends every process in whose environment `HOME` is `home`, and every `gt --town` of a town beside it, which tmux starts
/// without an environment: politely at first and by SIGKILL after `grace`. Returns when none is left: also those that
/// others started meanwhile.
///
/// # Errors
/// When some do not end.
pub fn end_household(home: &Path, grace: Duration) -> Result<(), RuntimeError> {
    let begin = Instant::now();
    loop {
        let alive = household(home);
        if alive.is_empty() {
            return Ok(());
        }
        if begin.elapsed() > grace + KILL_LIMIT {
            let pids = alive.iter().map(|process| process.pid).collect();
            return Err(RuntimeError::Survivors { session: home.display().to_string(), pids });
        }
        let how = if begin.elapsed() < grace { Signal::TERM } else { Signal::KILL };
        alive.into_iter().for_each(|process| signal(process, how));
        super::pause(STEP);
    }
}

/// The living processes of this home, without the calling one. None where there is no `/proc`.
fn household(home: &Path) -> Vec<ProcessId> {
    let own = std::process::id() as i32;
    let wanted = [b"HOME=", home.as_os_str().as_encoded_bytes()].concat();
    let lives_there = |pid: i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted) || is_pass(pid, home)
    };
    let entries = process_table().into_values().filter(|entry| !entry.zombie && entry.process.pid != own);
    entries.filter(|entry| lives_there(entry.process.pid)).map(|entry| entry.process).collect()
}

/// Whether a process is a `gt --town TOWN` of a town that lies in the same folder as `home`.
fn is_pass(pid: i32, home: &Path) -> bool {
    let Some(folder) = home.parent() else { return false };
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    let below = |word: &[u8]| Path::new(OsStr::from_bytes(word)).starts_with(folder);
    words.windows(2).any(|pair| pair[0] == b"--town" && below(pair[1]))
}
