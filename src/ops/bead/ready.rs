//! `gt bead ready`, short `gt ready`: what may start now, and what everything else waits for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::brief::Brief;
use super::list::{known_roles, prefix};
use crate::bead::ready::{self, Account, Row, Standing};
use crate::bead::{Kind as BeadKind, Status};
use crate::error::Outcome;
use crate::id::BeadId;
use crate::ledger::{BeadQuery, Snapshot};
use crate::ops::{self, OpenTown, Page, roster};

/// Which beads, in the words that a person typed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Of one of these rigs.
    pub rig: Vec<String>,
    /// For one of these roles.
    pub role: Vec<String>,
    /// At most so many; all when nothing is said.
    pub limit: Option<usize>,
}

impl Request {
    fn query(&self, open: &OpenTown, snapshot: &Snapshot) -> Outcome<BeadQuery> {
        let prefix = self.rig.iter().map(|name| prefix(open, name)).collect::<Outcome<_>>()?;
        Ok(BeadQuery { prefix, role: known_roles(open, snapshot, &self.role)?, ..Default::default() })
    }
}

/// A bead that may start now.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Ready(pub Brief);

impl ops::Row for Ready {
    const SCHEMA: &'static str = "gt.ready/1";
}

/// The beads that may start now, in the order in which they start.
///
/// # Errors
/// When a value of the request exists nowhere, or the index cannot be read.
pub fn ready(open: &OpenTown, request: &Request) -> Outcome<Page<Ready>> {
    let snapshot = open.snapshot()?;
    let now = open.now();
    let query = BeadQuery { startable_at: Some(now), ..request.query(open, &snapshot)? };
    let context = roster::readiness(open, &roster::rigs(&snapshot)?);
    // The index has settled needs and dates. What has nothing above it, no failed attempt and no parked rig, is ready.
    let (mut queue, alone) = snapshot.startable(&BeadQuery {
        alone: Some(true),
        not_prefix: context.parked.iter().cloned().collect(),
        limit: request.limit,
        ..query.clone()
    })?;
    let (asked, _) = snapshot.startable(&BeadQuery { alone: Some(false), ..query })?;
    let known = with_ancestors(&snapshot, &asked)?;
    let ready: BTreeSet<&BeadId> = ready::queue(&known, &context).into_iter().map(|row| &row.id).collect();
    let hanging: Vec<Row> = asked.into_iter().filter(|row| ready.contains(&row.id)).collect();
    let total = alone + hanging.len();
    queue.extend(hanging);
    queue.sort_by(|one, other| (one.priority, one.created, &one.id).cmp(&(other.priority, other.created, &other.id)));
    let mut rows = Vec::new();
    for row in queue.iter().take(request.limit.unwrap_or(usize::MAX)) {
        rows.extend(snapshot.line(&row.id)?.map(Brief::read).transpose()?.map(Ready));
    }
    Ok(Page { rows, total })
}

/// What decides about `startable`: themselves, what is above them, and what those need.
fn with_ancestors(snapshot: &Snapshot, startable: &[Row]) -> Outcome<Vec<Row>> {
    let mut missing: Vec<BeadId> = startable.iter().filter_map(|row| row.parent.clone()).collect();
    let mut rows: BTreeMap<BeadId, Row> = startable.iter().map(|row| (row.id.clone(), row.clone())).collect();
    load(snapshot, &mut rows, &mut missing)?;
    Ok(rows.into_values().collect())
}

/// Adds the rows of `missing`, of what is above them, and of what all of those need.
fn load(snapshot: &Snapshot, rows: &mut BTreeMap<BeadId, Row>, missing: &mut Vec<BeadId>) -> Outcome<()> {
    while let Some(id) = missing.pop() {
        if rows.contains_key(&id) {
            continue;
        }
        if let Some(row) = snapshot.line(&id)? {
            let row = Brief::read(row)?.row;
            missing.extend(row.parent.iter().chain(&row.needs).cloned());
            rows.insert(id, row);
        }
    }
    Ok(())
}

/// Why one bead stands where it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// Its title.
    pub title: String,
    /// The account as one sentence.
    pub sentence: String,
}

impl ops::Row for Explained {
    const SCHEMA: &'static str = "gt.ready.explained/1";
}

/// One sentence for every bead that is not closed; the ready ones first.
///
/// # Errors
/// When a value of the request exists nowhere, or the index cannot be read.
pub fn explain(open: &OpenTown, request: &Request) -> Outcome<Page<Explained>> {
    let snapshot = open.snapshot()?;
    let wanted = request.query(open, &snapshot)?;
    let (rows, titles) = everything(&snapshot)?;
    let accounts = ready::account(&rows, &roster::readiness(open, &roster::rigs(&snapshot)?));
    let mut explained: Vec<(&Row, Account)> = rows.iter().zip(accounts).collect();
    explained.retain(|(row, _)| {
        row.status != Status::Closed
            && (wanted.prefix.is_empty() || wanted.prefix.contains(&row.id.prefix()))
            && (wanted.role.is_empty() || wanted.role.contains(&row.role))
    });
    explained
        .sort_by_key(|(row, account)| (account.standing != Standing::Ready, row.priority, row.created, row.id.clone()));
    let sentences = explained.into_iter().map(|(row, account)| Explained {
        title: titles.get(&row.id).cloned().unwrap_or_default(),
        sentence: account.to_string(),
        account,
    });
    Ok(Page::cut(sentences.collect(), request.limit.unwrap_or(usize::MAX)))
}

/// Every bead that is not closed, and the closed ones that they hang on; with the titles.
fn everything(snapshot: &Snapshot) -> Outcome<(Vec<Row>, BTreeMap<BeadId, String>)> {
    let (found, _) = snapshot.lines(&BeadQuery::not_closed())?;
    let mut titles = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for row in found {
        let brief = Brief::read(row)?;
        titles.insert(brief.row.id.clone(), brief.title);
        rows.insert(brief.row.id.clone(), brief.row);
    }
    let epics: Vec<BeadId> =
        rows.values().filter(|row: &&Row| row.kind == BeadKind::Epic).map(|row| row.id.clone()).collect();
    for epic in epics {
        let (children, _) = snapshot.lines(&BeadQuery::children_of(&epic))?;
        for child in children {
            let row = Brief::read(child)?.row;
            rows.entry(row.id.clone()).or_insert(row);
        }
    }
    let mut missing: Vec<BeadId> = rows.values().flat_map(|row| row.parent.iter().chain(&row.needs)).cloned().collect();
    load(snapshot, &mut rows, &mut missing)?;
    Ok((rows.into_values().collect(), titles))
}
