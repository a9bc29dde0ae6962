//! `gt why`: in whose hands a bead is, with the evidence. Nothing is repaired here.
//!
//! Every bead is in exactly one place: ready, waiting for something named, hooked, in the queue, escalated or closed.
//! What could not be found out is said to be unknown, never left out.

mod evidence;
pub mod programs;

use serde::Serialize;

use super::{OpenTown, Report, roster};
use crate::bead::ready::{Account, Standing};
use crate::bead::{Bead, Kind as BeadKind};
use crate::error::Outcome;
use crate::id::{BeadId, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::witness::Health;

pub use evidence::Fact;

/// In whose hands a bead or a worker is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The bead; none for a worker that has none.
    pub bead: Option<BeadId>,
    /// Its title.
    pub title: Option<String>,
    /// The worker that holds it, or that was asked about.
    pub worker: Option<WorkerRef>,
    /// In whose hands.
    pub hands: Hands,
    /// The same as one sentence without a full stop.
    pub sentence: String,
    /// What that was found out from, the most telling first.
    pub evidence: Vec<Fact>,
    /// What a person can do about it.
    pub next: Vec<String>,
}

impl Report for Why {
    const SCHEMA: &'static str = "gt.why/1";
}

/// In whose hands a bead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hands {
    /// It may start now; the scheduler gives it to the next free worker.
    Ready,
    /// It waits for something that the sentence names.
    Waiting,
    /// A worker has it, and its session lives.
    Hooked,
    /// A worker has it and its session does not live, or is not known to; the next tick sees to it.
    HookedWithoutSession,
    /// It is in the merge queue.
    Queued,
    /// Somebody was told that it needs help.
    Escalated,
    /// It was tried too often, and nobody was told yet; the next tick does that.
    Failed,
    /// It is over.
    Closed,
    /// A worker without a bead.
    Free,
}

/// Says in whose hands the bead or the worker is that `text` means.
///
/// # Errors
/// When there is none, several fit, or the ledger cannot be read.
pub fn why(open: &OpenTown, text: &str) -> Outcome<Why> {
    let snapshot = open.snapshot()?;
    let exact = text.parse::<BeadId>().is_ok();
    if let (false, Some(worker)) = (exact, open.find_worker(text)?) {
        return match held(&snapshot, &worker)? {
            Some(bead) => of_bead(open, &snapshot, bead),
            None => Ok(of_worker(open, &snapshot, worker)),
        };
    }
    let bead = snapshot.bead(&open.bead_id(&snapshot, text)?)?;
    of_bead(open, &snapshot, bead)
}

/// The bead of a worker; what is on its hook goes before what it submitted.
fn held(snapshot: &Snapshot, worker: &WorkerRef) -> Outcome<Option<Bead>> {
    let mut beads = snapshot.beads(&BeadQuery::default().held_by(worker))?;
    beads.sort_by_key(|bead| bead.status() != crate::bead::Status::Hooked);
    Ok(beads.into_iter().next())
}

fn of_worker(open: &OpenTown, snapshot: &Snapshot, worker: WorkerRef) -> Why {
    let (mut evidence, _) = evidence::health(open, snapshot, &worker);
    evidence.extend(evidence::ending(open, &worker));
    evidence.extend(evidence::sessions_of_worker(open, &worker));
    let sentence = format!("{} has no bead", worker.short());
    Why { bead: None, title: None, worker: Some(worker), hands: Hands::Free, sentence, evidence, next: Vec::new() }
}

fn of_bead(open: &OpenTown, snapshot: &Snapshot, bead: Bead) -> Outcome<Why> {
    let account = roster::account_of(open, snapshot, &bead, &roster::rigs(snapshot)?)?;
    let worker = bead.claim().map(|claim| claim.assignee.clone());
    let health = worker.as_ref().map(|worker| evidence::health(open, snapshot, worker));
    let escalated = evidence::escalations(snapshot, &bead.id);
    let seen = health.as_ref().and_then(|(_, health)| health.as_ref());
    let lives = seen.is_some_and(is_live);
    let elsewhere = matches!(seen, Some(Health::HeldElsewhere { .. }));
    let told = escalated.iter().any(|fact| fact.known);
    let hands = hands(&bead, &account, lives, told);
    let sentence = sentence(&account, hands, elsewhere);
    let next = next_steps(&bead, &account, hands, elsewhere);
    let mut evidence = vec![Fact::known("standing", account.to_string())];
    evidence.extend(evidence::claim(open, &bead));
    evidence.extend(health.filter(|_| hands != Hands::Queued).into_iter().flat_map(|(facts, _)| facts));
    evidence.extend(evidence::refusal(open, &bead));
    evidence.extend(evidence::queue(snapshot, &bead)?);
    evidence.extend(evidence::merge(open, snapshot, &bead));
    evidence.extend(escalated);
    if let (Hands::Escalated | Hands::HookedWithoutSession, Some(worker)) = (hands, &worker) {
        evidence.extend(evidence::ending(open, worker));
        evidence.extend(evidence::last_words(open, worker));
    }
    evidence.extend(evidence::attempts(&bead));
    evidence.extend(evidence::sessions_of_bead(open, &bead.id));
    evidence.extend(evidence::counters(open, &bead.id));
    Ok(Why { bead: Some(bead.id), title: Some(bead.title), worker, hands, sentence, evidence, next })
}

/// The one place where the bead is.
fn hands(bead: &Bead, account: &Account, lives: bool, told: bool) -> Hands {
    match account.standing {
        Standing::Closed { .. } => Hands::Closed,
        Standing::Submitted { .. } => Hands::Queued,
        _ if told && bead.kind != BeadKind::Epic => Hands::Escalated,
        Standing::Hooked { .. } if lives => Hands::Hooked,
        Standing::Hooked { .. } => Hands::HookedWithoutSession,
        Standing::Ready => Hands::Ready,
        Standing::Failed { .. } => Hands::Failed,
        _ => Hands::Waiting,
    }
}

/// What a person can do about it; nothing where it goes on by itself.
fn next_steps(bead: &Bead, account: &Account, hands: Hands, elsewhere: bool) -> Vec<String> {
    let id = &bead.id;
    let holder = bead.claim().map(|claim| claim.assignee.short());
    match (hands, &account.standing, holder) {
        (Hands::Escalated, Standing::Hooked { .. }, Some(worker)) => vec![
            format!("`gt peek {worker}` shows the last of its session"),
            format!("`gt polecat restart {worker}` begins anew, `gt unsling {id}` takes the bead back"),
        ],
        (Hands::Escalated | Hands::Failed, Standing::Failed { .. }, _) => {
            vec![format!("`gt bead reopen {id} -m WHY`, once its cause is mended")]
        }
        (Hands::Escalated, _, _) => vec![format!("`gt escalation ack {id}` says that you are at it")],
        (Hands::HookedWithoutSession, _, _) if !elsewhere => vec!["`gt doctor --fix` calls the tick now".to_owned()],
        (Hands::Ready, _, _) => vec![format!("`gt sling {id}` starts it now")],
        _ => Vec::new(),
    }
}

fn sentence(account: &Account, hands: Hands, elsewhere: bool) -> String {
    match hands {
        Hands::Ready => "ready: the next free worker gets it".to_owned(),
        Hands::Hooked => format!("{}, whose session lives", account.standing),
        Hands::HookedWithoutSession if elsewhere => format!("{}, in another clone of the town", account.standing),
        Hands::HookedWithoutSession => {
            format!("{}, whose session is not known to live; the next tick sees to it", account.standing)
        }
        Hands::Escalated => format!("escalated: {account}"),
        Hands::Failed => format!("{account}; nobody was told yet, the next tick does that"),
        _ => account.to_string(),
    }
}

fn is_live(health: &Health) -> bool {
    !matches!(
        health,
        Health::Free
            | Health::Zombie { .. }
            | Health::Orphan { .. }
            | Health::Ended { .. }
            | Health::HeldElsewhere { .. }
            | Health::Unknown { .. }
    )
}
