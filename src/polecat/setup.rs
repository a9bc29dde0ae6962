//! Set-up: the commands that make a fresh worktree fit for work, run only when they have to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::PolecatError;
use crate::git::worktree::admin_dir;
use crate::git::{Git, GitError};
use crate::runtime::{CommandSpec, run_command};
use crate::store::write_atomic;

/// How much of a set-up's output is kept.
const LOG_LIMIT: u64 = 2 * 1024 * 1024;

/// Set-up as a rig wants it.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// Commands for `sh -c`, one after the other.
    pub commands: Vec<String>,
    /// Globs of tracked files whose change makes it run again.
    pub inputs: Vec<String>,
    /// The complete environment of the commands.
    pub environment: BTreeMap<String, String>,
    /// The time limit of each command.
    pub limit: Duration,
    /// The log of the first command; those after it have a number in the name.
    pub log: PathBuf,
    /// The folder of the run folders, see [`CommandSpec::runs`].
    pub runs: PathBuf,
}

/// What [`set_up`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUpOutcome {
    /// There are no commands.
    None,
    /// Commands and inputs are those of the last successful run in this worktree.
    Current,
    /// The commands ran.
    Ran {
        /// How long they took together.
        duration: Duration,
    },
}

/// Runs the set-up commands in `worktree` unless they ran there with the same inputs.
///
/// # Errors
/// When a command fails, with its log; it runs again the next time.
pub fn set_up(repo: &Path, worktree: &Path, wanted: &SetUp) -> Result<SetUpOutcome, PolecatError> {
    if wanted.commands.is_empty() {
        return Ok(SetUpOutcome::None);
    }
    let record = admin_dir(repo, worktree).map(|admin| admin.join("gt-setup"));
    let fingerprint = fingerprint(worktree, wanted)?;
    if record.as_ref().is_some_and(|record| std::fs::read_to_string(record).is_ok_and(|last| last == fingerprint)) {
        return Ok(SetUpOutcome::Current);
    }
    let mut duration = Duration::ZERO;
    for (number, command) in wanted.commands.iter().enumerate() {
        duration += run(worktree, wanted, number, command)?;
    }
    if let Some(record) = record {
        write_atomic(&record, fingerprint.as_bytes(), 0o644).map_err(PolecatError::files("write", &record))?;
    }
    Ok(SetUpOutcome::Ran { duration })
}

fn run(worktree: &Path, wanted: &SetUp, number: usize, command: &str) -> Result<Duration, PolecatError> {
    let log = match number {
        0 => wanted.log.clone(),
        _ => wanted.log.with_extension(format!("{}.log", number + 1)),
    };
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).map_err(PolecatError::files("make", folder))?;
    }
    let result = run_command(&CommandSpec {
        command: command.to_owned(),
        cwd: worktree.to_owned(),
        env: wanted.environment.clone(),
        limit: wanted.limit,
        log,
        log_limit: LOG_LIMIT,
        runs: wanted.runs.clone(),
        memory: None,
    })?;
    if result.succeeded() {
        return Ok(result.duration);
    }
    let how = match result.status {
        Some(status) => format!("ended with {status}"),
        None => format!("did not end within {} s and was stopped", wanted.limit.as_secs()),
    };
    Err(PolecatError::SetUp { command: command.to_owned(), how, log: result.log, tail: result.tail })
}

/// One id for the commands and the content of all inputs at HEAD.
fn fingerprint(worktree: &Path, wanted: &SetUp) -> Result<String, PolecatError> {
    let inputs = globs(&wanted.inputs)?;
    let git = Git::at(worktree);
    let mut text = wanted.commands.join("\0");
    if !wanted.inputs.is_empty() {
        let listing = git.raw(&["ls-tree", "-r", "-z", "--full-tree", "HEAD"])?;
        for entry in listing.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            if entry.split_once('\t').is_some_and(|(_, path)| inputs.is_match(path)) {
                text.push('\0');
                text.push_str(&entry);
            }
        }
    }
    Ok(git.run_with_input(&["hash-object", "--stdin"], text.as_bytes())?)
}

fn globs(patterns: &[String]) -> Result<GlobSet, PolecatError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern);
        set.add(glob.map_err(|error| PolecatError::Path { path: pattern.clone(), reason: error.kind().to_string() })?);
    }
    set.build()
        .map_err(|error| GitError::Answer { command: "setup_inputs".to_owned(), answer: error.to_string() }.into())
}
