//! `gt ledger check-commit`: what git's hook asks before a person's own commit in the town.

use std::ffi::OsStr;

use crate::error::{Failure, Kind, Outcome};
use crate::ops::OpenTown;

/// Refuses a commit that would put files back which nobody touched; `index` is the one that git is about to commit.
///
/// # Errors
/// When it would; the files are named.
pub fn check_commit(open: &OpenTown, index: Option<&OsStr>) -> Outcome<()> {
    let behind = open.ledger.behind_in_index(index)?;
    if behind.is_empty() {
        return Ok(());
    }
    const SHOWN: usize = 10;
    let mut message = String::from("git's index is behind the ledger; this commit would put back");
    for path in behind.iter().take(SHOWN) {
        message.push_str(&format!("\n  {path}"));
    }
    if behind.len() > SHOWN {
        message.push_str(&format!("\n  and {} more", behind.len() - SHOWN));
    }
    Err(Failure::new(Kind::Refused, message)
        .hint("`gt ledger settle` brings the index up to date; your edits stay; then commit again")
        .hint("`gt ledger adopt` commits what you edited without git's index"))
}
