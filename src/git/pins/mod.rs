//! Refs that keep work alive: pins of submitted work, snapshots of everything else.
//!
//! | ref | holds |
//! |---|---|
//! | `refs/gt/work/<bead>/<attempt>` | the head that an attempt submitted or ended with |
//! | `refs/gt/kept/<bead>/<attempt>/<commit>` | what such a pin held before it moved |
//! | `refs/gt/snapshots/<worker>/<n>` | uncommitted work, and commits that nothing else keeps |
//! | `refs/gt/target/<branch>` | where the own target of a rig of a local repository was last |
//! | `refs/gt/nested/<worker>/<token>/...` | the refs of repositories that lay inside a worktree |

mod nested;
mod snapshot;
mod tips;

use std::path::Path;

pub use snapshot::{Snapshot, Subject, keep_former_tips, snapshot, snapshots};

use super::bare::{is_ancestor, ref_tip, swap_ref};
use super::{GitError, Oid};
use crate::id::BeadId;

/// The ref that pins the work of one attempt at a bead.
pub fn work_ref(bead: &BeadId, attempt: u32) -> String {
    format!("refs/gt/work/{bead}/{attempt}")
}

/// What an attempt at a bead has pinned.
///
/// # Errors
/// When git fails.
pub fn pinned_work(repo: &Path, bead: &BeadId, attempt: u32) -> Result<Option<Oid>, GitError> {
    ref_tip(repo, &work_ref(bead, attempt))
}

/// Pins `commit` as the work of an attempt and reads the pin back. Pinning again is no change; pinning another
/// commit that does not contain the first keeps the first under `refs/gt/kept/`.
///
/// # Errors
/// When somebody else pins the same attempt at the same time, or git fails.
pub fn pin_work(repo: &Path, bead: &BeadId, attempt: u32, commit: &Oid) -> Result<(), GitError> {
    let name = work_ref(bead, attempt);
    let old = ref_tip(repo, &name)?;
    if old.as_ref() == Some(commit) {
        return Ok(());
    }
    if let Some(old) = &old
        && !is_ancestor(repo, old, commit)?
    {
        let kept = format!("refs/gt/kept/{bead}/{attempt}/{old}");
        swap_ref(repo, &kept, None, old, "kept when its pin moved")?;
    }
    swap_ref(repo, &name, old.as_ref(), commit, "pin")?;
    match ref_tip(repo, &name)? {
        Some(found) if found == *commit => Ok(()),
        Some(found) => Err(GitError::PinTaken { name, found, wanted: commit.clone() }),
        None => Err(GitError::Answer {
            command: format!("git update-ref {name}"),
            answer: "the ref is not there".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scene, commit};

    #[test]
    fn a_pin_moves_without_losing_what_it_held() {
        let scene = Scene::new();
        let bead: BeadId = "web-x7k2m".parse().expect("valid");
        let first = scene.tip();
        let child = commit(&scene.upstream, &[], "child");
        crate::git::bare::fetch(&scene.bare, None).expect("fetched");
        let held = || pinned_work(&scene.bare, &bead, 1).expect("readable");
        assert_eq!(held(), None);
        for wanted in [&first, &first, &child, &first] {
            pin_work(&scene.bare, &bead, 1, wanted).expect("pinned");
            assert_eq!(held().as_ref(), Some(wanted));
        }
        let kept = ref_tip(&scene.bare, &format!("refs/gt/kept/{bead}/1/{child}")).expect("readable");
        assert_eq!(kept, Some(child));
    }
}
