//! What may start now, and for everything else, what it waits for.
//!
//! One pure function, [`account`], answers `gt ready`, `gt ready --explain` and `gt why`. It reads [`Row`]s:
//! what of a bead decides, so that an index can hold them without the prose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Bead, Kind, Resolution, State, Status};
use crate::clock::{Timestamp, rfc3339};
use crate::id::{BeadId, Prefix, RoleName, WorkerRef};

/// What of a bead decides whether it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The bead.
    pub id: BeadId,
    /// See [`Bead::kind`].
    pub kind: Kind,
    /// See [`Bead::priority`].
    pub priority: u8,
    /// See [`Bead::role`].
    pub role: RoleName,
    /// See [`Bead::state`].
    pub status: Status,
    /// Who has it, hooked or submitted.
    pub assignee: Option<WorkerRef>,
    /// As what it was closed.
    pub resolution: Option<Resolution>,
    /// See [`Bead::parent`].
    pub parent: Option<BeadId>,
    /// See [`Bead::needs`].
    pub needs: BTreeSet<BeadId>,
    /// See [`Bead::prefer`].
    pub prefer: Option<WorkerRef>,
    /// See [`Bead::counted_attempts`].
    pub attempts: usize,
    /// See [`Bead::created`].
    pub created: Timestamp,
    /// See [`Bead::defer_until`].
    pub defer_until: Option<Timestamp>,
}

impl From<&Bead> for Row {
    fn from(bead: &Bead) -> Self {
        let resolution = if let State::Closed(closing) = &bead.state { Some(closing.resolution) } else { None };
        Self {
            id: bead.id.clone(),
            kind: bead.kind,
            priority: bead.priority,
            role: bead.role.clone(),
            status: bead.status(),
            assignee: bead.claim().map(|claim| claim.assignee.clone()),
            resolution,
            parent: bead.parent.clone(),
            needs: bead.needs.clone(),
            prefer: bead.prefer.clone(),
            attempts: bead.counted_attempts(),
            created: bead.created,
            defer_until: bead.defer_until,
        }
    }
}

/// What the rows do not say.
#[derive(Debug, Clone)]
pub struct Context {
    /// The present moment.
    pub now: Timestamp,
    /// The prefixes of parked rigs.
    pub parked: BTreeSet<Prefix>,
    /// The number of counted attempts at which a bead has failed.
    pub attempts_limit: usize,
    /// The same of rigs that say otherwise, by their prefixes.
    pub attempts_limits: BTreeMap<Prefix, usize>,
}

impl Context {
    /// Nothing is parked, and three attempts are the limit.
    pub fn at(now: Timestamp) -> Self {
        Self { now, parked: BTreeSet::new(), attempts_limit: 3, attempts_limits: BTreeMap::new() }
    }
}

/// Where a bead stands. Its `Display` is one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// It may start now.
    Ready,
    /// It needs beads that are not done.
    Waiting {
        /// Which, and how they stand.
        on: Vec<Need>,
    },
    /// A bead above it may not go on, so it may not either.
    BlockedAncestor {
        /// The nearest such bead.
        ancestor: BeadId,
        /// What holds that one up.
        because: Box<Standing>,
    },
    /// Not before a moment that lies ahead.
    Deferred {
        /// The moment.
        until: Timestamp,
    },
    /// Its rig is parked.
    Parked {
        /// The prefix of the rig's beads.
        prefix: Prefix,
    },
    /// It was tried as often as allowed.
    Failed {
        /// How often.
        attempts: usize,
    },
    /// It closes when its children are closed.
    Epic {
        /// How many children it has.
        children: usize,
        /// How many of them are not closed.
        open: usize,
        /// As what it closes now, if it does.
        closes_as: Option<Resolution>,
    },
    /// A worker has it.
    Hooked {
        /// Who.
        by: Option<WorkerRef>,
    },
    /// It is in the merge queue.
    Submitted {
        /// Whose work it is.
        by: Option<WorkerRef>,
    },
    /// It is over.
    Closed {
        /// As what.
        resolution: Option<Resolution>,
    },
}

/// A needed bead that does not let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The needed bead.
    pub id: BeadId,
    /// How it stands.
    pub state: NeedState,
}

/// How a needed bead stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeedState {
    /// It is not closed yet.
    Unfinished(Status),
    /// It was closed without being done: nothing will ever let go by itself.
    Dropped(Resolution),
    /// There is no such bead.
    Missing,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.state {
            NeedState::Unfinished(Status::Open) => "open",
            NeedState::Unfinished(Status::Hooked) => "hooked",
            NeedState::Unfinished(_) => "submitted",
            NeedState::Dropped(Resolution::Duplicate) => "closed as a duplicate; remove or replace this need",
            NeedState::Dropped(_) => "cancelled; remove or replace this need",
            NeedState::Missing => "no such bead; remove this need",
        };
        write!(f, "{} ({word})", self.id)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = |by: &Option<WorkerRef>| by.as_ref().map_or_else(|| "a worker".to_owned(), WorkerRef::short);
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Waiting { on } => {
                let on: Vec<String> = on.iter().map(Need::to_string).collect();
                write!(f, "waits for {}", on.join(", "))
            }
            Self::BlockedAncestor { ancestor, because } => {
                write!(f, "held up by {ancestor}, which {}", clause(because))
            }
            Self::Deferred { until } => write!(f, "deferred until {}", rfc3339(*until)),
            Self::Parked { prefix } => write!(f, "the rig of {prefix} is parked"),
            Self::Failed { attempts } => write!(f, "failed after {attempts} attempts; reopen it to try again"),
            Self::Epic { children: 0, .. } => f.write_str("an epic without children"),
            Self::Epic { closes_as: Some(_), .. } => f.write_str("an epic whose children are closed: closes itself"),
            Self::Epic { children, open, .. } => write!(f, "an epic: {open} of {children} children are not closed"),
            Self::Hooked { by } => write!(f, "hooked to {}", who(by)),
            Self::Submitted { by } => write!(f, "in the merge queue, submitted by {}", who(by)),
            Self::Closed { resolution: Some(Resolution::Duplicate) } => f.write_str("closed as a duplicate"),
            Self::Closed { resolution: Some(Resolution::Merged) } => f.write_str("closed, merged"),
            Self::Closed { resolution: Some(Resolution::Done) } => f.write_str("closed, done"),
            Self::Closed { .. } => f.write_str("cancelled"),
        }
    }
}

/// The sentence as what follows "which".
fn clause(standing: &Standing) -> String {
    match standing {
        Standing::Waiting { .. } | Standing::Failed { .. } => standing.to_string(),
        _ => format!("is {standing}"),
    }
}

/// How one bead stands, and what else would hold it up if that went away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The bead.
    pub id: BeadId,
    /// The first thing to say.
    #[serde(flatten)]
    pub standing: Standing,
    /// Further obstacles of an open bead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Standing>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.standing.fmt(f)?;
        self.also.iter().try_for_each(|more| write!(f, "; also {more}"))
    }
}

/// Accounts for every row, in their order.
///
/// The rows are all beads that are not closed, and at least those closed ones that the others need, have as
/// parent or have as child. A needed bead without a row counts as missing.
pub fn account(rows: &[Row], context: &Context) -> Vec<Account> {
    let board = Board::new(rows);
    rows.iter().map(|row| board.account(row, context)).collect()
}

/// The ready beads in the order in which they start: priority, then age, then id.
pub fn queue<'r>(rows: &'r [Row], context: &Context) -> Vec<&'r Row> {
    let board = Board::new(rows);
    let ready = |row: &&Row| board.account(row, context).standing == Standing::Ready;
    let mut queue: Vec<&Row> = rows.iter().filter(ready).collect();
    queue.sort_by_key(|row| (row.priority, row.created, &row.id));
    queue
}

/// As what an epic with these children closes by itself: as done when all are closed and one of them was
/// done, as cancelled when none was. An epic without children stays open.
pub fn epic_closes_as(children: &[Option<Resolution>]) -> Option<Resolution> {
    let closed: Option<Vec<Resolution>> = children.iter().copied().collect();
    let closed = closed.filter(|closed| !closed.is_empty())?;
    let any_done = closed.iter().any(|resolution| resolution.satisfies_needs());
    Some(if any_done { Resolution::Done } else { Resolution::Cancelled })
}

struct Board<'r> {
    rows: BTreeMap<&'r BeadId, &'r Row>,
    children: BTreeMap<&'r BeadId, Vec<Option<Resolution>>>,
}

impl<'r> Board<'r> {
    fn new(rows: &'r [Row]) -> Self {
        let mut children: BTreeMap<&BeadId, Vec<Option<Resolution>>> = BTreeMap::new();
        for row in rows {
            if let Some(parent) = &row.parent {
                children.entry(parent).or_default().push(row.resolution.filter(|_| row.status == Status::Closed));
            }
        }
        Self { rows: rows.iter().map(|row| (&row.id, row)).collect(), children }
    }

    fn account(&self, row: &Row, context: &Context) -> Account {
        let mut standings = self.standings(row, context).into_iter();
        let standing = standings.next().unwrap_or(Standing::Ready);
        Account { id: row.id.clone(), standing, also: standings.collect() }
    }

    /// Everything that keeps the bead from being ready, what a person can act on first.
    fn standings(&self, row: &Row, context: &Context) -> Vec<Standing> {
        match row.status {
            Status::Closed => return vec![Standing::Closed { resolution: row.resolution }],
            Status::Submitted => return vec![Standing::Submitted { by: row.assignee.clone() }],
            Status::Hooked => return vec![Standing::Hooked { by: row.assignee.clone() }],
            Status::Open => {}
        }
        let mut standings = Vec::new();
        if row.kind == Kind::Epic {
            standings.push(self.epic(row));
        }
        let own = context.attempts_limits.get(&row.id.prefix());
        if row.attempts >= own.copied().unwrap_or(context.attempts_limit) {
            standings.push(Standing::Failed { attempts: row.attempts });
        }
        standings.extend(self.waiting(row));
        standings.extend(self.ancestor(row, context));
        standings.extend(deferred(row, context));
        let prefix = row.id.prefix();
        if context.parked.contains(&prefix) {
            standings.push(Standing::Parked { prefix });
        }
        standings
    }

    fn epic(&self, row: &Row) -> Standing {
        let children = self.children.get(&row.id).map_or(&[][..], Vec::as_slice);
        let open = children.iter().filter(|resolution| resolution.is_none()).count();
        Standing::Epic { children: children.len(), open, closes_as: epic_closes_as(children) }
    }

    fn waiting(&self, row: &Row) -> Option<Standing> {
        let on: Vec<Need> = row.needs.iter().filter_map(|need| self.need(need)).collect();
        (!on.is_empty()).then_some(Standing::Waiting { on })
    }

    fn need(&self, id: &BeadId) -> Option<Need> {
        let state = match self.rows.get(id) {
            None => NeedState::Missing,
            Some(row) if row.status != Status::Closed => NeedState::Unfinished(row.status),
            Some(row) => match row.resolution {
                Some(resolution) if !resolution.satisfies_needs() => NeedState::Dropped(resolution),
                _ => return None,
            },
        };
        Some(Need { id: id.clone(), state })
    }

    fn ancestor(&self, row: &Row, context: &Context) -> Option<Standing> {
        let mut seen = BTreeSet::from([&row.id]);
        let mut next = row.parent.as_ref();
        while let Some(above) = next.filter(|id| seen.insert(id)).and_then(|id| self.rows.get(id)) {
            let dropped = above.resolution.filter(|resolution| !resolution.satisfies_needs());
            let dropped = dropped.map(|resolution| Standing::Closed { resolution: Some(resolution) });
            let because = dropped.or_else(|| self.waiting(above)).or_else(|| deferred(above, context));
            if let Some(because) = because {
                return Some(Standing::BlockedAncestor { ancestor: above.id.clone(), because: Box::new(because) });
            }
            next = above.parent.as_ref();
        }
        None
    }
}

fn deferred(row: &Row, context: &Context) -> Option<Standing> {
    let until = row.defer_until.filter(|until| *until > context.now)?;
    Some(Standing::Deferred { until })
}

#[cfg(test)]
mod tests;
