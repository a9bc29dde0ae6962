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
}

impl Context {
    /// Nothing is parked, and three attempts are the limit.
    pub fn at(now: Timestamp) -> Self {
        Self { now, parked: BTreeSet::new(), attempts_limit: 3 }
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
        if row.attempts >= context.attempts_limit {
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
mod tests {
    use super::*;
    use crate::bead::sample::{any_bead, at, bead, claim, id, merge};
    use crate::bead::{Attempt, AttemptOutcome, Closing};
    use proptest::prelude::*;

    fn closed(suffix: &str, resolution: Resolution) -> Bead {
        let mut bead = bead(suffix);
        bead.state = State::Closed(Closing { resolution, at: at(0) });
        bead
    }

    fn with(suffix: &str, change: impl FnOnce(&mut Bead)) -> Bead {
        let mut bead = bead(suffix);
        change(&mut bead);
        bead
    }

    fn sentence(of: &Bead, others: &[Bead]) -> String {
        let rows: Vec<Row> = std::iter::once(of).chain(others).map(Row::from).collect();
        let mut context = Context::at(at(100));
        context.parked = ["park".parse().expect("valid")].into();
        account(&rows, &context)[0].to_string()
    }

    fn epic(suffix: &str, change: impl FnOnce(&mut Bead)) -> Bead {
        with(suffix, |bead| {
            bead.kind = Kind::Epic;
            change(bead);
        })
    }

    fn child(suffix: &str, parent: &str) -> Bead {
        with(suffix, |bead| bead.parent = Some(id(parent)))
    }

    #[test]
    fn every_open_bead_has_a_sentence() {
        let needs = |need: &str| with("aaaa", |bead| bead.needs = [id(need)].into());
        let failed = |count: u32| {
            with("aaaa", |bead| {
                (1..=count).for_each(|n| bead.record_attempt(Attempt::new(n, AttemptOutcome::Bounced, "red")));
            })
        };
        let released = with("aaaa", |bead| {
            (1..=9).for_each(|n| bead.record_attempt(Attempt::new(n, AttemptOutcome::Released, "person")));
        });
        let defer = |seconds| with("aaaa", |bead| bead.defer_until = Some(at(seconds)));
        let parked = Bead::new("park-aaaa".parse().expect("valid"), "x", at(0));
        let mut submitted = with("aaaa", |bead| bead.state = State::Submitted(claim("toast")));
        submitted.merge = Some(merge());
        let cases = [
            (bead("aaaa"), vec![], "ready"),
            (needs("bbbb"), vec![bead("bbbb")], "waits for web-bbbb (open)"),
            (
                needs("bbbb"),
                vec![with("bbbb", |b| b.state = State::Hooked(claim("nux")))],
                "waits for web-bbbb (hooked)",
            ),
            (needs("bbbb"), vec![closed("bbbb", Resolution::Merged)], "ready"),
            (needs("bbbb"), vec![closed("bbbb", Resolution::Done)], "ready"),
            (
                needs("bbbb"),
                vec![closed("bbbb", Resolution::Cancelled)],
                "waits for web-bbbb (cancelled; remove or replace this need)",
            ),
            (
                needs("bbbb"),
                vec![closed("bbbb", Resolution::Duplicate)],
                "waits for web-bbbb (closed as a duplicate; remove or replace this need)",
            ),
            (needs("bbbb"), vec![], "waits for web-bbbb (no such bead; remove this need)"),
            (needs("aaaa"), vec![], "waits for web-aaaa (open)"),
            (failed(2), vec![], "ready"),
            (failed(3), vec![], "failed after 3 attempts; reopen it to try again"),
            (released, vec![], "ready"),
            (defer(101), vec![], "deferred until 2027-01-15T08:01:41Z"),
            (defer(100), vec![], "ready"),
            (parked, vec![], "the rig of park is parked"),
            (with("aaaa", |b| b.state = State::Hooked(claim("toast"))), vec![], "hooked to web/toast"),
            (submitted, vec![], "in the merge queue, submitted by web/toast"),
            (closed("aaaa", Resolution::Cancelled), vec![], "cancelled"),
            (child("aaaa", "eeee"), vec![epic("eeee", |_| {})], "ready"),
            (child("aaaa", "eeee"), vec![], "ready"),
            (
                child("aaaa", "eeee"),
                vec![epic("eeee", |e| e.needs = [id("bbbb")].into()), bead("bbbb")],
                "held up by web-eeee, which waits for web-bbbb (open)",
            ),
            (
                child("aaaa", "eeee"),
                vec![child("eeee", "ffff"), epic("ffff", |e| e.defer_until = Some(at(200)))],
                "held up by web-ffff, which is deferred until 2027-01-15T08:03:20Z",
            ),
            (
                child("aaaa", "eeee"),
                vec![closed("eeee", Resolution::Cancelled)],
                "held up by web-eeee, which is cancelled",
            ),
            (child("aaaa", "eeee"), vec![closed("eeee", Resolution::Done)], "ready"),
            (child("aaaa", "bbbb"), vec![child("bbbb", "aaaa")], "ready"),
            (epic("aaaa", |_| {}), vec![], "an epic without children"),
            (
                epic("aaaa", |_| {}),
                vec![child("bbbb", "aaaa"), child("cccc", "aaaa")],
                "an epic: 2 of 2 children are not closed",
            ),
        ];
        for (of, others, expected) in cases {
            assert_eq!(sentence(&of, &others), expected);
        }
    }

    #[test]
    fn every_obstacle_is_named() {
        let bead = with("aaaa", |bead| {
            bead.needs = [id("bbbb")].into();
            bead.defer_until = Some(at(200));
        });
        let text = sentence(&bead, &[]);
        assert_eq!(
            text,
            "waits for web-bbbb (no such bead; remove this need); also deferred until 2027-01-15T08:03:20Z"
        );
    }

    #[test]
    fn an_epic_closes_as_its_children_did() {
        use Resolution::{Cancelled, Done, Duplicate, Merged};
        assert_eq!(epic_closes_as(&[]), None);
        assert_eq!(epic_closes_as(&[Some(Merged), None]), None);
        assert_eq!(epic_closes_as(&[Some(Merged), Some(Cancelled)]), Some(Done));
        assert_eq!(epic_closes_as(&[Some(Cancelled), Some(Duplicate)]), Some(Cancelled));
    }

    #[test]
    fn ready_beads_start_by_priority_then_age_then_id() {
        let make = |suffix: &str, priority: u8, age: i64| {
            with(suffix, |bead| (bead.priority, bead.created) = (priority, at(-age)))
        };
        let beads =
            [make("dddd", 2, 0), make("bbbb", 2, 9), make("aaaa", 2, 0), make("cccc", 0, 0), make("eeee", 4, 99)];
        let rows: Vec<Row> = beads.iter().map(Row::from).collect();
        let order: Vec<&str> = queue(&rows, &Context::at(at(100))).iter().map(|row| row.id.suffix()).collect();
        assert_eq!(order, ["cccc", "bbbb", "aaaa", "dddd", "eeee"]);
    }

    proptest! {
        /// A ready bead is open, is no epic, and every need is done; and a row survives JSON, as an index keeps it.
        #[test]
        fn ready_means_nothing_is_in_the_way(
            mut beads in proptest::collection::vec(any_bead(), 1..6),
            edges in proptest::collection::vec((0..6usize, 0..6usize), 0..6),
        ) {
            beads.iter_mut().for_each(|bead| bead.needs.clear());
            let count = beads.len();
            for (from, to) in edges.into_iter().filter(|(from, to)| *from.max(to) < count) {
                let need = beads[to].id.clone();
                beads[from].needs.insert(need);
            }
            let rows: Vec<Row> = beads.iter().map(Row::from).collect();
            let context = Context::at(at(0));
            for row in queue(&rows, &context) {
                prop_assert!(row.status == Status::Open && row.kind != Kind::Epic && row.attempts < 3);
                prop_assert!(row.defer_until.is_none_or(|until| until <= context.now));
                for need in &row.needs {
                    let found = rows.iter().any(|other| other.id == *need && other.resolution.is_some_and(Resolution::satisfies_needs));
                    prop_assert!(found);
                }
            }
            for row in &rows {
                let json = serde_json::to_string(row).expect("JSON");
                prop_assert_eq!(&serde_json::from_str::<Row>(&json).expect("the same"), row);
            }
        }
    }
}
