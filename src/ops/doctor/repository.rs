//! The repository of a rig: settings, target, remote, landings, deliveries, what is closed as merged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::finding::{Finding, Sheet, count};
use super::remedy::Remedy;
use super::{Look, locks, machine, some_words, worktrees};
use crate::bead::{Bead, Resolution, State, Status};
use crate::error::{Failure, Outcome};
use crate::git::{Git, GitError, Oid, bare, pins};
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::rig::restore;
use crate::ops::status::{Asked, Known, waiting_delivery};
use crate::ops::target::Target;
use crate::ops::{OpenTown, tick};
use crate::town::{Remote, Rig};

/// How long a remote has to answer.
const REMOTE: Duration = Duration::from_secs(8);
/// How long a question about the person's own repository may take.
const LOCAL: Duration = Duration::from_secs(5);

/// What a remote says of the target branch: its tip, or that it has none.
type Answer = Option<String>;

/// Asks where each rig comes from, all at once.
pub(super) fn ask_remotes(open: &OpenTown, rigs: &[Rig]) -> Vec<Known<Answer>> {
    let asked: Vec<Asked<Answer>> = rigs
        .iter()
        .map(|rig| {
            let (root, url, name) = (open.town.root.clone(), rig.url.clone(), format!("refs/heads/{}", rig.branch));
            Asked::begin(REMOTE + Duration::from_secs(1), move || {
                let git = Git::at(&root).within(REMOTE);
                let output = git.output(&["ls-remote", "--", &url, &name])?;
                if !output.ok() {
                    return Err(GitError::NotARepository { dir: url.into(), reason: output.complaint() }.into());
                }
                Ok(output.text().split_whitespace().next().map(str::to_owned))
            })
        })
        .collect();
    asked.into_iter().map(Asked::answer).collect()
}

pub(super) fn checks(look: &Look<'_>, rig: &Rig, remote: Known<Answer>) -> Vec<Finding> {
    let mut sheet = Sheet::new(format!("rig {}", rig.name));
    let open = look.open;
    if rig.parked {
        sheet.ok("parked", format!("parked: nothing of it starts or lands; `gt rig unpark {}` takes it up", rig.name));
    }
    from(rig, remote, &mut sheet);
    if restore::is_gone(open, rig) {
        let what = format!("its repository {} is gone", open.town.rig_repo(&rig.name).display());
        sheet.problem("repository", what, |finding| {
            let step = "it is fetched anew; what had not landed, or was not delivered, was only there";
            finding.next(step).mended_by(Remedy::Restore(rig.name.clone()))
        });
        return sheet.findings();
    }
    if let Err(failure) = repository(look, rig, &mut sheet) {
        sheet.failed("repository", &failure);
    }
    if rig.gates.is_empty() {
        sheet.warn("gates", "it has no gates: whatever merges, lands", |finding| {
            finding.next(format!("`gt config edit {}` adds a `[[gates]]`", rig.name))
        });
    } else {
        sheet.ok("gates", format!("{}: {}", count(rig.gates.len(), "gate"), some_words(&names(rig))));
    }
    machine::agents(open, rig, &mut sheet);
    if let Err(failure) = worktrees::checks(look, rig, &mut sheet) {
        sheet.failed("worktrees", &failure);
    }
    locks::Place::rig(open, &rig.name).look(&mut sheet);
    sheet.else_ok("locks", "no lock of git lies in its repository");
    sheet.findings()
}

fn names(rig: &Rig) -> Vec<String> {
    rig.gates.iter().map(|gate| gate.name.clone()).collect()
}

/// Where it comes from.
fn from(rig: &Rig, remote: Known<Answer>, sheet: &mut Sheet) {
    let url = &rig.url;
    match remote {
        Known::Known(Some(_)) => sheet.ok("remote", format!("{url} answers and has the branch {}", rig.branch)),
        Known::Known(None) => {
            sheet.problem("remote", format!("{url} has no branch {}", rig.branch), |finding| {
                finding.next(format!(
                    "make the branch there, or name another: `gt config set rigs.{}.branch BRANCH`",
                    rig.name
                ))
            });
        }
        Known::Unknown { unknown } if rig.remote == Remote::Local => {
            sheet.problem("remote", format!("{url} cannot be read: {unknown}"), |finding| {
                finding.next(format!("put the repository back; landed work waits in the rig {} until then", rig.name))
            });
        }
        Known::Unknown { unknown } => sheet.warn("remote", format!("{url} cannot be read: {unknown}"), |finding| {
            finding.next(format!("see what `git ls-remote {url}` says; landings wait until then"))
        }),
    }
}

fn repository(look: &Look<'_>, rig: &Rig, sheet: &mut Sheet) -> Outcome<()> {
    let target = Target::of(look.open, rig);
    let amiss = bare::settings_amiss(&target.repo)?;
    if amiss.is_empty() {
        sheet.ok("repository", "its repository keeps every commit");
    } else {
        let what = format!("settings of its repository were changed: {}", some_words(&amiss));
        sheet.problem("repository", what, |finding| finding.mended_by(Remedy::Settings(rig.name.clone())));
    }
    let tracking = target.tracking();
    let tips = bare::tips(&target.repo, &[&target.name, &tracking], None)?;
    let Some(tip) = tips.iter().find(|tip| tip.name == target.name) else {
        sheet.problem("target", format!("its target branch {} does not exist", target.branch), |finding| {
            finding.mended_by(Remedy::Fetch(rig.name.clone()))
        });
        return Ok(());
    };
    sheet.ok("target", format!("work lands in {}, now at {}", target.branch, tip.commit.short()));
    let Ok(snapshot) = &look.snapshot else { return Ok(()) };
    submitted(look.open, rig, snapshot, sheet)?;
    merged(&target, rig, snapshot, &tip.commit, sheet)?;
    if rig.remote == Remote::Local {
        delivery(look.open, rig, sheet);
    }
    Ok(())
}

/// What waits in the queue must be there, pinned, and either landing or not.
fn submitted(open: &OpenTown, rig: &Rig, snapshot: &Snapshot, sheet: &mut Sheet) -> Outcome<()> {
    let repo = open.town.rig_repo(&rig.name);
    let query = BeadQuery::of(Status::Submitted).with_prefix(&rig.prefix);
    let home = open.town.local()?.map(|local| local.home);
    let ours = |bead: &Bead| bead.claim().map(|claim| &claim.home) == home.as_ref();
    let at_work = tick::is_merging(open, &rig.name);
    let beads: Vec<Bead> = snapshot.beads(&query)?.into_iter().filter(ours).collect();
    for bead in &beads {
        let Some(merge) = &bead.merge else {
            sheet.problem("queue", format!("{} is submitted without a commit", bead.id), |finding| {
                finding.next(format!("gt queue reject {}", bead.id))
            });
            continue;
        };
        if merge.intent.is_some() && !at_work {
            sheet.warn("queue", format!("the landing of {} was begun and not ended", bead.id), |finding| {
                finding.mended_by(Remedy::SettleRefinery(rig.name.clone()))
            });
        }
        let (Ok(head), pinned) =
            (merge.head.parse::<Oid>(), pins::pinned_work(&repo, &bead.id, bead.attempt_number())?)
        else {
            continue;
        };
        if bare::rev_parse(&repo, head.as_str())?.is_none() {
            let what = format!("{} is submitted, and its commit {} is not in the repository", bead.id, head.short());
            sheet.problem("queue", what, |finding| {
                finding.next(format!("`gt queue reject {}` lets it be done again", bead.id))
            });
        } else if pinned.as_ref() != Some(&head) {
            sheet.problem("queue", format!("nothing pins {}, the commit of {}", head.short(), bead.id), |finding| {
                finding.mended_by(Remedy::Pin(bead.id.clone()))
            });
        }
    }
    let queue = match beads.len() {
        0 => "nothing waits in the merge queue".to_owned(),
        number => format!("{} in the merge queue, each with its commit pinned", count(number, "bead")),
    };
    sheet.else_ok("queue", queue);
    Ok(())
}

/// Closed as merged means merged.
fn merged(target: &Target, rig: &Rig, snapshot: &Snapshot, tip: &Oid, sheet: &mut Sheet) -> Outcome<()> {
    let query = BeadQuery::of(Status::Closed).with_prefix(&rig.prefix);
    let mut landed: BTreeMap<String, Bead> = BTreeMap::new();
    for bead in snapshot.beads(&query)? {
        let State::Closed(closing) = &bead.state else { continue };
        if closing.resolution != Resolution::Merged {
            continue;
        }
        match bead.merge.as_ref().and_then(|merge| merge.landed.clone()) {
            Some(commit) => drop(landed.insert(commit, bead)),
            None => sheet.problem("merged", format!("{} is closed as merged and names no commit", bead.id), |it| {
                it.next(format!("gt bead reopen {} -m WHY", bead.id))
            }),
        }
    }
    let lost = not_in(&target.repo, landed.keys().map(String::as_str), tip)?;
    for (commit, bead) in landed.iter().filter(|(commit, _)| lost.contains(*commit)) {
        let short = commit.get(..10).unwrap_or(commit);
        let what = format!("{} is closed as merged, and its commit {short} is not in {}", bead.id, target.branch);
        sheet.problem("merged", what, |finding| {
            finding.next(format!("bring the commit back to {}, or `gt bead reopen {} -m WHY`", target.branch, bead.id))
        });
    }
    if !landed.is_empty() {
        sheet.else_ok("merged", format!("{} closed as merged, all in {}", count(landed.len(), "bead"), target.branch));
    }
    Ok(())
}

/// Those of the commits that `tip` does not lead to, also those that do not exist.
fn not_in<'c>(repo: &Path, commits: impl Iterator<Item = &'c str>, tip: &Oid) -> Result<Vec<String>, GitError> {
    let all: Vec<&str> = commits.collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let git = Git::on(repo);
    let known = git.run_with_input(
        &["cat-file", "--batch-check=%(objecttype) %(objectname)"],
        (all.join("\n") + "\n").as_bytes(),
    )?;
    let there: Vec<&str> = known.lines().filter_map(|line| line.strip_prefix("commit ")).collect();
    let mut lost: Vec<String> =
        all.iter().filter(|commit| !there.contains(*commit)).map(|&commit| commit.to_owned()).collect();
    if there.is_empty() {
        return Ok(lost);
    }
    let question = format!("{}\n^{tip}\n", there.join("\n"));
    let outside = git.run_with_input(&["rev-list", "--stdin"], question.as_bytes())?;
    lost.extend(outside.lines().filter(|commit| there.contains(commit)).map(str::to_owned));
    Ok(lost)
}

fn delivery(open: &OpenTown, rig: &Rig, sheet: &mut Sheet) {
    match waiting_delivery(open, rig, LOCAL) {
        Ok(Some(delivery)) if delivery.waiting > 0 => {
            let why = delivery.why.map(|why| format!(": {why}")).unwrap_or_default();
            let what = format!("{} wait to be delivered to {}{why}", count(delivery.waiting, "landed commit"), rig.url);
            sheet.warn("delivery", what, |finding| {
                finding.next(format!("gt rig take {}", rig.name)).mended_by(Remedy::SettleRefinery(rig.name.clone()))
            });
        }
        Ok(Some(delivery)) if delivery.incoming != Some(0) => {
            sheet.ok("delivery", format!("commits of yours in {} come in with the next landing", rig.url));
        }
        Ok(_) => sheet.ok("delivery", format!("{} has everything that landed", rig.url)),
        Err(failure) => sheet.failed("delivery", &Failure::new(failure.kind, failure.full_message())),
    }
}
