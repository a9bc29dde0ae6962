//! Repair: what the witness prescribes for each worker.

use std::time::Duration;

use super::observe::{self, Seen, key, thresholds};
use super::signs;
use super::{Remedied, Ticked};
use crate::bead::transition::{Ending, Hold};
use crate::bead::{Bead, Claim};
use crate::clock::Timestamp;
use crate::env::commit_point;
use crate::error::Outcome;
use crate::id::{Actor, BeadId, SessionId, WorkerRef};
use crate::mail::Severity;
use crate::ops::aftermath::Guard;
use crate::ops::launch::{self, Start};
use crate::ops::{OpenTown, attach, done, ending, escalate, handoff, message, prime, sandbox, session, transcripts};
use crate::runtime::{self, Observed};
use crate::store::{Mode, NewMessage};
use crate::town::Rig;
use crate::witness::{Remedy, Session, remedy};

/// How long what was tried for a bead is remembered.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest pause between two starts that failed.
const LONGEST_PAUSE: u32 = 300;

/// Looks at every worker and does what the witness prescribes.
pub(super) fn workers(open: &OpenTown, rigs: &[Rig], ticked: &mut Ticked) -> Outcome<()> {
    let snapshot = open.snapshot()?;
    let panes = observe::panes(open, observe::TERMINALS);
    let all = observe::seen_beside(open, &snapshot, rigs, &panes)?;
    let posted = signs::post(open, &snapshot, &all, &panes);
    ticked.note("status lines", posted);
    for seen in all {
        let worker = seen.observation.worker.clone();
        let done = worker_of(open, rigs, &seen);
        if let Some(Some(what)) = ticked.note(&worker.short(), done) {
            ticked.remedies.push(Remedied { worker, what });
        }
    }
    Ok(())
}

fn worker_of(open: &OpenTown, rigs: &[Rig], seen: &Seen) -> Outcome<Option<String>> {
    if let (Some(bead), true) = (&seen.bead, seen.never_started) {
        return start_again(open, bead, seen);
    }
    if seen.observation.displaced.is_some() && sandbox::mended(open, &seen.observation.worker)? {
        return Ok(Some("its worktree was damaged and is mended".to_owned()));
    }
    let Some(rig) = rigs.iter().find(|rig| rig.name == seen.observation.worker.rig) else { return Ok(None) };
    let settings = open.settings_for(rig)?;
    let counters = match &seen.bead {
        Some(bead) => observe::counters(open, &bead.id)?,
        None => crate::witness::Counters::default(),
    };
    match remedy(&seen.observation, &seen.judgement, &counters, &thresholds(&settings)) {
        Remedy::Nothing => prime_again(open, seen),
        Remedy::End { session, why } => end(open, &seen.observation.worker, &session, &why),
        Remedy::Remind { text } => remind(open, seen, &text),
        Remedy::Continue => go_on(open, seen),
        Remedy::Restart { why, counts } => restart(open, seen, &why, counts),
        Remedy::HandOff { why } => hand_off(open, seen, &why),
        Remedy::Release { outcome, why } => release(open, seen, &Ending::new(outcome, why)),
        Remedy::Escalate { severity, why } => tell(open, seen, severity, &why),
    }
}

fn claim(bead: &Bead) -> Option<&Claim> {
    bead.claim()
}

/// The worker to ourselves, while it is hooked as it was seen. None when somebody else is at it: whoever takes a bead
/// back or stops a worker ends the session first, and that end is not one to be repaired.
fn to_ourselves(open: &OpenTown, claim: &Claim, id: &BeadId) -> Outcome<Option<Guard>> {
    let worker = &claim.assignee;
    let Some(guard) = Guard::try_acquire(open, &worker.rig, &open.town.worker_lock(worker))? else { return Ok(None) };
    let bead = open.snapshot()?.find(id)?;
    if bead.as_ref().and_then(Bead::claim).is_some_and(|now| now.lease == claim.lease) {
        return Ok(Some(guard));
    }
    guard.succeeded();
    Ok(None)
}

/// The start that a hooking lacks: whoever hooked it was killed before, or failed.
fn start_again(open: &OpenTown, bead: &Bead, seen: &Seen) -> Outcome<Option<String>> {
    let Some(claim) = claim(bead).filter(|claim| claim.home == seen.observation.home) else { return Ok(None) };
    let state = open.state()?;
    let counter = key("start-failed", &bead.id);
    let failed = state.counter(&counter, open.now())?;
    if let Some(failed) = &failed
        && open.now() < failed.updated + pause(failed.value)
    {
        return Ok(None);
    }
    match launch::start(open, &bead.id, &claim.lease) {
        Ok(Start::Started(started)) => {
            state.reset_counter(&counter)?;
            Ok(Some(format!("started on {} with {}", bead.id, started.agent)))
        }
        Ok(_) => Ok(None),
        Err(failure) => {
            let times = state.count(&counter, open.now(), Some(expiry(open)))?;
            if times >= i64::from(session::settings_of(open, &Actor::Worker(claim.assignee.clone())).tries) {
                let problem = escalate::problem(
                    &witness(&claim.assignee),
                    Some(&bead.id),
                    Severity::High,
                    format!("its session cannot be started: {failure}"),
                );
                escalate::once(open, &problem)?;
            }
            Err(failure)
        }
    }
}

/// The pause after so many starts that failed: 2, 4, 8 ... seconds.
fn pause(failed: i64) -> Duration {
    let exponent = u32::try_from(failed).unwrap_or(0).min(8);
    Duration::from_secs(u64::from(2_u32.saturating_pow(exponent).min(LONGEST_PAUSE)))
}

fn expiry(open: &OpenTown) -> Timestamp {
    open.now() + MEMORY
}

fn witness(worker: &WorkerRef) -> Actor {
    Actor::Witness(worker.rig.clone())
}

/// Keeps what a worker has not committed; answers in words what could not be kept. The worktree stays where it is and is
/// moved aside before any reuse, so that is not lost either and holds nothing up.
fn keep(open: &OpenTown, worker: &WorkerRef, why: &str) -> String {
    let unkept = sandbox::secure(open, worker, why).err();
    unkept.map(|failure| format!("; in its worktree only: {failure}")).unwrap_or_default()
}

fn end(open: &OpenTown, worker: &WorkerRef, id: &SessionId, why: &str) -> Outcome<Option<String>> {
    let Some(row) = open.state()?.session(id)? else { return Ok(None) };
    session::close(open, &row, Some("not needed"))?;
    let unkept = keep(open, worker, "before its session ended");
    Ok(Some(format!("ended its session: {why}{unkept}")))
}

fn remind(open: &OpenTown, seen: &Seen, text: &str) -> Outcome<Option<String>> {
    let (Some(bead), Some(row)) = (&seen.bead, &seen.row) else { return Ok(None) };
    let id = &bead.id;
    open.state()?.count(&key("reminded", id), open.now(), Some(expiry(open)))?;
    let from = witness(&seen.observation.worker);
    let refused = done::last_refusal(open, id)?.map(|why| format!(" Your last `gt done` was refused: {why}."));
    let text = format!("{text}{}", refused.unwrap_or_default());
    let bead = Some(bead.id.clone());
    message::post(open, &NewMessage { from, bead, ..message::said(open, &row.worker, Mode::Steer, &text) })?;
    Ok(Some(format!("reminded of {id}: {}", seen.judgement.evidence)))
}

/// The agent and the session's own process go on, whichever of them was stopped.
fn go_on(open: &OpenTown, seen: &Seen) -> Outcome<Option<String>> {
    let (Some(bead), Some(row)) = (&seen.bead, &seen.row) else { return Ok(None) };
    open.state()?.count(&key("continued", &bead.id), open.now(), Some(expiry(open)))?;
    if let Observed::Running(pid) = runtime::observe(&session::folder(open, &row.id)) {
        [pid.living(), pid.living_child()].into_iter().flatten().for_each(runtime::go_on);
    }
    Ok(Some(format!("continued on {}: {}", bead.id, seen.judgement.evidence)))
}

/// Tells an agent its assignment whose conversation was compacted without a hook that tells of it.
fn prime_again(open: &OpenTown, seen: &Seen) -> Outcome<Option<String>> {
    let (Some(bead), Some(row), Session::Running { .. }) = (&seen.bead, &seen.row, &seen.observation.session) else {
        return Ok(None);
    };
    let Some(at) = transcripts::kept(open, row)?.and_then(|kept| kept.reading.compacted) else { return Ok(None) };
    let (state, told) = (open.state()?, key("primed", &bead.id));
    if state.counter(&told, open.now())?.is_some_and(|told| told.updated >= at) {
        return Ok(None);
    }
    state.count(&told, open.now(), Some(expiry(open)))?;
    let primed = prime::assignment(open, &open.snapshot()?, bead, &seen.observation.worker)?;
    let text = format!("Your conversation was compacted. This is what `gt prime` says now; go on with it.\n\n{primed}");
    let (from, of) = (witness(&seen.observation.worker), Some(bead.id.clone()));
    message::post(open, &NewMessage { from, bead: of, ..message::said(open, &row.worker, Mode::Steer, &text) })?;
    Ok(Some(format!("told of {} after a compaction", bead.id)))
}

/// A fresh session in the same worktree, which stays as it is.
fn restart(open: &OpenTown, seen: &Seen, why: &str, counts: bool) -> Outcome<Option<String>> {
    let Some(bead) = &seen.bead else { return Ok(None) };
    let Some(claim) = claim(bead) else { return Ok(None) };
    let Some(guard) = to_ourselves(open, claim, &bead.id)? else { return Ok(None) };
    if counts {
        open.state()?.count(&key("restarted", &bead.id), open.now(), Some(expiry(open)))?;
    }
    sandbox::secure(open, &claim.assignee, "before a restart")?;
    let started = launch::start_anew(open, guard, bead, claim);
    if started.is_err() && !counts {
        // What excused the end does not excuse a start that fails for ever.
        open.state()?.count(&key("restarted", &bead.id), open.now(), Some(expiry(open)))?;
    }
    started?;
    open.event("worker.restarted", &witness(&claim.assignee), Some(&bead.id), Some(&claim.assignee.rig), why);
    Ok(Some(format!("restarted on {}: {why}", bead.id)))
}

/// A fresh session with a conversation of its own in the same worktree, with notes of ours: whose context ran out
/// writes none.
fn hand_off(open: &OpenTown, seen: &Seen, why: &str) -> Outcome<Option<String>> {
    let (Some(bead), Some(row)) = (&seen.bead, &seen.row) else { return Ok(None) };
    handoff::note_for(open, bead, &witness(&seen.observation.worker), row, why)?;
    let handed = restart(open, seen, why, false)?;
    if handed.is_some() {
        open.state()?.count(&key("handed-off", &bead.id), open.now(), Some(expiry(open)))?;
    }
    Ok(handed.map(|_| format!("handed {} on to a fresh session: {why}", bead.id)))
}

/// Takes the bead back; what the worker has is kept first, committed or not.
fn release(open: &OpenTown, seen: &Seen, ending: &Ending) -> Outcome<Option<String>> {
    let Some(bead) = &seen.bead else { return Ok(None) };
    let Some(claim) = claim(bead) else { return Ok(None) };
    let Some(guard) = to_ourselves(open, claim, &bead.id)? else { return Ok(None) };
    session::end_all(open, &claim.assignee, "released")?;
    let head = sandbox::pin(open, &claim.assignee, bead)?;
    let unkept = keep(open, &claim.assignee, "before a release");
    commit_point("release.pinned");
    let by = witness(&claim.assignee);
    let ending = Ending { head: head.map(|head| head.to_string()), ..ending.clone() };
    open.ledger.transact(&by, |tx| {
        let mut bead = tx.bead(&bead.id)?;
        bead.release(&by, Hold { home: &claim.home, lease: Some(&claim.lease) }, ending.clone())?;
        tx.put(&bead);
        tx.describe("release", format!("release {} from {}: {}", bead.id, claim.assignee.name, ending.reason));
        Ok(())
    })?;
    forget(open, &bead.id)?;
    open.event("bead.released", &by, Some(&bead.id), Some(&claim.assignee.rig), &ending.reason);
    guard.succeeded();
    Ok(Some(format!("{} released: {}{unkept}", bead.id, ending.reason)))
}

/// A new hooking begins the ladder anew.
pub(in crate::ops) fn forget(open: &OpenTown, bead: &BeadId) -> Outcome<()> {
    for name in ["restarted", "handed-off", "reminded", "continued", "escalated", "start-failed"] {
        open.state()?.reset_counter(&key(name, bead))?;
    }
    Ok(())
}

fn tell(open: &OpenTown, seen: &Seen, severity: Severity, why: &str) -> Outcome<Option<String>> {
    let Some(bead) = &seen.bead else { return Ok(None) };
    let Some(claim) = claim(bead) else { return Ok(None) };
    let Some(guard) = to_ourselves(open, claim, &bead.id)? else { return Ok(None) };
    let worker = &seen.observation.worker;
    let mut problem = escalate::problem(&witness(worker), Some(&bead.id), severity, why);
    problem.worker = None;
    let said = attach::last_words(open, worker).into_iter().map(|line| format!("its session said: {line}"));
    let ending = open.state()?.sessions_of_worker(&Actor::Worker(worker.clone()), 1)?.pop();
    let ending = ending.map(|row| ending::kept(open, &row.id)).transpose()?.flatten();
    let causes = ending.iter().flat_map(ending::Ending::sentences);
    problem.evidence =
        causes.chain(said).chain([format!("`gt polecat restart {}` begins anew", worker.short())]).collect();
    escalate::raise(open, &problem)?;
    open.state()?.count(&key("escalated", &bead.id), open.now(), Some(expiry(open)))?;
    guard.succeeded();
    Ok(Some(format!("escalated {}: {why}", bead.id)))
}
