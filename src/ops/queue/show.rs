//! `gt queue show`: the whole story of a bead on its way into the target.

use std::path::PathBuf;

use serde::Serialize;

use super::list::{self, Queued};
use super::{evidence_of, merged, own_evidence};
use crate::bead::{Attempt, Bead, Merge};
use crate::error::{Failure, Kind, Outcome};
use crate::git::merge::Merged;
use crate::git::{Oid, bare};
use crate::ledger::Snapshot;
use crate::ops::target::Target;
use crate::ops::{OpenTown, Report};
use crate::refinery::{Evidence, Subject};
use crate::town::Rig;

/// The most commits that are listed.
const COMMITS: usize = 100;

/// The story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// The bead.
    pub bead: crate::id::BeadId,
    /// Its title.
    pub title: String,
    /// How it stands: `submitted`, `open`.
    pub status: String,
    /// Its place in the queue, where it has one.
    pub queued: Option<Queued>,
    /// What was submitted, where and when.
    pub merge: Option<Merge>,
    /// The target's commit now.
    pub tip: Option<Oid>,
    /// Its commits beyond what it started from, newest first.
    pub commits: Vec<Commit>,
    /// How many commits there are.
    pub total_commits: usize,
    /// The files in which it conflicts with the target as it is now.
    pub conflicts: Vec<String>,
    /// What gates said of it, newest last.
    pub gates: Vec<Gated>,
    /// What became of it before.
    pub attempts: Vec<Attempted>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its id.
    pub commit: Oid,
    /// Who wrote it.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
}

/// What a gate said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gated {
    /// One sentence.
    pub sentence: String,
    /// The document.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// All of its output.
    pub output: Option<PathBuf>,
}

/// An attempt, with its log as a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempted {
    /// The attempt.
    #[serde(flatten)]
    pub attempt: Attempt,
    /// All of its log.
    pub output: Option<PathBuf>,
}

impl Report for Story {
    const SCHEMA: &'static str = "gt.queue.show/1";
}

/// Everything about the bead that `word` means on its way into the target.
///
/// # Errors
/// When there is no such bead, or it was never handed in.
pub fn show(open: &OpenTown, word: &str) -> Outcome<Story> {
    let snapshot = open.snapshot()?;
    let bead = snapshot.bead(&open.bead_id(&snapshot, word)?)?;
    if bead.merge.is_none() && bead.attempts.is_empty() {
        let message = format!("{} was never handed in: it is {}", bead.id, bead.state.describe());
        return Err(Failure::new(Kind::NotFound, message).hint(format!("`gt show {}` tells the rest", bead.id)));
    }
    let rig = open.rig_of(&bead.id.prefix())?;
    let target = Target::of(open, &rig);
    let tip = target.tip().ok();
    let (commits, total_commits) = commits(&target, &bead, tip.as_ref())?;
    let now = match &tip {
        Some(tip) if bead.status() == crate::bead::Status::Submitted => merged(&target, tip, &bead)?,
        _ => None,
    };
    Ok(Story {
        status: bead.state.describe(),
        queued: list::of_rig(open, &rig)?.into_iter().find(|queued| queued.bead == bead.id),
        gates: gates(open, &snapshot, &rig, (&target, &bead), now.as_ref())?,
        conflicts: match now {
            Some(Merged::Conflict { paths, .. }) => paths,
            _ => Vec::new(),
        },
        attempts: bead.attempts.iter().map(|attempt| attempted(open, attempt)).collect(),
        commits,
        total_commits,
        tip,
        merge: bead.merge,
        title: bead.title,
        bead: bead.id,
    })
}

/// What was submitted, or what the last attempt had pinned.
fn commits(target: &Target, bead: &Bead, tip: Option<&Oid>) -> Outcome<(Vec<Commit>, usize)> {
    let repo = &target.repo;
    let submitted = bead.merge.as_ref().map(|merge| (merge.head.clone(), Some(merge.base.clone())));
    let last = || bead.attempts.iter().rev().find_map(|attempt| Some((attempt.head.clone()?, None)));
    let Some((head, base)) = submitted.or_else(last) else { return Ok((Vec::new(), 0)) };
    let Some(head) = bare::rev_parse(repo, &head)? else { return Ok((Vec::new(), 0)) };
    let base = match (base, tip) {
        (Some(base), _) => bare::rev_parse(repo, &base)?,
        (None, Some(tip)) => bare::merge_base(repo, &head, tip)?,
        (None, None) => None,
    };
    let Some(base) = base else { return Ok((Vec::new(), 0)) };
    let listed = bare::log(repo, &base, &head, COMMITS)?;
    let commit = |info: bare::CommitInfo| Commit { commit: info.oid, author: info.author, subject: info.subject };
    Ok((listed.into_iter().map(commit).collect(), bare::count(repo, &base, &head)?))
}

fn gates(
    open: &OpenTown,
    snapshot: &Snapshot,
    rig: &Rig,
    (target, bead): (&Target, &Bead),
    now: Option<&Merged>,
) -> Outcome<Vec<Gated>> {
    let mut found: Vec<Evidence> = Vec::new();
    for path in bead.merge.iter().flat_map(|merge| &merge.gates) {
        found.extend(snapshot.document::<Evidence>(path)?);
    }
    if let Some(Merged::Tree(tree)) = now {
        found.extend(evidence_of(open, snapshot, rig, &Subject::tree(&tree.to_string()), tree)?);
    }
    found.extend(own_evidence(open, snapshot, rig, target, bead)?);
    let logs: Vec<&str> = bead.attempts.iter().filter_map(|attempt| attempt.log.as_deref()).collect();
    if !logs.is_empty() {
        let (all, _) = snapshot.documents::<Evidence>()?;
        found.extend(all.into_iter().filter(|one| one.log.as_deref().is_some_and(|log| logs.contains(&log))));
    }
    found.sort_by(|a, b| (&a.at, &a.tree, &a.definition).cmp(&(&b.at, &b.tree, &b.definition)));
    found.dedup();
    let gated = |evidence: Evidence| Gated {
        sentence: evidence.sentence(),
        output: evidence.log.as_ref().map(|log| open.town.runtime_dir().join(log)),
        evidence,
    };
    Ok(found.into_iter().map(gated).collect())
}

fn attempted(open: &OpenTown, attempt: &Attempt) -> Attempted {
    let output = attempt.log.as_ref().map(|log| open.town.runtime_dir().join(log));
    Attempted { attempt: attempt.clone(), output }
}
