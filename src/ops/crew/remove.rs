//! `gt crew remove`: the session ends, the worktree goes, and everything in it is kept.

use super::member;
use crate::error::Outcome;
use crate::ops::polecat::remove::{self, Removed};
use crate::ops::{OpenTown, unsling};

/// Removes the crew member that `word` means. Its commits and what is uncommitted in its worktree are kept by refs of
/// the rig's repository; the folder goes, and nobody else gets the name.
///
/// # Errors
/// When there is no such crew member, or its work cannot be kept.
pub fn remove(open: &OpenTown, word: &str) -> Outcome<Removed> {
    unsling::by_somebody_in_charge(open)?;
    let (worker, ..) = member(open, Some(word))?;
    remove::retire_worker(open, worker)
}
