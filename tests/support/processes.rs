//! The processes that belong to a test: those that name its folder.

use std::path::Path;
use std::time::{Duration, Instant};

/// A process of the test, with its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: i32,
    /// Its command line, or `?` when it cannot be read.
    pub line: String,
}

/// Every living process, this one excepted, that has `folder` in its command line, its environment or as
/// its working folder. A zombie, which only waits for its parent to ask, does not count. Looks on as long as new
/// processes come, so that one which starts another and ends meanwhile hides none.
#[cfg(target_os = "linux")]
pub fn under(folder: &Path) -> Vec<Process> {
    let mut seen = std::collections::HashSet::from([std::process::id().cast_signed()]);
    let mut found = Vec::new();
    loop {
        let Ok(entries) = std::fs::read_dir("/proc") else { return found };
        let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let fresh: Vec<i32> = ids.filter(|id| seen.insert(*id)).collect();
        if fresh.is_empty() {
            return found;
        }
        found.extend(fresh.into_iter().filter_map(|id| claims(id, folder)));
    }
}

/// Without `/proc` nothing is found, and the check for leftovers says nothing.
#[cfg(not(target_os = "linux"))]
pub fn under(_folder: &Path) -> Vec<Process> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn claims(id: i32, folder: &Path) -> Option<Process> {
    let process = Path::new("/proc").join(id.to_string());
    let (line, environment) = told(&process);
    let wanted = folder.as_os_str().as_encoded_bytes();
    let named = [&line, &environment].iter().any(|text| contains(text, wanted));
    let inside = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    if !(named || inside) || is_zombie(&process) {
        return None;
    }
    let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
    Some(Process { id, line: if line.is_empty() { "?".to_owned() } else { line } })
}

/// Command line and environment. A process that is just becoming another program shows neither for a moment.
#[cfg(target_os = "linux")]
fn told(process: &Path) -> (Vec<u8>, Vec<u8>) {
    let read = |name: &str| std::fs::read(process.join(name)).unwrap_or_default();
    let is_of_the_kernel = || std::fs::read_link(process.join("exe")).is_err();
    for _ in 0..20 {
        let told = (read("cmdline"), read("environ"));
        if !told.0.is_empty() || !told.1.is_empty() || is_of_the_kernel() {
            return told;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Default::default()
}

/// Whether all of it has ended: the first thread may have, while others are still in the middle of something.
#[cfg(target_os = "linux")]
fn is_zombie(process: &Path) -> bool {
    let over = |stat: std::path::PathBuf| {
        let stat = std::fs::read_to_string(stat).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
    };
    let threads = std::fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    over(process.join("stat")) && threads.map(|thread| thread.path().join("stat")).all(over)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Ends every process under `folder` with SIGKILL, repeatedly, since a dying one may still start others.
/// Returns what is still alive after `limit`.
pub fn end_all(folder: &Path, limit: Duration) -> Vec<Process> {
    let start = Instant::now();
    loop {
        let alive = under(folder);
        if alive.is_empty() || start.elapsed() > limit {
            return alive;
        }
        for process in &alive {
            if let Some(id) = rustix::process::Pid::from_raw(process.id) {
                // It may have ended by itself in the meantime.
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
