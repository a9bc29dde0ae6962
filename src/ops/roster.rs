//! What the scheduler decides from: rigs, workers and beads as they are at one commit.

use std::collections::{BTreeMap, BTreeSet};

use super::OpenTown;
use crate::bead::ready::{self, Account, Row};
use crate::bead::{Bead, Status};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, RoleName, WorkerName, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::polecat::names;
use crate::scheduler::{self, Worker, WorkerState};
use crate::town::{Rig, Town};

/// The folder of the documents of removed rigs.
pub const RETIRED_FOLDER: &str = "retired.d";
/// How many free names the scheduler gets to choose from: more than one pass ever starts.
const NAMES_OFFERED: usize = 64;

/// The rigs at the commit of `snapshot`; a file that is broken there is an error that names it.
///
/// # Errors
/// When a rig's document is broken or the ledger cannot be read.
pub fn rigs(snapshot: &Snapshot) -> Outcome<Vec<Rig>> {
    snapshot.texts(Town::RIGS_FOLDER)?.iter().map(|(path, text)| Ok(Rig::parse(path, text)?)).collect()
}

/// The rigs that were removed: their prefixes and names of workers are never given twice.
///
/// # Errors
/// When the ledger cannot be read.
pub fn retired(snapshot: &Snapshot) -> Outcome<Vec<Rig>> {
    let texts = snapshot.texts(RETIRED_FOLDER)?;
    let as_rig = |(path, text): &(String, String)| {
        let path = path.replacen(RETIRED_FOLDER, Town::RIGS_FOLDER, 1);
        Rig::parse(&path, text).ok()
    };
    Ok(texts.iter().filter_map(as_rig).collect())
}

/// The town as the scheduler sees it.
///
/// # Errors
/// When the ledger cannot be read.
pub fn town(open: &OpenTown, snapshot: &Snapshot, rigs: &[Rig]) -> Outcome<scheduler::Town> {
    let hooked = snapshot.beads(&BeadQuery::of(Status::Hooked))?;
    let hooks: BTreeMap<WorkerRef, BeadId> =
        hooked.into_iter().filter_map(|bead| Some((bead.claim()?.assignee.clone(), bead.id))).collect();
    let mut ever = retired(snapshot)?;
    ever.extend(rigs.iter().cloned());
    let free_names = free_names(open, &ever);
    let workers = rigs.iter().flat_map(Rig::polecats).map(|(who, role)| Worker {
        state: hooks.get(&who).map_or(WorkerState::Free, |bead| WorkerState::Hooked(bead.clone())),
        role: role.clone(),
        who,
    });
    Ok(scheduler::Town {
        workers: workers.collect(),
        limit: Some(open.settings.capacity),
        rigs: rigs
            .iter()
            .map(|rig| scheduler::Rig {
                name: rig.name.clone(),
                prefix: rig.prefix.clone(),
                parked: rig.parked,
                limit: None,
                pools: pools(open, rig),
                free_names: free_names.clone(),
            })
            .collect(),
    })
}

/// How many of each role may work in a rig at once: its pools, and the limits of roles that are in force in it. Where
/// both say something, the smaller number counts.
fn pools(open: &OpenTown, rig: &Rig) -> BTreeMap<RoleName, u32> {
    let mut pools = rig.workers.clone();
    let settings = open.settings_for(rig);
    let roles = settings.as_ref().map_or(&open.settings.roles, |settings| &settings.roles);
    for (role, limit) in roles.iter().filter_map(|(role, of)| Some((role, of.limit?))) {
        let pool = pools.entry(role.clone()).or_insert(limit);
        *pool = limit.min(*pool);
    }
    pools
}

/// Names that nobody in the town has or had: the person's pool first, then the built-in one.
fn free_names(open: &OpenTown, rigs: &[Rig]) -> Vec<WorkerName> {
    let mut taken: BTreeSet<WorkerName> = rigs.iter().flat_map(|rig| rig.names.keys().cloned()).collect();
    let own = open.settings.names.iter().filter(|name| !taken.contains(*name)).cloned();
    let mut free: Vec<WorkerName> = own.collect();
    taken.extend(free.iter().cloned());
    while free.len() < NAMES_OFFERED {
        let name = names::next(|name| taken.contains(name));
        taken.insert(name.clone());
        free.push(name);
    }
    free
}

/// What readiness depends on beside the beads.
pub fn readiness(open: &OpenTown, rigs: &[Rig]) -> ready::Context {
    ready::Context {
        now: open.now(),
        parked: rigs.iter().filter(|rig| rig.parked).map(|rig| rig.prefix.clone()).collect(),
        attempts_limit: open.settings.attempts as usize,
        attempts_limits: rigs
            .iter()
            .filter(|rig| rig.overrides.contains_key("attempts"))
            .filter_map(|rig| Some((rig.prefix.clone(), open.settings_for(rig).ok()?.attempts as usize)))
            .collect(),
    }
}

/// The row of a bead and of every bead that its readiness depends on: needs, ancestors and their needs, children.
///
/// # Errors
/// When the ledger cannot be read.
pub fn rows_about(snapshot: &Snapshot, bead: &Bead) -> Outcome<Vec<Row>> {
    let mut rows: BTreeMap<BeadId, Row> = BTreeMap::new();
    let mut above = Some(bead.clone());
    while let Some(bead) = above {
        if rows.contains_key(&bead.id) && rows.len() > 1 {
            break;
        }
        for need in &bead.needs {
            if let Some(need) = snapshot.find(need)? {
                rows.entry(need.id.clone()).or_insert_with(|| Row::from(&need));
            }
        }
        rows.insert(bead.id.clone(), Row::from(&bead));
        above = match &bead.parent {
            Some(parent) => snapshot.find(parent)?,
            None => None,
        };
    }
    let children = BeadQuery::children_of(&bead.id);
    for child in snapshot.beads(&children)? {
        rows.entry(child.id.clone()).or_insert_with(|| Row::from(&child));
    }
    Ok(rows.into_values().collect())
}

/// How one bead stands.
///
/// # Errors
/// When the ledger cannot be read.
pub fn account_of(open: &OpenTown, snapshot: &Snapshot, bead: &Bead, rigs: &[Rig]) -> Outcome<Account> {
    let rows = rows_about(snapshot, bead)?;
    let accounts = ready::account(&rows, &readiness(open, rigs));
    let found = accounts.into_iter().find(|account| account.id == bead.id);
    found.ok_or_else(|| Failure::new(Kind::Internal, format!("no account of {}", bead.id)))
}

/// The rows of every bead that is not closed, and of the closed ones that those depend on.
///
/// # Errors
/// When the ledger cannot be read.
pub fn all_rows(snapshot: &Snapshot) -> Outcome<Vec<Row>> {
    let open = BeadQuery::not_closed();
    let mut rows: BTreeMap<BeadId, Row> =
        snapshot.beads(&open)?.iter().map(|bead| (bead.id.clone(), Row::from(bead))).collect();
    let epics: Vec<BeadId> =
        rows.values().filter(|row| row.kind == crate::bead::Kind::Epic).map(|row| row.id.clone()).collect();
    let mut missing: Vec<BeadId> = rows
        .values()
        .flat_map(|row| row.needs.iter().chain(&row.parent))
        .filter(|id| !rows.contains_key(*id))
        .cloned()
        .collect();
    while let Some(id) = missing.pop() {
        if rows.contains_key(&id) {
            continue;
        }
        if let Some(bead) = snapshot.find(&id)? {
            missing.extend(bead.parent.iter().cloned());
            rows.insert(id, Row::from(&bead));
        }
    }
    for epic in epics {
        for child in snapshot.beads(&BeadQuery::children_of(&epic))? {
            rows.entry(child.id.clone()).or_insert_with(|| Row::from(&child));
        }
    }
    Ok(rows.into_values().collect())
}
