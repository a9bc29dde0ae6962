use serde::Serialize;

use super::{Halted, Hook, Observation, Prompt, Session, Thresholds};
use crate::clock::{Timestamp, rfc3339, short, since};
use crate::id::{BeadId, HomeId, SessionId, WorkerKind};

/// How a worker is, with what that means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "health", rename_all = "kebab-case")]
pub enum Health {
    /// It has no hook and no session.
    Free,
    /// Its session is being started, or has begun nothing yet.
    Starting {
        /// Since when.
        since: Timestamp,
    },
    /// It makes progress.
    Working {
        /// The last sign of it.
        last: Timestamp,
    },
    /// It asked something.
    WaitingForInput {
        /// Since when.
        since: Timestamp,
    },
    /// It asks whether it may do something.
    WaitingForPermission {
        /// Since when.
        since: Timestamp,
    },
    /// Its conversation is too long for its model.
    OutOfContext {
        /// Since when.
        since: Timestamp,
    },
    /// Its provider refuses to serve it for a while.
    Limited {
        /// Until when.
        until: Timestamp,
    },
    /// It stands at its prompt.
    Idle {
        /// Since when.
        since: Timestamp,
    },
    /// It is hooked, and nothing was begun.
    Gupp {
        /// Since when its session runs.
        since: Timestamp,
    },
    /// It makes no progress.
    Stalled {
        /// The last sign of progress.
        since: Timestamp,
    },
    /// It has a hook and no live session, or one that has no worktree to work in.
    Zombie {
        /// The bead on its hook.
        bead: BeadId,
    },
    /// It has a session without a hook.
    Orphan {
        /// The session.
        session: SessionId,
    },
    /// Its session ended without done.
    Ended {
        /// When.
        at: Timestamp,
        /// How: "exit status 1".
        how: String,
        /// Whether it had begun to work.
        worked: bool,
        /// Whether it ended because its provider refused to serve it.
        limited: bool,
    },
    /// Its hook was made in another clone of the town.
    HeldElsewhere {
        /// That clone.
        home: HomeId,
        /// Since when.
        since: Timestamp,
    },
    /// It could not be seen.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Health {
    /// The word for lists.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Starting { .. } => "starting",
            Self::Working { .. } => "working",
            Self::WaitingForInput { .. } => "waiting for input",
            Self::WaitingForPermission { .. } => "waiting for permission",
            Self::OutOfContext { .. } => "out of context",
            Self::Limited { .. } => "limited",
            Self::Idle { .. } => "idle",
            Self::Gupp { .. } => "gupp",
            Self::Stalled { .. } => "stalled",
            Self::Zombie { .. } => "zombie",
            Self::Orphan { .. } => "orphan",
            Self::Ended { .. } => "ended",
            Self::HeldElsewhere { .. } => "held elsewhere",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// A health with the reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// How the worker is.
    #[serde(flatten)]
    pub health: Health,
    /// One sentence: what was seen.
    pub evidence: String,
    /// From this moment on it says nothing any more.
    pub expires: Timestamp,
}

/// Judges one worker.
pub fn judge(seen: &Observation, thresholds: &Thresholds) -> Judgement {
    let (health, evidence, turns) = Judge { seen, limits: thresholds }.health();
    let stale = seen.now + thresholds.fresh;
    let expires = turns.filter(|turns| *turns > seen.now).map_or(stale, |turns| turns.min(stale));
    Judgement { health, evidence, expires }
}

/// A health, its evidence, and when time alone makes it another one.
type Finding = (Health, String, Option<Timestamp>);

struct Judge<'o> {
    seen: &'o Observation,
    limits: &'o Thresholds,
}

impl Judge<'_> {
    fn health(&self) -> Finding {
        if let Some(hook) = self.seen.hook.as_ref().filter(|hook| hook.claim.home != self.seen.home) {
            let home = hook.claim.home.clone();
            let evidence = format!("{} is held by the clone {home} since {}", hook.bead, rfc3339(hook.since));
            return (Health::HeldElsewhere { home, since: hook.since }, evidence, None);
        }
        if let Session::Unknown { why } = &self.seen.session {
            return (Health::Unknown { why: why.clone() }, format!("its session could not be seen: {why}"), None);
        }
        match &self.seen.hook {
            Some(hook) => self.hooked(hook),
            None if self.seen.worker.kind == WorkerKind::Crew => self.attended(),
            None => self.unhooked(),
        }
    }

    /// A person's own session. Nobody waits for it to begin, and only the person does anything about it.
    fn attended(&self) -> Finding {
        let died = |at: Timestamp, how: &str| {
            let health = Health::Ended { at, how: how.to_owned(), worked: self.seen.activity.begun, limited: false };
            (health, format!("its session ended ({how}), and nobody asked it to"), None)
        };
        match &self.seen.session {
            Session::Starting { since, .. } if self.within(*since, self.limits.start) => self.launched(*since),
            Session::Starting { since, .. } => died(*since, "it was launched and has no process"),
            Session::Running { since, .. } => {
                self.stopped(*since).or_else(|| self.at_prompt()).unwrap_or_else(|| self.in_hand(*since))
            }
            Session::Ended { at, how, well: false, .. } => died(*at, how),
            Session::Lost { .. } => died(self.seen.activity.progress.unwrap_or(self.seen.now), "its process is gone"),
            _ => (Health::Free, "no session".to_owned(), None),
        }
    }

    /// At work or at rest, as far as anything says so; what says nothing and does not move is at rest.
    fn in_hand(&self, began: Timestamp) -> Finding {
        let last = self.seen.activity.progress.unwrap_or(began).max(began);
        let by = self.seen.activity.by.map(|by| format!(", says {}", by.words())).unwrap_or_default();
        match self.seen.activity.prompt {
            Prompt::Idle { since } => {
                (Health::Idle { since }, format!("it stands at its prompt since {}{by}", self.ago(since)), None)
            }
            _ if self.seen.activity.by.is_none() && !self.within(last, self.limits.stalled) => {
                (Health::Idle { since: last }, format!("nothing moves since {}", self.ago(last)), None)
            }
            _ => self.moving(last),
        }
    }

    fn unhooked(&self) -> Finding {
        let (id, began) = match &self.seen.session {
            Session::Starting { id, since, .. } | Session::Running { id, since, .. } => (id, *since),
            _ => return (Health::Free, "no bead on its hook and no session".to_owned(), None),
        };
        let last = self.seen.activity.progress.unwrap_or(began).max(began);
        if self.within(last, self.limits.orphan) {
            let turns = last + self.limits.orphan;
            return (Health::Free, format!("no bead on its hook; the session {id} is ending"), Some(turns));
        }
        (Health::Orphan { session: id.clone() }, format!("the session {id} lives, and no bead is on its hook"), None)
    }

    fn hooked(&self, hook: &Hook) -> Finding {
        let other = self.seen.session.lease().is_some_and(|lease| *lease != hook.claim.lease);
        match &self.seen.session {
            Session::Starting { id, .. } | Session::Running { id, .. } if other => {
                let evidence = format!("the session {id} lives for an earlier hooking, not for {}", hook.bead);
                (Health::Orphan { session: id.clone() }, evidence, None)
            }
            Session::Starting { since, .. } => self.starting(hook, *since),
            Session::Running { since, .. } => self.running(hook, *since),
            Session::Ended { at, how, .. } if !other => self.ended(*at, how),
            Session::Lost { .. } if !other => {
                let evidence = format!("{} is on its hook, and the process of its session is gone", hook.bead);
                (Health::Zombie { bead: hook.bead.clone() }, evidence, None)
            }
            _ => self.absent(hook),
        }
    }

    fn absent(&self, hook: &Hook) -> Finding {
        if self.within(hook.since, self.limits.absent) {
            let evidence = format!("hooked {} ago, no session yet", self.ago(hook.since));
            return (Health::Starting { since: hook.since }, evidence, Some(hook.since + self.limits.absent));
        }
        let evidence = format!("{} is on its hook for {}, and it has no session", hook.bead, self.ago(hook.since));
        (Health::Zombie { bead: hook.bead.clone() }, evidence, None)
    }

    fn launched(&self, since: Timestamp) -> Finding {
        let evidence = format!("its session was launched {} ago", self.ago(since));
        (Health::Starting { since }, evidence, Some(since + self.limits.start))
    }

    fn starting(&self, hook: &Hook, since: Timestamp) -> Finding {
        if self.within(since, self.limits.start) {
            return self.launched(since);
        }
        let evidence = format!("its session was launched {} ago and has no process", self.ago(since));
        (Health::Zombie { bead: hook.bead.clone() }, evidence, None)
    }

    fn ended(&self, at: Timestamp, how: &str) -> Finding {
        let until = self.seen.activity.limited_until;
        if let Some(limited) = self.limited() {
            return limited;
        }
        let (worked, limited) = (self.seen.activity.begun, until.is_some_and(|until| until >= at));
        let worked_words = if worked { "having worked" } else { "having done nothing" };
        // Without the age: what is escalated is read later.
        let evidence = format!("its session ended ({how}), {worked_words}, without done");
        (Health::Ended { at, how: how.to_owned(), worked, limited }, evidence, None)
    }

    fn limited(&self) -> Option<Finding> {
        let until = self.seen.activity.limited_until.filter(|until| *until > self.seen.now)?;
        Some((Health::Limited { until }, format!("its provider serves it again at {}", rfc3339(until)), Some(until)))
    }

    fn running(&self, hook: &Hook, began: Timestamp) -> Finding {
        if let Some(why) = &self.seen.displaced {
            let evidence = format!("{} is on its hook, and its session has no worktree: {why}", hook.bead);
            return (Health::Zombie { bead: hook.bead.clone() }, evidence, None);
        }
        self.stopped(began).or_else(|| self.at_prompt()).unwrap_or_else(|| self.at_work(hook, began))
    }

    /// That its process was stopped, where that is so: whatever it showed last, it does nothing.
    fn stopped(&self, began: Timestamp) -> Option<Finding> {
        let Some(Halted::Stopped { pid }) = self.seen.activity.halted else { return None };
        let since = self.seen.activity.progress.unwrap_or(began).max(began);
        let evidence = format!("its process {pid} is stopped by a signal; `kill -CONT -- -{pid}` lets it go on");
        Some((Health::Stalled { since }, evidence, None))
    }

    /// That it does not go on by itself, where that is so.
    fn at_prompt(&self) -> Option<Finding> {
        if let Some(limited) = self.limited() {
            return Some(limited);
        }
        if let Some(since) = self.seen.activity.exhausted {
            let evidence = format!("its conversation is too long for its model since {}", self.ago(since));
            return Some((Health::OutOfContext { since }, evidence, None));
        }
        let by = self.seen.activity.by.map(|by| format!(", says {}", by.words())).unwrap_or_default();
        match self.seen.activity.prompt {
            Prompt::Permission { since } => {
                let evidence = format!("it asks for permission since {}{by}", self.ago(since));
                Some((Health::WaitingForPermission { since }, evidence, None))
            }
            Prompt::Input { since } => {
                let evidence = format!("it waits for an answer since {}{by}", self.ago(since));
                Some((Health::WaitingForInput { since }, evidence, None))
            }
            // One that never began anything does not rest.
            Prompt::Idle { since } if self.seen.activity.begun && !self.within(since, self.limits.idle) => {
                let failed = self.seen.activity.failed.as_ref();
                let failed = failed.map(|text| format!("; its last call failed: {text}")).unwrap_or_default();
                let evidence = format!("it stands at its prompt since {}{by}{failed}", self.ago(since));
                Some((Health::Idle { since }, evidence, None))
            }
            Prompt::Idle { .. } | Prompt::Busy => None,
        }
    }

    fn at_work(&self, hook: &Hook, began: Timestamp) -> Finding {
        // Work on an earlier session, or before the hook, is no sign that this one began; nor is what was made ready for
        // it in the same second, which is as exact as times are.
        let progress = self.seen.activity.progress.filter(|progress| *progress > began);
        let Some(last) = progress.or(self.seen.activity.begun.then_some(began)) else {
            if self.within(began, self.limits.gupp) {
                let evidence = format!("its session runs for {} and has begun nothing yet", self.ago(began));
                return (Health::Starting { since: began }, evidence, Some(began + self.limits.gupp));
            }
            let evidence = format!("{} is on its hook, and nothing was begun for {}", hook.bead, self.ago(began));
            return (Health::Gupp { since: began }, evidence, None);
        };
        self.moving(last)
    }

    /// How it is with one that began to work and does not rest.
    fn moving(&self, last: Timestamp) -> Finding {
        if let Some(tool) = &self.seen.activity.tool
            && !self.within(last, self.limits.stalled)
        {
            let evidence = format!("its tool {} runs for {}", tool.name, self.ago(tool.since));
            return (Health::Working { last: tool.since }, evidence, Some(tool.since + self.limits.tool));
        }
        if self.within(last, self.limits.stalled) {
            let long = self.seen.spent().or_else(|| self.seen.overtime(self.limits));
            let long = long.map(|why| format!("; {why}")).unwrap_or_default();
            let evidence = format!("last sign of progress {} ago{long}", self.ago(last));
            return (Health::Working { last }, evidence, Some(last + self.limits.stalled));
        }
        let stuck = match self.seen.activity.halted {
            Some(Halted::Stuck { pid }) => format!("; its process {pid} waits for a disk or a server of files"),
            _ => String::new(),
        };
        (Health::Stalled { since: last }, format!("no sign of progress for {}{stuck}", self.ago(last)), None)
    }

    fn within(&self, then: Timestamp, limit: std::time::Duration) -> bool {
        since(self.seen.now, then) < limit
    }

    fn ago(&self, then: Timestamp) -> String {
        short(since(self.seen.now, then))
    }
}
