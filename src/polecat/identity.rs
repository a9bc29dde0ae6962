//! Who a worker's commits are by, and that it does not push.
//!
//! Both are settings of one worktree. They stand in a file of the rig's repository that an
//! `includeIf "gitdir:worktrees/<id>"` reads for that worktree alone: no repository extension that other
//! readers would have to know, nothing in the worktree, and nothing that a cleared environment loses. It
//! is a guard against habit, not against intent.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Place, PolecatError};
use crate::git::worktree::admin_dir;
use crate::git::{Git, GitError, Person};
use crate::id::WorkerName;
use crate::store::write_atomic;

/// Where pushes of a worker go: nowhere, with the next step in git's own error.
pub const NO_PUSH: &str = "workers do not push; use \"gt done\" to hand in work";

/// Who stands in a worker's commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The author.
    pub author: Person,
    /// The committer; none for whoever git's configuration names.
    pub committer: Option<Person>,
}

/// Gives the worktree of `place` its identity, and keeps it from pushing and signing.
///
/// # Errors
/// When the worktree is not registered, a file cannot be written, or git fails.
pub fn dress(place: &Place, identity: &Identity) -> Result<(), PolecatError> {
    let path = file(&place.repo, &place.worker);
    let folder = path.parent().expect("the file lies in a folder");
    std::fs::create_dir_all(folder).map_err(PolecatError::files("make", folder))?;
    let text = settings(identity);
    if std::fs::read_to_string(&path).is_ok_and(|present| present == text) && included(place)? {
        return Ok(());
    }
    write_atomic(&path, text.as_bytes(), 0o644).map_err(PolecatError::files("write", &path))?;
    let _guard = place.lock()?;
    Git::on(&place.repo).run(&["config", "--local", &condition(place)?, &path.to_string_lossy()])?;
    Ok(())
}

/// Removes what [`dress`] set, for a worktree that is removed.
///
/// # Errors
/// When git fails.
pub fn undress(place: &Place) -> Result<(), PolecatError> {
    let path = file(&place.repo, &place.worker);
    if !path.exists() {
        return Ok(());
    }
    let _guard = place.lock()?;
    let git = Git::on(&place.repo);
    let wanted = path.to_string_lossy().into_owned();
    let listing = git.output(&["config", "--local", "-z", "--get-regexp", r"^includeif\..*\.path$"])?;
    for entry in String::from_utf8_lossy(&listing.stdout).split('\0') {
        let key = entry.split_once('\n').filter(|(_, value)| *value == wanted).map(|(key, _)| key);
        // The listing has the first word in lower case, the removal wants it as it was written.
        if let Some(place) = key.and_then(|key| key.strip_prefix("includeif.")?.strip_suffix(".path")) {
            git.run(&["config", "--local", "--remove-section", &format!("includeIf.{place}")])?;
        }
    }
    std::fs::remove_file(&path).map_err(PolecatError::files("remove", &path))
}

fn file(repo: &Path, worker: &WorkerName) -> PathBuf {
    repo.join("gt-workers").join(format!("{worker}.gitconfig"))
}

fn condition(place: &Place) -> Result<String, PolecatError> {
    let admin = admin_dir(&place.repo, &place.worktree).ok_or_else(|| GitError::NotARepository {
        dir: place.worktree.clone(),
        reason: "the repository does not know this worktree".to_owned(),
    })?;
    let id = admin.file_name().expect("a folder below worktrees/").to_string_lossy().into_owned();
    Ok(format!("includeIf.gitdir:worktrees/{id}.path"))
}

fn included(place: &Place) -> Result<bool, PolecatError> {
    let output = Git::on(&place.repo).output(&["config", "--local", "--get", &condition(place)?])?;
    Ok(output.text() == file(&place.repo, &place.worker).to_string_lossy())
}

fn settings(identity: &Identity) -> String {
    let mut text = String::from("# Written by gt for one worker; changes are overwritten.\n");
    let people = [("author", Some(&identity.author)), ("committer", identity.committer.as_ref())];
    for (role, person) in people {
        if let Some(person) = person {
            writeln!(text, "[{role}]\n\tname = {}\n\temail = {}", quote(&person.name), quote(&person.email))
                .expect("a string takes everything");
        }
    }
    let nowhere = quote(NO_PUSH);
    // A slash in front makes it a path, whatever address follows; else git would ask ssh for a strange host.
    let nowhere_at_all = quote(&format!("/{NO_PUSH}/"));
    // The first is for `git push`, the second for `git push ADDRESS` and for remotes that a worker adds.
    writeln!(text, "[remote \"origin\"]\n\tpushurl = {nowhere}\n[url {nowhere_at_all}]\n\tpushInsteadOf = \"\"")
        .expect("a string takes everything");
    text.push_str("[commit]\n\tgpgSign = false\n[tag]\n\tgpgSign = false\n[push]\n\tgpgSign = false\n");
    text
}

/// A value as git's configuration files spell it.
fn quote(value: &str) -> String {
    let mut quoted = String::from("\"");
    for character in value.chars().filter(|character| !matches!(character, '\n' | '\r' | '\0')) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted + "\""
}
