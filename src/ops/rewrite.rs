//! Changes one file of settings: a document of the ledger in one transaction, `local.toml` as a file.
//!
//! Settings are read from the working files, so a change starts from what is on disk: a person's edits that are not
//! in the ledger yet are taken in with it. The ledger itself never writes over such a file, so that happens here.

use std::time::Duration;

use super::OpenTown;
use crate::error::{Failure, Kind, Outcome};
use crate::store::{FileLock, write_atomic};
use crate::town::config::{self, File};

/// How long to wait for another change of `local.toml`.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is written into the history of the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The verb.
    pub event: &'a str,
    /// The subject of the commit.
    pub subject: &'a str,
}

/// Replaces the text of `file` by what `edit` makes of it; whether anything is different from before.
///
/// # Errors
/// What `edit` returns; when the new text breaks a rule, or cannot be written.
pub fn rewrite(
    open: &OpenTown,
    file: &File,
    entry: Entry<'_>,
    mut edit: impl FnMut(&str) -> Outcome<String>,
) -> Outcome<bool> {
    if !file.is_document() {
        let _lock = FileLock::acquire(&open.town.lock_file("local"), PATIENCE)?;
        let (before, after) = changed(open, file, &mut edit)?;
        if before != after {
            put(open, file, &after)?;
        }
        return Ok(before != after);
    }
    let path = file.path();
    let done = open.ledger.transact(&open.actor, |transaction| {
        let kept = transaction.text(&path)?.unwrap_or_default();
        let (before, after) = changed(open, file, &mut edit)?;
        if before != kept && before != after {
            put(open, file, &after)?;
        }
        transaction.put_text(path.as_str(), after.as_str());
        transaction.describe(entry.event, entry.subject);
        Ok(before != after)
    })?;
    Ok(done.value || done.commit.is_some())
}

fn changed(open: &OpenTown, file: &File, edit: &mut impl FnMut(&str) -> Outcome<String>) -> Outcome<(String, String)> {
    let before = open.town.read(file)?.unwrap_or_default();
    let after = edit(&before)?;
    config::check(file, &after)?;
    Ok((before, after))
}

fn put(open: &OpenTown, file: &File, text: &str) -> Outcome<()> {
    let path = open.town.root.join(file.path());
    write_atomic(&path, text.as_bytes(), 0o644)
        .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error))
}
