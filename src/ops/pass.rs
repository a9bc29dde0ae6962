//! Passes: who calls the tick, and how a call is never lost.
//!
//! A pass holds the town's lock while it ticks. Whoever changes something asks for a pass by raising a
//! counter in a file; a pass that ends looks at the counter again, so a request that came too late for
//! its last tick starts another one.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::Context;
use crate::error::Outcome;
use crate::runtime;
use crate::store::FileLock;

/// The right to tick; one process of a town has it at a time.
pub struct Pass {
    _lock: FileLock,
}

/// Takes the right to tick; nothing when another process has it.
///
/// # Errors
/// When the lock file cannot be opened.
pub fn try_begin(context: &Context) -> Outcome<Option<Pass>> {
    Ok(FileLock::try_acquire(&context.town.tick_lock())?.map(|lock| Pass { _lock: lock }))
}

/// Waits for the right to tick.
///
/// # Errors
/// When it is still taken after `limit`.
pub fn begin(context: &Context, limit: Duration) -> Outcome<Pass> {
    Ok(Pass { _lock: FileLock::acquire(&context.town.tick_lock(), limit)? })
}

/// The mark that requests leave.
fn request_file(context: &Context) -> PathBuf {
    context.town.run_dir().join("pass.wanted")
}

/// When a pass was last asked for.
pub fn requested(context: &Context) -> Option<SystemTime> {
    fs::metadata(request_file(context)).and_then(|meta| meta.modified()).ok()
}

/// Asks for a pass: whoever ticks now will tick again, and when nobody does, a detached process begins.
/// With `auto_merge` off nothing is started. A failure is only told to the log: the next command asks again.
pub fn request(context: &Context) {
    if let Err(error) = try_request(context) {
        tracing::warn!("no pass was started: {error}");
    }
}

fn try_request(context: &Context) -> Outcome<()> {
    let path = request_file(context);
    let marked = fs::write(&path, format!("{}\n", std::process::id()));
    if let Err(error) = marked {
        tracing::warn!("cannot write {}: {error}", path.display());
    }
    if !context.settings.auto_merge || try_begin(context)?.is_none() {
        return Ok(());
    }
    let program = context.program()?.display().to_string();
    let town = context.town.root.display().to_string();
    let log = context.town.logs_dir().join("pass.log");
    Ok(runtime::spawn_detached(&[program, "--town".to_owned(), town, "tick".to_owned(), "--settle".to_owned(), "--quiet".to_owned()], &context.town.root, &log)?)
}
