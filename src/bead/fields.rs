//! What a bead has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Merge;
use crate::clock::Timestamp;
use crate::id::{Actor, BeadId, HomeId, Lease, RoleName, WorkerRef};

/// One unit of work. Its file is `id.path()`; [`Bead::state`] carries the data of its place in life.
#[derive(Debug, Clone, PartialEq)]
pub struct Bead {
    /// Its name for ever.
    pub id: BeadId,
    /// One line.
    pub title: String,
    /// What is to be done and why; prose.
    pub description: String,
    /// How one sees that it is done; prose.
    pub acceptance: String,
    /// What sort of work it is.
    pub kind: Kind,
    /// 0 (now) to 4 (some day); 2 when nobody said.
    pub priority: u8,
    /// Which template its worker reads and which pool it comes from.
    pub role: RoleName,
    /// Where it stands.
    pub state: State,
    /// Free words to filter by.
    pub labels: BTreeSet<String>,
    /// The epic it belongs to.
    pub parent: Option<BeadId>,
    /// Beads that must be closed as merged or done before this one is ready.
    pub needs: BTreeSet<BeadId>,
    /// Beads worth reading beside it.
    pub related: BTreeSet<BeadId>,
    /// The bead during whose work it was found.
    pub discovered_from: Option<BeadId>,
    /// The worker that should get it next, where it is free.
    pub prefer: Option<WorkerRef>,
    /// The agent preset that is to work on it, where a person named one.
    pub agent: Option<String>,
    /// The model of that agent, where a person named one.
    pub model: Option<String>,
    /// How hard that model thinks, where a person said so.
    pub effort: Option<String>,
    /// The agent's own named settings, where a person named some.
    pub profile: Option<String>,
    /// Arguments that the agent gets as they are, where a person gave some.
    pub extra_args: Vec<String>,
    /// The branch that its first attempt starts from, where that is not the target.
    pub from: Option<String>,
    /// How earlier hookings ended, oldest first; see [`Bead::record_attempt`].
    pub attempts: Vec<Attempt>,
    /// What a bead without a commit produced; prose, handed to the beads that need it.
    pub result: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// Not ready before this moment.
    pub defer_until: Option<Timestamp>,
    /// The most that one attempt may use, as [`super::Budget`] reads it: `"2h"`, `"300k tokens"`.
    pub budget: Option<String>,
    /// Path globs that it is expected to change.
    pub touches: Vec<String>,
    /// What people and workers noted, oldest first; at most [`Note::LIMIT`] bytes each.
    pub notes: Vec<Note>,
    /// Its way through the merge queue, once submitted.
    pub merge: Option<Merge>,
    /// Keys that this version does not know; they survive a rewrite.
    pub extra: toml::Table,
}

/// What sort of work a bead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Something to do.
    Task,
    /// Something broken.
    Bug,
    /// Something new.
    Feature,
    /// A parent of other beads; never slung.
    Epic,
    /// Upkeep.
    Chore,
}

/// Where a bead stands in its life, with the data that belongs to that place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In the pool: ready, or waiting for something named.
    Open,
    /// A worker has it.
    Hooked(Claim),
    /// Its commits wait in the merge queue.
    Submitted(Claim),
    /// Over.
    Closed(Closing),
}

/// The bare word of a [`State`], as filters and files have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// See [`State::Open`].
    Open,
    /// See [`State::Hooked`].
    Hooked,
    /// See [`State::Submitted`].
    Submitted,
    /// See [`State::Closed`].
    Closed,
}

impl Status {
    /// All but [`Status::Closed`].
    pub const NOT_CLOSED: [Self; 3] = [Self::Open, Self::Hooked, Self::Submitted];
}

impl State {
    /// The bare word.
    pub fn status(&self) -> Status {
        match self {
            Self::Open => Status::Open,
            Self::Hooked(_) => Status::Hooked,
            Self::Submitted(_) => Status::Submitted,
            Self::Closed(_) => Status::Closed,
        }
    }

    /// Where the bead stands, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Hooked(claim) => format!("hooked to {}", claim.assignee),
            Self::Submitted(claim) => format!("submitted by {} and in the merge queue", claim.assignee),
            Self::Closed(closing) => {
                let since = crate::clock::rfc3339(closing.at);
                format!("closed as {} since {since}", super::word(closing.resolution))
            }
        }
    }

    /// Who holds the bead, hooked or submitted.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Hooked(claim) | Self::Submitted(claim) => Some(claim),
            Self::Open | Self::Closed(_) => None,
        }
    }
}

/// One hooking of a bead to a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The worker.
    pub assignee: WorkerRef,
    /// The token that its verbs must show.
    pub lease: Lease,
    /// The clone of the town that judges, restarts and releases it.
    pub home: HomeId,
}

/// How and when a bead ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// As what.
    pub resolution: Resolution,
    /// When.
    pub at: Timestamp,
}

/// As what a bead was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// Its landed commit is in the target branch.
    Merged,
    /// Done without a commit.
    Done,
    /// Not wanted any more.
    Cancelled,
    /// Another bead is the same work.
    Duplicate,
}

impl Resolution {
    /// Whether a bead that needs this one may go on.
    pub fn satisfies_needs(self) -> bool {
        matches!(self, Self::Merged | Self::Done)
    }
}

/// How one hooking ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// From 1; part of the branch name `polecat/<name>/<bead>-<number>`.
    pub number: u32,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The worker that had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerRef>,
    /// The commit that was pinned, 40 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Why, one line or the tail of a log.
    pub reason: String,
    /// Where the whole log is, relative to the town's runtime folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The files that could not be merged with the target, where that was the cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflict: Vec<String>,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "super::file::unknown_keys")]
    pub extra: toml::Table,
}

impl Attempt {
    /// An attempt without worker, head and log.
    pub fn new(number: u32, outcome: AttemptOutcome, reason: impl Into<String>) -> Self {
        let (reason, conflict, extra) = (reason.into(), Vec::new(), toml::Table::new());
        Self { number, outcome, worker: None, head: None, reason, log: None, conflict, extra }
    }
}

/// How one hooking ended, and with it whether it counts towards the limit of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// The refinery sent it back: a conflict or a red gate. Counts.
    Bounced,
    /// The session worked and ended without done. Counts.
    Ended,
    /// A person or the witness took it away. Does not count.
    Released,
    /// The session could not be started, hit a rate limit, or was ended by a crash of ours. Does not count.
    Interrupted,
    /// A person reopened the bead: what came before counts no more.
    Reopened,
}

impl AttemptOutcome {
    /// Whether it counts towards the limit.
    pub fn counts(self) -> bool {
        matches!(self, Self::Bounced | Self::Ended)
    }
}

/// Something somebody noted on a bead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What; prose.
    pub text: String,
    /// Keys that this version does not know; they survive a rewrite.
    #[serde(flatten, serialize_with = "super::file::unknown_keys")]
    pub extra: toml::Table,
}

impl Note {
    /// The most bytes of one note.
    pub const LIMIT: usize = 8_000;

    /// A note by `by`.
    pub fn new(at: Timestamp, by: Actor, text: impl Into<String>) -> Self {
        Self { at, by, text: text.into(), extra: toml::Table::new() }
    }
}

impl Bead {
    /// The most entries that [`Bead::attempts`] keeps.
    pub const ATTEMPTS_KEPT: usize = 5;

    /// A new open bead with default fields.
    pub fn new(id: BeadId, title: impl Into<String>, created: Timestamp) -> Self {
        Self {
            id,
            title: title.into(),
            description: String::new(),
            acceptance: String::new(),
            kind: Kind::Task,
            priority: 2,
            role: RoleName::developer(),
            state: State::Open,
            labels: BTreeSet::new(),
            parent: None,
            needs: BTreeSet::new(),
            related: BTreeSet::new(),
            discovered_from: None,
            prefer: None,
            agent: None,
            model: None,
            effort: None,
            profile: None,
            extra_args: Vec::new(),
            from: None,
            attempts: Vec::new(),
            result: None,
            created,
            defer_until: None,
            budget: None,
            touches: Vec::new(),
            notes: Vec::new(),
            merge: None,
            extra: toml::Table::new(),
        }
    }

    /// The bare word of its state.
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// Who holds it.
    pub fn claim(&self) -> Option<&Claim> {
        self.state.claim()
    }

    /// The number of the hooking that is under way, or of the next one.
    pub fn attempt_number(&self) -> u32 {
        self.attempts.last().map_or(1, |last| last.number + 1)
    }

    /// How many attempts count towards the limit, since a person last reopened it.
    pub fn counted_attempts(&self) -> usize {
        let fresh = self.attempts.iter().rev().take_while(|attempt| attempt.outcome != AttemptOutcome::Reopened);
        fresh.filter(|attempt| attempt.outcome.counts()).count()
    }

    /// Appends an attempt; when more than [`Bead::ATTEMPTS_KEPT`] are there, the oldest that does not
    /// count goes, else the oldest.
    pub fn record_attempt(&mut self, attempt: Attempt) {
        self.attempts.push(attempt);
        while self.attempts.len() > Self::ATTEMPTS_KEPT {
            let last = self.attempts.len() - 1;
            let spare = self.attempts[..last].iter().position(|attempt| !attempt.outcome.counts());
            self.attempts.remove(spare.unwrap_or(0));
        }
    }
}
