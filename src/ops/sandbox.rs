//! The worktrees of a rig: where they lie, what they start from, and how they are made ready.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::prime::Assignment;
use super::target::Target;
use super::{OpenTown, fresh};
use crate::bead::Bead;
use crate::error::{Failure, Kind, Outcome};
use crate::git::merge::{self, Merged, NewCommit};
use crate::git::worktree::{self, Operation, State, admin_dir};
use crate::git::{Git, Oid, Person, bare, pins};
use crate::id::WorkerRef;
use crate::polecat::{self, Furnishing, Identity, Place, Prepared, SetUp, Spec};
use crate::store::{FileLock, write_atomic};
use crate::town::{Author, Remote, Rig, Settings};

/// How long to wait for somebody else who registers a worktree.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(30);

/// Where the sandbox of a worker lies.
///
/// # Errors
/// When the settings cannot be read.
pub fn place(open: &OpenTown, worker: &WorkerRef, settings: &Settings) -> Outcome<Place> {
    let rig = &worker.rig;
    let repo = open.town.rig_repo(rig);
    let by = person(&repo, settings);
    Ok(Place {
        worktree: open.town.worktree(worker),
        worker: worker.name.clone(),
        trash: open.town.trash_dir(),
        aside: open.town.runtime_dir().join("aside"),
        registry_lock: open.town.worktrees_lock(rig),
        by: Person { name: worker.name.to_string(), email: by.email },
        repo,
    })
}

/// The person: as the settings say, else as git's configuration does.
pub fn person(repo: &Path, settings: &Settings) -> Person {
    let git = Git::on(repo);
    let asked = |key: &str| git.run(&["config", "--get", key]).ok().filter(|text| !text.is_empty());
    let identity = &settings.identity;
    Person {
        name: identity.name.clone().or_else(|| asked("user.name")).unwrap_or_else(|| "human".to_owned()),
        email: identity.email.clone().or_else(|| asked("user.email")).unwrap_or_else(|| "human@localhost".to_owned()),
    }
}

/// A sandbox that a session can start in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The branch of the worktree.
    pub branch: String,
    /// What the worker and the person should know.
    pub notes: Vec<String>,
}

/// Makes the sandbox of an assignment ready. One that was made ready for this very attempt before stays as it is,
/// with everything that is in it: a session that is restarted goes on in place.
///
/// # Errors
/// When git or a set-up command fails.
pub fn prepare(open: &OpenTown, assignment: &Assignment<'_>) -> Outcome<Ready> {
    let Assignment { bead, worker, .. } = *assignment;
    let branch = polecat::branch_name(&worker.name, &bead.id, bead.attempt_number());
    let (repo, worktree) = (open.town.rig_repo(&worker.rig), open.town.worktree(worker));
    // The record lies with git's own files of the worktree, and goes when the worktree goes.
    let record = |repo: &Path| admin_dir(repo, &worktree).map(|admin| admin.join("gt-attempt"));
    let recorded = || record(&repo).and_then(|record| std::fs::read_to_string(record).ok());
    if recorded().is_some_and(|text| text == branch) && mended(open, worker)? {
        return Ok(Ready { branch, notes: Vec::new() });
    }
    if let Some(record) = record(&repo) {
        forget(&record)?;
    }
    let prepared = make(open, assignment)?;
    if let Some(record) = record(&repo) {
        write_atomic(&record, branch.as_bytes(), 0o644)
            .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", record.display()), error))?;
    }
    Ok(Ready { branch, notes: prepared.notes })
}

/// Whether a worker's worktree is one that can be worked in, mended where that is enough.
///
/// # Errors
/// When git cannot be started.
pub fn mended(open: &OpenTown, worker: &WorkerRef) -> Outcome<bool> {
    let (repo, path) = (open.town.rig_repo(&worker.rig), open.town.worktree(worker));
    let fine = || worktree::damage(&repo, &path).is_none();
    if fine() {
        return Ok(true);
    }
    worktree::mend(&repo, &path, || registry(open, worker))?;
    Ok(fine())
}

/// The guard of the registry of the worktrees of a worker's rig.
///
/// # Errors
/// When another process keeps it.
pub fn registry(open: &OpenTown, worker: &WorkerRef) -> Outcome<FileLock> {
    Ok(FileLock::acquire(&open.town.worktrees_lock(&worker.rig), REGISTRY_PATIENCE)?)
}

/// From here on, and until it is ready anew, the sandbox is nobody's.
fn forget(record: &Path) -> Outcome<()> {
    match std::fs::remove_file(record) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::caused(Kind::External, format!("cannot remove {}", record.display()), error))
        }
        _ => Ok(()),
    }
}

fn make(open: &OpenTown, assignment: &Assignment<'_>) -> Outcome<Prepared> {
    let Assignment { bead, worker, rig, settings } = *assignment;
    let warning = fresh::bring(open, rig, settings);
    let person = person(&open.town.rig_repo(&rig.name), settings);
    let author = match settings.identity.author {
        Author::Worker => Person { name: worker.name.to_string(), email: person.email.clone() },
        Author::Person => person.clone(),
    };
    let spec = Spec {
        place: place(open, worker, settings)?,
        bead: bead.id.clone(),
        attempt: bead.attempt_number(),
        start: start_commit(open, assignment, &person)?,
        furnishing: furnishing(rig),
        set_up: set_up(open, rig, settings, worker.name.as_str()),
        identity: Identity { author, committer: Some(person) },
    };
    let mut prepared = polecat::prepare(&spec)?;
    prepared.notes.splice(0..0, warning);
    Ok(prepared)
}

/// The person's files that a worktree of the rig gets.
pub fn furnishing(rig: &Rig) -> Furnishing {
    let source = matches!(rig.remote, Remote::Local).then(|| PathBuf::from(&rig.url));
    let keep = (!rig.keep.is_empty()).then(|| rig.keep.clone());
    Furnishing { source, copy: rig.copy.clone(), link: rig.link.clone(), keep }
}

/// Set-up of a worktree of the rig; `name` tells its log from others'.
pub fn set_up(open: &OpenTown, rig: &Rig, settings: &Settings, name: &str) -> SetUp {
    SetUp {
        commands: rig.setup.clone(),
        inputs: rig.setup_inputs.clone(),
        environment: command_environment(open, rig),
        limit: settings.setup_limit.duration(),
        log: open.town.setup_log(&rig.name, name),
        runs: open.town.run_dir(),
    }
}

/// The environment of set-up and gates: the allowed part of the person's, and where they run.
pub fn command_environment(open: &OpenTown, rig: &Rig) -> BTreeMap<String, String> {
    let program = open.program().unwrap_or_else(|_| "gt".into());
    let mut variables = crate::agent::command_environment(&super::launch::caller(open), &program);
    variables.insert(crate::env::RIG.to_owned(), rig.name.to_string());
    variables.insert("GIT_CEILING_DIRECTORIES".to_owned(), open.town.ceiling_directories(&rig.name));
    variables
}

/// What an attempt starts from: the target's tip, or the branch that the person named; after the first, what the
/// last attempt had pinned, with the target merged in where that goes without a conflict. An attempt whose worktree
/// was lost goes on from the tip of its branch.
fn start_commit(open: &OpenTown, assignment: &Assignment<'_>, person: &Person) -> Outcome<Oid> {
    let Assignment { bead, worker, rig, .. } = *assignment;
    let target = Target::of(open, rig);
    let own = polecat::branch_name(&worker.name, &bead.id, bead.attempt_number());
    if let Some(begun) = bare::ref_tip(&target.repo, &format!("refs/heads/{own}"))? {
        return Ok(begun);
    }
    let tip = target.tip()?;
    let last = bead.attempts.iter().rev().find_map(|attempt| attempt.head.as_ref()?.parse::<Oid>().ok());
    match (last, &bead.from) {
        (Some(last), _) => merged_with(&target.repo, &last, &tip, person),
        (None, Some(branch)) => named(&target.repo, branch),
        (None, None) => Ok(tip),
    }
}

fn merged_with(repo: &Path, last: &Oid, tip: &Oid, person: &Person) -> Outcome<Oid> {
    if bare::is_ancestor(repo, tip, last)? {
        return Ok(last.clone());
    }
    if bare::is_ancestor(repo, last, tip)? {
        return Ok(tip.clone());
    }
    Ok(match merge::stack(repo, last, tip)? {
        Merged::Tree(tree) => {
            let commit = NewCommit {
                tree: &tree,
                parents: &[last, tip],
                author: person,
                committer: person,
                time: None,
                message: "Merge the target into the work of the last attempt\n",
            };
            merge::commit_tree(repo, &commit)?
        }
        // The worker merges by hand: its prompt says so.
        _ => last.clone(),
    })
}

fn named(repo: &Path, branch: &str) -> Outcome<Oid> {
    for name in [format!("refs/heads/{branch}"), format!("refs/remotes/origin/{branch}"), branch.to_owned()] {
        if let Some(commit) = bare::rev_parse(repo, &name)? {
            return Ok(commit);
        }
    }
    Err(Failure::new(Kind::NotFound, format!("there is no branch {branch} in {}", repo.display()))
        .hint("Fetch it first, or leave out --from to start from the target."))
}

/// Keeps what a worker's sandbox holds: before a session is ended for good, restarted or removed.
///
/// # Errors
/// When not everything could be kept.
pub fn secure(open: &OpenTown, worker: &WorkerRef, why: &str) -> Outcome<()> {
    let rig = open.town.rig(&worker.rig)?;
    let settings = open.settings_for(&rig)?;
    polecat::secure(&place(open, worker, &settings)?, why)?;
    Ok(())
}

/// The commit that a worker has come to, pinned as the work of an attempt at `bead`: where its worktree stands. Of one
/// that is gone, or in the middle of a rebase, the branch of the attempt.
///
/// # Errors
/// When git fails.
pub fn pin(open: &OpenTown, worker: &WorkerRef, bead: &Bead) -> Outcome<Option<Oid>> {
    let repo = open.town.rig_repo(&worker.rig);
    let look = worktree::look(&repo, &open.town.worktree(worker))?;
    let between = [Operation::Rebase, Operation::Mailbox];
    let stands = match look.state {
        State::Missing | State::Foreign { .. } => None,
        State::Busy { operation, .. } if between.contains(&operation) => None,
        _ => look.head.clone(),
    };
    let branch = polecat::branch_name(&worker.name, &bead.id, bead.attempt_number());
    let head = match stands {
        Some(head) => Some(head),
        None => bare::ref_tip(&repo, &format!("refs/heads/{branch}"))?.or(look.head),
    };
    if let Some(head) = &head {
        pins::pin_work(&repo, &bead.id, bead.attempt_number(), head)?;
    }
    Ok(head)
}
