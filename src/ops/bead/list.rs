//! `gt bead list`, short `gt list`.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::{Serialize, Serializer};

use super::brief::{Brief, stored};
use crate::bead::{Kind as BeadKind, Status, lookup};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Prefix, RoleName, WorkerRef};
use crate::ledger::{BeadQuery, Order, Snapshot};
use crate::ops::{OpenTown, Page, Row, roles};

/// Which beads, in the words that a person typed. An empty field lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// In one of these states.
    pub status: Vec<Status>,
    /// Of one of these rigs; `hq` is the town itself.
    pub rig: Vec<String>,
    /// With every one of these labels.
    pub label: Vec<String>,
    /// For one of these roles.
    pub role: Vec<String>,
    /// Held by one of these workers.
    pub assignee: Vec<String>,
    /// Of one of these kinds.
    pub kind: Vec<BeadKind>,
    /// Children of this bead.
    pub parent: Option<String>,
    /// With this text in title, description or acceptance.
    pub text: Option<String>,
    /// Closed ones too.
    pub all: bool,
    /// At most so many; all when nothing is said.
    pub limit: Option<usize>,
}

/// One bead of a list. It is read when it is shown, one after the other, so that a list of all never lies in memory; as
/// JSON it is what the index holds.
#[derive(Debug, Clone)]
pub struct Listed {
    number: i64,
    snapshot: Rc<Snapshot>,
}

impl Listed {
    /// What a line shows of it.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn brief(&self) -> Outcome<Brief> {
        Brief::read(self.snapshot.line_at(self.number)?)
    }
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.snapshot.json_at(self.number).map_err(serde::ser::Error::custom)?;
        stored(&json, serializer)
    }
}

impl Row for Listed {
    const SCHEMA: &'static str = "gt.beads/1";
}

/// The beads that fit, most urgent first; when only closed ones were asked for, the last closed first.
///
/// # Errors
/// When a value of the request exists nowhere (the nearest is named), or the index cannot be read.
pub fn list(open: &OpenTown, request: &Request) -> Outcome<Page<Listed>> {
    let snapshot = open.snapshot()?;
    let query = query(open, &snapshot, request)?;
    let (numbers, total) = snapshot.numbers(&query)?;
    let snapshot = Rc::new(snapshot);
    let rows = numbers.into_iter().map(|number| Listed { number, snapshot: Rc::clone(&snapshot) }).collect();
    Ok(Page { rows, total })
}

fn query(open: &OpenTown, snapshot: &Snapshot, request: &Request) -> Outcome<BeadQuery> {
    let not_closed = Status::NOT_CLOSED.to_vec();
    let status = match (request.status.is_empty(), request.all) {
        (true, true) => Vec::new(),
        (true, false) => not_closed,
        (false, _) => request.status.clone(),
    };
    let order = if status == [Status::Closed] { Order::LastClosed } else { Order::Urgency };
    known_labels(snapshot, &request.label)?;
    Ok(BeadQuery {
        status,
        prefix: request.rig.iter().map(|name| prefix(open, name)).collect::<Outcome<_>>()?,
        label: request.label.clone(),
        role: known_roles(open, snapshot, &request.role)?,
        kind: request.kind.clone(),
        assignee: request.assignee.iter().map(|name| worker(open, name)).collect::<Outcome<_>>()?,
        parent: request.parent.as_ref().map(|text| open.bead_id(snapshot, text)).transpose()?,
        text: request.text.clone(),
        order,
        limit: request.limit,
        ..Default::default()
    })
}

/// The prefix of the rig that a person named.
pub(super) fn prefix(open: &OpenTown, name: &str) -> Outcome<Prefix> {
    super::create::prefix_of(open, Some(name))
}

fn known_labels(snapshot: &Snapshot, labels: &[String]) -> Outcome<()> {
    if labels.is_empty() {
        return Ok(());
    }
    let all = snapshot.labels()?;
    labels.iter().try_for_each(|label| known("label", label, all.iter().map(String::as_str)))
}

/// The roles by these names: one that has a template, settings or a bead is known.
pub(super) fn known_roles(open: &OpenTown, snapshot: &Snapshot, names: &[String]) -> Outcome<Vec<RoleName>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut all: BTreeSet<String> = snapshot.roles()?.into_iter().collect();
    all.extend(roles::all(open).iter().map(ToString::to_string));
    all.extend(open.settings.roles.keys().map(ToString::to_string));
    let one = |name: &String| {
        known("role", name, all.iter().map(String::as_str))?;
        Ok(name.parse()?)
    };
    names.iter().map(one).collect()
}

fn known<'a>(field: &str, value: &str, all: impl Iterator<Item = &'a str> + Clone) -> Outcome<()> {
    if all.clone().any(|known| known == value) {
        return Ok(());
    }
    let failure = Failure::new(Kind::NotFound, format!("no bead has the {field} {value:?}"));
    Err(match lookup::nearest(value, all.clone()) {
        Some(near) => failure.hint(format!("Did you mean {near}?")),
        None => {
            let some: Vec<&str> = all.take(12).collect();
            if some.is_empty() { failure } else { failure.hint(format!("Known are {}.", some.join(", "))) }
        }
    })
}

fn worker(open: &OpenTown, name: &str) -> Outcome<WorkerRef> {
    if let Some(worker) = open.find_worker(name)? {
        return Ok(worker);
    }
    let names = open.worker_names()?;
    let short = name.rsplit('/').next().unwrap_or(name);
    let failure = Failure::new(Kind::NotFound, format!("there is no worker {name:?}"));
    Err(match lookup::nearest(short, names.iter().map(|worker| worker.name.as_str())) {
        Some(near) => failure.hint(format!("Did you mean {near}?")),
        None => failure.hint("`gt polecat list` shows the workers"),
    })
}
