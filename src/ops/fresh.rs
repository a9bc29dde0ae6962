//! What a worker starts from is not older than it has to be: the rig's remote is asked first, unless it was a moment ago.

use std::time::Duration;

use super::OpenTown;
use super::target::Target;
use crate::error::Outcome;
use crate::git::bare;
use crate::store::FileLock;
use crate::town::{Remote, Rig, Settings};

/// How long the remote may keep a start waiting.
const NETWORK: Duration = Duration::from_secs(20);

/// Fetches the rig, for a worker that is about to start. What keeps it from that is said, and is no reason not to
/// start: the work is merged with what moved meanwhile when it lands.
pub(super) fn bring(open: &OpenTown, rig: &Rig, settings: &Settings) -> Option<String> {
    match asked(open, rig, settings) {
        Ok(None) => left_out(open, rig),
        Ok(Some(why)) => Some(format!("{} starts from what was fetched last: {why}", rig.name)),
        Err(failure) => Some(format!("{} starts from what was fetched last: {failure}", rig.name)),
    }
}

/// Asks the remote; why it did not answer. Several starts at once ask once.
fn asked(open: &OpenTown, rig: &Rig, settings: &Settings) -> Outcome<Option<String>> {
    let _lock = FileLock::acquire(&open.town.lock_file(&format!("fetch-{}", rig.name)), 2 * NETWORK)?;
    let (fetched, failed) = (format!("fetched:{}", rig.name), format!("fetch-failed:{}", rig.name));
    let (state, now) = (open.state()?, open.now());
    if state.counter(&fetched, now)?.is_some() {
        return Ok(None);
    }
    if state.counter(&failed, now)?.is_some() {
        return Ok(Some(format!("{} did not answer a moment ago", rig.url)));
    }
    let result = bare::fetch(&open.town.rig_repo(&rig.name), Some(NETWORK));
    let which = if result.is_ok() { &fetched } else { &failed };
    state.count(which, open.now(), Some(open.now() + settings.fetch_interval.duration()))?;
    Ok(result.err().map(|error| error.to_string()))
}

/// What a person committed in their own repository lands through the rig's gates, so that a worker cannot start from
/// it before.
fn left_out(open: &OpenTown, rig: &Rig) -> Option<String> {
    if rig.remote != Remote::Local {
        return None;
    }
    let target = Target::of(open, rig);
    let theirs = bare::ref_tip(&target.repo, &target.tracking()).ok()??;
    let has = bare::is_ancestor(&target.repo, &theirs, &target.tip().ok()?).ok()?;
    (!has).then(|| {
        format!("your newest commits in {} are not in yet: they come in through the gates of {}", rig.url, rig.name)
    })
}
