//! Worktrees: what is registered, what lies on the disk, and which names the rig has.

use std::path::PathBuf;

use super::finding::{Sheet, count};
use super::remedy::Remedy;
use super::{Look, some_words};
use crate::bead::Status;
use crate::error::Outcome;
use crate::git::worktree::{self, Registry};
use crate::id::{WorkerKind, WorkerRef};
use crate::ledger::BeadQuery;
use crate::ops::bench::SLOT;
use crate::town::Rig;

pub(super) fn checks(look: &Look<'_>, rig: &Rig, sheet: &mut Sheet) -> Outcome<()> {
    let town = &look.open.town;
    let repo = town.rig_repo(&rig.name);
    let registry = Registry::read(&repo);
    let hooked: Vec<WorkerRef> = match &look.snapshot {
        Ok(snapshot) => {
            let query = BeadQuery::of(Status::Hooked);
            snapshot.beads(&query)?.iter().filter_map(|bead| Some(bead.claim()?.assignee.clone())).collect()
        }
        Err(_) => Vec::new(),
    };
    let workers: Vec<WorkerRef> = rig.names.keys().filter_map(|name| rig.worker(name)).collect();
    let mut sound = 0;
    for worker in &workers {
        let path = town.worktree(worker);
        let registered = registry.folder_of(&path).is_some();
        match worktree::damage(&repo, &path) {
            None => sound += 1,
            // Never cut, or removed in order.
            Some(_) if !path.exists() && !registered => {}
            Some(why) => {
                let what = format!("the worktree of {} cannot be worked in: {why}", worker.short());
                // What is at work is for the tick, which knows of sessions.
                let remedy = if hooked.contains(worker) { Remedy::Tick } else { Remedy::Worktree(worker.clone()) };
                sheet.warn("worktrees", what, |finding| finding.mended_by(remedy));
            }
        }
    }
    strangers(look, rig, &workers, sheet);
    let own: Vec<PathBuf> = workers.iter().map(|worker| town.worktree(worker)).collect();
    let bench = town.refinery_worktree(&rig.name, SLOT);
    let others: Vec<String> = registry
        .all()
        .map(|registered| registered.path)
        .filter(|path| *path != bench && !own.contains(path))
        .map(|path| path.display().to_string())
        .collect();
    let beside = if others.is_empty() { String::new() } else { format!("; besides: {}", some_words(&others)) };
    sheet.else_ok("worktrees", format!("{} of workers, all sound{beside}", count(sound, "worktree")));
    Ok(())
}

/// Folders in the place of worktrees that no worker has.
fn strangers(look: &Look<'_>, rig: &Rig, workers: &[WorkerRef], sheet: &mut Sheet) {
    let folder = look.open.town.rig_dir(&rig.name);
    for kind in [WorkerKind::Polecat, WorkerKind::Crew] {
        let entries = std::fs::read_dir(folder.join(kind.folder())).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| path.is_dir()) {
            if !workers.iter().any(|worker| look.open.town.worktree(worker) == path) {
                sheet.warn("worktrees", format!("{} belongs to no worker of the rig", path.display()), |finding| {
                    finding.next("look at what is in it; gt leaves it alone")
                });
            }
        }
    }
}
