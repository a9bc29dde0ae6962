//! What the ledger tells: beads, the queues, problems, convoys, evidence.

use std::collections::BTreeMap;

use super::picture::{BrokenFile, ConvoyPart, Counts, Escalation, Green, Queued, Step};
use crate::bead::ready::{self, Account, Row, Standing};
use crate::bead::{Bead, Status};
use crate::convoy::{Convoy, Progress};
use crate::error::Outcome;
use crate::git::Oid;
use crate::id::{BeadId, HomeId, Prefix};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mail::{Kind, Letter};
use crate::ops::refinery::{every_entry, on_record};
use crate::ops::{OpenTown, roster};
use crate::refinery::{self, Subject};
use crate::town::{Rig, Town};

/// What the ledger tells of the whole town.
pub struct Told {
    /// Its tip.
    pub tip: Oid,
    /// Files that cannot be read.
    pub broken: Vec<BrokenFile>,
    /// Problems that nobody has acknowledged, the worst first.
    pub escalations: Vec<Escalation>,
    /// Convoys that are not closed.
    pub convoys: Vec<ConvoyPart>,
    /// How many beads of each prefix stand where.
    pub counts: BTreeMap<Prefix, Counts>,
    /// The merge queue of each prefix.
    pub queues: BTreeMap<Prefix, Vec<Queued>>,
    /// The beads that are on hooks.
    pub hooked: Vec<Bead>,
    /// For looking at evidence.
    pub snapshot: Snapshot,
}

/// Reads all of it at one commit.
///
/// # Errors
/// When the ledger cannot be read.
pub fn told(open: &OpenTown, rigs: &[Rig]) -> Outcome<Told> {
    let snapshot = open.snapshot()?;
    let rows = roster::all_rows(&snapshot)?;
    let accounts = ready::account(&rows, &roster::readiness(open, rigs));
    let (letters, mut broken) = snapshot.documents::<Letter>()?;
    let (convoys, more) = snapshot.documents::<Convoy>()?;
    broken.extend(more);
    broken.extend(snapshot.broken()?);
    let broken = broken.into_iter().map(|file| BrokenFile { path: file.path, line: file.line, reason: file.reason });
    let escalations = escalations(letters, &rows);
    let queues = queues(open, &snapshot, &escalations)?;
    Ok(Told {
        tip: snapshot.tip().clone(),
        broken: broken.collect(),
        convoys: convoys
            .iter()
            .filter(|convoy| convoy.closed.is_none())
            .map(|convoy| part(convoy, &accounts))
            .collect(),
        counts: counts(&snapshot, &accounts)?,
        queues,
        escalations,
        hooked: snapshot.beads(&BeadQuery::of(Status::Hooked))?,
        snapshot,
    })
}

fn part(convoy: &Convoy, accounts: &[Account]) -> ConvoyPart {
    ConvoyPart {
        id: convoy.id.to_string(),
        title: convoy.title.clone(),
        fed: convoy.feed,
        progress: Progress::of(convoy, accounts),
    }
}

/// Problems that somebody has to see to. What was said about a bead is over when the bead is.
fn escalations(letters: Vec<Letter>, rows: &[Row]) -> Vec<Escalation> {
    let over = |bead: &BeadId| rows.iter().find(|row| row.id == *bead).is_none_or(|row| row.status == Status::Closed);
    let mut open: Vec<Escalation> = letters
        .into_iter()
        .filter(|letter| letter.is_open_escalation() && !letter.bead.as_ref().is_some_and(over))
        .filter_map(|letter| match letter.kind {
            Kind::Escalation { severity } => Some(Escalation {
                id: letter.id,
                severity,
                to: letter.to,
                bead: letter.bead,
                subject: letter.subject,
                since: letter.created,
            }),
            Kind::Message => None,
        })
        .collect();
    open.sort_by(|one, other| (other.severity, one.since, &one.id).cmp(&(one.severity, other.since, &other.id)));
    open
}

fn counts(snapshot: &Snapshot, accounts: &[Account]) -> Outcome<BTreeMap<Prefix, Counts>> {
    let mut counts: BTreeMap<Prefix, Counts> = BTreeMap::new();
    for account in accounts {
        let of = counts.entry(account.id.prefix()).or_default();
        match account.standing {
            Standing::Ready => of.ready += 1,
            Standing::Hooked { .. } => of.hooked += 1,
            Standing::Submitted { .. } => of.submitted += 1,
            Standing::Failed { .. } => of.failed += 1,
            Standing::Epic { .. } => of.epics += 1,
            // Of the closed ones only those were read that others lean on.
            Standing::Closed { .. } => {}
            Standing::Waiting { .. }
            | Standing::BlockedAncestor { .. }
            | Standing::Deferred { .. }
            | Standing::Parked { .. } => of.waiting += 1,
        }
    }
    for (prefix, state, count) in snapshot.counts()? {
        if matches!(state.as_str(), "open" | "hooked" | "submitted") {
            continue;
        }
        if let Ok(prefix) = prefix.parse::<Prefix>() {
            counts.entry(prefix).or_default().closed += count;
        }
    }
    Ok(counts)
}

fn queues(open: &OpenTown, snapshot: &Snapshot, escalations: &[Escalation]) -> Outcome<BTreeMap<Prefix, Vec<Queued>>> {
    let home = open.town.local()?.map(|local| local.home);
    let submitted = snapshot.beads(&BeadQuery::of(Status::Submitted))?;
    let mut of_prefix: BTreeMap<Prefix, Vec<Bead>> = BTreeMap::new();
    for bead in submitted {
        of_prefix.entry(bead.id.prefix()).or_default().push(bead);
    }
    let queue = |beads: Vec<Bead>| -> Outcome<Vec<Queued>> {
        let placed = refinery::order(&every_entry(snapshot, &beads)?).into_iter();
        Ok(placed
            .filter_map(|placed| {
                let bead = beads.iter().find(|bead| bead.id == placed.bead)?;
                Some(queued(bead, placed.why, step(bead, home.as_ref(), escalations)))
            })
            .collect())
    };
    of_prefix.into_iter().map(|(prefix, beads)| Ok((prefix, queue(beads)?))).collect()
}

fn queued(bead: &Bead, why: String, step: Step) -> Queued {
    Queued {
        id: bead.id.clone(),
        title: bead.title.clone(),
        by: bead.claim().map(|claim| claim.assignee.clone()),
        submitted: bead.merge.as_ref().map_or(bead.created, |merge| merge.submitted),
        why,
        step,
    }
}

/// What the ledger knows of the step; whether a gate runs is not in it.
fn step(bead: &Bead, home: Option<&HomeId>, escalations: &[Escalation]) -> Step {
    let elsewhere = bead.claim().map(|claim| &claim.home).filter(|of| Some(*of) != home);
    let problem = escalations.iter().find(|problem| problem.bead.as_ref() == Some(&bead.id));
    if let Some(home) = elsewhere {
        Step::HeldElsewhere { home: home.to_string() }
    } else if bead.merge.as_ref().is_some_and(|merge| merge.intent.is_some()) {
        Step::Landing
    } else if let Some(offer) = bead.merge.as_ref().and_then(|merge| merge.offer.as_ref()) {
        Step::Offered { branch: offer.branch.clone() }
    } else if let Some(problem) = problem {
        let own = format!("{}: ", bead.id);
        Step::SetAside { reason: problem.subject.strip_prefix(&own).unwrap_or(&problem.subject).to_owned() }
    } else {
        Step::Waits
    }
}

/// What the evidence in the ledger says of a tree.
///
/// # Errors
/// When the ledger or the settings cannot be read.
pub fn green(town: &Town, snapshot: &Snapshot, rig: &Rig, tree: &Oid) -> Outcome<Green> {
    if rig.gates.is_empty() {
        return Ok(Green::NoGates);
    }
    let subject = Subject::tree(&tree.to_string());
    let recorded = on_record(snapshot, rig, &town.settings_for(rig)?, &subject, tree.as_str())?;
    let required: Vec<_> = recorded.into_iter().filter(|(gate, _)| gate.required).collect();
    let red = required.iter().filter_map(|(_, evidence)| evidence.as_ref()).find(|evidence| !evidence.passed());
    Ok(match red {
        Some(evidence) => Green::Red { reason: evidence.sentence() },
        None if required.iter().all(|(_, evidence)| evidence.is_some()) => Green::Green,
        None => Green::NotGated,
    })
}
