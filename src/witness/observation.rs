use std::time::Duration;

use super::signs::{Sign, Source, Told, Tool};
use crate::bead::{Budget, Claim, Used};
use crate::clock::{Timestamp, short};
use crate::id::{BeadId, HomeId, Lease, SessionId, WorkerRef};

/// What was seen of one worker at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Who.
    pub worker: WorkerRef,
    /// This clone of the town.
    pub home: HomeId,
    /// When it was seen.
    pub now: Timestamp,
    /// The bead that is hooked to it.
    pub hook: Option<Hook>,
    /// Its last session, as the runtime sees it.
    pub session: Session,
    /// What the agent does, as far as it shows.
    pub activity: Activity,
    /// Why its worktree cannot be worked in, when it cannot: somebody deleted it, or what makes it one.
    pub displaced: Option<String>,
    /// Why the end of its session is no fault of the agent and says nothing about the bead, where that is so.
    pub excused: Option<String>,
}

impl Observation {
    /// The part of the bead's budget that its attempt has used up, if it has.
    pub(super) fn spent(&self) -> Option<String> {
        self.hook.as_ref()?.budget.spent(&self.activity.used)
    }

    /// That its attempt takes very long, where the bead's budget says nothing of time.
    pub(super) fn overtime(&self, thresholds: &Thresholds) -> Option<String> {
        let hook = self.hook.as_ref().filter(|hook| hook.budget.time.is_none())?;
        let worked = self.activity.used.time;
        let long = worked >= thresholds.overtime;
        long.then(|| format!("it is busy with {} for {} and not done", hook.bead, short(worked)))
    }
}

/// The bead that is hooked to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The bead.
    pub bead: BeadId,
    /// Its claim.
    pub claim: Claim,
    /// When it was hooked.
    pub since: Timestamp,
    /// What the bead may use.
    pub budget: Budget,
}

/// The last session of a worker, as the runtime sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// It could not be seen.
    Unknown {
        /// Why: "tmux did not answer within 2s".
        why: String,
    },
    /// There is none.
    Absent,
    /// It was launched and its process has not begun yet.
    Starting {
        /// Its identity.
        id: SessionId,
        /// The hooking it was started for.
        lease: Option<Lease>,
        /// When it was launched.
        since: Timestamp,
    },
    /// Its process lives.
    Running {
        /// Its identity.
        id: SessionId,
        /// The hooking it was started for.
        lease: Option<Lease>,
        /// When its process began.
        since: Timestamp,
    },
    /// It wrote how it ended.
    Ended {
        /// Its identity.
        id: SessionId,
        /// The hooking it was started for.
        lease: Option<Lease>,
        /// When.
        at: Timestamp,
        /// How, for people: "exit status 1", "signal 9".
        how: String,
        /// Whether somebody ended it, or it said itself that all is well.
        well: bool,
    },
    /// Its process is gone, and nobody wrote how.
    Lost {
        /// Its identity.
        id: SessionId,
        /// The hooking it was started for.
        lease: Option<Lease>,
    },
}

impl Session {
    /// The hooking it was started for.
    pub(super) fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Unknown { .. } | Self::Absent => None,
            Self::Starting { lease, .. }
            | Self::Running { lease, .. }
            | Self::Ended { lease, .. }
            | Self::Lost { lease, .. } => lease.as_ref(),
        }
    }
}

/// What the agent does, as far as it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// Whether anything was ever done for this hooking: output of the agent, a commit, a changed file.
    pub begun: bool,
    /// The last sign of progress.
    pub progress: Option<Timestamp>,
    /// What its prompt shows.
    pub prompt: Prompt,
    /// The moment until which its provider refuses to serve it.
    pub limited_until: Option<Timestamp>,
    /// Why its process does nothing, though it lives.
    pub halted: Option<Halted>,
    /// The tool that the agent waits for.
    pub tool: Option<Tool>,
    /// Since when its conversation is too long for its model.
    pub exhausted: Option<Timestamp>,
    /// The failure of its last call of the model.
    pub failed: Option<String>,
    /// Who says what its prompt shows.
    pub by: Option<Source>,
    /// What each source says.
    pub signs: Vec<Sign>,
    /// What the attempt has used so far, in all of its sessions.
    pub used: Used,
}

impl Activity {
    /// The same with what the sources say of the agent. Where nothing shows what its prompt does, it stays as it was.
    #[must_use]
    pub fn with(self, told: Told, signs: Vec<Sign>) -> Self {
        let Told { prompt, tool, limited_until, exhausted, failed, by, last } = told;
        Self {
            begun: self.begun || last.is_some(),
            progress: self.progress.max(last),
            prompt: if by.is_some() { prompt } else { self.prompt },
            limited_until: self.limited_until.max(limited_until),
            halted: self.halted,
            tool,
            exhausted,
            failed,
            by,
            signs,
            used: self.used,
        }
    }
}

/// A process that lives and does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halted {
    /// A signal stopped it.
    Stopped {
        /// Its number.
        pid: i32,
    },
    /// It waits in the kernel, and no signal reaches it.
    Stuck {
        /// Its number.
        pid: i32,
    },
}

/// What the prompt of an agent shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prompt {
    /// The agent is at work, or its prompt cannot be read.
    #[default]
    Busy,
    /// It finished its turn and waits for the next message.
    Idle {
        /// Since when.
        since: Timestamp,
    },
    /// It asked something.
    Input {
        /// Since when.
        since: Timestamp,
    },
    /// It asks whether it may do something.
    Permission {
        /// Since when.
        since: Timestamp,
    },
}

/// How long what may last before it is judged otherwise, and how often what is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// A hook without a trace of a session, while somebody may be starting one.
    pub absent: Duration,
    /// A session that was launched and has no process yet.
    pub start: Duration,
    /// A running session that has not begun anything.
    pub gupp: Duration,
    /// A session without progress.
    pub stalled: Duration,
    /// A tool of an agent that runs, where nothing else moves.
    pub tool: Duration,
    /// A refusal of a provider that does not say when it ends.
    pub limited: Duration,
    /// Work on one attempt, in all of its sessions, for a bead whose budget names no time.
    pub overtime: Duration,
    /// A session at its prompt.
    pub idle: Duration,
    /// A session without a hook, while it may be ending by itself.
    pub orphan: Duration,
    /// After a reminder, before the next step.
    pub patience: Duration,
    /// How long a reminder is remembered.
    pub reminder: Duration,
    /// How long any judgement holds at most.
    pub fresh: Duration,
    /// How often a session is restarted in place for one bead.
    pub restarts: u32,
    /// How often a bead is handed on to a fresh session because the last one was full.
    pub handoffs: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            absent: seconds(30),
            start: seconds(60),
            gupp: seconds(5 * 60),
            stalled: seconds(10 * 60),
            tool: seconds(60 * 60),
            limited: seconds(5 * 60),
            overtime: seconds(4 * 60 * 60),
            idle: seconds(2 * 60),
            orphan: seconds(60),
            patience: seconds(2 * 60),
            reminder: seconds(60 * 60),
            fresh: seconds(30),
            restarts: 2,
            handoffs: 5,
        }
    }
}
