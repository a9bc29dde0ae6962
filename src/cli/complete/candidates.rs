//! What there is to complete in the town: read fast, and nothing on any trouble.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::ValueEnum;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::agent::Catalogue;
use crate::bead::{Bead, Kind, Status};
use crate::clock::Clock;
use crate::convoy::Convoy;
use crate::env;
use crate::id::WorkerRef;
use crate::ledger::{BeadQuery, Ledger, Order, Snapshot};
use crate::ops::branch_of;
use crate::town::{Rig, Town, schema};

/// The most beads that are offered at once.
const MOST: usize = 200;

/// Completes the name of a rig.
pub(in crate::cli) fn rigs() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        fitting(typed, all_rigs().iter().map(|rig| (rig.name.to_string(), rig.url.clone())))
    })
}

/// Completes a setting; those of a rig as `rigs.NAME.KEY`.
pub(in crate::cli) fn settings() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let rigs: Vec<String> = all_rigs().iter().map(|rig| format!("rigs.{}.", rig.name)).collect();
        let keys = schema::KEYS.iter().filter(|key| !key.path.contains('*'));
        let all = keys.flat_map(|key| {
            let above = if key.places.rig { rigs.as_slice() } else { &[] };
            let top = if key.places.town || key.places.local { Some(String::new()) } else { None };
            let prefixes = top.into_iter().chain(above.iter().cloned());
            prefixes.map(|prefix| (format!("{prefix}{}", key.path), key.meaning.to_owned())).collect::<Vec<_>>()
        });
        fitting(typed, all)
    })
}

/// Completes a worker, as `rig/name` or as the bare name.
pub(in crate::cli) fn workers() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let rigs = all_rigs();
        let polecats = rigs.iter().flat_map(Rig::polecats);
        fitting(typed, polecats.map(|(worker, role)| called(typed, &worker, role.as_str())))
    })
}

/// Completes a worker or a crew member, in the same way.
pub(in crate::cli) fn everybody() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let rigs = all_rigs();
        let polecats = rigs.iter().flat_map(Rig::polecats).map(|(worker, role)| called(typed, &worker, role.as_str()));
        fitting(typed, polecats.chain(rigs.iter().flat_map(Rig::crew).map(|worker| called(typed, &worker, "crew"))))
    })
}

/// Completes a crew member, in the same way.
pub(in crate::cli) fn crew() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let rigs = all_rigs();
        fitting(typed, rigs.iter().flat_map(Rig::crew).map(|worker| called(typed, &worker, "crew")))
    })
}

/// A worker as it is being typed, and what it is.
fn called(typed: &OsStr, worker: &WorkerRef, role: &str) -> (String, String) {
    let short = typed.to_str().is_none_or(|typed| !typed.contains('/'));
    let name = if short { worker.name.to_string() } else { worker.short() };
    (name, format!("{role} of {}", worker.rig))
}

/// Which beads a verb takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Takes {
    /// Those that are not closed.
    NotClosed,
    /// Those that a worker can be given.
    Slung,
    /// Those that somebody has.
    Held,
    /// Those in the merge queue.
    Queued,
    /// Those in the merge queue, and those that were sent back from it.
    Tried,
    /// Those that are closed, and those that were tried before.
    Reopened,
}

impl Takes {
    fn queries(self) -> Vec<BeadQuery> {
        let work = Kind::value_variants().iter().copied().filter(|kind| *kind != Kind::Epic).collect();
        let tried = BeadQuery { alone: Some(false), kind: work, ..BeadQuery::of(Status::Open) };
        match self {
            Self::NotClosed => vec![BeadQuery::not_closed()],
            Self::Slung => vec![BeadQuery { alone: None, ..tried }],
            Self::Held => vec![BeadQuery { status: vec![Status::Hooked, Status::Submitted], ..BeadQuery::default() }],
            Self::Queued => vec![BeadQuery::of(Status::Submitted)],
            Self::Tried => vec![BeadQuery::of(Status::Submitted), tried],
            Self::Reopened => vec![BeadQuery { order: Order::LastClosed, ..BeadQuery::default() }, tried],
        }
    }

    /// What no query asks: of the open ones, only those that were tried are reopened or tried again.
    fn has(self, bead: &Bead) -> bool {
        let tried = bead.status() != Status::Open || bead.counted_attempts() > 0;
        !matches!(self, Self::Tried | Self::Reopened) || tried
    }

    fn candidates(self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let found = || -> Option<Vec<(String, String)>> {
            let typed = typed.to_str()?;
            let snapshot = snapshot_of(&town()?)?;
            let begins = (!typed.is_empty()).then(|| typed.to_owned());
            let queries = self.queries().into_iter();
            let queries = queries.map(|query| BeadQuery { limit: Some(MOST), begins: begins.clone(), ..query });
            let beads = queries.flat_map(|query| snapshot.beads(&query).unwrap_or_default());
            Some(beads.filter(|bead| self.has(bead)).map(|bead| (bead.id.to_string(), bead.title)).collect())
        };
        fitting(typed, found().unwrap_or_default().into_iter())
    }
}

/// Completes the id of a bead that is not closed, with its title; after the first letters, any bead's.
pub(in crate::cli) fn beads() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| bead_candidates(typed))
}

/// Completes the id of a bead that a verb takes, with its title.
pub(in crate::cli) fn beads_that_are(takes: Takes) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| takes.candidates(typed))
}

/// Completes a bead that can be slung, a rig or a worker: what `gt sling` takes.
pub(in crate::cli) fn beads_and_places() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let mut all = Takes::Slung.candidates(typed);
        let rigs = all_rigs();
        all.extend(fitting(typed, rigs.iter().map(|rig| (rig.name.to_string(), rig.url.clone()))));
        all.extend(places_of(typed, &rigs));
        all
    })
}

/// Completes a bead that somebody has, or a worker: what `gt unsling` takes.
pub(in crate::cli) fn held_beads_and_workers() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let mut all = Takes::Held.candidates(typed);
        all.extend(places_of(typed, &all_rigs()));
        all
    })
}

fn places_of(typed: &OsStr, rigs: &[Rig]) -> Vec<CompletionCandidate> {
    let polecats = rigs.iter().flat_map(Rig::polecats);
    fitting(typed, polecats.map(|(worker, role)| (worker.short(), role.to_string())))
}

/// Completes the name of an agent.
pub(in crate::cli) fn agents() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let settings = town().and_then(|town| town.settings().ok());
        let catalogue = settings.map_or_else(Catalogue::built_in, |settings| Catalogue::new(&settings));
        fitting(typed, catalogue.all().into_iter().map(|preset| (preset.name.clone(), preset.title.clone())))
    })
}

/// Completes the id of a convoy that has not ended, with its title.
pub(in crate::cli) fn convoys() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let found = || -> Option<Vec<Convoy>> {
            let town = town()?;
            let (convoys, _) = snapshot_of(&town)?.documents().ok()?;
            Some(convoys)
        };
        let open = found().unwrap_or_default().into_iter().filter(|convoy| convoy.closed.is_none());
        fitting(typed, open.map(|convoy| (convoy.id.to_string(), convoy.title)))
    })
}

fn bead_candidates(typed: &OsStr) -> Vec<CompletionCandidate> {
    let found = || -> Option<Vec<(String, String)>> {
        let typed = typed.to_str()?;
        let snapshot = snapshot_of(&town()?)?;
        if !typed.is_empty() {
            return snapshot.beginning_with(typed, MOST).ok();
        }
        let (rows, _) = snapshot.rows(&BeadQuery { limit: Some(MOST), ..BeadQuery::not_closed() }).ok()?;
        Some(rows.into_iter().map(|row| (row.id, row.title)).collect())
    };
    fitting(typed, found().unwrap_or_default().into_iter())
}

/// The ledger of a town, found without reading all of its settings.
fn snapshot_of(town: &Town) -> Option<Snapshot> {
    Ledger::at(&town.root, &branch_of(town), Clock::System).snapshot().ok()
}

/// The candidates that begin with what was typed, each with its description.
fn fitting(typed: &OsStr, all: impl Iterator<Item = (String, String)>) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    // One group, named here: else each candidate is put into one with the whole usage of its argument as the name.
    let candidate = |(value, help): (String, String)| {
        CompletionCandidate::new(value).help(Some(help.into())).tag(Some("town".into()))
    };
    all.filter(|(value, _)| value.starts_with(typed)).map(candidate).collect()
}

fn all_rigs() -> Vec<Rig> {
    let rigs = town().and_then(|town| town.rigs_each().ok()).unwrap_or_default();
    rigs.into_iter().filter_map(Result::ok).collect()
}

/// The town that the command under the cursor would work in.
fn town() -> Option<Town> {
    let named = option_before_cursor().or_else(|| std::env::var_os(env::TOWN).map(PathBuf::from));
    let start = named.or_else(|| std::env::current_dir().ok())?;
    Town::above(&start).ok()
}

/// The value of `--town` or `-C` in the words that the shell hands over.
fn option_before_cursor() -> Option<PathBuf> {
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").collect();
    let joined = |word: &OsStr| word.to_str()?.strip_prefix("--town=").map(PathBuf::from);
    let at = words.iter().position(|word| word == "--town" || word == "-C");
    at.and_then(|at| words.get(at + 1)).map(PathBuf::from).or_else(|| words.iter().find_map(|word| joined(word)))
}
