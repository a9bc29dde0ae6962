//! The ledger: its branch, its documents, its projection, its index.

use super::Look;
use super::finding::{Sheet, count, some};
use super::remedy::Remedy;
use crate::convoy::Convoy;
use crate::error::{Failure, Outcome};
use crate::ledger::{DocumentError, Snapshot};
use crate::mail::Letter;
use crate::ops::OpenTown;
use crate::ops::doctor::Finding;
use crate::ops::ledger::hook;
use crate::ops::ledger::status::{Status, status};
use crate::refinery::Evidence;
use crate::store::TEMPORARY_SUFFIX;

pub(super) fn checks(look: &Look<'_>) -> Vec<Finding> {
    let mut sheet = Sheet::new("town");
    let open = look.open;
    match open.town.check_head(&open.settings.branch) {
        Ok(()) => sheet.ok("head", format!("the ledger's branch {} is checked out", open.settings.branch)),
        Err(error) => sheet.failed("head", &Failure::from(error)),
    }
    settings(look, &mut sheet);
    match &look.snapshot {
        Ok(snapshot) => {
            if let Err(failure) = documents(open, snapshot, &mut sheet) {
                sheet.failed("documents", &failure);
            }
            index(open, &mut sheet);
        }
        Err(failure) => sheet.failed("ledger", failure),
    }
    the_hook(open, &mut sheet);
    sheet.findings()
}

/// Settings of the town and of the rigs.
fn settings(look: &Look<'_>, sheet: &mut Sheet) {
    let open = look.open;
    if let Err(error) = open.town.settings() {
        sheet.failed("settings", &Failure::from(error));
    }
    match open.town.rigs_each() {
        Ok(all) => all.into_iter().filter_map(Result::err).for_each(|error| sheet.failed("settings", &error.into())),
        Err(error) => sheet.failed("settings", &error.into()),
    }
    for rig in &look.rigs {
        if let Err(error) = open.town.settings_for(rig) {
            sheet.failed("settings", &error.into());
        }
    }
    sheet.else_ok("settings", format!("the settings of the town and of {} can be read", count(look.rigs.len(), "rig")));
}

fn documents(open: &OpenTown, snapshot: &Snapshot, sheet: &mut Sheet) -> Outcome<()> {
    let status = status(open)?;
    projection(&status, sheet);
    edits(&status, sheet);
    let mut broken: Vec<DocumentError> = snapshot.documents::<Letter>()?.1;
    broken.extend(snapshot.documents::<Convoy>()?.1);
    broken.extend(snapshot.documents::<Evidence>()?.1);
    let beads = status.broken.iter().map(ToString::to_string);
    for what in beads.chain(broken.iter().map(ToString::to_string)) {
        sheet.problem("documents", what, |finding| {
            finding.next("mend the file at that line, then `gt ledger adopt`; `git log -p -- FILE` shows what it was")
        });
    }
    sheet.else_ok("documents", format!("{} and the other documents can be read", count(snapshot.ids()?.len(), "bead")));
    Ok(())
}

fn projection(status: &Status, sheet: &mut Sheet) {
    if !status.settled {
        sheet.warn("projection", "files and git's index are not in step with the ledger", |finding| {
            finding.next("the next command that changes something sees to it").mended_by(Remedy::Settle)
        });
    } else if !status.behind_in_index.is_empty() {
        let what = format!("git's index would put back {}", some(&status.behind_in_index));
        sheet.warn("projection", what, |finding| finding.next("gt ledger settle").mended_by(Remedy::Settle));
    }
    sheet.else_ok("projection", "files and git's index are in step with the ledger");
}

fn edits(status: &Status, sheet: &mut Sheet) {
    let mut by_hand = Vec::new();
    for edit in &status.edits {
        if edit.path.ends_with(TEMPORARY_SUFFIX) {
            sheet.warn("leftovers", format!("{} is what a killed writer left", edit.path), |finding| {
                finding.mended_by(Remedy::SetAside(edit.path.clone()))
            });
        } else if let Some(refusal) = &edit.refusal {
            sheet.problem("edits", format!("edited by hand and not to be adopted: {refusal}"), |finding| {
                finding.next(refusal.hint.clone().unwrap_or_default())
            });
        } else {
            by_hand.push(edit.path.clone());
        }
    }
    if !by_hand.is_empty() {
        sheet.warn("edits", format!("edited by hand and not in the ledger: {}", some(&by_hand)), |finding| {
            finding.next("`gt ledger adopt` takes them in, `gt ledger restore FILE` puts a file back")
        });
    }
    sheet.else_ok("edits", "no file was edited by hand");
}

fn index(open: &OpenTown, sheet: &mut Sheet) {
    match open.ledger.index_differences() {
        Ok(different) if different.is_empty() => sheet.ok("index", "the index says what the ledger says"),
        Ok(different) => {
            let what = format!("the index differs from the ledger: {}", some(&different));
            sheet.problem("index", what, |finding| finding.mended_by(Remedy::RebuildIndex));
        }
        Err(failure) => sheet.failed("index", &failure),
    }
}

fn the_hook(open: &OpenTown, sheet: &mut Sheet) {
    match hook::find(&open.town.git_dir()) {
        hook::Found::Ours => sheet.ok("hook", "commits of plain git in the town are checked"),
        hook::Found::Persons => sheet.warn("hook", "the town has a pre-commit hook of your own", |finding| {
            finding.next("let it call `gt ledger check-commit` as well: a commit with an old index puts beads back")
        }),
        hook::Found::Missing => {
            sheet.warn("hook", "commits of plain git in the town are not checked: the pre-commit hook is gone", |it| {
                it.mended_by(Remedy::Settle)
            });
        }
    }
}
