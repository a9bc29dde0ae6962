//! `gt log` and `gt bead log`: the git history of the ledger, and of one bead, as a story.

use std::collections::BTreeSet;

use chrono::DateTime;
use serde::Serialize;

use super::{OpenTown, Page, Row};
use crate::bead::lookup;
use crate::clock::Timestamp;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Git, Oid};
use crate::id::{Actor, BeadId};
use crate::town::Town;

/// One commit of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The commit.
    pub commit: Oid,
    /// When.
    pub at: Timestamp,
    /// Who did it; none when a person committed with plain git.
    pub actor: Option<Actor>,
    /// The author that the commit names.
    pub author: String,
    /// The verb; none when a person committed with plain git.
    pub event: Option<String>,
    /// The beads that it changed, as its trailers name them.
    pub beads: Vec<BeadId>,
    /// What happened, one line.
    pub subject: String,
}

impl Row for Entry {
    const SCHEMA: &'static str = "gt.log/1";
}

/// Which part of the history.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only what happened to this bead.
    pub bead: Option<String>,
    /// Only what happened in this rig.
    pub rig: Option<String>,
    /// Only what this actor did: `human`, `mayor`, `web/refinery`, or a worker.
    pub actor: Option<String>,
    /// Only these events; all when none is named. Not together with an actor.
    pub events: Vec<&'static str>,
    /// At most so many; all when nothing is said.
    pub limit: Option<usize>,
}

/// The fields of an entry, each ended by a byte that no subject has.
const FORMAT: &str = "--format=%H%x1f%at%x1f%an%x1f%s%x1f%(trailers:key=Actor,valueonly,separator=%x20)%x1f\
                      %(trailers:key=Event,valueonly,separator=%x20)%x1f%(trailers:key=Bead,valueonly,separator=%x20)%x1e";

/// The commits, the newest first.
///
/// # Errors
/// When the bead, the rig or the actor does not exist, or git fails.
pub fn log(open: &OpenTown, request: &Request) -> Outcome<Page<Entry>> {
    let tip = open.ledger.tip()?;
    let mut which = Vec::new();
    if let Some(actor) = &request.actor {
        which.push(format!("--grep=^Actor: {}$", actor_of(open, actor)?));
    }
    which.extend(request.events.iter().map(|event| format!("--grep=^Event: {event}$")));
    which.extend([tip.to_string(), "--".to_owned()]);
    which.extend(paths(open, request)?);
    let git = Git::at(&open.town.root);
    let mut arguments = vec!["log".to_owned(), FORMAT.to_owned()];
    // One more than wanted tells whether there are more.
    arguments.extend(request.limit.map(|limit| format!("--max-count={}", limit.saturating_add(1))));
    arguments.extend(which.iter().cloned());
    let text = git.run(&arguments)?;
    let mut rows = text.split('\x1e').map(str::trim_start).filter(|entry| !entry.is_empty()).map(read);
    let mut rows = rows.by_ref().collect::<Outcome<Vec<_>>>()?;
    let mut total = rows.len();
    if let Some(limit) = request.limit.filter(|limit| *limit < total) {
        rows.truncate(limit);
        let count: Vec<String> = ["rev-list", "--count"].map(str::to_owned).into_iter().chain(which).collect();
        total = git.run(&count)?.parse().unwrap_or(total);
    }
    Ok(Page { rows, total })
}

/// The files that the history is asked about; none for all.
fn paths(open: &OpenTown, request: &Request) -> Outcome<Vec<String>> {
    let mut paths = Vec::new();
    if let Some(text) = &request.bead {
        paths.push(open.bead_id(&open.snapshot()?, text)?.path());
    }
    if let Some(name) = &request.rig {
        let prefix = super::bead::create::prefix_of(open, Some(name))?;
        paths.push(format!("beads/{prefix}"));
        paths.extend([format!("{}/{name}.toml", Town::RIGS_FOLDER), format!("gates/{name}")]);
    }
    Ok(paths)
}

fn actor_of(open: &OpenTown, text: &str) -> Outcome<Actor> {
    if let Some(worker) = open.find_worker(text)? {
        return Ok(Actor::Worker(worker));
    }
    let failure = match text.parse::<Actor>() {
        // A worker that was retired has a history still.
        Ok(actor) => return Ok(actor),
        Err(_) => Failure::new(Kind::NotFound, format!("nobody here is called {text:?}")),
    };
    let workers = open.worker_names()?;
    let mut names: BTreeSet<&str> = workers.iter().map(|worker| worker.name.as_str()).collect();
    names.extend(["human", "mayor"]);
    Err(match lookup::nearest(text, names.iter().copied()) {
        Some(near) => failure.hint(format!("Did you mean {near}?")),
        None => failure.hint("Actors are human, mayor, RIG/refinery, RIG/witness and the workers."),
    })
}

fn read(entry: &str) -> Outcome<Entry> {
    let fields: Vec<&str> = entry.split('\x1f').collect();
    let [commit, at, author, subject, actor, event, beads] = fields[..] else {
        return Err(Failure::new(Kind::Internal, format!("git log answered in another form: {entry:?}")));
    };
    Ok(Entry {
        commit: commit.parse().map_err(|error| Failure::caused(Kind::Internal, "git log named no commit", error))?,
        at: at.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_default(),
        actor: actor.parse().ok(),
        author: author.to_owned(),
        event: (!event.is_empty()).then(|| event.to_owned()),
        beads: beads.split_whitespace().filter_map(|id| id.parse().ok()).collect(),
        subject: subject.to_owned(),
    })
}
