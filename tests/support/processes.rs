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
/// its working folder. A zombie, which only waits for its parent to ask, does not count.
#[cfg(target_os = "linux")]
pub fn under(folder: &Path) -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id().cast_signed();
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| *id != own).filter_map(|id| claims(id, folder)).collect()
}

/// Without `/proc` nothing is found, and the check for leftovers says nothing.
#[cfg(not(target_os = "linux"))]
pub fn under(_folder: &Path) -> Vec<Process> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn claims(id: i32, folder: &Path) -> Option<Process> {
    let process = Path::new("/proc").join(id.to_string());
    let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
    let environment = std::fs::read(process.join("environ")).unwrap_or_default();
    let wanted = folder.as_os_str().as_encoded_bytes();
    let named = [&line, &environment].iter().any(|text| contains(text, wanted));
    let inside = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    if !(named || inside) || is_zombie(&process) {
        return None;
    }
    let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
    Some(Process { id, line: if line.is_empty() { "?".to_owned() } else { line } })
}

#[cfg(target_os = "linux")]
fn is_zombie(process: &Path) -> bool {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
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
