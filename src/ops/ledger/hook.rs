//! The hook by which a commit of plain git in the town asks `gt` first.

use std::fs;
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
        Ok(found) if found == text || !found.contains(MARK) => return Ok(false),
        _ => {}
    }
    fs::create_dir_all(&folder).map_err(cannot)?;
    write_atomic(&path, text.as_bytes(), 0o755).map_err(cannot)?;
    Ok(true)
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
