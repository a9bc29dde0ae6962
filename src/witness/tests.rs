use proptest::prelude::*;

use super::*;
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

fn remedied(seen: &Observation, counters: &Counters) -> Remedy {
    remedy(seen, &judged(seen), counters, &Thresholds::default())
}

fn short(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Nothing => "nothing".to_owned(),
        Remedy::Remind { text } => format!("remind: {}", text.split(['.', ';']).next().unwrap_or_default()),
        Remedy::Continue => "continue".to_owned(),
        Remedy::Restart { counts, .. } => format!("restart{}", if *counts { "" } else { ", not counted" }),
        Remedy::HandOff { .. } => "hand off".to_owned(),
        Remedy::Release { outcome, .. } => format!("release as {outcome:?}"),
        Remedy::End { .. } => "end".to_owned(),
        Remedy::Escalate { severity, .. } => format!("escalate {severity:?}"),
    }
}

#[test]
fn the_ladder_goes_up() {
    let none = Counters::default();
    let restarted = |restarts| Counters { restarts, ..none };
    let reminded = |seconds, restarts| Counters { reminded: Some(ago(seconds)), restarts, ..none };
    let told = Counters { restarts: 2, reminded: Some(ago(500)), escalated: Some(ago(9)), ..none };
    let idle = seen(running(700), prompt(Prompt::Idle { since: ago(200) }));
    let gupp = seen(running(700), |_| {});
    let stalled = seen(running(900), progress(800));
    let died = seen(ended(10), progress(20));
    let stillborn = seen(ended(10), |_| {});
    let cut_off = seen(ended(10), |seen| (seen.activity.begun, seen.activity.limited_until) = (true, Some(ago(5))));
    let limit_was_over =
        seen(ended(10), |seen| (seen.activity.begun, seen.activity.limited_until) = (true, Some(ago(15))));
    let cases = [
        (&idle, none, "remind: Your bead is still on your hook"),
        (&idle, reminded(119, 0), "nothing"),
        (&idle, reminded(120, 0), "escalate Medium"),
        (&idle, reminded(3_600, 0), "remind: Your bead is still on your hook"),
        (&idle, told, "nothing"),
        (&gupp, none, "remind: You have a bead on your hook"),
        (&gupp, reminded(200, 0), "restart"),
        (&gupp, reminded(200, 2), "escalate High"),
        (&stalled, none, "remind: Your bead is still on your hook"),
        (&stalled, reminded(200, 1), "restart"),
        (&stalled, reminded(200, 2), "release as Ended"),
        (&died, none, "restart"),
        (&died, restarted(1), "restart"),
        (&died, restarted(2), "release as Ended"),
        (&died, told, "release as Ended"),
        (&stillborn, restarted(1), "restart"),
        (&stillborn, restarted(2), "escalate High"),
        (&stillborn, told, "nothing"),
        (&cut_off, restarted(2), "restart, not counted"),
        (&limit_was_over, restarted(2), "release as Ended"),
    ];
    for (seen, counters, expected) in cases {
        assert_eq!(short(&remedied(seen, &counters)), expected, "{} {counters:?}", judged(seen).health.word());
    }
    let full = |session| seen(session, |seen| (progress(3)(seen), seen.activity.exhausted = Some(ago(3))).1);
    let handed = |handoffs| Counters { handoffs, ..none };
    assert_eq!(judged(&full(running(700))).health.word(), "out of context");
    assert_eq!(short(&remedied(&full(running(700)), &handed(4))), "hand off");
    assert_eq!(short(&remedied(&full(ended(10)), &handed(4))), "hand off");
    assert_eq!(short(&remedied(&full(running(700)), &handed(5))), "escalate Medium");
    let excused = seen(lost(), |seen| seen.excused = Some("the machine was started anew".to_owned()));
    assert_eq!(short(&remedied(&excused, &restarted(1))), "restart, not counted");
    assert_eq!(short(&remedied(&excused, &restarted(2))), "escalate High");
    let working = seen(running(700), |seen| (progress(3)(seen), seen.excused = Some("x".to_owned())).1);
    assert_eq!(short(&remedied(&working, &none)), "nothing");
    let zombie = seen(lost(), |_| {});
    assert_eq!(short(&remedied(&zombie, &none)), "restart");
    assert_eq!(short(&remedied(&zombie, &restarted(2))), "escalate High");
    let asking = seen(running(700), prompt(Prompt::Permission { since: ago(1) }));
    assert_eq!(short(&remedied(&asking, &none)), "escalate Medium");
    assert_eq!(short(&remedied(&seen(running(700), unhooked(60)), &none)), "end");
}

#[test]
fn an_attempt_that_takes_too_long_or_too_much_is_reported_and_not_begun_again() {
    let none = Counters::default();
    let used = |seconds: u64, turns: Option<u64>| Used { time: Duration::from_secs(seconds), turns, tokens: None };
    let with = |session: Session, budget: &str, used: Used| {
        seen(session, |seen| {
            progress(5)(seen);
            seen.activity.used = used;
            seen.hook.as_mut().expect("it has one").budget = Budget::read(Some(budget));
        })
    };
    let told = Counters { reminded: Some(ago(120)), ..none };
    let cases = [
        (with(running(700), "", used(4 * 3_600 - 1, None)), none, "nothing"),
        (with(running(700), "", used(4 * 3_600, None)), none, "remind"),
        (with(running(700), "", used(4 * 3_600, None)), told, "escalate Medium"),
        (with(running(700), "1d", used(4 * 3_600, None)), none, "nothing"),
        (with(running(700), "10m", used(600, None)), none, "remind"),
        (with(ended(9), "", used(4 * 3_600, None)), none, "restart"),
        (with(ended(9), "3 turns", used(9, Some(3))), none, "escalate Medium"),
        (with(lost(), "3 turns", used(9, Some(3))), none, "escalate Medium"),
        (with(ended(9), "3 turns", used(9, Some(2))), none, "restart"),
    ];
    for (seen, counters, expected) in cases {
        assert!(short(&remedied(&seen, &counters)).starts_with(expected), "{expected}: {seen:?}");
    }
}

#[test]
fn the_table_has_every_health() {
    let words: std::collections::BTreeSet<&str> = table(&Thresholds::default()).iter().map(|row| row.health).collect();
    assert_eq!(words.len(), 15);
    assert_eq!(render_table(&Thresholds::default()).lines().count(), 22);
}

fn any_session() -> impl Strategy<Value = Session> {
    let time = 0..2_000i64;
    prop_oneof![
        Just(Session::Absent),
        Just(lost()),
        time.clone().prop_map(running),
        time.clone().prop_map(launched),
        time.prop_map(ended),
        Just(Session::Unknown { why: "no answer".to_owned() }),
    ]
}

fn any_seen() -> impl Strategy<Value = Observation> {
    let prompt = prop_oneof![
        Just(Prompt::Busy),
        (0..500i64).prop_map(|since| Prompt::Idle { since: ago(since) }),
        (0..500i64).prop_map(|since| Prompt::Input { since: ago(since) }),
        (0..500i64).prop_map(|since| Prompt::Permission { since: ago(since) }),
    ];
    let time = proptest::option::of(-600..2_000i64);
    let halted = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Halted::Stopped { pid: 7 })),
        1 => Just(Some(Halted::Stuck { pid: 7 })),
    ];
    let flags = (any::<bool>(), prop::bool::weighted(0.8));
    (any_session(), prompt, flags, time.clone(), time, 0..3_600i64, halted).prop_map(
        |(session, prompt, (begun, has_hook), progress, limited, since, halted)| {
            let mut seen = seen(session, hooked(since));
            seen.activity = Activity {
                begun,
                progress: progress.map(ago),
                prompt,
                limited_until: limited.map(ago),
                halted,
                ..seen.activity
            };
            seen.hook = seen.hook.filter(|_| has_hook);
            seen
        },
    )
}

fn any_counters() -> impl Strategy<Value = Counters> {
    let time = || proptest::option::of((0..5_000i64).prop_map(ago));
    (0..4u32, time(), time()).prop_map(|(restarts, reminded, escalated)| Counters {
        restarts,
        handoffs: restarts,
        reminded,
        continued: reminded,
        escalated,
    })
}

proptest! {
    #[test]
    fn some_workers_are_never_touched(seen in any_seen(), counters in any_counters(), way in 0..3) {
        let mut seen = seen;
        match way {
            0 => seen.session = Session::Unknown { why: "no answer".to_owned() },
            1 => seen.worker = "web/crew/ada".parse().expect("valid"),
            _ if seen.hook.is_some() => elsewhere(&mut seen),
            _ => seen.session = Session::Absent,
        }
        prop_assert_eq!(remedied(&seen, &counters), Remedy::Nothing);
    }

    /// A live session is ended only when it has no hook of its own, and a bead is taken away or its session
    /// replaced only after the evidence that the table asks for.
    #[test]
    fn no_remedy_without_its_evidence(seen in any_seen(), counters in any_counters()) {
        let judged = judged(&seen);
        prop_assert!(judged.expires > seen.now);
        match remedied(&seen, &counters) {
            Remedy::End { .. } => prop_assert!(seen.hook.is_none()),
            Remedy::Restart { counts, .. } => {
                prop_assert!(seen.hook.is_some());
                prop_assert!(!counts || counters.restarts < Thresholds::default().restarts);
                let live = matches!(seen.session, Session::Running { .. });
                prop_assert!(!live || counters.reminded.is_some(), "a live session is reminded first");
            }
            Remedy::HandOff { .. } => prop_assert!(counters.handoffs < Thresholds::default().handoffs),
            Remedy::Release { .. } => prop_assert!(counters.restarts >= Thresholds::default().restarts),
            Remedy::Escalate { .. } => prop_assert!(counters.escalated.is_none()),
            Remedy::Remind { .. } => prop_assert!(matches!(seen.session, Session::Running { .. }), "nobody hears it"),
            Remedy::Continue => prop_assert_eq!(seen.activity.halted, Some(Halted::Stopped { pid: 7 })),
            Remedy::Nothing => {}
        }
    }

    /// Whatever keeps being seen of one bead, the ladder ends: at most a few remedies, then nothing or release.
    #[test]
    fn the_ladder_ends(sightings in proptest::collection::vec(any_seen(), 1..60)) {
        let (mut counters, mut acts) = (Counters::default(), 0);
        for mut seen in sightings {
            seen.activity.limited_until = None;
            match remedied(&seen, &counters) {
                Remedy::Restart { .. } => (counters.restarts, acts) = (counters.restarts + 1, acts + 1),
                Remedy::HandOff { .. } => (counters.handoffs, acts) = (counters.handoffs + 1, acts + 1),
                Remedy::Remind { .. } => (counters.reminded, acts) = (Some(ago(500)), acts + 1),
                Remedy::Escalate { .. } => (counters.escalated, acts) = (Some(seen.now), acts + 1),
                Remedy::Release { .. } => break,
                Remedy::Nothing | Remedy::End { .. } | Remedy::Continue => {}
            }
        }
        prop_assert!(acts <= 4, "{acts}");
    }
}
