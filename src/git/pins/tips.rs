//! Commits that were once somebody's tip and that no lasting ref keeps.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::git::{Git, GitError, Oid};

/// Files of a worktree's git folder that name commits, one or more per file.
const PSEUDO_REFS: &[&str] = &[
    "HEAD",
    "ORIG_HEAD",
    "MERGE_HEAD",
    "MERGE_AUTOSTASH",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "BISECT_HEAD",
    "rebase-merge/autostash",
    "rebase-merge/orig-head",
    "rebase-merge/head",
    "rebase-merge/amend",
    "rebase-merge/stopped-sha",
    "rebase-apply/autostash",
    "rebase-apply/orig-head",
    "rebase-apply/abort-safety",
    "sequencer/abort-safety",
    "sequencer/head",
];

/// The tips among everything that a worktree's HEAD, its half-done operations, the given branches and the
/// shared stash ever pointed to, as far as they are not in `refs/gt` or in the remote. None of them is an
/// ancestor of another.
pub(super) fn endangered(repo: &Path, admin: Option<&Path>, branches: &[String]) -> Result<Vec<Oid>, GitError> {
    let mut found = Vec::new();
    if let Some(admin) = admin {
        for name in PSEUDO_REFS {
            words(&admin.join(name), &mut found);
        }
        reflog(&admin.join("logs/HEAD"), &mut found);
        loose(&admin.join("refs"), &mut found);
        loose(&admin.join("logs/refs"), &mut found);
    }
    let names = branches.iter().map(|branch| format!("refs/heads/{branch}")).chain(["refs/stash".to_owned()]);
    for name in names {
        found.extend(crate::git::bare::ref_tip(repo, &name)?);
        reflog(&repo.join("logs").join(&name), &mut found);
    }
    unkept(repo, found)
}

fn unkept(repo: &Path, candidates: Vec<Oid>) -> Result<Vec<Oid>, GitError> {
    let candidates: HashSet<Oid> = candidates.into_iter().filter(|oid| !oid.is_zero()).collect();
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let input: String = candidates.iter().flat_map(|oid| [oid.as_str(), "\n"]).collect();
    let args = ["rev-list", "--parents", "--ignore-missing", "--stdin", "--not", "--glob=refs/gt", "--remotes"];
    let listing = Git::on(repo).run_with_input(&args, input.as_bytes())?;
    let (mut commits, mut parents) = (Vec::new(), HashSet::new());
    for line in listing.lines() {
        let mut oids = line.split(' ').filter_map(|oid| oid.parse::<Oid>().ok());
        commits.extend(oids.next());
        parents.extend(oids);
    }
    commits.retain(|commit| candidates.contains(commit) && !parents.contains(commit));
    Ok(commits)
}

fn words(file: &Path, found: &mut Vec<Oid>) {
    let text = fs::read_to_string(file).unwrap_or_default();
    found.extend(text.split_whitespace().filter_map(|word| word.parse::<Oid>().ok()));
}

/// Both ids of each line: `old new name <mail> time zone<TAB>message`.
fn reflog(file: &Path, found: &mut Vec<Oid>) {
    let bytes = fs::read(file).unwrap_or_default();
    for line in String::from_utf8_lossy(&bytes).lines() {
        found.extend(line.split(' ').take(2).filter_map(|word| word.parse::<Oid>().ok()));
    }
}

/// Refs and reflogs that belong to one worktree alone, such as `refs/bisect`.
fn loose(dir: &Path, found: &mut Vec<Oid>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { loose(&path, found) } else { reflog(&path, found) }
    }
}
