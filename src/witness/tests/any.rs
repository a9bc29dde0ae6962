//! What is true of every worker that can be seen.

use proptest::prelude::*;

use super::*;

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
