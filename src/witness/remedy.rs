use serde::Serialize;

use super::{Halted, Health, Judgement, Observation, Thresholds};
use crate::bead::AttemptOutcome;
use crate::clock::{Timestamp, since};
use crate::id::{SessionId, WorkerKind};
use crate::mail::Severity;

/// What was tried for one bead. Kept durably, by bead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// How often its session was restarted in place; those that a rate limit or the machine excuses are not counted.
    pub restarts: u32,
    /// How often it was handed on to a fresh session because the last one was full.
    pub handoffs: u32,
    /// When its worker was last reminded.
    pub reminded: Option<Timestamp>,
    /// When its process was last continued.
    pub continued: Option<Timestamp>,
    /// When somebody was last told.
    pub escalated: Option<Timestamp>,
}

/// What to do about a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "remedy", rename_all = "kebab-case")]
pub enum Remedy {
    /// Nothing, or nothing more.
    Nothing,
    /// Send it a message.
    Remind {
        /// The message.
        text: String,
    },
    /// Let its process, which was stopped, go on.
    Continue,
    /// End what is left of its session and start a new one on the same bead, told what is known.
    Restart {
        /// Why, for the new session and for the feed.
        why: String,
        /// Whether it counts towards [`Thresholds::restarts`].
        counts: bool,
    },
    /// The same with a conversation of its own, because the one that it has is full.
    HandOff {
        /// Why, for the notes of the new session.
        why: String,
    },
    /// Take the bead from it, so that another may have it.
    Release {
        /// How its attempt is recorded.
        outcome: AttemptOutcome,
        /// Why.
        why: String,
    },
    /// End a session that nobody needs.
    End {
        /// The session.
        session: SessionId,
        /// Why.
        why: String,
    },
    /// Tell somebody; the bead stays where it is.
    Escalate {
        /// How bad it is.
        severity: Severity,
        /// Why.
        why: String,
    },
}

/// What to do about a worker that was judged so.
///
/// The ladder is: a reminder, restarts in place, release to another; what no other worker could mend
/// is escalated instead. A crew member is a person's, and is left alone.
pub fn remedy(seen: &Observation, judged: &Judgement, counters: &Counters, thresholds: &Thresholds) -> Remedy {
    if seen.worker.kind == WorkerKind::Crew {
        return Remedy::Nothing;
    }
    let ladder = Ladder { now: seen.now, why: &judged.evidence, counters, thresholds };
    if let Some(remedy) = over_limit(seen, judged, &ladder) {
        return remedy;
    }
    if let (Some(why), Health::Zombie { .. } | Health::Ended { .. }) = (&seen.excused, &judged.health)
        && counters.restarts < thresholds.restarts
    {
        return Remedy::Restart { why: why.clone(), counts: false };
    }
    match &judged.health {
        Health::Free
        | Health::Starting { .. }
        | Health::Working { .. }
        | Health::Limited { .. }
        | Health::HeldElsewhere { .. }
        | Health::Unknown { .. } => Remedy::Nothing,
        Health::Orphan { session } => Remedy::End { session: session.clone(), why: judged.evidence.clone() },
        Health::WaitingForPermission { .. } => ladder.escalate(Severity::Medium),
        Health::WaitingForInput { .. } => ladder.remind(ALONE).unwrap_or_else(|| ladder.escalate(Severity::Medium)),
        Health::Idle { .. } => ladder.remind(GO_ON).unwrap_or_else(|| ladder.escalate(Severity::Medium)),
        Health::Gupp { .. } => ladder.remind(BEGIN).unwrap_or_else(|| ladder.restart(Last::Escalate)),
        // A message would make it longer still.
        Health::OutOfContext { .. } => ladder.hand_off(),
        Health::Ended { .. } if seen.activity.exhausted.is_some() => ladder.hand_off(),
        Health::Stalled { since } if matches!(seen.activity.halted, Some(Halted::Stopped { .. })) => {
            ladder.go_on(*since)
        }
        // What no signal reaches cannot be ended either.
        Health::Stalled { .. } if seen.activity.halted.is_some() => ladder.escalate(Severity::Medium),
        Health::Stalled { .. } => ladder.remind(GO_ON).unwrap_or_else(|| ladder.restart(Last::Release)),
        Health::Zombie { .. } => ladder.restart(Last::Escalate),
        Health::Ended { limited: true, .. } => Remedy::Restart { why: judged.evidence.clone(), counts: false },
        Health::Ended { worked: true, .. } => ladder.restart(Last::Release),
        Health::Ended { worked: false, .. } => ladder.restart(Last::Escalate),
    }
}

/// What is done when an attempt has used what it may. A worker that is busy is told, and goes on until a person decides;
/// one that is not gets no new start, which would use as much again.
fn over_limit(seen: &Observation, judged: &Judgement, ladder: &Ladder<'_>) -> Option<Remedy> {
    let spent = seen.spent();
    let busy = matches!(judged.health, Health::Working { .. });
    let over = || seen.overtime(ladder.thresholds).filter(|_| busy);
    let why = spent.clone().or_else(over)?;
    let ladder = Ladder { why: &why, ..*ladder };
    match &judged.health {
        Health::Working { .. } => Some(ladder.remind(FINISH).unwrap_or_else(|| ladder.escalate(Severity::Medium))),
        Health::Stalled { .. } | Health::Zombie { .. } | Health::Ended { .. } | Health::Idle { .. } => {
            Some(ladder.escalate(Severity::Medium))
        }
        _ => None,
    }
}

const ALONE: &str = "Nobody is there to answer. Decide yourself and write down why with `gt bead note`; if you \
    cannot go on without a person, run `gt escalate`.";
const GO_ON: &str = "Your bead is still on your hook. Go on with it; when it is finished run `gt done`; if you \
    cannot go on, run `gt escalate`.";
const FINISH: &str = "Your bead has taken what it may. Commit what you have; if it is finished run `gt done`, else run \
    `gt escalate` and say what is missing.";
const BEGIN: &str = "You have a bead on your hook. Run `gt prime` and begin.";

/// What comes after the last restart.
#[derive(Clone, Copy)]
enum Last {
    /// Another worker may do better.
    Release,
    /// Another worker would do no better: nothing ever worked here.
    Escalate,
}

#[derive(Clone, Copy)]
struct Ladder<'l> {
    now: Timestamp,
    why: &'l str,
    counters: &'l Counters,
    thresholds: &'l Thresholds,
}

impl Ladder<'_> {
    /// The reminder, or nothing while it may still help; `None` when it did not.
    fn remind(&self, text: &str) -> Option<Remedy> {
        let ago = self.counters.reminded.map(|reminded| since(self.now, reminded));
        match ago.filter(|ago| *ago < self.thresholds.reminder) {
            None => Some(Remedy::Remind { text: text.to_owned() }),
            Some(ago) if ago < self.thresholds.patience => Some(Remedy::Nothing),
            Some(_) => None,
        }
    }

    /// Continued once somebody who stopped it had time to look at it; who is stopped again is stopped by somebody.
    fn go_on(&self, stands: Timestamp) -> Remedy {
        let recent = |then: &Timestamp| since(self.now, *then) < self.thresholds.reminder;
        match self.counters.continued.filter(recent) {
            _ if since(self.now, stands) < self.thresholds.patience => Remedy::Nothing,
            None => Remedy::Continue,
            Some(_) => self.escalate(Severity::Medium),
        }
    }

    /// A fresh conversation in the same worktree; one that is full again and again is no matter of its length.
    fn hand_off(&self) -> Remedy {
        match self.counters.handoffs < self.thresholds.handoffs {
            true => Remedy::HandOff { why: self.why.to_owned() },
            false => self.escalate(Severity::Medium),
        }
    }

    fn restart(&self, last: Last) -> Remedy {
        let why = self.why.to_owned();
        match last {
            _ if self.counters.restarts < self.thresholds.restarts => Remedy::Restart { why, counts: true },
            Last::Release => Remedy::Release { outcome: AttemptOutcome::Ended, why },
            Last::Escalate => self.escalate(Severity::High),
        }
    }

    /// Somebody is told once; who is told next is the escalation's to say.
    fn escalate(&self, severity: Severity) -> Remedy {
        match self.counters.escalated {
            Some(_) => Remedy::Nothing,
            None => Remedy::Escalate { severity, why: self.why.to_owned() },
        }
    }
}
