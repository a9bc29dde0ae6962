//! What a run sees: its beads in the ledger, their workers, and the merge queue.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::outlook::{Member, Place};
use crate::bead::Bead;
use crate::bead::ready::{Account, Standing};
use crate::clock::since;
use crate::convoy::{Convoy, ConvoyId, Progress};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, RigName, WorkerRef};
use crate::ledger::Snapshot;
use crate::mail::Letter;
use crate::ops::target::Target;
use crate::ops::tick::{Seen, is_merging, is_taken_back, seen};
use crate::ops::{OpenTown, convoy};
use crate::runtime;
use crate::store::Event;
use crate::town::Rig;
use crate::witness::Health;

/// After this time the accounts are made anew although the ledger did not change: dates pass.
const STALE: Duration = Duration::from_secs(5);

/// A worker at a bead of the convoy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// Who.
    pub worker: WorkerRef,
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Which attempt at it.
    pub attempt: u32,
    /// How the worker is, in a word.
    pub health: &'static str,
    /// What that is concluded from.
    pub evidence: String,
    /// Seconds since its session began.
    pub seconds: u64,
}

/// The merge queue, as far as the convoy is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// The beads of the convoy in it, with their titles.
    pub waiting: Vec<(BeadId, String)>,
    /// The gate that runs now, and for how many seconds.
    pub gate: Option<(String, u64)>,
    /// Whether somebody works through it.
    pub active: bool,
}

/// How a convoy stands at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Who works on it.
    pub workers: Vec<Worker>,
    /// What waits to be merged.
    pub queue: Queue,
    /// How many beads are where.
    pub progress: Progress,
}

/// What was seen at the last look.
#[derive(Debug, Default)]
pub(super) struct Sight {
    pub picture: Picture,
    pub members: Vec<Member>,
    pub others_at_work: bool,
}

/// Looks at a convoy again and again.
pub(super) struct Looker<'a> {
    open: &'a OpenTown,
    /// The convoy.
    pub convoy: ConvoyId,
    /// What the ledger said last.
    ledger: Option<Read>,
    /// Ready beads that the last tick did not start, and why.
    held_back: BTreeMap<BeadId, String>,
    sight: Sight,
}

/// What was read from the ledger at one commit.
struct Read {
    tip: crate::git::Oid,
    at: Instant,
    snapshot: Snapshot,
    convoy: Convoy,
    progress: Progress,
    accounts: BTreeMap<BeadId, Account>,
    titles: BTreeMap<BeadId, String>,
    rigs: Vec<Rig>,
    /// Problems that nobody has taken up, by bead and by rig.
    escalated: BTreeMap<BeadId, String>,
    escalated_rigs: BTreeMap<RigName, String>,
}

impl<'a> Looker<'a> {
    pub fn new(open: &'a OpenTown, convoy: ConvoyId) -> Self {
        Self { open, convoy, ledger: None, held_back: BTreeMap::new(), sight: Sight::default() }
    }

    /// Ready beads that a tick did not start.
    pub fn held_back(&mut self, held_back: Vec<(BeadId, String)>) {
        self.held_back = held_back.into_iter().collect();
    }

    /// What was seen last.
    pub fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Looks again, at the ledger too.
    pub fn look_anew(&mut self) -> Outcome<()> {
        self.ledger = None;
        self.look()
    }

    /// Looks again.
    pub fn look(&mut self) -> Outcome<()> {
        let tip = self.open.ledger.tip()?;
        let read = match self.ledger.take().filter(|read| read.tip == tip && read.at.elapsed() < STALE) {
            Some(read) => read,
            None => Read::of(self.open, &self.convoy)?,
        };
        let workers = seen(self.open, &read.snapshot, &read.rigs)?;
        let queue = queue(self.open, &read)?;
        let at_work =
            |seen: &&Seen| seen.bead.is_some() && !matches!(seen.judgement.health, Health::HeldElsewhere { .. });
        let mine = |seen: &&Seen| seen.bead.as_ref().is_some_and(|bead| read.convoy.members.contains(&bead.id));
        let picture = Picture {
            workers: workers.iter().filter(mine).filter_map(|seen| worker(self.open, seen)).collect(),
            progress: read.progress.clone(),
            queue,
        };
        let members = read.convoy.members.iter().map(|id| self.member(&read, &workers, &picture.queue, id)).collect();
        let others_at_work = workers.iter().filter(at_work).any(|seen| !mine(&seen) && moves(&read, seen));
        self.sight = Sight { picture, members, others_at_work };
        self.ledger = Some(read);
        Ok(())
    }

    fn member(&self, read: &Read, workers: &[Seen], queue: &Queue, id: &BeadId) -> Member {
        let Some(account) = read.accounts.get(id) else {
            return Member { id: id.clone(), place: Place::Blocked, why: "there is no such bead".to_owned() };
        };
        let seen = workers.iter().find(|seen| seen.bead.as_ref().is_some_and(|bead| bead.id == *id));
        let escalated = read.escalated.get(id).map(|subject| format!("escalated: {subject}"));
        let (place, why) = match &account.standing {
            Standing::Closed { .. } | Standing::Epic { .. } => (Place::Closed, None),
            Standing::Hooked { .. } => {
                let health = seen.map(|seen| {
                    format!(
                        "{} is {}: {}",
                        seen.observation.worker.short(),
                        seen.judgement.health.word(),
                        seen.judgement.evidence
                    )
                });
                (Place::Hooked { moves: seen.is_some_and(|seen| moves(read, seen)) }, escalated.or(health))
            }
            Standing::Submitted { .. } => {
                let rig = read.rig_of(id);
                let of_rig = rig.and_then(|rig| read.escalated_rigs.get(&rig.name).cloned());
                let trouble = escalated.or(of_rig.map(|subject| format!("escalated: {subject}")));
                match rig.and_then(|rig| Some((&rig.name, rig.paused.as_ref()?))) {
                    Some((name, reason)) if !queue.active => {
                        let paused = format!("its queue is paused: {reason}; `gt queue resume {name}` lets it go on");
                        (Place::Blocked, Some(paused))
                    }
                    _ => (Place::Queued { active: queue.active }, trouble),
                }
            }
            Standing::Ready if read.is_taken_back(id) => {
                (Place::Blocked, Some(format!("ready, but a person took it back; `gt sling {id}` starts it again")))
            }
            Standing::Ready => (Place::Ready, self.held_back.get(id).map(|why| format!("ready, not started: {why}"))),
            Standing::Failed { .. } => {
                (Place::Blocked, last_reason(read, id).map(|reason| format!("{account}: {reason}")))
            }
            _ => (Place::Blocked, None),
        };
        Member { id: id.clone(), place, why: why.unwrap_or_else(|| account.to_string()) }
    }

    /// The title of a bead of the convoy.
    pub fn title(&self, bead: &BeadId) -> Option<&str> {
        self.ledger.as_ref()?.titles.get(bead).map(String::as_str)
    }

    /// Whether an event belongs to this run: to one of its beads, or to the target of one of its rigs.
    pub fn is_about(&self, event: &Event) -> bool {
        let Some(read) = &self.ledger else { return false };
        match (&event.what.bead, &event.what.rig) {
            (Some(bead), _) => read.convoy.members.contains(bead),
            (None, Some(rig)) => {
                event.what.kind.starts_with("target.") && read.rigs.iter().any(|known| known.name == *rig)
            }
            (None, None) => false,
        }
    }

    /// The convoy as it was last read.
    pub fn convoy(&self) -> Outcome<Convoy> {
        self.read().map(|read| read.convoy.clone())
    }

    /// Its beads as they were last read.
    pub fn beads(&self) -> Outcome<Vec<Bead>> {
        let read = self.read()?;
        let beads = read.convoy.members.iter().map(|id| read.snapshot.find(id));
        Ok(beads.collect::<Outcome<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Why each bead that is not closed is not.
    pub fn reasons(&self) -> BTreeMap<BeadId, String> {
        self.sight.members.iter().map(|member| (member.id.clone(), member.why.clone())).collect()
    }

    /// Whether landed work is on its way to a person's repository.
    pub fn is_delivering(&self) -> Outcome<bool> {
        Ok(self.sight.picture.queue.active && !self.undelivered()?.is_empty())
    }

    /// The rigs whose landed work is not in the person's repository, with the reason.
    pub fn undelivered(&self) -> Outcome<Vec<(String, String)>> {
        let read = self.read()?;
        let mut found = Vec::new();
        for rig in read.rigs.iter() {
            if Target::of(self.open, rig).is_undelivered()? {
                let why = format!("{} does not have it yet; `gt rig take {}` takes it", rig.url, rig.name);
                found.push((rig.name.to_string(), why));
            }
        }
        Ok(found)
    }

    fn read(&self) -> Outcome<&Read> {
        self.ledger.as_ref().ok_or_else(|| Failure::new(Kind::Internal, "the run has not looked yet"))
    }
}

impl Read {
    fn of(open: &OpenTown, id: &ConvoyId) -> Outcome<Self> {
        let snapshot = open.snapshot()?;
        let convoy = snapshot.document::<Convoy>(&id.path())?;
        let convoy = convoy.ok_or_else(|| Failure::new(Kind::NotFound, format!("the convoy {id} is gone")))?;
        let (listed, accounts) = convoy::listed(open, &snapshot, convoy)?;
        let convoy::Listed { convoy, progress, .. } = listed;
        let rigs = crate::ops::roster::rigs(&snapshot)?;
        let prefixes: BTreeSet<_> = convoy.members.iter().map(BeadId::prefix).collect();
        let mut titles = BTreeMap::new();
        for member in &convoy.members {
            titles.extend(snapshot.row(member)?.map(|row| (member.clone(), row.title)));
        }
        let (letters, _) = snapshot.documents::<Letter>()?;
        let mut read = Self {
            tip: snapshot.tip().clone(),
            at: Instant::now(),
            accounts: accounts.into_iter().map(|account| (account.id.clone(), account)).collect(),
            rigs: rigs.into_iter().filter(|rig| prefixes.contains(&rig.prefix)).collect(),
            escalated: BTreeMap::new(),
            escalated_rigs: BTreeMap::new(),
            snapshot,
            convoy,
            progress,
            titles,
        };
        for letter in letters.into_iter().filter(Letter::is_open_escalation) {
            match (letter.bead, letter.from) {
                (Some(bead), _) => drop(read.escalated.insert(bead, letter.subject)),
                (None, Actor::Refinery(rig)) => drop(read.escalated_rigs.insert(rig, letter.subject)),
                _ => {}
            }
        }
        Ok(read)
    }

    /// Whether the tick leaves a ready bead alone because a person took it from its worker.
    fn is_taken_back(&self, bead: &BeadId) -> bool {
        self.snapshot.find(bead).ok().flatten().as_ref().is_some_and(is_taken_back)
    }

    fn rig_of(&self, bead: &BeadId) -> Option<&Rig> {
        self.rigs.iter().find(|rig| rig.prefix == bead.prefix())
    }
}

/// Whether a worker's bead is expected to go on by itself. Somebody who was told and has not acted may stay away for
/// long; a worker that works or begins goes on all the same.
fn moves(read: &Read, seen: &Seen) -> bool {
    let told = seen.bead.as_ref().is_some_and(|bead| read.escalated.contains_key(&bead.id));
    match &seen.judgement.health {
        Health::HeldElsewhere { .. } => false,
        Health::Working { .. } | Health::Limited { .. } | Health::Starting { .. } => !(told && seen.never_started),
        _ => !told,
    }
}

fn worker(open: &OpenTown, seen: &Seen) -> Option<Worker> {
    let bead = seen.bead.as_ref()?;
    let began = seen.row.as_ref().filter(|_| !seen.never_started).map(|row| row.created);
    Some(Worker {
        worker: seen.observation.worker.clone(),
        bead: bead.id.clone(),
        title: bead.title.clone(),
        attempt: bead.attempt_number(),
        // What still ends of an earlier session says nothing of this bead.
        health: if seen.never_started { "starting" } else { seen.judgement.health.word() },
        evidence: seen.judgement.evidence.clone(),
        seconds: began.map_or(0, |began| since(open.now(), began).as_secs()),
    })
}

fn queue(open: &OpenTown, read: &Read) -> Outcome<Queue> {
    let queued = |account: &&Account| {
        matches!(account.standing, Standing::Submitted { .. }) && read.convoy.members.contains(&account.id)
    };
    let title = |id: &BeadId| read.titles.get(id).cloned().unwrap_or_default();
    let waiting = read.accounts.values().filter(queued).map(|account| (account.id.clone(), title(&account.id)));
    let active = read.rigs.iter().any(|rig| is_merging(open, &rig.name));
    let gate = if active { gate(open, read)? } else { None };
    Ok(Queue { waiting: waiting.collect(), gate, active })
}

/// The gate of one of the rigs that runs now.
fn gate(open: &OpenTown, read: &Read) -> Outcome<Option<(String, u64)>> {
    let runs = runtime::runs(&open.town.run_dir())?;
    let is_gate = |command: &str| read.rigs.iter().flat_map(|rig| &rig.gates).any(|gate| gate.run == command);
    Ok(runs.into_iter().find_map(|run| match (run.command, run.observed) {
        (Some(command), runtime::Observed::Running(pid)) if is_gate(&command) => {
            Some((command, since(open.now(), pid.started).as_secs()))
        }
        _ => None,
    }))
}

fn last_reason(read: &Read, id: &BeadId) -> Option<String> {
    let bead = read.snapshot.find(id).ok()??;
    let last = bead.attempts.last()?;
    last.reason.lines().find(|line| !line.trim().is_empty()).map(str::to_owned)
}
