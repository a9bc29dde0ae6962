//! `gt ledger restore`: puts files back as the ledger has them; what was in them is kept aside.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use crate::error::{Failure, Kind, Outcome};
use crate::ops::{OpenTown, Report};
use crate::store::{free_path, write_atomic};

/// A file that is as the ledger has it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The file, relative to the town.
    pub path: String,
    /// Where that is kept which was in it; none when it was gone or the same.
    pub kept_as: Option<PathBuf>,
}

impl Report for Restored {
    const SCHEMA: &'static str = "gt.ledger.restore/1";
}

/// Puts the file `path` back.
///
/// # Errors
/// When the ledger does not have it, or a file cannot be written.
pub fn restore(open: &OpenTown, path: &Path) -> Outcome<Restored> {
    let path = within(open, path)?;
    let file = open.town.root.join(&path);
    let before = fs::read(&file).ok();
    let edited = open.ledger.hand_edits()?.iter().any(|edit| edit.path == path);
    let kept_as = match before.filter(|_| edited) {
        Some(content) => Some(keep(open, &path, &content)?),
        None => None,
    };
    open.ledger.restore(&path)?;
    Ok(Restored { path, kept_as })
}

/// Keeps the content of `path` in the runtime folder, under a name of its own.
fn keep(open: &OpenTown, path: &str, content: &[u8]) -> Outcome<PathBuf> {
    let folder = open.town.runtime_dir().join("replaced");
    let cannot =
        |error| Failure::caused(Kind::External, format!("cannot keep the edited text in {}", folder.display()), error);
    fs::create_dir_all(&folder).map_err(cannot)?;
    let stamp = open.now().format("%Y%m%dT%H%M%SZ");
    let name = path.replace('/', "_");
    let kept = free_path(&folder, |number| format!("{stamp}-{number}-{name}"));
    write_atomic(&kept, content, 0o644).map_err(cannot)?;
    Ok(kept)
}

/// A path as the ledger names it: relative to the town, with `/`. A relative one is meant from the current folder
/// when that is in the town, else from the town.
///
/// # Errors
/// When it lies outside of the town.
pub fn within(open: &OpenTown, path: &Path) -> Outcome<String> {
    let outside = || Failure::new(Kind::Usage, format!("{} is not a file of the town", path.display()));
    let root = open.town.root.canonicalize().unwrap_or_else(|_| open.town.root.clone());
    let here = std::env::current_dir().ok().filter(|here| here.starts_with(&root));
    let absolute = if path.is_absolute() { path.to_owned() } else { here.unwrap_or_else(|| root.clone()).join(path) };
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let plain: PathBuf = parts.into_iter().collect();
    let relative = plain.strip_prefix(&root).map_err(|_| outside())?;
    relative.to_str().filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(outside)
}
