//! How a person watches a session.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{RuntimeError, observe, pause};

/// How to watch or talk to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attach {
    /// Replace the calling process by this command.
    Exec(Vec<String>),
    /// Follow this log with [`follow_log`].
    Follow(PathBuf),
}

/// Turns this process into the command; answers only when that failed.
pub fn replace_process(words: &[String]) -> RuntimeError {
    let (program, arguments) = words.split_first().map_or(("", [].as_slice()), |(first, rest)| (first.as_str(), rest));
    let error = Command::new(program).args(arguments).exec();
    RuntimeError::io("start", Path::new(program))(error)
}

/// What a line of the session's own begins with, in the terminal and in the log.
pub(super) const OWN_WORDS: &str = "[gt] ";

/// How much of a log is looked through for words of the agent: a session has only a line or two to say.
const BEGINNING: u64 = 16 * 1024;

/// How often the log is looked at.
const STEP: Duration = Duration::from_millis(100);

/// Copies the session's log to `out`, from its last 64 kB on, until the session has ended.
pub fn follow_log(dir: &Path, log: &Path, out: &mut dyn Write) -> Result<(), RuntimeError> {
    let fail = |error| RuntimeError::io("follow", log)(error);
    let mut file = File::open(log).map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(64 * 1024))).map_err(fail)?;
    loop {
        // Asked before reading: what was written before the end is read after it.
        let live = observe(dir).is_live();
        let copied = copy_all(&mut file, out).map_err(fail)?;
        if copied == 0 {
            if !live {
                return Ok(());
            }
            pause(STEP);
        }
    }
}

/// Whether there is anything of the agent in the log of a session, beside what the session says there itself.
pub fn agent_spoke(log: &Path) -> bool {
    let mut text = Vec::new();
    let read = File::open(log).and_then(|file| file.take(BEGINNING).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    read.is_ok() && text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with(OWN_WORDS))
}

fn copy_all(file: &mut File, out: &mut dyn Write) -> io::Result<u64> {
    let copied = io::copy(file, out)?;
    if copied > 0 {
        out.flush()?;
    }
    Ok(copied)
}

/// The last `lines` lines of what a session wrote to its log, without what only moves and colours.
///
/// # Errors
/// When the log cannot be read.
pub fn read_log(log: &Path, lines: usize) -> Result<String, RuntimeError> {
    let text = tail(log, lines).map_err(RuntimeError::io("read", log))?;
    Ok(super::tmux::without_escapes(&text))
}

/// The last `lines` lines of a file, from its last megabyte.
pub(super) fn tail(path: &Path, lines: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(1024 * 1024)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].iter().map(|line| format!("{line}\n")).collect())
}
