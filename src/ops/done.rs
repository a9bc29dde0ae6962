//! `gt done`: a worker hands in what it has.
//!
//! The order is what keeps the promises: the commits are pinned before the ledger says that they were submitted,
//! and the session ends after it. Running it again does what a kill left undone and no more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::aftermath::Guard;
use super::target::Target;
use super::{OpenTown, Report, message, pass, session, who};
use crate::bead::{Bead, Kind as BeadKind, Merge, Note, State};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, Look};
use crate::git::{Git, GitError, Oid, bare, merge, pins};
use crate::id::{BeadId, Lease, WorkerRef};

/// How long to wait for somebody who starts or stops the worker just now.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the worker says beside "done".
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Commit everything first, with this message.
    pub commit: Option<String>,
    /// Snapshot what is not committed, then put it away.
    pub discard: bool,
    /// Nothing needed to change, for this reason.
    pub no_change: Option<String>,
    /// A file with what was found; handed to the beads that need this one.
    pub result: Option<PathBuf>,
}

/// What was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// The commit that was submitted; none when nothing needed to change.
    pub head: Option<Oid>,
    /// How many commits it has beyond the target.
    pub commits: usize,
    /// Whether an earlier `gt done` had submitted this very commit.
    pub again: bool,
}

impl Report for Done {
    const SCHEMA: &'static str = "gt.done/1";
}

/// What was found in the worktree.
struct Work {
    bead: Bead,
    lease: Lease,
    worker: WorkerRef,
    target: Target,
    head: Oid,
    branch: String,
    base: Oid,
    commits: usize,
}

/// What is to be done about it.
enum Plan {
    Submit,
    Finish(String),
    Again,
}

/// Hands in the worktree's HEAD, whatever its branch.
///
/// # Errors
/// When nothing is hooked to the worker, the lease is stale, the worktree has uncommitted work or a half-done
/// operation, or there is nothing to hand in.
pub fn done(open: &OpenTown, request: &Request) -> Outcome<Done> {
    let result = request.result.as_deref().map(read_result).transpose()?;
    let (bead, _) = who::hooked_bead(open, &open.snapshot()?)?;
    let worker = bead.claim().expect("a hooked bead has a claim").assignee.clone();
    let handed_in = Guard::of_worker(open, &worker, PATIENCE)
        .and_then(|guard| guard.after(hand_in(open, request, result.as_deref())));
    let (work, plan) = handed_in.inspect_err(|failure| note_refusal(open, &bead.id, &worker, failure))?;
    // Or the agent would begin with it in its last seconds. What cannot be settled now a tick settles.
    let _ = message::hand_in(open, &work.worker, &work.bead.id);
    session::end_after_done(open, &work.worker, &work.lease);
    pass::request(open);
    let head = (!matches!(plan, Plan::Finish(_))).then(|| work.head.clone());
    Ok(Done {
        bead: work.bead.id,
        title: work.bead.title,
        head,
        commits: work.commits,
        again: matches!(plan, Plan::Again),
    })
}

/// The event of a `gt done` that did not hand anything in.
const REFUSED: &str = "done.refused";

/// Whoever is asked later why nothing comes can tell: an agent that did not understand waits for ever.
fn note_refusal(open: &OpenTown, bead: &BeadId, worker: &WorkerRef, failure: &Failure) {
    let said = failure.full_message();
    let reason = said.split_whitespace().collect::<Vec<_>>().join(" ");
    open.event(REFUSED, &open.actor, Some(bead), Some(&worker.rig), reason);
}

/// Why the last `gt done` on this hooking of the bead handed nothing in.
///
/// # Errors
/// When the local state cannot be read.
pub(super) fn last_refusal(open: &OpenTown, bead: &BeadId) -> Outcome<Option<String>> {
    let last = open.state()?.last_event_of_bead(bead, &[REFUSED, "bead.hooked", "bead.submitted", "bead.closed"])?;
    Ok(last.filter(|event| event.what.kind == REFUSED).map(|event| event.what.text))
}

/// The work and what was done about it; the caller keeps all others away from the worker.
fn hand_in(open: &OpenTown, request: &Request, result: Option<&str>) -> Outcome<(Work, Plan)> {
    let work = gather(open, request)?;
    let plan = decide(&work, request)?;
    carry_out(open, &work, &plan, result)?;
    if matches!(plan, Plan::Again) {
        // The first one may have been killed between its commit and the files.
        open.ledger.settle()?;
    }
    Ok((work, plan))
}

fn read_result(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::caused(Kind::NotFound, format!("cannot read the result {}", path.display()), error))
}

fn gather(open: &OpenTown, request: &Request) -> Outcome<Work> {
    let snapshot = open.snapshot()?;
    let (bead, lease) = who::hooked_bead(open, &snapshot)?;
    let worker = bead.claim().expect("a hooked bead has a claim").assignee.clone();
    let rig = open.town.rig(&worker.rig)?;
    let target = Target::of(open, &rig);
    let worktree = open.town.worktree(&worker);
    if request.commit.is_some() {
        on_its_own(&target, &worktree)?;
    }
    settle(&target.repo, &worktree, &worker, request)?;
    let look = worktree::look(&target.repo, &worktree)?;
    let head = check(&look, &worktree)?;
    let tip = target.tip()?;
    let base = bare::merge_base(&target.repo, &head, &tip)?.ok_or_else(|| {
        Failure::new(Kind::Refused, format!("{} has no commit in common with {}", worktree.display(), target.branch))
            .hint(format!("Start again from the target: git checkout -B work {}", target.name))
    })?;
    let commits = bare::count(&target.repo, &base, &head)?;
    let branch = look.branch.unwrap_or_else(|| "HEAD".to_owned());
    Ok(Work { bead, lease, worker, target, head, branch, base, commits })
}

/// Refuses to commit to the target itself, where somebody made that the branch of the worktree.
fn on_its_own(target: &Target, worktree: &Path) -> Outcome<()> {
    let branch = worktree::look(&target.repo, worktree)?.branch;
    if branch.is_none_or(|branch| format!("refs/heads/{branch}") != target.name) {
        return Ok(());
    }
    Err(Failure::new(Kind::Refused, format!("{} stands on {}, the target itself", worktree.display(), target.branch))
        .hint("Stand on a branch of your own with the same files: git symbolic-ref HEAD refs/heads/polecat/NAME/BEAD"))
}

/// Commits or puts away uncommitted work where the worker asked for it.
fn settle(repo: &Path, worktree: &Path, worker: &WorkerRef, request: &Request) -> Outcome<()> {
    let git = Git::at(worktree);
    if let Some(message) = &request.commit {
        git.run(&["add", "--all"])?;
        if !git.output(&["diff", "--cached", "--quiet"])?.ok() {
            git.run(&["commit", "--quiet", "--message", message])?;
        }
    }
    if request.discard {
        with_subject(repo, worktree, worker, "gt done --discard", pins::snapshot)?;
        git.run(&["reset", "--quiet", "--hard"])?;
        git.run(&["clean", "--quiet", "-ffd"])?;
    }
    Ok(())
}

/// Keeps something of a worktree.
fn with_subject<T>(
    repo: &Path,
    worktree: &Path,
    worker: &WorkerRef,
    why: &str,
    keep: impl FnOnce(&pins::Subject<'_>) -> Result<T, GitError>,
) -> Result<T, GitError> {
    let by = merge::Person { name: worker.name.to_string(), email: format!("{}@localhost", worker.name) };
    keep(&pins::Subject { repo, worktree, worker: &worker.name, branches: &[], why, by: &by })
}

/// The commit to hand in, or why there is none yet.
fn check(look: &Look, worktree: &Path) -> Outcome<Oid> {
    let refused = |message: String| Err(Failure::new(Kind::Refused, message));
    match &look.state {
        worktree::State::Clean => {}
        worktree::State::Dirty { changed, untracked } => {
            let names = changed.iter().chain(untracked).map(|path| format!("  {}", path.display()));
            let names = names.collect::<Vec<_>>().join("\n");
            return refused(format!("{} has uncommitted files:\n{names}", worktree.display())).map_err(|failure| {
                failure.hint("Commit them, or `gt done --commit MESSAGE`; `gt done --discard` puts them away (a snapshot is kept).")
            });
        }
        worktree::State::Busy { operation, .. } => {
            return refused(format!("a {operation} is half done in {}", worktree.display())).map_err(|failure| {
                failure.hint(format!("End it with `git {} --continue` or `--abort`, then `gt done`.", word(*operation)))
            });
        }
        worktree::State::Missing => return refused(format!("the worktree {} is gone", worktree.display())),
        worktree::State::Foreign { reason } => {
            return refused(format!("{} is not the worker's worktree any more: {reason}", worktree.display()));
        }
    }
    look.head.clone().ok_or_else(|| Failure::new(Kind::Refused, format!("{} has no commit", worktree.display())))
}

fn word(operation: worktree::Operation) -> &'static str {
    match operation {
        worktree::Operation::Merge => "merge",
        worktree::Operation::Rebase => "rebase",
        worktree::Operation::Mailbox => "am",
        worktree::Operation::CherryPick => "cherry-pick",
        worktree::Operation::Revert => "revert",
        worktree::Operation::Bisect => "bisect",
    }
}

fn decide(work: &Work, request: &Request) -> Outcome<Plan> {
    if let (State::Submitted(_), Some(merge)) = (&work.bead.state, &work.bead.merge)
        && merge.head == work.head.as_str()
    {
        return Ok(Plan::Again);
    }
    let reason =
        request.no_change.clone().or_else(|| request.result.as_ref().map(|_| "the result is handed on".to_owned()));
    match (work.commits, reason) {
        (0, None) => {
            Err(Failure::new(Kind::Refused, format!("there is no commit beyond {} to hand in", work.target.branch))
                .hint("Commit your work first; if nothing needs to change, `gt done --no-change REASON`."))
        }
        (0, Some(reason)) if may_change_nothing(&work.bead) => Ok(Plan::Finish(reason)),
        (0, Some(_)) => Err(Failure::new(
            Kind::Refused,
            format!("{} is a feature for a {}: it needs a commit", work.bead.id, work.bead.role),
        )
        .hint("If it cannot or need not be built, `gt escalate REASON`.")),
        (_, _) if request.no_change.is_some() => {
            let message = format!("{} commits beyond {} would be left behind", work.commits, work.target.branch);
            Err(Failure::new(Kind::Refused, message).hint("`gt done` hands them in."))
        }
        _ => Ok(Plan::Submit),
    }
}

/// A feature is built by a commit; only the roles that look rather than build may end one without.
fn may_change_nothing(bead: &Bead) -> bool {
    bead.kind != BeadKind::Feature || ["reviewer", "architect", "tester", "debugger"].contains(&bead.role.as_str())
}

fn carry_out(open: &OpenTown, work: &Work, plan: &Plan, result: Option<&str>) -> Outcome<()> {
    match plan {
        Plan::Again => Ok(()),
        Plan::Finish(reason) => finish(open, work, reason, result),
        Plan::Submit => submit(open, work, result),
    }
}

/// What is handed in stays reachable, and so does what the worker had committed before and then amended or reset.
fn pin(open: &OpenTown, work: &Work) -> Outcome<()> {
    let repo = &work.target.repo;
    pins::pin_work(repo, &work.bead.id, work.bead.attempt_number(), &work.head)?;
    with_subject(repo, &open.town.worktree(&work.worker), &work.worker, "before gt done", pins::keep_former_tips)?;
    Ok(())
}

fn submit(open: &OpenTown, work: &Work, result: Option<&str>) -> Outcome<()> {
    pin(open, work)?;
    commit_point("done.pinned");
    let (id, worker) = (&work.bead.id, &work.worker);
    open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(id)?;
        let (head, base) = (work.head.to_string(), work.base.to_string());
        let merge = Merge::new(&work.branch, head, base, &work.target.branch, tx.now());
        bead.submit(&open.actor, &work.lease, merge)?;
        if let Some(result) = result {
            bead.result = Some(result.to_owned());
        }
        tx.put(&bead);
        tx.describe("submit", format!("submit {id} by {}: {}", worker.name, bead.title));
        Ok(())
    })?;
    commit_point("done.submitted");
    open.event(
        "bead.submitted",
        &open.actor,
        Some(id),
        Some(&worker.rig),
        format!(
            "{} in the queue",
            if work.commits == 1 { "1 commit".to_owned() } else { format!("{} commits", work.commits) }
        ),
    );
    Ok(())
}

fn finish(open: &OpenTown, work: &Work, reason: &str, result: Option<&str>) -> Outcome<()> {
    let (id, worker) = (&work.bead.id, &work.worker);
    pin(open, work)?;
    open.ledger.transact(&open.actor, |tx| {
        let mut bead = tx.bead(id)?;
        let now = tx.now();
        bead.finish(&open.actor, &work.lease, now)?;
        bead.notes.push(Note::new(now, open.actor.clone(), format!("No change: {reason}")));
        if let Some(result) = result {
            bead.result = Some(result.to_owned());
        }
        tx.put(&bead);
        tx.describe("finish", format!("finish {id} by {}: {}", worker.name, bead.title));
        Ok(())
    })?;
    commit_point("done.submitted");
    open.event("bead.closed", &open.actor, Some(id), Some(&worker.rig), format!("done without a change: {reason}"));
    Ok(())
}
