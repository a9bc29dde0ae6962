//! `gt convoy`: what is tracked as one, and how far it is.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{OpenTown, Page, Report, Row, pass, roster};
use crate::bead::ready::{self, Account};
use crate::convoy::{Convoy, ConvoyId, Progress, Verdict};
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ledger::Snapshot;

/// A convoy in the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// What is stored.
    #[serde(flatten)]
    pub convoy: Convoy,
    /// How far it is.
    pub progress: Progress,
    /// Whether it goes on.
    pub state: Verdict,
}

impl Row for Listed {
    const SCHEMA: &'static str = "gt.convoy.list/1";
}

/// A convoy with its members.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// As in the list.
    #[serde(flatten)]
    pub listed: Listed,
    /// Its members and how each stands.
    pub beads: Vec<Member>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The bead.
    pub id: BeadId,
    /// Its title; none when there is no such bead.
    pub title: Option<String>,
    /// How it stands; none when there is no such bead.
    #[serde(flatten)]
    pub account: Option<Account>,
}

impl Report for Shown {
    const SCHEMA: &'static str = "gt.convoy.show/1";
}

/// The convoys, the newest first; those that ended only with `all`.
///
/// # Errors
/// When the ledger cannot be read.
pub fn list(open: &OpenTown, all: bool) -> Outcome<Page<Listed>> {
    let snapshot = open.snapshot()?;
    let (mut convoys, _) = snapshot.documents::<Convoy>()?;
    convoys.retain(|convoy| all || convoy.closed.is_none());
    convoys.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
    let rows = convoys.into_iter().map(|convoy| listed(open, &snapshot, convoy).map(|(listed, _)| listed));
    Ok(Page::complete(rows.collect::<Outcome<_>>()?))
}

/// One convoy with its members.
///
/// # Errors
/// When there is none, or the ledger cannot be read.
pub fn show(open: &OpenTown, text: &str) -> Outcome<Shown> {
    let snapshot = open.snapshot()?;
    let (listed, accounts) = listed(open, &snapshot, find(&snapshot, text)?)?;
    let member = |id: &BeadId| -> Outcome<Member> {
        let title = snapshot.row(id)?.map(|row| row.title);
        Ok(Member { id: id.clone(), title, account: accounts.iter().find(|account| account.id == *id).cloned() })
    };
    let beads = listed.convoy.members.iter().map(member).collect::<Outcome<Vec<_>>>()?;
    Ok(Shown { listed, beads })
}

/// The convoy that a person meant: any unique beginning of its id, with or without `cv-`.
///
/// # Errors
/// When nothing or several convoys fit.
pub fn find(snapshot: &Snapshot, text: &str) -> Outcome<Convoy> {
    let wanted = text.strip_prefix("cv-").unwrap_or(text);
    let (mut convoys, broken) = snapshot.documents::<Convoy>()?;
    convoys.retain(|convoy| convoy.id.as_str().trim_start_matches("cv-").starts_with(wanted));
    if let (true, Some(broken)) = (convoys.is_empty(), broken.into_iter().find(|broken| broken.path.contains(wanted))) {
        return Err(broken.into());
    }
    let ids = convoys.iter().map(|convoy| convoy.id.to_string()).collect::<Vec<_>>().join(", ");
    match convoys.len() {
        1 => Ok(convoys.remove(0)),
        0 => Err(Failure::new(Kind::NotFound, format!("there is no convoy {text:?}"))
            .hint("`gt convoy list --all` shows them")),
        _ => {
            Err(Failure::new(Kind::Ambiguous, format!("{text:?} fits several convoys"))
                .hint(format!("it may be {ids}")))
        }
    }
}

/// The convoy to go on with when nobody named one: the newest that has not ended.
///
/// # Errors
/// When all have ended.
pub fn latest(snapshot: &Snapshot) -> Outcome<Convoy> {
    let (convoys, _) = snapshot.documents::<Convoy>()?;
    let unfinished = convoys.into_iter().filter(|convoy| convoy.closed.is_none());
    unfinished.max_by_key(|convoy| (convoy.created, convoy.id.clone())).ok_or_else(|| {
        Failure::new(Kind::NotFound, "there is no convoy to go on with: all have ended")
            .hint("`gt run \"GOAL\" --rig RIG` begins one")
    })
}

/// Decides whether the tick starts the ready beads of a convoy. Answers the convoy as it is then.
///
/// # Errors
/// When it does not exist or has ended, or the ledger cannot be written.
pub fn feed(open: &OpenTown, id: &ConvoyId, wanted: bool, workers: Option<u32>) -> Outcome<Convoy> {
    let committed = open.ledger.transact(&open.actor, |tx| {
        let convoy = tx.document::<Convoy>(&id.path())?;
        let mut convoy = convoy.ok_or_else(|| Failure::new(Kind::NotFound, format!("there is no convoy {id}")))?;
        if convoy.closed.is_some() {
            return if wanted { Err(ended(id)) } else { Ok(convoy) };
        }
        convoy.feed = wanted;
        convoy.workers = workers.or(convoy.workers);
        tx.put(&convoy);
        let verb = if wanted { "feed" } else { "stop feeding" };
        tx.describe(if wanted { "feed" } else { "stop-feeding" }, format!("{verb} {id}: {}", convoy.title));
        Ok(convoy)
    })?;
    let convoy = committed.value;
    let kind = if wanted { "convoy.fed" } else { "convoy.stopped" };
    open.event(kind, &open.actor, None, convoy.rig.as_ref(), format!("{id}: {}", convoy.title));
    if wanted {
        pass::request(open);
    }
    Ok(convoy)
}

fn ended(id: &ConvoyId) -> Failure {
    Failure::new(Kind::Conflict, format!("the convoy {id} has ended: all of its beads are closed"))
        .hint("`gt convoy show` tells what became of them")
}

/// How far a convoy is, with an account of each of its beads that exists.
///
/// # Errors
/// When the ledger cannot be read.
pub fn listed(open: &OpenTown, snapshot: &Snapshot, convoy: Convoy) -> Outcome<(Listed, Vec<Account>)> {
    let rigs = roster::rigs(snapshot)?;
    let rows = with_members(snapshot, &roster::all_rows(snapshot)?, &convoy)?;
    let accounts = ready::account(&rows, &roster::readiness(open, &rigs));
    let (progress, state) = (Progress::of(&convoy, &accounts), convoy.verdict(&accounts));
    Ok((Listed { convoy, progress, state }, accounts))
}

/// The rows together with those of the convoy's closed members.
///
/// # Errors
/// When the ledger cannot be read.
pub(super) fn with_members(snapshot: &Snapshot, rows: &[ready::Row], convoy: &Convoy) -> Outcome<Vec<ready::Row>> {
    let mut rows = rows.to_vec();
    let known: BTreeSet<BeadId> = rows.iter().map(|row| row.id.clone()).collect();
    for id in convoy.members.iter().filter(|id| !known.contains(*id)) {
        rows.extend(snapshot.find(id)?.as_ref().map(ready::Row::from));
    }
    Ok(rows)
}
