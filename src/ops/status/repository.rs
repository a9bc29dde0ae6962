//! What the repository of a rig tells: the tip of its target, and what waits to be delivered.

use std::path::Path;
use std::time::Duration;

use super::picture::{Delivery, TargetTip};
use crate::error::{Failure, Kind, Outcome};
use crate::git::bare::{self, Tip};
use crate::git::{Git, GitError, Oid};
use crate::ops::OpenTown;
use crate::ops::target::Target;
use crate::town::{Remote, Rig};

/// What the repository tells.
pub struct Told {
    /// The tip of the target.
    pub tip: TargetTip,
    /// What waits to be delivered; none when the remote's branch is the target.
    pub delivery: Option<Outcome<Delivery>>,
}

/// Asks git, which has `limit` for each question.
///
/// # Errors
/// When there is no repository, no target, or no answer in time.
pub fn told(open: &OpenTown, rig: &Rig, limit: Duration) -> Outcome<Told> {
    let target = Target::of(open, rig);
    if !target.repo.join("HEAD").exists() {
        return Err(Failure::new(Kind::NotFound, format!("its repository {} is gone", target.repo.display())));
    }
    let tracking = target.tracking();
    let tips = bare::tips(&target.repo, &[&target.name, &tracking], Some(limit))?;
    let find = |name: &str| tips.iter().find(|tip| tip.name == name);
    let seen = find(&tracking);
    // The own target of a local rig begins where its origin was first seen.
    let Some(tip) = find(&target.name).or(seen) else {
        return Err(Failure::new(Kind::NotFound, format!("the target branch {} does not exist", target.branch)));
    };
    let delivery = (rig.remote == Remote::Local).then(|| delivery(&target, rig, tip, seen, limit));
    Ok(Told { tip: shown(tip), delivery })
}

fn shown(tip: &Tip) -> TargetTip {
    TargetTip { commit: tip.commit.clone(), tree: tip.tree.clone(), subject: tip.subject.clone() }
}

fn delivery(target: &Target, rig: &Rig, tip: &Tip, seen: Option<&Tip>, limit: Duration) -> Outcome<Delivery> {
    let theirs = persons_tip(Path::new(&rig.url), &rig.branch, limit)?;
    let none = Delivery { waiting: 0, incoming: Some(0), why: None };
    if theirs.as_ref() == Some(&tip.commit) {
        return Ok(none);
    }
    let ahead = |base: &Oid, tip: &Oid| count(&target.repo, base, tip, limit);
    let known = match &theirs {
        Some(theirs) => exists(&target.repo, theirs, limit)?,
        None => false,
    };
    match (&theirs, seen) {
        (Some(theirs), _) if known => Ok(Delivery {
            waiting: ahead(theirs, &tip.commit)?,
            incoming: Some(ahead(&tip.commit, theirs)?),
            why: None,
        }),
        (_, Some(seen)) => Ok(Delivery { waiting: ahead(&seen.commit, &tip.commit)?, incoming: None, why: None }),
        (_, None) => Ok(none),
    }
}

/// The branch in the person's own repository.
fn persons_tip(url: &Path, branch: &str, limit: Duration) -> Result<Option<Oid>, GitError> {
    let name = format!("refs/heads/{branch}");
    let git = Git::at(url).within(limit);
    let output = git.output(&["for-each-ref", "--format=%(objectname)", &name])?;
    if !output.ok() {
        return Err(GitError::NotARepository { dir: url.to_owned(), reason: output.complaint() });
    }
    Ok(output.text().lines().next().and_then(|line| line.parse().ok()))
}

fn exists(repo: &Path, commit: &Oid, limit: Duration) -> Result<bool, GitError> {
    Ok(Git::on(repo).within(limit).output(&["cat-file", "-e", commit.as_str()])?.ok())
}

fn count(repo: &Path, base: &Oid, tip: &Oid, limit: Duration) -> Result<usize, GitError> {
    let range = format!("{base}..{tip}");
    let text = Git::on(repo).within(limit).run(&["rev-list", "--count", &range])?;
    text.parse().map_err(|_| GitError::Answer { command: "git rev-list --count".to_owned(), answer: text })
}
