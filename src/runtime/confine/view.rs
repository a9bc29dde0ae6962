//! The rig's repository as a worker in the sandbox sees it.
//!
//! Git locks `packed-refs` whenever it removes any reference, such as the `CHERRY_PICK_HEAD` of a rebase, so it must be
//! able to make a file in the repository's own folder. Whoever may make files there may make them in `hooks` too, as
//! far as Landlock goes. Therefore the folder itself is one in memory, of the session's own: `worktrees` is mounted
//! in it, `HEAD` and `packed-refs` are copies, and everything else is a link to the repository as it is, where only
//! objects and the worker's own references and logs can be written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::View;
use super::mounts::{Held, empty, read_only};

/// What git replaces or locks by its name in the folder itself: copied. Nothing of gt packs references.
const COPIED: &[&str] = &["HEAD", "packed-refs"];

/// Git follows a link to `worktrees` back to the repository behind it, so that one is mounted.
const WORKTREES: &str = "worktrees";

pub(super) fn of_repository(wanted: &View, repository: &Held) -> Result<(), String> {
    let (view, beside) = (&wanted.repository, &wanted.beside);
    let failed = |error: std::io::Error| format!("cannot make a view of {}: {error}", view.display());
    fs::create_dir_all(beside).map_err(failed)?;
    repository.show_at(Path::new(""), beside)?;
    empty(view)?;
    for entry in fs::read_dir(beside).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let (real, seen) = (beside.join(&name), view.join(&name));
        match name.to_str() {
            Some(WORKTREES) => {}
            Some(copied) if COPIED.contains(&copied) => fs::copy(&real, &seen).map(drop).map_err(failed)?,
            _ => symlink(&real, &seen).map_err(failed)?,
        }
    }
    let worktrees = view.join(WORKTREES);
    fs::create_dir(&worktrees).map_err(failed)?;
    repository.show_at(Path::new(WORKTREES), &worktrees)?;
    read_only(&worktrees)?;
    let own = Path::new(WORKTREES).join(&wanted.entry);
    repository.show_at(&own, &view.join(&own))
}
