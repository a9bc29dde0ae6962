//! The folder of the town: what is hidden, local state, locks of git, what was set aside.

use std::path::Path;

use super::finding::{Sheet, count, some};
use super::remedy::Remedy;
use super::{Finding, Look, locks};
use crate::error::Failure;
use crate::git::Git;
use crate::ops::OpenTown;
use crate::store::{StateDb, StoreError};
use crate::town::Town;

/// The local state. A damaged file is set aside by the very look at it.
pub(super) fn state(open: &OpenTown) -> Vec<Finding> {
    let mut sheet = Sheet::new("town");
    if !open.town.state_db().exists() {
        sheet.ok("state", "nothing was recorded on this machine yet");
        return sheet.findings();
    }
    match StateDb::open(&open.town.state_db()).and_then(StateDb::check) {
        Ok(()) => sheet.ok("state", "state.db is sound"),
        Err(error @ StoreError::Damaged { .. }) => sheet.problem("state", error.to_string(), |finding| {
            finding.next("a new one begins empty; running sessions are found anew").mended_by(Remedy::Tick)
        }),
        Err(error) => sheet.failed("state", &Failure::from(error)),
    }
    sheet.findings()
}

pub(super) fn checks(look: &Look<'_>) -> Vec<Finding> {
    let mut sheet = Sheet::new("town");
    let open = look.open;
    hidden(open, &mut sheet);
    identity(open, &mut sheet);
    locks::Place::town(open).look(&mut sheet);
    sheet.else_ok("locks", "no lock of git lies in the town");
    set_aside(open, &mut sheet);
    strangers(look, &mut sheet);
    sheet.findings()
}

/// What lies in the town and is no part of the ledger must not show in `git status`.
fn hidden(open: &OpenTown, sheet: &mut Sheet) {
    for (name, pattern) in [("rigs/x", "/rigs/"), (Town::LOCAL_FILE, "/local.toml")] {
        let hidden = Git::at(&open.town.root).output(&["check-ignore", "--quiet", "--no-index", name]);
        if hidden.is_ok_and(|output| output.code() == Some(1)) {
            let what =
                format!("`.gitignore` does not hide {pattern}, so that git would take it for a part of the ledger");
            sheet.problem("hidden", what, |finding| finding.mended_by(Remedy::Hide(pattern)));
        }
    }
    let listed = Git::at(&open.town.root).run(&["ls-files", "--cached", "--", "rigs", Town::LOCAL_FILE]);
    let tracked: Vec<&str> = listed.as_deref().unwrap_or_default().lines().collect();
    if !tracked.is_empty() {
        let what = format!("{} is part of the ledger, where it does not belong", some(&tracked));
        sheet.problem("hidden", what, |finding| {
            finding
                .next("`git rm --cached -r rigs local.toml` in the town takes it out and leaves the files; then commit")
        });
    }
    sheet.else_ok("hidden", "rigs/ and local.toml are hidden from git");
}

/// Claims carry the identity of this clone.
fn identity(open: &OpenTown, sheet: &mut Sheet) {
    let (file, kept) = (open.town.local_file(), open.town.kept_local_file());
    if file.exists() {
        sheet.ok("clone", "this clone knows its identity");
    } else if kept.exists() {
        sheet.warn("clone", "local.toml is gone; the copy that was kept of it counts", |finding| {
            finding.mended_by(Remedy::RestoreLocal)
        });
    } else {
        sheet.ok("clone", "this clone has no identity yet; it gets one with its first claim");
    }
}

/// Nothing that was set aside is ever deleted by gt; a person may look at it and do so.
fn set_aside(open: &OpenTown, sheet: &mut Sheet) {
    let runtime = open.town.runtime_dir();
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let damaged = names(&runtime).into_iter().filter(|name| name.contains(".damaged-")).count();
    let aside = names(&runtime.join("aside"));
    let replaced = names(&runtime.join("replaced")).len();
    let mut kept = Vec::new();
    if !aside.is_empty() {
        kept.push(format!("{} in {} ({})", count(aside.len(), "thing"), runtime.join("aside").display(), some(&aside)));
    }
    if replaced > 0 {
        kept.push(format!("{} in {}", count(replaced, "edited file"), runtime.join("replaced").display()));
    }
    if damaged > 0 {
        kept.push(format!("{} of a damaged state.db", count(damaged, "file")));
    }
    if !kept.is_empty() {
        sheet.ok("aside", format!("set aside and kept until you look: {}", kept.join("; ")));
    }
}

/// Folders of rigs that have no document.
fn strangers(look: &Look<'_>, sheet: &mut Sheet) {
    let known = look.open.town.rig_names().unwrap_or_default();
    let entries = std::fs::read_dir(look.open.town.rigs_dir()).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if known.iter().any(|rig| rig.as_str() == name) {
            continue;
        }
        let what = format!("{} belongs to no rig of the town", entry.path().display());
        sheet.warn("rigs", what, |finding| {
            finding.next(format!("`git log -- rigs.d/{name}.toml` in the town shows when its document went"))
        });
    }
}
