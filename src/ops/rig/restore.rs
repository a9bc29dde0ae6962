//! A rig whose repository is gone is fetched anew from where it came.
//!
//! What was only there (work that had not landed, landed work that was not delivered) is gone with it; `gt doctor`
//! names the beads that this is about.

use std::time::Duration;

use crate::error::Outcome;
use crate::git::bare;
use crate::ops::OpenTown;
use crate::ops::target::Target;
use crate::store::FileLock;
use crate::town::Rig;

/// How long a fetch may take.
const NETWORK: Duration = Duration::from_secs(300);
/// How long to wait for another change of the rig.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether there is no repository in the place of the rig's.
pub fn is_gone(open: &OpenTown, rig: &Rig) -> bool {
    !open.town.rig_repo(&rig.name).join("HEAD").exists()
}

/// Makes the repository of `rig` again and fetches into it. What is there of it stays.
///
/// # Errors
/// When where it came from cannot be read, or the disk is full.
pub fn restore(open: &OpenTown, rig: &Rig) -> Outcome<()> {
    let _lock = FileLock::acquire(&open.town.lock_file(&format!("rig-{}", rig.name)), PATIENCE)?;
    if !is_gone(open, rig) || !open.town.rig_file(&rig.name).exists() {
        return Ok(());
    }
    let repo = open.town.rig_repo(&rig.name);
    bare::create_bare(&repo, &rig.url)?;
    bare::fetch(&repo, Some(NETWORK))?;
    Target::of(open, rig).tip().map(drop)
}
