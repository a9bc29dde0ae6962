//! A problem on its way up: from the worker to the mayor to the person.
//!
//! Pure: who hears of it next, when, and in which words. Letters themselves are [`crate::mail`]'s.

use std::time::Duration;

use crate::clock::{Timestamp, short, since};
use crate::id::{Actor, BeadId, WorkerRef};
use crate::mail::{Kind, Letter, MailId, Severity};

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Who says so.
    pub from: Actor,
    /// The bead that stands still, if one does.
    pub bead: Option<BeadId>,
    /// The worker that has it.
    pub worker: Option<WorkerRef>,
    /// One line: "its session ended three times without done".
    pub summary: String,
    /// What is known, as a list of facts; shown below each other.
    pub evidence: Vec<String>,
}

/// Who was told, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub whom: Actor,
    /// When.
    pub at: Timestamp,
    /// Whether that one said that something is being done about it.
    pub acknowledged: bool,
}

/// What happens next with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Tell this one.
    Tell(Actor),
    /// Somebody is at it.
    InHand(Actor),
    /// Wait until this moment for an answer of who was told last.
    WaitUntil(Timestamp),
    /// The person was told; there is nobody above.
    AtTheTop,
}

/// How long who was told has before the next one is told.
pub fn patience(severity: Severity) -> Duration {
    let minutes = match severity {
        Severity::Low => 60,
        Severity::Medium => 15,
        Severity::High => 5,
        Severity::Critical => 0,
    };
    Duration::from_secs(minutes * 60)
}

/// Who is told next. The way is worker, mayor, person; it begins above whoever reports, and leaves out the
/// mayor where nobody plays one. A critical problem goes to the person at once.
pub fn next(problem: &Problem, told: &[Told], mayor_is_there: bool, now: Timestamp) -> Next {
    if let Some(told) = told.iter().find(|told| told.acknowledged) {
        return Next::InHand(told.whom.clone());
    }
    let way = way(problem, mayor_is_there);
    let Some(last) = told.last() else {
        return way.into_iter().next().map_or(Next::AtTheTop, Next::Tell);
    };
    let untold = way.into_iter().find(|actor| told.iter().all(|told| told.whom != *actor));
    let Some(next) = untold.filter(|_| last.whom != Actor::Human) else { return Next::AtTheTop };
    let patience = patience(problem.severity);
    if since(now, last.at) >= patience { Next::Tell(next) } else { Next::WaitUntil(last.at + patience) }
}

fn way(problem: &Problem, mayor_is_there: bool) -> Vec<Actor> {
    let worker = problem.worker.clone().map(Actor::Worker);
    let mut way: Vec<Actor> = worker.into_iter().chain([Actor::Mayor, Actor::Human]).collect();
    if let Some(place) = way.iter().position(|actor| *actor == problem.from) {
        way.drain(..=place);
    }
    way.retain(|actor| match actor {
        Actor::Mayor => mayor_is_there && problem.severity < Severity::Critical,
        Actor::Worker(_) => problem.severity < Severity::Critical,
        _ => true,
    });
    if way.is_empty() { vec![Actor::Human] } else { way }
}

/// The letter that tells `to` of the problem.
pub fn letter(problem: &Problem, id: MailId, to: Actor, told: &[Told], now: Timestamp) -> Letter {
    let subject = match &problem.bead {
        Some(bead) => format!("{bead}: {}", problem.summary),
        None => problem.summary.clone(),
    };
    let mut letter = Letter::new(id, problem.from.clone(), to, subject, now);
    letter.kind = Kind::Escalation { severity: problem.severity };
    letter.bead.clone_from(&problem.bead);
    letter.body = text(problem, told, now);
    letter
}

/// What is known of the problem, for people and for models.
pub fn text(problem: &Problem, told: &[Told], now: Timestamp) -> String {
    let mut lines = vec![format!("{}.", problem.summary)];
    lines.extend(problem.evidence.iter().map(|fact| format!("- {fact}")));
    for told in told {
        lines.push(format!("- {} was told {} ago and did not answer", told.whom, short(since(now, told.at))));
    }
    if let Some(worker) = &problem.worker {
        lines.push(format!("Look: gt peek {}", worker.short()));
    }
    if let Some(bead) = &problem.bead {
        lines.push(format!("Why it stands where it stands: gt why {bead}"));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::sample::{at, id, worker};

    fn problem(severity: Severity, from: Actor) -> Problem {
        let summary = "its session ended three times without done".to_owned();
        let evidence = vec!["exit status 1, 12 s after its start".to_owned()];
        Problem { severity, from, bead: Some(id("abcde")), worker: Some(worker("toast")), summary, evidence }
    }

    fn witness() -> Actor {
        "web/witness".parse().expect("valid")
    }

    fn told(whom: Actor, seconds: i64) -> Told {
        Told { whom, at: at(seconds), acknowledged: false }
    }

    #[test]
    fn a_problem_goes_up_step_by_step() {
        use Severity::{Critical, High, Low, Medium};
        let toast = Actor::Worker(worker("toast"));
        let acknowledged = Told { acknowledged: true, ..told(Actor::Mayor, 0) };
        let cases = [
            (Medium, witness(), vec![], true, Next::Tell(toast.clone())),
            (Medium, toast.clone(), vec![], true, Next::Tell(Actor::Mayor)),
            (Medium, toast.clone(), vec![], false, Next::Tell(Actor::Human)),
            (Medium, Actor::Mayor, vec![], true, Next::Tell(Actor::Human)),
            (Medium, Actor::Human, vec![], true, Next::Tell(Actor::Human)),
            (Critical, witness(), vec![], true, Next::Tell(Actor::Human)),
            (High, witness(), vec![told(toast.clone(), 0)], true, Next::Tell(Actor::Mayor)),
            (Low, witness(), vec![told(toast.clone(), 0)], true, Next::WaitUntil(at(3_600))),
            (High, witness(), vec![told(toast.clone(), 0), told(Actor::Mayor, 900)], true, Next::WaitUntil(at(1_200))),
            (High, witness(), vec![told(toast.clone(), 0), told(Actor::Mayor, 300)], true, Next::Tell(Actor::Human)),
            (High, witness(), vec![told(Actor::Human, 0)], true, Next::AtTheTop),
            (High, witness(), vec![acknowledged], true, Next::InHand(Actor::Mayor)),
        ];
        for (severity, from, told, mayor, expected) in cases {
            let problem = problem(severity, from);
            assert_eq!(
                next(&problem, &told, mayor, at(1_000)),
                expected,
                "{severity:?} from {} after {told:?}",
                problem.from
            );
        }
    }

    #[test]
    fn everybody_is_told_once_and_the_person_at_last() {
        let problem = problem(Severity::Medium, witness());
        let (mut list, mut now) = (Vec::new(), at(0));
        while let Next::Tell(whom) = next(&problem, &list, true, now) {
            list.push(Told { whom, at: now, acknowledged: false });
            now += Duration::from_secs(3_600);
        }
        let whom: Vec<String> = list.iter().map(|told| told.whom.to_string()).collect();
        assert_eq!(whom, ["web/polecats/toast", "mayor", "human"]);
    }

    #[test]
    fn the_letter_says_what_is_known() {
        let problem = problem(Severity::High, witness());
        let letter = letter(&problem, MailId::random(), Actor::Human, &[told(Actor::Mayor, 0)], at(600));
        assert_eq!(letter.subject, "web-abcde: its session ended three times without done");
        let expected = "its session ended three times without done.\n- exit status 1, 12 s after its start\n\
            - mayor was told 10m ago and did not answer\nLook: gt peek web/toast\n\
            Why it stands where it stands: gt why web-abcde\n";
        assert_eq!(letter.body, expected);
        assert!(letter.is_open_escalation());
    }
}
