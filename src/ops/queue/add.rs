//! `gt queue add`: a person's own branch goes through the same gates.
//!
//! The bead is claimed by the person as crew of the rig and submitted in the same transaction: two edges of the table
//! that a person may go. So everything after it is as for a worker's work, but for the way back, which leads to the
//! person. A newer commit of a branch that waits takes the place of the older one, under the same bead; an approval was
//! for the older one.

use serde::Serialize;

use super::{submitted, told_of};
use crate::bead::transition::{Ending, Hold};
use crate::bead::{AttemptOutcome, Bead, Claim, Merge, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, State};
use crate::git::{Oid, bare, pins};
use crate::id::{BeadId, HomeId, Lease, WorkerKind, WorkerName, WorkerRef};
use crate::ledger::Snapshot;
use crate::ops::bead::create::prefix_of;
use crate::ops::crew::{acting, branch_name};
use crate::ops::target::Target;
use crate::ops::{OpenTown, Report, escalate, pass, sandbox};
use crate::town::Rig;

/// What a person wants to land.
#[derive(Debug, Clone)]
pub struct Request {
    /// The branch.
    pub branch: String,
    /// The open bead that it does; a new one when not given.
    pub bead: Option<String>,
    /// The rig; the only one, or that of the bead, when not given.
    pub rig: Option<String>,
}

/// A branch that is in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Its bead.
    pub bead: BeadId,
    /// The title of that.
    pub title: String,
    /// The commit.
    pub head: Oid,
    /// How many commits it has beyond the target.
    pub commits: usize,
    /// Whether this very commit was in the queue before.
    pub again: bool,
}

impl Report for Added {
    const SCHEMA: &'static str = "gt.queue.add/1";
}

/// What was found at the branch.
struct Work {
    rig: Rig,
    target: Target,
    head: Oid,
    base: Oid,
    commits: usize,
    subject: String,
}

/// The branch that is checked out in the worktree of the crew member that acts.
///
/// # Errors
/// When none acts, or the worktree is on no branch or in the middle of something.
pub fn own_branch(open: &OpenTown) -> Outcome<String> {
    let Some(worker) = acting(open) else {
        return Err(Failure::new(Kind::Usage, "no branch was named, and this is no crew worktree")
            .hint("Name the branch: `gt queue add BRANCH`."));
    };
    let folder = open.town.worktree(worker);
    let look = worktree::look_at_tracked(&open.town.rig_repo(&worker.rig), &folder)?;
    if let State::Busy { operation, .. } = &look.state {
        return Err(Failure::new(Kind::Refused, format!("{} is in the middle of a {operation}", folder.display()))
            .hint("End it first, or name a branch."));
    }
    look.branch.ok_or_else(|| {
        Failure::new(Kind::Refused, format!("no branch is checked out in {}", folder.display()))
            .hint(format!("`git switch {}` goes back to yours.", branch_name(worker)))
    })
}

/// Puts the head of the branch into the queue.
///
/// # Errors
/// When there is no such branch, it has nothing beyond the target, or the bead is not open.
pub fn add(open: &OpenTown, request: &Request) -> Outcome<Added> {
    open.ledger.settle()?;
    let snapshot = open.snapshot()?;
    let named = request.bead.as_ref().map(|word| open.bead_id(&snapshot, word)).transpose()?;
    let prefix = match &named {
        Some(id) if request.rig.is_none() => id.prefix(),
        _ => prefix_of(open, request.rig.as_deref())?,
    };
    let work = gather(open, open.rig_of(&prefix)?, &request.branch)?;
    if let Some(bead) = waiting(&snapshot, &work)? {
        return Ok(Added { bead: bead.id, title: bead.title, head: work.head, commits: work.commits, again: true });
    }
    let named = match named {
        Some(id) => Some(id),
        None => older(open, &snapshot, &work, &request.branch)?,
    };
    let bead = submit(open, request, named.as_ref(), &work)?;
    commit_point("add.submitted");
    let text = format!("the branch {} in the queue", request.branch);
    open.event("bead.submitted", &open.actor, Some(&bead.id), Some(&work.rig.name), text);
    pass::request(open);
    Ok(Added { bead: bead.id, title: bead.title, head: work.head, commits: work.commits, again: false })
}

fn gather(open: &OpenTown, rig: Rig, branch: &str) -> Outcome<Work> {
    let target = Target::of(open, &rig);
    bare::fetch(&target.repo, Some(open.settings_for(&rig)?.network_limit.duration()))?;
    let head = find(&target, branch)?;
    let tip = target.tip()?;
    let refused = |message: String| Failure::new(Kind::Refused, message);
    let base = bare::merge_base(&target.repo, &head, &tip)?
        .ok_or_else(|| refused(format!("{branch} has no commit in common with {}", target.branch)))?;
    let commits = bare::count(&target.repo, &base, &head)?;
    if commits == 0 {
        return Err(refused(format!("{branch} has no commit beyond {}", target.branch)));
    }
    let subject = bare::commit_info(&target.repo, &head)?.subject;
    Ok(Work { rig, target, head, base, commits, subject })
}

/// The branch as the origin has it, or, where it does not know it, that of the rig's own repository.
fn find(target: &Target, branch: &str) -> Outcome<Oid> {
    for name in [format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")] {
        if let Some(head) = bare::ref_tip(&target.repo, &name)? {
            return Ok(head);
        }
    }
    Err(Failure::new(Kind::NotFound, format!("there is no branch {branch:?}"))
        .hint("Commit to it in your own repository; of a rig with a remote, push it."))
}

/// The bead by which this very commit waits already, as after a kill.
fn waiting(snapshot: &Snapshot, work: &Work) -> Outcome<Option<Bead>> {
    let same = |bead: &Bead| bead.merge.as_ref().is_some_and(|merge| merge.head == work.head.as_str());
    Ok(submitted(snapshot, &work.rig)?.into_iter().find(same))
}

/// The bead by which an older commit of the same branch waits: the newer one takes its place.
fn older(open: &OpenTown, snapshot: &Snapshot, work: &Work, branch: &str) -> Outcome<Option<BeadId>> {
    let home = open.home()?;
    let same = |bead: &Bead| {
        bead.merge.as_ref().is_some_and(|merge| merge.branch == branch && merge.intent.is_none())
            && bead.claim().is_some_and(|claim| is_persons(claim, home))
    };
    Ok(submitted(snapshot, &work.rig)?.into_iter().find(same).map(|bead| bead.id))
}

/// Whether the person of this clone put it into the queue, in whichever of their worktrees.
fn is_persons(claim: &Claim, home: &HomeId) -> bool {
    claim.assignee.kind == WorkerKind::Crew && claim.home == *home
}

fn submit(open: &OpenTown, request: &Request, named: Option<&BeadId>, work: &Work) -> Outcome<Bead> {
    let assignee = crew(open, &work.rig, &request.branch)?;
    let home = open.home()?.clone();
    let done = open.ledger.transact(&open.actor, |tx| {
        let mut bead = match named {
            Some(id) => tx.bead(id)?,
            None => Bead::new(tx.new_bead_id(&work.rig.prefix)?, work.subject.clone(), tx.now()),
        };
        if bead.status() == Status::Submitted && bead.claim().is_some_and(|claim| is_persons(claim, &home)) {
            let ending = Ending::new(AttemptOutcome::Released, "a newer commit of the branch takes its place");
            bead.release(&open.actor, Hold { home: &home, lease: None }, ending)?;
        }
        // Before the ledger says that it was submitted; a pin too many harms nobody.
        pins::pin_work(&work.target.repo, &bead.id, bead.attempt_number(), &work.head)?;
        let lease = Lease::random();
        bead.hook(&open.actor, Claim { assignee: assignee.clone(), lease: lease.clone(), home: home.clone() })?;
        let (head, base) = (work.head.to_string(), work.base.to_string());
        let merge = Merge::new(&request.branch, head, base, &work.target.branch, tx.now());
        bead.submit(&open.actor, &lease, merge)?;
        tx.put(&bead);
        // What was said of an earlier try is settled by this one.
        told_of(tx.at_tip(), &bead.id)?.into_iter().for_each(|letter| escalate::acknowledge(tx, letter));
        tx.describe("submit", format!("submit {} from the branch {}: {}", bead.id, request.branch, bead.title));
        Ok(bead)
    })?;
    Ok(done.value)
}

/// The crew member whose branch it is or who acts; else the person as crew of the rig, by the name that git knows them
/// by.
fn crew(open: &OpenTown, rig: &Rig, branch: &str) -> Outcome<WorkerRef> {
    let own = rig.crew().find(|worker| branch == branch_name(worker));
    if let Some(worker) = own.or_else(|| acting(open).filter(|worker| worker.rig == rig.name).cloned()) {
        return Ok(worker);
    }
    let person = sandbox::person(&open.town.rig_repo(&rig.name), &open.settings_for(rig)?);
    let mut name = crew_name(&person.name);
    if rig.names.get(&name).is_some_and(|reserved| !reserved.crew) {
        name = crew_name(&format!("{name}-crew"));
    }
    Ok(WorkerRef { rig: rig.name.clone(), kind: WorkerKind::Crew, name })
}

/// `Ada Lovelace` is `ada-lovelace`; whoever has no such name is `person`.
fn crew_name(person: &str) -> WorkerName {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let text: String = person.chars().map(plain).collect();
    let words: Vec<&str> = text.split('-').filter(|word| !word.is_empty()).collect();
    let text: String = words.join("-").chars().take(32).collect();
    text.parse().unwrap_or_else(|_| "person".parse().expect("a name by the rule"))
}

#[cfg(test)]
mod tests {
    use super::crew_name;

    #[test]
    fn a_person_has_a_name_as_crew() {
        for (person, name) in
            [("Ada Lovelace", "ada-lovelace"), ("Zoë", "zo"), ("Ω", "person"), ("human", "person"), ("4chan", "person")]
        {
            assert_eq!(crew_name(person).as_str(), name);
        }
    }
}
