mod any;
mod ladder;

use super::*;
use ladder::remedied;
use std::time::Duration;

use crate::bead::sample::{at, claim, id, worker};
use crate::bead::{Budget, Used};
use crate::clock::Timestamp;
use crate::id::{HomeId, Lease, SessionId};
use crate::mail::Severity;

const NOW: i64 = 100_000;

fn ago(seconds: i64) -> Timestamp {
    at(NOW - seconds)
}

fn session() -> SessionId {
    "sessionsessi".parse().expect("letters")
}

fn lease() -> Option<Lease> {
    Some(claim("toast").lease)
}

fn running(since: i64) -> Session {
    Session::Running { id: session(), lease: lease(), since: ago(since) }
}

fn ended(since: i64) -> Session {
    Session::Ended { id: session(), lease: lease(), at: ago(since), how: "exit status 1".to_owned(), well: false }
}

fn lost() -> Session {
    Session::Lost { id: session(), lease: lease() }
}

fn launched(since: i64) -> Session {
    Session::Starting { id: session(), lease: lease(), since: ago(since) }
}

fn seen(session: Session, change: impl FnOnce(&mut Observation)) -> Observation {
    let hook = Hook { bead: id("abcde"), claim: claim("toast"), since: ago(3_600), budget: Budget::default() };
    let home = claim("toast").home;
    let activity = Activity::default();
    let (worker, now, hook) = (worker("toast"), at(NOW), Some(hook));
    let mut seen = Observation { worker, home, now, hook, session, activity, displaced: None, excused: None };
    change(&mut seen);
    seen
}

fn judged(seen: &Observation) -> Judgement {
    judge(seen, &Thresholds::default())
}

fn elsewhere(seen: &mut Observation) {
    seen.home = "otherhomehere".parse::<HomeId>().expect("letters");
}

fn progress(seconds: i64) -> impl FnOnce(&mut Observation) {
    move |seen| (seen.activity.begun, seen.activity.progress) = (true, Some(ago(seconds)))
}

fn prompt(prompt: Prompt) -> impl FnOnce(&mut Observation) {
    move |seen| (seen.activity.begun, seen.activity.progress, seen.activity.prompt) = (true, Some(ago(3)), prompt)
}

fn limited(until: i64) -> impl FnOnce(&mut Observation) {
    move |seen| seen.activity.limited_until = Some(ago(until))
}

fn unhooked(progress: i64) -> impl FnOnce(&mut Observation) {
    move |seen| (seen.hook, seen.activity.progress) = (None, Some(ago(progress)))
}

fn hooked(seconds: i64) -> impl FnOnce(&mut Observation) {
    move |seen| seen.hook.as_mut().expect("it has one").since = ago(seconds)
}

#[test]
fn every_health_has_its_evidence() {
    let hook_renewed = |seen: &mut Observation| {
        seen.hook.as_mut().expect("hook").claim.lease = "renewedrenewed22".parse().expect("ok");
    };
    let unknown = Session::Unknown { why: "tmux did not answer within 2s".to_owned() };
    let cases = [
        (seen(Session::Absent, |seen| seen.hook = None), "free: no bead on its hook and no session"),
        (seen(ended(9), |seen| seen.hook = None), "free: no bead on its hook and no session"),
        (seen(Session::Absent, hooked(29)), "starting: hooked 29s ago, no session yet"),
        (seen(Session::Absent, hooked(30)), "zombie: web-abcde is on its hook for 30s, and it has no session"),
        (seen(launched(59), |_| {}), "starting: its session was launched 59s ago"),
        (seen(launched(60), |_| {}), "zombie: its session was launched 1m ago and has no process"),
        (seen(lost(), hooked(1)), "zombie: web-abcde is on its hook, and the process of its session is gone"),
        (seen(running(299), |_| {}), "starting: its session runs for 4m and has begun nothing yet"),
        (seen(running(300), |_| {}), "gupp: web-abcde is on its hook, and nothing was begun for 5m"),
        (seen(running(300), progress(400)), "working: last sign of progress 5m ago"),
        (seen(running(700), progress(599)), "working: last sign of progress 9m ago"),
        (seen(running(700), progress(600)), "stalled: no sign of progress for 10m"),
        (seen(running(700), prompt(Prompt::Idle { since: ago(119) })), "working: last sign of progress 3s ago"),
        (seen(running(700), prompt(Prompt::Idle { since: ago(120) })), "idle: it stands at its prompt since 2m"),
        (
            seen(running(700), prompt(Prompt::Input { since: ago(1) })),
            "waiting for input: it waits for an answer since 1s",
        ),
        (
            seen(running(700), prompt(Prompt::Permission { since: ago(1) })),
            "waiting for permission: it asks for permission since 1s",
        ),
        (seen(running(700), limited(-60)), "limited: its provider serves it again at 2027-01-16T11:47:40Z"),
        (seen(ended(10), limited(-60)), "limited: its provider serves it again at 2027-01-16T11:47:40Z"),
        (seen(ended(10), progress(20)), "ended: its session ended (exit status 1), having worked, without done"),
        (seen(ended(10), |_| {}), "ended: its session ended (exit status 1), having done nothing, without done"),
        (seen(running(700), unhooked(60)), "orphan: the session sessionsessi lives, and no bead is on its hook"),
        (seen(running(700), unhooked(59)), "free: no bead on its hook; the session sessionsessi is ending"),
        (
            seen(running(700), hook_renewed),
            "orphan: the session sessionsessi lives for an earlier hooking, not for web-abcde",
        ),
        (seen(ended(700), hook_renewed), "zombie: web-abcde is on its hook for 1h, and it has no session"),
        (
            seen(running(700), stopped),
            "stalled: its process 7 is stopped by a signal; `kill -CONT -- -7` lets it go on",
        ),
        (
            seen(lost(), elsewhere),
            "held elsewhere: web-abcde is held by the clone homehomehome since 2027-01-16T10:46:40Z",
        ),
        (seen(unknown, |_| {}), "unknown: its session could not be seen: tmux did not answer within 2s"),
    ];
    for (seen, expected) in cases {
        let judged = judged(&seen);
        assert_eq!(format!("{}: {}", judged.health.word(), judged.evidence), expected);
        assert!(judged.expires > seen.now, "{expected} is stale at once");
    }
}

fn stopped(seen: &mut Observation) {
    progress(130)(seen);
    seen.activity.prompt = Prompt::Permission { since: ago(200) };
    seen.activity.halted = Some(Halted::Stopped { pid: 7 });
}

type Change = Box<dyn FnOnce(&mut Observation)>;

/// By the same evidence as a worker, without what is expected of one: nobody waits for a person's agent to begin.
#[test]
fn the_session_of_a_crew_member_is_judged_and_left_alone() {
    let shows = |change: fn(&mut Activity)| move |seen: &mut Observation| change(&mut seen.activity);
    let says = |by: Source| move |seen: &mut Observation| seen.activity.by = Some(by);
    let well = Session::Ended { id: session(), lease: None, at: ago(9), how: "exit status 0".to_owned(), well: true };
    let cases: Vec<(Session, Vec<Change>, &str)> = vec![
        (Session::Absent, vec![], "free: no session"),
        (well, vec![], "free: no session"),
        (launched(9), vec![], "starting: its session was launched 9s ago"),
        (launched(90), vec![], "ended: its session ended (it was launched and has no process), and nobody asked it to"),
        (ended(9), vec![], "ended: its session ended (exit status 1), and nobody asked it to"),
        (lost(), vec![], "ended: its session ended (its process is gone), and nobody asked it to"),
        (running(300), vec![], "working: last sign of progress 5m ago"),
        (running(700), vec![], "idle: nothing moves since 11m"),
        (running(700), vec![Box::new(progress(9))], "working: last sign of progress 9s ago"),
        (running(700), vec![Box::new(says(Source::Hooks))], "stalled: no sign of progress for 11m"),
        (
            running(700),
            vec![Box::new(prompt(Prompt::Idle { since: ago(5) }))],
            "idle: it stands at its prompt since 5s",
        ),
        (
            running(700),
            vec![Box::new(prompt(Prompt::Input { since: ago(1) }))],
            "waiting for input: it waits for an answer since 1s",
        ),
        (
            running(700),
            vec![Box::new(prompt(Prompt::Permission { since: ago(1) }))],
            "waiting for permission: it asks for permission since 1s",
        ),
        (running(700), vec![Box::new(limited(-60))], "limited: its provider serves it again at 2027-01-16T11:47:40Z"),
        (
            running(700),
            vec![Box::new(shows(|activity| activity.exhausted = Some(ago(5))))],
            "out of context: its conversation is too long for its model since 5s",
        ),
        (
            running(700),
            vec![Box::new(stopped)],
            "stalled: its process 7 is stopped by a signal; `kill -CONT -- -7` lets it go on",
        ),
    ];
    for (session, changes, expected) in cases {
        let seen = seen(session, |seen| {
            (seen.worker, seen.hook) = ("web/crew/ada".parse().expect("valid"), None);
            changes.into_iter().for_each(|change| change(seen));
        });
        let judged = judged(&seen);
        assert_eq!(format!("{}: {}", judged.health.word(), judged.evidence), expected);
        assert_eq!(remedied(&seen, &Counters::default()), Remedy::Nothing, "{expected}");
    }
}

#[test]
fn what_was_stopped_is_continued_once_and_then_somebody_is_told() {
    let after = |seconds: i64, continued: Option<i64>| {
        let seen = seen(running(700), |seen| {
            stopped(seen);
            seen.activity.progress = Some(ago(seconds));
        });
        remedied(&seen, &Counters { continued: continued.map(ago), ..Counters::default() })
    };
    assert_eq!(after(119, None), Remedy::Nothing, "somebody may be looking at it");
    assert_eq!(after(120, None), Remedy::Continue);
    assert_eq!(after(600, Some(3_600)), Remedy::Continue, "that was long ago");
    assert!(matches!(after(600, Some(300)), Remedy::Escalate { severity: Severity::Medium, .. }));
    let stuck = |seen: &mut Observation| {
        progress(600)(seen);
        seen.activity.halted = Some(Halted::Stuck { pid: 7 });
    };
    let seen = seen(running(700), stuck);
    let says = "no sign of progress for 10m; its process 7 waits for a disk or a server of files";
    assert_eq!(judged(&seen).evidence, says);
    let told = remedied(&seen, &Counters { reminded: Some(ago(300)), ..Counters::default() });
    assert!(matches!(told, Remedy::Escalate { .. }), "a restart cannot end it: {told:?}");
}

#[test]
fn a_judgement_expires_when_time_alone_changes_it() {
    assert_eq!(judged(&seen(Session::Absent, hooked(20))).expires, ago(-10));
    assert_eq!(judged(&seen(running(700), progress(599))).expires, ago(-1));
    assert_eq!(judged(&seen(running(700), progress(1))).expires, ago(-30), "stale before it stalls");
    assert_eq!(judged(&seen(running(700), limited(-5))).expires, ago(-5));
}

#[test]
fn the_table_has_every_health() {
    let words: std::collections::BTreeSet<&str> = table(&Thresholds::default()).iter().map(|row| row.health).collect();
    assert_eq!(words.len(), 15);
    assert_eq!(render_table(&Thresholds::default()).lines().count(), 22);
}
