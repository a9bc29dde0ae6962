//! What is tried for a worker, one rung after the other.

use super::*;

pub(super) fn remedied(seen: &Observation, counters: &Counters) -> Remedy {
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
