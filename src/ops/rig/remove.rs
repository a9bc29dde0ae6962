//! `rig remove`: takes a rig out of the town, when nothing is lost by it.
//!
//! The document goes by one transaction, then the folder. A mark in the folder, made before, tells a later command
//! that a folder without a document is what a killed removal left, and not somebody's work.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::add::take_away;
use crate::bead::Status;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, State};
use crate::git::{Git, Oid, bare};
use crate::id::{Actor, BeadId, RigName, WorkerKind, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::polecat::remove::clear_settings;
use crate::ops::target::Target;
use crate::ops::{OpenTown, Report, session};
use crate::store::{FileLock, write_atomic};
use crate::town::{Remote, Rig, Settings};

/// The mark of a removal, in the folder of the rig.
pub(super) const MARK: &str = "removed-by-gt";
/// How long to wait for a gate that runs in the rig, or for another change of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A rig that was taken out of the town.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The rig.
    pub rig: RigName,
    /// What was thrown away with it, because the person said so.
    pub discarded: Vec<String>,
}

impl Report for Removed {
    const SCHEMA: &'static str = "gt.rig.remove/1";
}

/// What may be thrown away with a rig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discard {
    /// Nothing.
    Nothing,
    /// What a person was shown, as [`at_stake`] names it, and nothing that came meanwhile.
    Shown(Vec<String>),
    /// Whatever there is: the person wanted no question.
    Everything,
}

impl Discard {
    fn covers(&self, lost: &String) -> bool {
        match self {
            Self::Nothing => false,
            Self::Shown(shown) => shown.contains(lost),
            Self::Everything => true,
        }
    }
}

/// The work of a rig that is nowhere else, each as one line for people.
///
/// # Errors
/// When there is no such rig, or it cannot be looked at.
pub fn at_stake(open: &OpenTown, name: &str) -> Outcome<Vec<String>> {
    if !open.town.rig_file(&name.parse()?).exists() {
        return Ok(Vec::new());
    }
    Ok(gather(open, &open.town.rig(&name.parse()?)?)?.unsaved)
}

/// What speaks against a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Found {
    /// Beads of the rig that are not closed.
    open_beads: Vec<BeadId>,
    /// Workers whose session lives.
    at_work: Vec<String>,
    /// Work that is nowhere else: each as one line for people.
    unsaved: Vec<String>,
}

/// Takes the rig `name` out of the town. Work that is nowhere else goes only as far as `discard` has it.
///
/// # Errors
/// When there is no such rig, it has beads that are not closed or workers at work, or work would be lost.
pub fn remove(open: &OpenTown, name: &str, discard: &Discard) -> Outcome<Removed> {
    let name: RigName = name.parse()?;
    let folder = open.town.rig_dir(&name);
    let _lock = FileLock::acquire(&open.town.lock_file(&format!("rig-{name}")), PATIENCE)?;
    open.ledger.settle()?;
    if !open.town.rig_file(&name).exists() && folder.join(MARK).exists() {
        clear_away(open, &name, &open.settings)?;
        return Ok(Removed { rig: name, discarded: Vec::new() });
    }
    let rig = open.town.rig(&name)?;
    let _refinery = FileLock::acquire(&open.town.refinery_lock(&name), PATIENCE)?;
    let found = gather(open, &rig)?;
    decide(&rig, &found, discard)?;
    carry_out(open, &rig, &folder)?;
    Ok(Removed { rig: name, discarded: found.unsaved })
}

fn gather(open: &OpenTown, rig: &Rig) -> Outcome<Found> {
    let at_work = session::sightings(open)?.into_iter().filter(|sighting| sighting.observed.is_live());
    let at_work = at_work.filter_map(|sighting| match sighting.row.worker {
        Actor::Worker(worker) if worker.rig == rig.name => Some(worker.short()),
        _ => None,
    });
    let snapshot = open.snapshot()?;
    let mut unsaved = uncommitted(open, rig)?;
    unsaved.extend(unlanded(open, rig, &snapshot)?);
    unsaved.extend(on_no_branch(open, rig)?);
    unsaved.extend(undelivered(open, rig)?);
    Ok(Found { open_beads: open_beads(&snapshot, rig)?, at_work: at_work.collect(), unsaved })
}

/// Pure: what is found, is it a reason to refuse?
fn decide(rig: &Rig, found: &Found, discard: &Discard) -> Outcome<()> {
    let name = &rig.name;
    let refuse = |message: String| Failure::new(Kind::Refused, message);
    if !found.at_work.is_empty() {
        return Err(refuse(format!("workers of {name} are at work: {}", found.at_work.join(", ")))
            .hint("`gt polecat stop WORKER` ends a session and keeps its work"));
    }
    if !found.open_beads.is_empty() {
        return Err(refuse(format!(
            "{} not closed in {name}: {}",
            beads(found.open_beads.len()),
            some(&found.open_beads)
        ))
        .hint("close them first, with `gt bead close ID --as cancelled` where they are not wanted any more")
        .hint(format!("`gt rig park {name}` sets the rig aside and keeps everything")));
    }
    let kept: Vec<&str> = found.unsaved.iter().filter(|lost| !discard.covers(lost)).map(String::as_str).collect();
    if !kept.is_empty() {
        return Err(refuse(format!("{name} has work that is nowhere else: {}", kept.join("; ")))
            .hint(format!("look at it in {}", format_args!("rigs/{name}")))
            .hint(format!("`gt rig park {name}` sets the rig aside and keeps everything")));
    }
    Ok(())
}

/// The folder goes, and before it what tells whose files of ours lie beside the person's settings.
fn clear_away(open: &OpenTown, name: &RigName, settings: &Settings) -> Outcome<()> {
    let folder = open.town.rig_dir(name);
    for kind in [WorkerKind::Polecat, WorkerKind::Crew] {
        let places = fs::read_dir(folder.join(kind.folder())).into_iter().flatten().flatten();
        let names = places.filter_map(|place| place.file_name().to_str()?.parse().ok());
        for worker in names.map(|worker| WorkerRef { rig: name.clone(), kind, name: worker }) {
            clear_settings(open, &worker, settings)?;
        }
    }
    commit_point("rig.cleared");
    Ok(take_away(open, &folder)?)
}

fn carry_out(open: &OpenTown, rig: &Rig, folder: &Path) -> Outcome<()> {
    let settings = open.settings_for(rig)?;
    let (path, mark) = (rig.path(), folder.join(MARK));
    if folder.is_dir() {
        write_atomic(&mark, b"", 0o644)
            .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", mark.display()), error))?;
    }
    commit_point("rig.marked");
    let removed = open.ledger.transact(&open.actor, |transaction| {
        let beads = open_beads(transaction.at_tip(), rig)?;
        if !beads.is_empty() {
            return Err(Failure::new(
                Kind::Retryable,
                format!("{} got new work meanwhile: {}", rig.name, some(&beads)),
            ));
        }
        transaction.remove(path.as_str());
        // Prefix and names of workers are never given twice.
        transaction.put_text(super::retired_path(&rig.name), rig.render());
        transaction.describe("rig-remove", format!("rig remove {}: {}", rig.name, rig.url));
        Ok(())
    });
    if let Err(failure) = removed {
        // The rig stays one, so the mark must not.
        let _ = fs::remove_file(&mark);
        return Err(failure);
    }
    commit_point("rig.removed");
    clear_away(open, &rig.name, &settings)
}

fn open_beads(snapshot: &Snapshot, rig: &Rig) -> Outcome<Vec<BeadId>> {
    let (rows, _) = snapshot.rows(&BeadQuery::not_closed().with_prefix(&rig.prefix))?;
    rows.iter().map(|row| Ok(row.id.parse()?)).collect()
}

/// Worktrees with changes that are in no commit.
fn uncommitted(open: &OpenTown, rig: &Rig) -> Outcome<Vec<String>> {
    let repo = open.town.rig_repo(&rig.name);
    let mut found = Vec::new();
    for folder in worktrees(&open.town.rig_dir(&rig.name)) {
        let shown = folder.strip_prefix(&open.town.root).unwrap_or(&folder).display();
        match worktree::look(&repo, &folder)?.state {
            State::Clean | State::Missing => {}
            State::Dirty { .. } => found.push(format!("{shown} has uncommitted changes")),
            State::Busy { .. } => found.push(format!("{shown} is in the middle of an operation of git")),
            State::Foreign { .. } => found.push(format!("{shown} is no worktree of the rig")),
        }
    }
    Ok(found)
}

/// Worktrees that stand at a commit that neither a branch nor a pin leads to.
fn on_no_branch(open: &OpenTown, rig: &Rig) -> Outcome<Vec<String>> {
    let repo = open.town.rig_repo(&rig.name);
    let mut found = Vec::new();
    for folder in worktrees(&open.town.rig_dir(&rig.name)) {
        let Some(head) = worktree::look(&repo, &folder)?.head else { continue };
        let leads = ["for-each-ref", "--count=1", "--format=%(refname)", "--contains", head.as_str()];
        // A head that the repository does not have is a foreign worktree's, which is told of already.
        let leads = Git::on(&repo).output(&leads)?;
        if leads.ok() && leads.text().is_empty() {
            let shown = folder.strip_prefix(&open.town.root).unwrap_or(&folder).display();
            found.push(format!("{shown} stands at {}, which is on no branch", head.short()));
        }
    }
    Ok(found)
}

/// The folders of workers and crew; what lies in the refinery is made by gt.
fn worktrees(rig: &Path) -> Vec<PathBuf> {
    let entries = ["polecats", "crew"].into_iter().filter_map(|kind| fs::read_dir(rig.join(kind)).ok());
    let mut found: Vec<PathBuf> = entries.flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// Commits that are neither in the target nor the work of a bead that is closed.
fn unlanded(open: &OpenTown, rig: &Rig, snapshot: &Snapshot) -> Outcome<Vec<String>> {
    let repo = open.town.rig_repo(&rig.name);
    if !repo.join("HEAD").exists() {
        return Ok(Vec::new());
    }
    let target = Target::of(open, rig);
    let tip = target.tip()?;
    let listing = Git::on(&repo).run(&[
        "for-each-ref",
        "--format=%(refname)",
        &format!("--no-merged={tip}"),
        "refs/heads",
        "refs/gt",
    ])?;
    let mut found = Vec::new();
    for name in listing.lines() {
        if name != target.name && !is_settled(name, snapshot)? {
            found.push(format!("{name} is not in {}", rig.branch));
        }
    }
    Ok(found)
}

/// Whether the ref holds the work of a bead that is closed: landed in another shape, or given up.
fn is_settled(name: &str, snapshot: &Snapshot) -> Outcome<bool> {
    let words = name.split('/').collect::<Vec<_>>();
    let bead = match words[..] {
        ["refs", "gt", "work" | "kept", bead, ..] => bead,
        ["refs", "heads", "polecat", _, branch] => branch.rsplit_once('-').map_or(branch, |(bead, _)| bead),
        _ => return Ok(false),
    };
    let Ok(id) = bead.parse::<BeadId>() else { return Ok(false) };
    Ok(snapshot.find(&id)?.is_some_and(|bead| bead.status() == Status::Closed))
}

/// Landings that the person's own repository does not have yet.
fn undelivered(open: &OpenTown, rig: &Rig) -> Outcome<Option<String>> {
    if rig.remote != Remote::Local || !open.town.rig_repo(&rig.name).join("HEAD").exists() {
        return Ok(None);
    }
    let target = Target::of(open, rig);
    let tip: Oid = target.tip()?;
    let there = bare::ref_tip(&target.repo, &target.tracking())?;
    if there.as_ref() == Some(&tip) {
        return Ok(None);
    }
    let delivered = Git::at(&rig.url).output(&["merge-base", "--is-ancestor", tip.as_str(), &rig.branch]);
    if delivered.is_ok_and(|output| output.ok()) {
        return Ok(None);
    }
    Ok(Some(format!("landed work is not delivered to {} yet: `gt rig take {}` does it", rig.url, rig.name)))
}

fn beads(count: usize) -> String {
    if count == 1 { "one bead is".to_owned() } else { format!("{count} beads are") }
}

fn some(ids: &[BeadId]) -> String {
    const SHOWN: usize = 5;
    let shown = ids.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if ids.len() > SHOWN { format!("{shown}, ...") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rig() -> Rig {
        Rig::new("web".parse().expect("valid"), "web".parse().expect("valid"), "/srv/web", "main")
    }

    #[test]
    fn only_what_is_nowhere_else_can_be_discarded() {
        let bead = || vec!["web-x7k2m".parse().expect("valid")];
        let unsaved = || vec!["rigs/web/polecats/toast has uncommitted changes".to_owned()];
        let at_work = || vec!["web/toast".to_owned()];
        let cases = [
            (Found::default(), Discard::Nothing, true),
            (Found { unsaved: unsaved(), ..Found::default() }, Discard::Nothing, false),
            (Found { unsaved: unsaved(), ..Found::default() }, Discard::Shown(unsaved()), true),
            (Found { unsaved: unsaved(), ..Found::default() }, Discard::Shown(vec![]), false),
            (Found { unsaved: unsaved(), ..Found::default() }, Discard::Everything, true),
            (Found { open_beads: bead(), ..Found::default() }, Discard::Everything, false),
            (Found { at_work: at_work(), ..Found::default() }, Discard::Everything, false),
        ];
        for (found, discard, allowed) in cases {
            assert_eq!(decide(&rig(), &found, &discard).is_ok(), allowed, "{found:?} {discard:?}");
        }
    }
}
