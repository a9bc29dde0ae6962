//! What `gt why` was found out from, one fact after the other.

use serde::Serialize;

use crate::bead::{Bead, Resolution, State, Status, word};
use crate::clock::{rfc3339, short, since};
use crate::error::Outcome;
use crate::git::{Oid, bare, pins};
use crate::id::{Actor, BeadId, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mail::Letter;
use crate::ops::target::Target;
use crate::ops::{OpenTown, attach, done, ending, refinery, roster, tick};
use crate::refinery::{Evidence, order};
use crate::store::SessionRow;
use crate::witness::Health;

/// How many of the last sessions are named.
const SESSIONS: usize = 3;

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub about: &'static str,
    /// What was found; of something unknown, why it is.
    pub says: String,
    /// Whether it could be found out.
    pub known: bool,
}

impl Fact {
    /// Something that was found out.
    pub fn known(about: &'static str, says: impl Into<String>) -> Self {
        Self { about, says: says.into(), known: true }
    }

    /// Something that could not be found out, and why.
    pub fn unknown(about: &'static str, why: impl std::fmt::Display) -> Self {
        Self { about, says: format!("unknown: {why}"), known: false }
    }

    /// The facts, or the one that they are unknown.
    fn all(about: &'static str, found: Outcome<Vec<Self>>) -> Vec<Self> {
        found.unwrap_or_else(|failure| vec![Self::unknown(about, failure)])
    }
}

/// Who holds the bead and by which clone's lease.
pub(super) fn claim(open: &OpenTown, bead: &Bead) -> Option<Fact> {
    let claim = bead.claim()?;
    Some(match open.home() {
        Ok(home) if *home == claim.home => {
            Fact::known("claim", format!("{} holds it under the lease in force, from this clone", claim.assignee))
        }
        Ok(_) => Fact::known(
            "claim",
            format!("{} holds it in the clone {}; only that one judges and releases it", claim.assignee, claim.home),
        ),
        Err(failure) => Fact::unknown("claim", failure),
    })
}

/// How a worker is, as seen now, until when that holds, and who says what of it.
pub(super) fn health(open: &OpenTown, snapshot: &Snapshot, worker: &WorkerRef) -> (Vec<Fact>, Option<Health>) {
    let seen = roster::rigs(snapshot).and_then(|rigs| tick::seen(open, snapshot, &rigs));
    let seen = match seen {
        Ok(seen) => seen.into_iter().find(|seen| seen.observation.worker == *worker),
        Err(failure) => return (vec![Fact::unknown("session", failure)], None),
    };
    match seen {
        None => (vec![Fact::unknown("session", format!("{worker} is no polecat of a rig here"))], None),
        Some(seen) => {
            let judged = seen.judgement;
            let until = short(since(judged.expires, seen.observation.now));
            let says = format!("{}: {}; to be judged anew in {until}", judged.health.word(), judged.evidence);
            let known = !matches!(judged.health, Health::Unknown { .. });
            let signs = seen.signs.into_iter().map(|sign| Fact::known("sign", sign));
            let facts = std::iter::once(Fact { about: "session", says, known }).chain(signs).collect();
            (facts, Some(judged.health))
        }
    }
}

/// Where in the merge queue it stands.
pub(super) fn queue(snapshot: &Snapshot, bead: &Bead) -> Outcome<Option<Fact>> {
    if bead.status() != Status::Submitted {
        return Ok(None);
    }
    let query = BeadQuery::of(Status::Submitted).with_prefix(&bead.id.prefix());
    let entries = refinery::every_entry(snapshot, &snapshot.beads(&query)?)?;
    let placed = order(&entries);
    Ok(placed
        .iter()
        .position(|placed| placed.bead == bead.id)
        .map(|place| Fact::known("queue", format!("number {} of {}: {}", place + 1, placed.len(), placed[place].why))))
}

/// What of its commits is where: pinned, being landed, in the target; and what the gates said.
pub(super) fn merge(open: &OpenTown, snapshot: &Snapshot, bead: &Bead) -> Vec<Fact> {
    let Some(merge) = &bead.merge else { return Vec::new() };
    let mut facts = Vec::new();
    if let Some(intent) = &merge.intent {
        let says = format!("begun: {} moves to {}; not yet known to be over", merge.target, brief(&intent.new));
        facts.push(Fact::known("landing", says));
    }
    facts.extend(match &bead.state {
        State::Closed(closing) if closing.resolution == Resolution::Merged => {
            Fact::all("landed", landed(open, bead, merge.landed.as_deref(), &merge.target))
        }
        _ => Fact::all("pin", pinned(open, bead, &merge.head)),
    });
    for path in &merge.gates {
        facts.push(match snapshot.document::<Evidence>(path) {
            Ok(Some(evidence)) => Fact::known("gate", evidence.sentence()),
            Ok(None) => Fact::unknown("gate", format!("the evidence {path} is not in the ledger")),
            Err(failure) => Fact::unknown("gate", failure),
        });
    }
    facts
}

fn landed(open: &OpenTown, bead: &Bead, landed: Option<&str>, branch: &str) -> Outcome<Vec<Fact>> {
    let Some(Ok(commit)) = landed.map(str::parse::<Oid>) else {
        return Ok(vec![Fact::unknown("landed", "no landed commit is recorded")]);
    };
    let target = Target::of(open, &open.rig_of(&bead.id.prefix())?);
    let there = bare::is_ancestor(&target.repo, &commit, &target.tip()?)?;
    let says = format!("{} is {}in {branch}", commit.short(), if there { "" } else { "not " });
    Ok(vec![Fact { about: "landed", says, known: there }])
}

fn pinned(open: &OpenTown, bead: &Bead, head: &str) -> Outcome<Vec<Fact>> {
    let rig = open.rig_of(&bead.id.prefix())?;
    let found = pins::pinned_work(&open.town.rig_repo(&rig.name), &bead.id, bead.attempt_number())?;
    Ok(vec![match found {
        Some(commit) if commit.as_str() == head => Fact::known("pin", format!("{} is kept", commit.short())),
        Some(commit) => Fact::unknown("pin", format!("{} is kept, and {} was submitted", commit.short(), brief(head))),
        None => Fact::unknown("pin", format!("nothing keeps the submitted {}", brief(head))),
    }])
}

/// Who was told that it needs help.
pub(super) fn escalations(snapshot: &Snapshot, bead: &BeadId) -> Vec<Fact> {
    let letters = match snapshot.documents::<Letter>() {
        Ok((letters, _)) => letters,
        Err(failure) => return vec![Fact::unknown("escalation", failure)],
    };
    let about = letters.into_iter().filter(|letter| letter.is_open_escalation() && letter.bead.as_ref() == Some(bead));
    about
        .map(|letter| {
            let Letter { from, to, subject, created, .. } = letter;
            Fact::known("escalation", format!("{from} told {to} at {}: {subject}", rfc3339(created)))
        })
        .collect()
}

/// Why the last `gt done` of its worker handed nothing in, while that is how it stands.
pub(super) fn refusal(open: &OpenTown, bead: &Bead) -> Vec<Fact> {
    if bead.status() != Status::Hooked {
        return Vec::new();
    }
    let told = done::last_refusal(open, &bead.id);
    let fact = |why: String| Fact::known("refused", format!("its last `gt done` handed nothing in: {why}"));
    Fact::all("refused", told.map(|why| why.into_iter().map(fact).collect()))
}

/// How earlier hookings ended.
pub(super) fn attempts(bead: &Bead) -> Vec<Fact> {
    let counted = bead.counted_attempts();
    let tell = |attempt: &crate::bead::Attempt| {
        let who = attempt.worker.as_ref().map_or_else(String::new, |worker| format!(" by {}", worker.short()));
        let reason = attempt.reason.lines().next().unwrap_or_default();
        let log = attempt.log.as_ref().map_or_else(String::new, |log| format!(" (log: {log})"));
        let outcome = word(attempt.outcome);
        Fact::known("attempt", format!("{}{who} ended as {outcome}: {reason}{log}", attempt.number))
    };
    let last: Vec<Fact> = bead.attempts.iter().rev().take(2).map(tell).collect();
    let verb = if counted == 1 { "counts" } else { "count" };
    let sum = (counted > 0).then(|| Fact::known("attempts", format!("{counted} {verb} towards the limit")));
    sum.into_iter().chain(last).collect()
}

/// What the session of the worker said last, when it is over.
pub(super) fn last_words(open: &OpenTown, worker: &WorkerRef) -> Vec<Fact> {
    attach::last_words(open, worker).into_iter().map(|line| Fact::known("said last", line)).collect()
}

/// How the last session of the worker ended, as it was taken down then.
pub(super) fn ending(open: &OpenTown, worker: &WorkerRef) -> Vec<Fact> {
    let read = || -> Outcome<Vec<Fact>> {
        let Some(row) = open.state()?.sessions_of_worker(&Actor::Worker(worker.clone()), 1)?.pop() else {
            return Ok(Vec::new());
        };
        let told = ending::kept(open, &row.id)?.map(|ending| ending::told(&row, &ending)).unwrap_or_default();
        Ok(told.into_iter().map(|sentence| Fact::known("ended", sentence)).collect())
    };
    Fact::all("ended", read())
}

/// The last sessions that worked on the bead.
pub(super) fn sessions_of_bead(open: &OpenTown, bead: &BeadId) -> Vec<Fact> {
    Fact::all("sessions", told(open, open.state().and_then(|state| Ok(state.sessions_of_bead(bead, SESSIONS)?))))
}

/// The last sessions of the worker.
pub(super) fn sessions_of_worker(open: &OpenTown, worker: &WorkerRef) -> Vec<Fact> {
    let actor = Actor::Worker(worker.clone());
    Fact::all("sessions", told(open, open.state().and_then(|state| Ok(state.sessions_of_worker(&actor, SESSIONS)?))))
}

fn told(open: &OpenTown, rows: Outcome<Vec<SessionRow>>) -> Outcome<Vec<Fact>> {
    let tell = |row: &SessionRow| {
        let began = short(since(open.now(), row.created));
        let end = match &row.end {
            None => "no end of it is recorded".to_owned(),
            Some(end) => {
                let status = end.status.map_or_else(|| "no status".to_owned(), |status| format!("status {status}"));
                format!("{} {} ago ({status})", end.reason, short(since(open.now(), end.at)))
            }
        };
        Fact::known("last session", format!("{} {} by {}, begun {began} ago; {end}", row.name, row.id, row.agent))
    };
    Ok(rows?.iter().map(tell).collect())
}

/// What the witness counted about the bead, as long as it holds.
pub(super) fn counters(open: &OpenTown, bead: &BeadId) -> Vec<Fact> {
    let read = || -> Outcome<Vec<Fact>> {
        let ending = format!(":{bead}");
        let counters = open.state()?.counters("witness.", open.now())?;
        let about = counters.into_iter().filter_map(|counter| {
            let name = counter.key.strip_suffix(&ending)?.trim_start_matches("witness.").to_owned();
            Some((name, counter))
        });
        Ok(about
            .map(|(name, counter)| {
                Fact::known("counter", format!("{name}: {}, last at {}", counter.value, rfc3339(counter.updated)))
            })
            .collect())
    };
    Fact::all("counter", read())
}

fn brief(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
