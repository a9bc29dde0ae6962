//! The projection: files of the working tree and git's index, in step with the tip.
//!
//! `.git/gt/projected` names the commit up to which everything was projected. Whatever a kill leaves
//! undone lies between it and the tip, and the next transaction or `settle` does it again; every step
//! may be done twice. A file whose bytes are not what was projected is a person's edit and stays.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use super::{Ledger, lift};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::objects::{Change, Objects};
use crate::git::staging::{IndexLock, Staged, staged_at};
use crate::store::change_places;

/// How long to wait for another git program's `index.lock` before going on without the index.
const INDEX_PATIENCE: Duration = Duration::from_millis(300);

/// What is on disk at a path.
#[derive(Debug, PartialEq, Eq)]
enum OnDisk {
    /// The content of the tip.
    InStep,
    /// What was projected before: may be replaced.
    Behind,
    /// Something else: a person's.
    Edited,
}

/// Projects everything between the recorded commit and `tip`. The caller holds the ledger's lock.
pub(super) fn catch_up(ledger: &Ledger, tip: &Oid) -> Outcome<()> {
    let from = recorded(ledger);
    if from.as_ref() == Some(tip) {
        return Ok(());
    }
    let objects = ledger.objects()?;
    let lock = lock_index(ledger)?;
    let changes = match objects.changes(from.as_ref(), Some(tip)) {
        Ok(changes) => changes,
        Err(_) => objects.changes(None, Some(tip)).map_err(lift)?,
    };
    let changes = without_staged(ledger, changes)?;
    carry_out(ledger, objects, tip, &changes, lock)
}

/// The changes that git's index does not have yet. What it has, a person committed by plain git, or a predecessor
/// projected: there the file is in step or edited since, even when it is as it was before.
fn without_staged(ledger: &Ledger, changes: Vec<Change>) -> Outcome<Vec<Change>> {
    let staged = staged_at(&ledger.git_dir, changes.iter().map(|change| change.path.as_str()))
        .map_err(|error| Failure::caused(Kind::External, "the index of the town cannot be read", error))?;
    Ok(changes
        .into_iter()
        .zip(staged)
        .filter(|(change, staged)| change.new != *staged)
        .map(|(change, _)| change)
        .collect())
}

/// Takes git's own lock on the index; nothing when another git program keeps it.
pub(super) fn lock_index(ledger: &Ledger) -> Outcome<Option<IndexLock>> {
    IndexLock::take(&ledger.git_dir, INDEX_PATIENCE)
        .map_err(|error| Failure::caused(Kind::External, "the index of the town cannot be locked", error))
}

/// Projects `changes`, which lead from the recorded commit to `tip`, and records it.
pub(super) fn carry_out(
    ledger: &Ledger,
    objects: &Objects,
    tip: &Oid,
    changes: &[Change],
    lock: Option<IndexLock>,
) -> Outcome<()> {
    let staged = changes.iter().map(|change| project_file(ledger, objects, change)).collect::<Outcome<Vec<_>>>()?;
    commit_point("ledger.files");
    // Without the lock the index stays behind; the record stays too, so that the next one does it all.
    let Some(lock) = lock else { return Ok(()) };
    lock.publish(&ledger.root, &staged, change_places)
        .map_err(|error| Failure::caused(Kind::External, "the index of the town cannot be written", error))?;
    commit_point("ledger.staged");
    record(ledger, tip)
}

fn project_file(ledger: &Ledger, objects: &Objects, change: &Change) -> Outcome<Staged> {
    let path = ledger.root.join(&change.path);
    let found = examine(&path, change).map_err(|error| cannot("read", &path, error))?;
    let in_step = match found {
        OnDisk::InStep => true,
        OnDisk::Edited => false,
        OnDisk::Behind => {
            let content = change.new.as_ref().map(|blob| objects.blob(blob)).transpose().map_err(lift)?;
            replace(ledger, &path, content.as_deref()).map_err(|error| cannot("write", &path, error))?;
            true
        }
    };
    Ok(Staged { path: change.path.clone(), old: change.old.clone(), new: change.new.clone(), in_step })
}

fn examine(path: &Path, change: &Change) -> io::Result<OnDisk> {
    let found = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => Some(Objects::blob_id(&fs::read(path)?)),
        Ok(_) => return Ok(OnDisk::Edited),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
        Err(error) => return Err(error),
    };
    Ok(if found == change.new {
        OnDisk::InStep
    } else if found == change.old {
        OnDisk::Behind
    } else {
        OnDisk::Edited
    })
}

/// Replaces a file by a rename from the runtime folder, so that a kill leaves nothing that git would show. The two files
/// change places: making and removing one for each transaction is slow on file systems that do not use the place of a
/// removed one again for a while.
#[expect(clippy::disallowed_methods, reason = "written beside its place and renamed into it")]
fn replace(ledger: &Ledger, path: &Path, content: Option<&[u8]>) -> io::Result<()> {
    let Some(content) = content else {
        fs::remove_file(path)?;
        remove_empty_parents(ledger, path);
        return Ok(());
    };
    let spare = ledger.runtime_dir().join("projection.next");
    // A file that a person has a second name for, or gave other rights, is not written into.
    if fs::symlink_metadata(&spare).is_ok_and(|meta| meta.nlink() > 1 || meta.mode() & 0o7777 != 0o644) {
        fs::remove_file(&spare)?;
    }
    fs::write(&spare, content)?;
    if change_places(&spare, path).is_ok() {
        return Ok(());
    }
    match fs::rename(&spare, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(&ledger.root))?;
            fs::rename(&spare, path)
        }
        other => other,
    }
}

fn remove_empty_parents(ledger: &Ledger, path: &Path) {
    let mut folder = path.parent();
    while let Some(parent) = folder.filter(|parent| *parent != ledger.root && fs::remove_dir(parent).is_ok()) {
        folder = parent.parent();
    }
}

pub(super) fn recorded(ledger: &Ledger) -> Option<Oid> {
    fs::read_to_string(ledger.runtime_dir().join("projected")).ok()?.trim().parse().ok()
}

/// Written in place, by one write of always the same length: half a record is never seen. What a power cut may leave
/// instead is no commit, and then all is projected again.
fn record(ledger: &Ledger, tip: &Oid) -> Outcome<()> {
    let path = ledger.runtime_dir().join("projected");
    let text = format!("{tip}\n");
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .and_then(|file| {
            file.write_all_at(text.as_bytes(), 0)?;
            file.set_len(text.len() as u64)
        })
        .map_err(|error| cannot("write", &path, error))
}

fn cannot(action: &str, path: &Path, error: io::Error) -> Failure {
    Failure::caused(Kind::External, format!("cannot {action} {}", path.display()), error)
        .hint(crate::store::SEE_TO_THE_DISK)
}
