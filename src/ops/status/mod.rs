//! `gt status`: the one clear picture of the town.
//!
//! Every source is asked in a thread of its own, and has a second: the ledger, the files of the town, each rig's
//! repository, the local state with the terminals. What does not answer is shown as unknown, with the reason.
//! Nothing is repaired here.

mod ledger;
mod local;
mod picture;
mod repository;
mod source;

use std::collections::BTreeMap;
use std::time::Duration;

use super::OpenTown;
use crate::error::Outcome;
use crate::git::Oid;
use crate::id::{Prefix, RigName};
use crate::ops::ledger::{Refusal, judge};
use crate::town::{Rig, Town, TownError};
use local::Refinery;
pub use picture::{
    BeadLine, BrokenFile, ConvoyPart, Counts, Delivery, EditedFile, Escalation, Green, Picture, Queued, RigFacts,
    RigPart, SessionPart, Silent, Step, TargetTip, TownPart, WorkerPart,
};
pub use source::{Asked, Known};

/// How long a source has.
const SOURCE: Duration = Duration::from_secs(1);
/// Workers are looked at after the terminals answered or did not.
const WORKERS: Duration = Duration::from_millis(1_600);
/// How long one question to git may take, within its source's limit.
const GIT: Duration = Duration::from_millis(900);
/// Reading evidence, once the tips are known.
const EVIDENCE: Duration = Duration::from_millis(300);

/// Takes the picture; of one rig when it is named.
///
/// # Errors
/// When there is no such rig, or the folder of the rigs cannot be listed.
pub fn status(open: &OpenTown, rig: Option<&str>) -> Outcome<Picture> {
    let mut names = open.town.rig_names()?;
    if let Some(wanted) = rig {
        let wanted: RigName = wanted.parse()?;
        if !names.contains(&wanted) {
            // Names the nearest.
            open.town.rig(&wanted)?;
        }
        names.retain(|name| *name == wanted);
    }
    let read: Vec<(RigName, Result<Rig, String>)> =
        names.into_iter().map(|name| (name.clone(), open.town.rig(&name).map_err(|error| error.to_string()))).collect();
    Ok(Gathering::begin(open, &read)?.picture(open, read))
}

/// What landed in a rig of a local repository and is not yet in that; none for another rig.
///
/// # Errors
/// When the repositories cannot be read within `limit`.
pub(super) fn waiting_delivery(open: &OpenTown, rig: &Rig, limit: Duration) -> Outcome<Option<Delivery>> {
    let Some(delivery) = repository::told(open, rig, limit)?.delivery.transpose()? else { return Ok(None) };
    let why = local::refinery(open, &rig.name)?.undelivered.filter(|_| delivery.waiting > 0);
    Ok(Some(Delivery { why, ..delivery }))
}

/// Questions under way.
struct Gathering {
    rigs: Vec<Rig>,
    ledger: Asked<ledger::Told>,
    edits: Asked<Edits>,
    workers: Asked<local::Told>,
    repositories: Vec<(RigName, Asked<repository::Told>)>,
    refineries: Asked<BTreeMap<RigName, Refinery>>,
}

impl Gathering {
    fn begin(open: &OpenTown, read: &[(RigName, Result<Rig, String>)]) -> Outcome<Self> {
        let rigs: Vec<Rig> = read.iter().filter_map(|(_, rig)| rig.as_ref().ok().cloned()).collect();
        let ledger = {
            // What stands where depends on every rig, also on those that are not shown.
            let (open, all) =
                (open.again(), open.town.rigs_each()?.into_iter().filter_map(Result::ok).collect::<Vec<_>>());
            Asked::begin(SOURCE, move || ledger::told(&open, &all))
        };
        let edits = {
            let open = open.again();
            Asked::begin(SOURCE, move || edits(&open))
        };
        let workers = {
            let (open, rigs) = (open.again(), rigs.clone());
            Asked::begin(WORKERS, move || local::told(&open, &rigs, SOURCE))
        };
        let mut repositories = Vec::new();
        for rig in rigs.iter().cloned() {
            let (open, name) = (open.again(), rig.name.clone());
            repositories.push((name, Asked::begin(SOURCE, move || repository::told(&open, &rig, GIT))));
        }
        let refineries = {
            let (open, names) = (open.again(), rigs.iter().map(|rig| rig.name.clone()).collect::<Vec<_>>());
            Asked::begin(SOURCE, move || {
                names.into_iter().map(|name| Ok((name.clone(), local::refinery(&open, &name)?))).collect()
            })
        };
        Ok(Self { rigs, ledger, edits, workers, repositories, refineries })
    }

    fn picture(self, open: &OpenTown, read: Vec<(RigName, Result<Rig, String>)>) -> Picture {
        let now = open.now();
        let Self { rigs, ledger, edits, workers, repositories, refineries } = self;
        let mut silent = Vec::new();
        let edits = edits.answer();
        let repositories: BTreeMap<RigName, Known<repository::Told>> =
            repositories.into_iter().map(|(name, asked)| (name, asked.answer())).collect();
        let refineries = refineries.answer();
        let ledger = ledger.answer();
        let town = town_part(open, &edits, &ledger);
        let hooked = ledger.known().map(|told| told.hooked.clone()).unwrap_or_default();
        let workers = match workers.answer() {
            Known::Known(told) => {
                silent.extend(told.terminals.map(|why| Silent { source: "terminals".to_owned(), why }));
                told.workers
            }
            Known::Unknown { unknown } => local::unseen(&rigs, &hooked, &unknown, now),
        };
        let strangers = local::strangers(&rigs, &workers, &hooked, now);
        if let Some(why) = refineries.why() {
            silent.push(Silent { source: "refineries".to_owned(), why: why.to_owned() });
        }
        let mut facts = Vec::new();
        for rig in &rigs {
            let repository = repositories.get(&rig.name);
            let refinery = refineries.known().and_then(|all| all.get(&rig.name)).cloned().unwrap_or_default();
            let mut workers: Vec<WorkerPart> =
                workers.iter().filter(|part| part.worker.rig == rig.name).cloned().collect();
            workers.extend(strangers.iter().filter(|part| part.worker.rig == rig.name).cloned());
            facts.push(rig_facts(rig, repository, &ledger, refinery, workers));
        }
        evidence(open, ledger, &rigs, &mut facts);
        let mut facts = facts.into_iter();
        let rigs = read.into_iter().map(|(name, rig)| match rig {
            Ok(_) => RigPart { name, broken: None, facts: facts.next() },
            Err(reason) => RigPart { name, broken: Some(reason), facts: None },
        });
        Picture { now, town, rigs: rigs.collect(), silent }
    }
}

/// What a person wrote in the ledger's files.
#[derive(Clone)]
struct Edits {
    files: Vec<EditedFile>,
    /// Those that `gt ledger adopt` would refuse.
    broken: Vec<BrokenFile>,
}

fn edits(open: &OpenTown) -> Outcome<Edits> {
    let edits = open.ledger.hand_edits_within(Some(GIT))?;
    let refusals = if edits.is_empty() { Vec::new() } else { judge(&open.snapshot()?, &edits)? };
    let broken = |refusal: Refusal| BrokenFile { path: refusal.path, line: refusal.line, reason: refusal.reason };
    let broken = refusals.into_iter().flatten().map(broken).collect();
    Ok(Edits { files: edits.into_iter().map(|edit| EditedFile { path: edit.path, kind: edit.kind }).collect(), broken })
}

fn town_part(open: &OpenTown, edits: &Known<Edits>, ledger: &Known<ledger::Told>) -> TownPart {
    let settings = settings(open);
    let edited = edits.known().map(|edits| edits.broken.clone()).unwrap_or_default();
    let told_already = |file: &BrokenFile| settings.as_ref().is_some_and(|told| told.path == file.path);
    let edited = edited.into_iter().filter(|file| !told_already(file));
    let on_disk: Vec<BrokenFile> = settings.iter().cloned().chain(edited).collect();
    TownPart {
        name: open.settings.name.clone(),
        root: open.town.root.clone(),
        branch: open.settings.branch.clone(),
        tip: ledger.map(|told| told.tip.clone()),
        edits: edits.map(|edits| edits.files.clone()),
        broken: ledger.map(|told| on_disk.into_iter().chain(told.broken.clone()).collect()),
        escalations: ledger.map(|told| told.escalations.clone()),
        convoys: ledger.map(|told| told.convoys.clone()),
        beads: ledger.map(|told| told.counts.get(&Prefix::town()).copied().unwrap_or_default()),
    }
}

/// What keeps the town's settings from being read.
fn settings(open: &OpenTown) -> Option<BrokenFile> {
    match open.town.settings().err()? {
        TownError::Setting { file, line, reason, .. } => Some(BrokenFile { path: file, line: Some(line), reason }),
        other => Some(BrokenFile { path: Town::FILE.to_owned(), line: None, reason: other.to_string() }),
    }
}

fn rig_facts(
    rig: &Rig,
    repository: Option<&Known<repository::Told>>,
    ledger: &Known<ledger::Told>,
    refinery: Refinery,
    workers: Vec<WorkerPart>,
) -> RigFacts {
    let unasked = Known::unknown("it was not asked");
    let repository = repository.unwrap_or(&unasked);
    let why = refinery.undelivered.clone();
    let delivery = match repository {
        Known::Known(told) => told.delivery.as_ref().map(|delivery| match delivery {
            Ok(delivery) => Known::Known(Delivery { why: why.filter(|_| delivery.waiting > 0), ..delivery.clone() }),
            Err(failure) => Known::unknown(failure.to_string()),
        }),
        Known::Unknown { .. } => None,
    };
    let queue = ledger.map(|told| {
        let queue = told.queues.get(&rig.prefix).cloned().unwrap_or_default();
        queue.into_iter().map(|queued| under_way(queued, &refinery)).collect()
    });
    RigFacts {
        prefix: rig.prefix.clone(),
        url: rig.url.clone(),
        branch: rig.branch.clone(),
        parked: rig.parked,
        paused: rig.paused.clone(),
        target: repository.map(|told| told.tip.clone()),
        gates: Known::unknown("the target is unknown"),
        delivery,
        workers,
        refinery_at_work: refinery.at_work,
        queue,
        beads: ledger.map(|told| told.counts.get(&rig.prefix).copied().unwrap_or_default()),
    }
}

/// A bead of the queue, with the gate that runs on it.
fn under_way(queued: Queued, refinery: &Refinery) -> Queued {
    match &refinery.gating {
        Some((gate, on, since)) if queued.step == Step::Waits && on.split(", ").any(|id| id == queued.id.as_str()) => {
            Queued { step: Step::Gating { gate: gate.clone(), since: *since }, ..queued }
        }
        _ => queued,
    }
}

/// Fills in what the gates said of each tip.
fn evidence(open: &OpenTown, ledger: Known<ledger::Told>, rigs: &[Rig], facts: &mut [RigFacts]) {
    let told = match ledger {
        Known::Known(told) => told,
        Known::Unknown { unknown } => {
            return facts.iter_mut().for_each(|facts| facts.gates = Known::unknown(&unknown));
        }
    };
    let wanted: Vec<(Rig, Oid)> = rigs
        .iter()
        .zip(facts.iter())
        .filter_map(|(rig, facts)| Some((rig.clone(), facts.target.known()?.tree.clone())))
        .collect();
    let (snapshot, town) = (told.snapshot, open.town.clone());
    let asked = Asked::begin(EVIDENCE, move || {
        wanted.iter().map(|(rig, tree)| Ok((rig.name.clone(), ledger::green(&town, &snapshot, rig, tree)?))).collect()
    });
    let answer: Known<BTreeMap<RigName, Green>> = asked.answer();
    for (rig, facts) in rigs.iter().zip(facts) {
        facts.gates = match (&facts.target, &answer) {
            (Known::Unknown { unknown }, _) | (_, Known::Unknown { unknown }) => Known::unknown(unknown),
            (_, Known::Known(all)) => {
                all.get(&rig.name).cloned().map_or_else(|| Known::Known(Green::NotGated), Known::Known)
            }
        };
    }
}
