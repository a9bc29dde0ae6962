//! From what a person typed to the bead or the worker that was meant.

use super::OpenTown;
use crate::bead::{Bead, lookup};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, WorkerRef};
use crate::ledger::{BeadQuery, Snapshot};
use crate::town::Rig;

impl OpenTown {
    /// The bead that a person meant: any unique beginning of its id with or without the prefix, or the worker it is on.
    ///
    /// # Errors
    /// When nothing or several things fit; the nearest are named.
    pub fn bead_id(&self, snapshot: &Snapshot, text: &str) -> Outcome<BeadId> {
        if let Ok(id) = text.parse::<BeadId>()
            && snapshot.row(&id)?.is_some()
        {
            return Ok(id);
        }
        let mut found = snapshot.beginning_with(text, 12)?;
        if found.len() == 1 {
            return Ok(found.remove(0).0.parse()?);
        }
        if found.is_empty()
            && let Some(broken) = broken_bead(snapshot, text)?
        {
            return Err(broken);
        }
        if found.is_empty()
            && let Some(bead) = self.bead_on(snapshot, text)?
        {
            return Ok(bead.id);
        }
        Err(if found.is_empty() { unknown_bead(snapshot, text)? } else { ambiguous(text, &found) })
    }

    /// The bead that the worker named so holds.
    fn bead_on(&self, snapshot: &Snapshot, text: &str) -> Outcome<Option<Bead>> {
        let Some(worker) = self.find_worker(text)? else { return Ok(None) };
        let query = BeadQuery { status: HELD.to_vec(), ..BeadQuery::default().held_by(&worker) };
        match snapshot.beads(&query)?.into_iter().next() {
            Some(bead) => Ok(Some(bead)),
            None => Err(Failure::new(Kind::NotFound, format!("{worker} has no bead"))
                .hint("`gt status` shows who works on what")),
        }
    }

    /// The rig that a person named; without a name that of the worker that acts, else the only one.
    ///
    /// # Errors
    /// When there is no such rig, none, or several and none was named.
    pub fn rig_meant(&self, name: Option<&str>) -> Outcome<Rig> {
        if let Some(name) = name {
            return self.rig(name);
        }
        if let Actor::Worker(worker) = &self.actor {
            return Ok(self.town.rig(&worker.rig)?);
        }
        let mut rigs = self.town.rigs()?;
        match rigs.len() {
            1 => Ok(rigs.remove(0)),
            0 => Err(Failure::new(Kind::NotFound, "the town has no rig yet").hint("Add one: gt rig add NAME URL|PATH")),
            _ => {
                let names = rigs.iter().map(|rig| rig.name.to_string()).collect::<Vec<_>>().join(", ");
                Err(Failure::new(Kind::Usage, "the town has several rigs, and none was named")
                    .hint(format!("Name one with --rig: {names}.")))
            }
        }
    }

    /// The worker that a person meant: `toast`, `web/toast`, `web/polecats/toast`.
    ///
    /// # Errors
    /// When the rigs cannot be read.
    pub fn find_worker(&self, text: &str) -> Outcome<Option<WorkerRef>> {
        if let Ok(worker) = text.parse::<WorkerRef>() {
            let known = self
                .town
                .rigs()?
                .iter()
                .any(|rig| rig.name == worker.rig && rig.worker(&worker.name).as_ref() == Some(&worker));
            return Ok(known.then_some(worker));
        }
        let (rig, name) = match text.split_once('/') {
            Some((rig, name)) => (Some(rig), name),
            None => (None, text),
        };
        let Ok(name) = name.parse() else { return Ok(None) };
        let rigs = self.town.rigs()?;
        Ok(rigs
            .iter()
            .filter(|candidate| rig.is_none_or(|rig| candidate.name.as_str() == rig))
            .find_map(|rig| rig.worker(&name)))
    }

    /// The worker that a person meant, by its name or by the bead that it holds.
    ///
    /// # Errors
    /// When there is none.
    pub fn worker(&self, snapshot: &Snapshot, text: &str) -> Outcome<WorkerRef> {
        if let Some(worker) = self.find_worker(text)? {
            return Ok(worker);
        }
        if let Ok(id) = self.bead_id(snapshot, text) {
            let bead = snapshot.bead(&id)?;
            return match bead.claim().map(|claim| claim.assignee.clone()) {
                Some(worker) => Ok(worker),
                None => {
                    let failure = Failure::new(Kind::NotFound, format!("nobody holds {id}: {}", bead.title));
                    Err(failure.hint(match bead.status() {
                        crate::bead::Status::Closed => format!("it is closed: `gt show {id}` tells how it ended"),
                        _ => format!("`gt sling {id}` gives it to a worker"),
                    }))
                }
            };
        }
        let names = self.worker_names()?;
        let failure = Failure::new(Kind::NotFound, format!("there is no worker {text:?}"));
        let short = text.rsplit('/').next().unwrap_or(text);
        Err(match lookup::nearest(short, names.iter().map(|worker| worker.name.as_str())) {
            Some(near) => failure.hint(format!("Did you mean {near}?")),
            None => failure.hint("`gt polecat list` shows the workers"),
        })
    }

    /// Every worker that has a name and is not retired.
    ///
    /// # Errors
    /// When the rigs cannot be read.
    pub fn worker_names(&self) -> Outcome<Vec<WorkerRef>> {
        Ok(self
            .town
            .rigs()?
            .iter()
            .flat_map(|rig| rig.polecats().map(|(worker, _)| worker).collect::<Vec<_>>())
            .collect())
    }
}

const HELD: [crate::bead::Status; 2] = [crate::bead::Status::Hooked, crate::bead::Status::Submitted];

/// Why the bead with this very id cannot be read, if its file is there and broken.
fn broken_bead(snapshot: &Snapshot, text: &str) -> Outcome<Option<Failure>> {
    let Ok(id) = text.parse::<BeadId>() else { return Ok(None) };
    Ok(snapshot.broken()?.into_iter().find(|broken| broken.path == id.path()).map(Failure::from))
}

fn unknown_bead(snapshot: &Snapshot, text: &str) -> Outcome<Failure> {
    let ids = snapshot.ids()?;
    let failure = Failure::new(Kind::NotFound, format!("there is no bead {text:?}"));
    let near = lookup::nearest(text, ids.iter().map(|(id, _)| id.as_str()));
    Ok(match near.and_then(|near| ids.iter().find(|(id, _)| id == near)) {
        Some((id, title)) => failure.hint(format!("Did you mean {id}: {title}?")),
        None => failure.hint("`gt list` shows the beads that are not closed"),
    })
}

fn ambiguous(text: &str, found: &[(String, String)]) -> Failure {
    let failure = Failure::new(Kind::Ambiguous, format!("{text:?} is the beginning of several ids"));
    found.iter().fold(failure, |failure, (id, title)| failure.hint(format!("{id}: {title}")))
}
