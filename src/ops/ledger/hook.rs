//! The hook by which a commit of plain git in the town asks `gt` first.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::error::{Failure, Kind, Outcome};
use crate::store::write_atomic;

/// The first line of every version of the hook; a file without it is a person's own.
const MARK: &str = "# Written by gt; a commit whose index is behind the ledger would put other beads back.";

/// Puts the hook into the repository at `git_dir`; false when it is there already, or a person has one of their own.
///
/// # Errors
/// When it cannot be written.
pub fn install(git_dir: &Path) -> Outcome<bool> {
    let folder = git_dir.join("hooks");
    let path = folder.join("pre-commit");
    let cannot = |error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error);
    let text = text()?;
    match fs::read_to_string(&path) {
        Ok(found) if !found.contains(MARK) => return Ok(false),
        Ok(found) if found == text && find(git_dir) == Found::Ours => return Ok(false),
        _ => {}
    }
    fs::create_dir_all(&folder).map_err(cannot)?;
    write_atomic(&path, text.as_bytes(), 0o755).map_err(cannot)?;
    Ok(true)
}

/// Whose hook lies in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Ours, and git would run it.
    Ours,
    /// A person's own, which does not ask.
    Persons,
    /// None that git would run.
    Missing,
}

/// Looks at the hook in the repository at `git_dir`.
pub fn find(git_dir: &Path) -> Found {
    let path = git_dir.join("hooks").join("pre-commit");
    let runs = fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    match fs::read_to_string(&path) {
        // A person's own that asks for the check is as good.
        Ok(text) if runs && (text.contains(MARK) || text.contains("ledger check-commit")) => Found::Ours,
        Ok(_) if runs => Found::Persons,
        _ => Found::Missing,
    }
}

/// This program is named first, so that the check needs no `PATH`; any other `gt` is better than none.
fn text() -> Outcome<String> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::caused(Kind::External, "cannot tell which program gt is", error))?;
    let program = program.display().to_string().replace('\'', r"'\''");
    Ok(format!(
        "#!/bin/sh\n{MARK}\ngt='{program}'\n[ -x \"$gt\" ] || gt=gt\nexec \"$gt\" --town . ledger check-commit\n"
    ))
}
