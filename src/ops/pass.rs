//! Passes: who calls the tick, and how a call is never lost.
//!
//! A pass holds the town's lock while it ticks. Whoever changes something asks for a pass by raising a
//! counter in a file; a pass that ends looks at the counter again, so a request that came too late for
//! its last tick starts another one.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::{OpenTown, aftermath};
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::id::SessionId;
use crate::runtime::{self, Launch};
use crate::store::FileLock;

/// The right to tick; one process of a town has it at a time. Unless the pass is said to have done everything, the next
/// one looks for what a git that it called may have left when it was killed.
pub struct Pass {
    lock: Option<FileLock>,
}

impl Pass {
    /// The pass did all that there was to do.
    pub fn succeeded(mut self) {
        drop(self.lock.take());
    }

    fn over(open: &OpenTown, lock: FileLock) -> Self {
        if let Some(owner) = lock.dead_owner() {
            for rig in open.town.rig_names().unwrap_or_default() {
                aftermath::clear(open, &rig, owner.since);
            }
        }
        Self { lock: Some(lock) }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.give_up();
        }
    }
}

/// Takes the right to tick; nothing when another process has it.
///
/// # Errors
/// When the lock file cannot be opened.
pub fn try_begin(open: &OpenTown) -> Outcome<Option<Pass>> {
    Ok(FileLock::try_acquire(&open.town.tick_lock())?.map(|lock| Pass::over(open, lock)))
}

/// The same; when another process has it, that one will tick again, so that it sees what this one was called for.
///
/// # Errors
/// As [`try_begin`].
pub fn begin_or_ask(open: &OpenTown) -> Outcome<Option<Pass>> {
    match try_begin(open)? {
        Some(pass) => Ok(Some(pass)),
        None => {
            mark(open);
            // It may have looked for the mark just before that was there.
            try_begin(open)
        }
    }
}

/// Waits for the right to tick.
///
/// # Errors
/// When it is still taken after `limit`.
pub fn begin(open: &OpenTown, limit: Duration) -> Outcome<Pass> {
    Ok(Pass::over(open, FileLock::acquire(&open.town.tick_lock(), limit)?))
}

/// The mark that requests leave.
fn request_file(open: &OpenTown) -> PathBuf {
    open.town.run_dir().join("pass.wanted")
}

/// The last request for a pass; another one has another token. Not the time of the file: two requests may come within one
/// tick of its clock.
pub fn requested(open: &OpenTown) -> Option<String> {
    fs::read_to_string(request_file(open)).ok()
}

/// Asks for a pass: whoever ticks now will tick again, and when nobody does, a detached process begins.
/// With `auto_merge` off nothing is started. A failure is only told to the log: the next command asks again.
pub fn request(open: &OpenTown) {
    if let Err(error) = try_request(open) {
        tracing::warn!("no pass was started: {error}");
    }
}

/// Whoever ticks now will tick again.
#[expect(clippy::disallowed_methods, reason = "only the time of the mark counts, not what it says")]
fn mark(open: &OpenTown) {
    let path = request_file(open);
    if let Err(error) = fs::write(&path, SessionId::random().as_str()) {
        tracing::warn!("cannot write {}: {error}", path.display());
    }
}

fn try_request(open: &OpenTown) -> Outcome<()> {
    mark(open);
    // Only the record is read: taking the lock, for however short a time, could turn away a pass that was asked for.
    let ticks = FileLock::recorded_owner(&open.town.tick_lock()).is_some_and(|owner| owner.process.is_alive());
    if !open.settings.auto_merge || ticks {
        return Ok(());
    }
    detach(open, &["tick", "--quiet"])
}

/// Lets a detached process go on with the town once this one, which ticks, has ended in the middle of it. With
/// `auto_merge` off the next command does that.
pub fn hand_over(open: &OpenTown) {
    if !open.settings.auto_merge {
        return;
    }
    if let Err(error) = detach(open, &["tick", "--quiet", "--wait"]) {
        tracing::warn!("no pass was started: {error}");
    }
}

fn detach(open: &OpenTown, command: &[&str]) -> Outcome<()> {
    let program = open.program()?.display().to_string();
    let town = open.town.root.display().to_string();
    let mut argv = vec![program, "--town".to_owned(), town];
    argv.extend(command.iter().map(|&word| word.to_owned()));
    runtime::spawn_detached(&argv, &open.town.root, &person_env(open))
        .map_err(|error| Failure::caused(Kind::External, "no detached pass could be started", error))
}

/// Variables that mark a worker.
const WORKERS_OWN: &[&str] = &[
    env::LEASE,
    env::BEAD,
    env::WORKER,
    env::RIG,
    env::ROLE,
    env::SESSION,
    env::ATTEMPT,
    env::TITLE,
    env::CRASH,
    env::SLOT,
    env::PORT_BASE,
    env::DB_SUFFIX,
];

/// The environment of the person, for what goes on without them: a pass may fetch and push.
///
/// A worker's own environment is an allow-list; the person's is the one that its session was launched from. What
/// marks a worker is left out: a pass acts for the town.
pub fn person_env(open: &OpenTown) -> BTreeMap<String, String> {
    let session = std::env::var(env::SESSION).ok().and_then(|text| text.parse().ok());
    let launch = session.and_then(|session| Launch::read(&open.town.session_dir(&session)).ok());
    let variables: BTreeMap<String, String> =
        launch.map_or_else(|| std::env::vars().collect(), |launch| launch.on_end_env);
    // The temporary folder of a slot goes with the session.
    let of_slot = |name: &str| name == "TMPDIR" && variables.contains_key(env::SLOT);
    let is_persons = |name: &str| !WORKERS_OWN.contains(&name) && !of_slot(name);
    variables.iter().filter(|(name, _)| is_persons(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
