//! What the picture shows, as one serialisable value.

use std::path::PathBuf;

use serde::Serialize;

use super::source::Known;
use crate::clock::Timestamp;
use crate::convoy::Progress;
use crate::git::Oid;
use crate::id::{Actor, BeadId, Prefix, RigName, RoleName, SessionId, WorkerRef};
use crate::ledger::HandEditKind;
use crate::mail::{MailId, Severity};
use crate::ops::Report;
use crate::witness::Judgement;

/// The whole town as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// When it was taken.
    pub now: Timestamp,
    /// What is the town's own.
    pub town: TownPart,
    /// The rigs that were asked for, by name.
    pub rigs: Vec<RigPart>,
    /// What else did not answer, and why; what it would have told is left out above.
    pub silent: Vec<Silent>,
}

impl Report for Picture {
    const SCHEMA: &'static str = "gt.status/1";
}

/// A source without which something else could still be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Silent {
    /// Which.
    pub source: String,
    /// Why.
    pub why: String,
}

/// What is the town's own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TownPart {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub root: PathBuf,
    /// The branch that is the ledger.
    pub branch: String,
    /// The tip of that branch.
    pub tip: Known<Oid>,
    /// Files that a person edited and that are not in the ledger.
    pub edits: Known<Vec<EditedFile>>,
    /// Files of the ledger that cannot be read.
    pub broken: Known<Vec<BrokenFile>>,
    /// Problems that nobody has acknowledged, the worst first.
    pub escalations: Known<Vec<Escalation>>,
    /// Convoys that are not closed.
    pub convoys: Known<Vec<ConvoyPart>>,
    /// The beads that belong to no rig.
    pub beads: Known<Counts>,
}

/// A file that a person edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditedFile {
    /// The file, relative to the town.
    pub path: String,
    /// What happened to it.
    pub kind: HandEditKind,
}

/// A file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenFile {
    /// The file, relative to the town.
    pub path: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong there.
    pub reason: String,
}

/// A problem that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalation {
    /// The letter.
    pub id: MailId,
    /// How bad it is.
    pub severity: Severity,
    /// Who was told.
    pub to: Actor,
    /// The bead that stands still.
    pub bead: Option<BeadId>,
    /// What is wrong, one line.
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
}

/// A convoy under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConvoyPart {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether the tick starts its ready beads.
    pub fed: bool,
    /// How far it is.
    pub progress: Progress,
}

/// How many beads stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// May start now.
    pub ready: usize,
    /// Waiting for something named: other beads, a date, a parked rig.
    pub waiting: usize,
    /// With a worker.
    pub hooked: usize,
    /// In the merge queue.
    pub submitted: usize,
    /// Tried as often as allowed.
    pub failed: usize,
    /// Epics that are not closed; they close themselves.
    pub epics: usize,
    /// Over.
    pub closed: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        let Self { ready, waiting, hooked, submitted, failed, epics, closed } = *self;
        ready + waiting + hooked + submitted + failed + epics + closed
    }
}

/// One rig.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RigPart {
    /// Its name.
    pub name: RigName,
    /// What keeps its file from being read; nothing else is known then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// What is known of it otherwise.
    #[serde(flatten)]
    pub facts: Option<RigFacts>,
}

/// What is known of a rig.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RigFacts {
    /// The first part of its beads' ids.
    pub prefix: Prefix,
    /// Where it comes from.
    pub url: String,
    /// The branch that work lands on.
    pub branch: String,
    /// Whether it is set aside.
    pub parked: bool,
    /// Why the merge queue is paused.
    pub paused: Option<String>,
    /// The tip of that branch.
    pub target: Known<TargetTip>,
    /// What the gates say of that tip.
    pub gates: Known<Green>,
    /// What landed and is not yet in the person's own repository; none for a rig whose remote is the target.
    pub delivery: Option<Known<Delivery>>,
    /// Its workers.
    pub workers: Vec<WorkerPart>,
    /// Whether a process works through the queue now.
    pub refinery_at_work: bool,
    /// The merge queue, in its order.
    pub queue: Known<Vec<Queued>>,
    /// Its beads.
    pub beads: Known<Counts>,
}

/// The tip of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetTip {
    /// The commit.
    pub commit: Oid,
    /// Its tree, which is what gates pass or do not.
    pub tree: Oid,
    /// The first line of its message.
    pub subject: String,
}

/// What the gates say of a tip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Green {
    /// All required gates passed on exactly this tree.
    Green,
    /// One of them did not.
    Red {
        /// Which, and how it ended.
        reason: String,
    },
    /// There is no evidence for this tree and these gates.
    NotGated,
    /// The rig has no gates.
    NoGates,
}

/// Landed work on its way to the person's own repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// How many landed commits the person's branch has not.
    pub waiting: usize,
    /// How many commits the person's branch has that have not come in yet; none when they are not even fetched.
    pub incoming: Option<usize>,
    /// Why it waits, when that is known.
    pub why: Option<String>,
}

/// One worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerPart {
    /// Who.
    pub worker: WorkerRef,
    /// For which work; none when its rig does not know it.
    pub role: Option<RoleName>,
    /// How it is, with the evidence and the moment from which that says nothing any more.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The word for it.
    pub word: &'static str,
    /// The last sign of progress.
    pub progress: Option<Timestamp>,
    /// The bead on its hook.
    pub bead: Option<BeadLine>,
    /// Its session, when it lives.
    pub session: Option<SessionPart>,
}

/// A bead in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BeadLine {
    /// The bead.
    pub id: BeadId,
    /// Its title.
    pub title: String,
    /// Which attempt at it.
    pub attempt: u32,
}

/// A session in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionPart {
    /// Its identity.
    pub id: SessionId,
    /// The agent.
    pub agent: String,
    /// `tmux` or `process`.
    pub runtime: String,
    /// When it was started.
    pub since: Timestamp,
}

/// A bead in the merge queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// The bead.
    pub id: BeadId,
    /// Its title.
    pub title: String,
    /// Whose work it is.
    pub by: Option<WorkerRef>,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// Why it stands where it stands.
    pub why: String,
    /// What happens with it.
    #[serde(flatten)]
    pub step: Step,
}

/// What happens with a bead in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// Its turn will come.
    Waits,
    /// A gate runs on it.
    Gating {
        /// Which.
        gate: String,
        /// Since when.
        since: Timestamp,
    },
    /// Its landing was begun.
    Landing,
    /// It was pushed as a branch, and is closed when the target has it.
    Offered {
        /// The branch.
        branch: String,
    },
    /// It stays until a person acts.
    SetAside {
        /// Why.
        reason: String,
    },
    /// Only another clone of the town may merge it.
    HeldElsewhere {
        /// That clone.
        home: String,
    },
}
