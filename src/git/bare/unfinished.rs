//! What a delivery leaves in a checkout that came to no end, as on a full disk: files that are as the landed commit has
//! them, while index and branch are as they were.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::obstacles;
use crate::git::{Git, GitError, Oid};

/// Takes back what such a delivery of `commit` left, so that it can be made again. Only where that is all that is in the
/// way: when every file that is changed or new is, to the byte, as `commit` has it. Answers whether there was any.
///
/// # Errors
/// When git fails, or a file cannot be written.
pub(super) fn take_back(rig: &Path, checkout: &Path, tip: Option<&Oid>, commit: &Oid) -> Result<bool, GitError> {
    let Some((changed, new)) = obstacles::files(rig, checkout, tip, commit)? else { return Ok(false) };
    for path in changed.iter().chain(&new) {
        if !is_as_landed(rig, checkout, commit, path)? {
            return Ok(false);
        }
    }
    for path in &changed {
        let name = path.to_str().unwrap_or_default();
        Git::at(checkout).run(&["checkout-index", "--force", "--quiet", "--", name])?;
    }
    for path in &new {
        let full = checkout.join(path);
        fs::remove_file(&full).map_err(GitError::files("remove", &full))?;
    }
    Ok(!changed.is_empty() || !new.is_empty())
}

/// Whether a file is as the commit has it: with the same content, or not there.
fn is_as_landed(rig: &Path, checkout: &Path, commit: &Oid, path: &Path) -> Result<bool, GitError> {
    let Some(name) = path.to_str() else { return Ok(false) };
    let landed = Git::on(rig).output(&["rev-parse", "--verify", "--quiet", &format!("{commit}:{name}")])?;
    match fs::symlink_metadata(checkout.join(path)) {
        Err(error) => Ok(error.kind() == ErrorKind::NotFound && !landed.ok()),
        // As git would take it in, with the filters of the person.
        Ok(there) if there.is_file() && landed.ok() => {
            Ok(Git::at(checkout).run(&["hash-object", "--", name])?.trim() == landed.text())
        }
        Ok(_) => Ok(false),
    }
}
