//! Run folders, and what can be told of a session from its files and the process table alone.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Exit, Launch, RuntimeError};
use crate::clock::Timestamp;
use crate::id::SessionId;
use crate::store::{ProcessId, boot_id, write_atomic};

/// How long a session may take from its launch file to its pid file before it counts as lost.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How often a file is looked for that another process is about to write.
const STEP: Duration = Duration::from_millis(3);

/// What a run folder tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Observed {
    /// Nothing was ever started here.
    Absent,
    /// The launch file is there; its process has not begun yet.
    Starting,
    /// The process of the session lives.
    Running(PidFile),
    /// The session is over.
    Ended(Exit),
    /// The process of the session is gone and nobody wrote how it ended; what it started may still run.
    Lost,
}

impl Observed {
    /// Whether the session lives or is about to.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Starting | Self::Running(_))
    }
}

/// Who runs a session, as it stands in its `pid` file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PidFile {
    /// The process of `gt session exec`; of a gate or a set-up command, the `gt` that waits for it.
    #[serde(flatten)]
    pub process: ProcessId,
    /// When it began.
    pub started: Timestamp,
    /// The agent or the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ProcessId>,
    /// The command line, when this is no session but a gate or a set-up command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// In which life of the machine: numbers and start times are given out anew in the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

impl PidFile {
    /// The name of the file in a run folder.
    pub const FILE: &'static str = "pid";

    /// That of the calling process, which begins now; with a command line unless it is a session.
    pub(super) fn current(command: Option<String>) -> Self {
        Self { process: ProcessId::current(), started: super::now(), child: None, command, boot: boot_id() }
    }

    /// The process, if it lives.
    pub fn living(&self) -> Option<ProcessId> {
        self.living_of(Some(self.process))
    }

    /// The agent or the command, if it lives.
    pub fn living_child(&self) -> Option<ProcessId> {
        self.living_of(self.child)
    }

    fn living_of(&self, process: Option<ProcessId>) -> Option<ProcessId> {
        let of_this_boot = self.boot.is_none() || self.boot == boot_id();
        process.filter(|process| of_this_boot && process.is_alive())
    }

    /// The pid file of a run folder; `None` when there is none.
    pub fn read(dir: &Path) -> Option<Self> {
        toml::from_str(&std::fs::read_to_string(dir.join(Self::FILE)).ok()?).ok()
    }

    /// Writes the pid file.
    pub fn write(&self, dir: &Path) -> Result<(), RuntimeError> {
        let path = dir.join(Self::FILE);
        let text = toml::to_string(self).expect("a pid file has only plain fields");
        write_atomic(&path, text.as_bytes(), 0o600).map_err(RuntimeError::io("write", &path))
    }
}

/// One run folder.
#[derive(Debug, Clone)]
pub struct Run {
    /// The session, or the marker of a command: the name of the folder.
    pub session: SessionId,
    /// The folder.
    pub dir: PathBuf,
    /// What it tells.
    pub observed: Observed,
    /// The command line, when this is no session but a gate or a set-up command.
    pub command: Option<String>,
}

/// What the files in `dir` and the process table tell of a session. Reads only.
pub fn observe(dir: &Path) -> Observed {
    if let Some(exit) = Exit::read(dir) {
        return Observed::Ended(exit);
    }
    match PidFile::read(dir) {
        Some(pid) if pid.living().is_some() => Observed::Running(pid),
        // It may have ended between the two looks.
        Some(_) => Exit::read(dir).map_or(Observed::Lost, Observed::Ended),
        None => match std::fs::metadata(dir.join(Launch::FILE)).and_then(|file| file.modified()) {
            Ok(since) if age(since) < START_LIMIT => Observed::Starting,
            Ok(_) => Observed::Lost,
            Err(_) => Observed::Absent,
        },
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the time of a file, which is the machine's")]
fn age(since: SystemTime) -> Duration {
    SystemTime::now().duration_since(since).unwrap_or_default()
}

/// Whether what ran here began before the machine was started the last time. A session that is lost then was not
/// killed by anybody.
pub fn was_before_boot(dir: &Path) -> bool {
    PidFile::read(dir).is_some_and(|pid| pid.boot.is_some() && pid.boot != boot_id())
}

/// Every run folder under `root`, in the order of their names, with what each tells.
pub fn runs(root: &Path) -> Result<Vec<Run>, RuntimeError> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RuntimeError::io("list", root)(error)),
    };
    let mut runs: Vec<Run> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let session: SessionId = entry.file_name().to_str()?.parse().ok()?;
            let dir = entry.path();
            let observed = observe(&dir);
            let command = PidFile::read(&dir).and_then(|pid| pid.command);
            (observed != Observed::Absent).then_some(Run { session, dir, observed, command })
        })
        .collect();
    runs.sort_by(|a, b| a.session.cmp(&b.session));
    Ok(runs)
}

/// Removes the run folder of a session that has ended. Refuses one that has not: its files are all that leads to its
/// processes. Answers false when there is none.
pub fn remove_run(dir: &Path) -> Result<bool, RuntimeError> {
    match observe(dir) {
        Observed::Absent => Ok(false),
        Observed::Ended(_) => {
            std::fs::remove_dir_all(dir).map_err(RuntimeError::io("remove", dir))?;
            Ok(true)
        }
        _ => Err(RuntimeError::AlreadyRuns { name: session_of(dir) }),
    }
}

/// Waits until the session runs or has ended, for at most `limit`, and answers what it does then.
pub fn wait_until_started(dir: &Path, limit: Duration) -> Observed {
    wait_while(dir, limit, |observed| matches!(observed, Observed::Starting | Observed::Absent))
}

/// Waits until the session does not live any more, for at most `limit`, and answers what it does then.
pub fn wait_until_ended(dir: &Path, limit: Duration) -> Observed {
    wait_while(dir, limit, Observed::is_live)
}

fn wait_while(dir: &Path, limit: Duration, busy: impl Fn(&Observed) -> bool) -> Observed {
    let start = Instant::now();
    loop {
        let observed = observe(dir);
        if !busy(&observed) || start.elapsed() >= limit {
            return observed;
        }
        super::pause(STEP);
    }
}

/// The name of a run folder, which is its session.
pub(super) fn session_of(dir: &Path) -> String {
    dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Makes a folder, and those above it, that only its owner may enter.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), RuntimeError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(RuntimeError::io("make the folder", dir))
}

/// Makes the folder that a session's log is to lie in.
pub(super) fn make_log_dir(log: &Path) -> Result<(), RuntimeError> {
    log.parent().map_or(Ok(()), make_private_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_an_earlier_life_of_the_machine_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = PidFile { child: Some(ProcessId::current()), ..PidFile::current(None) };
        ours.write(folder.path()).expect("written");
        assert_eq!(observe(folder.path()), Observed::Running(ours.clone()));
        assert_eq!(ours.living_child(), ours.child);
        let earlier = PidFile { boot: Some("0a000000-0000-4000-8000-000000000000".to_owned()), ..ours.clone() };
        earlier.write(folder.path()).expect("written");
        assert_eq!((observe(folder.path()), earlier.living(), earlier.living_child()), (Observed::Lost, None, None));
        // Written by a gt that did not note it.
        assert_eq!(PidFile { boot: None, ..ours.clone() }.living(), Some(ours.process));
    }
}
