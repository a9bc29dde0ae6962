use clap::ValueEnum;
use proptest::prelude::*;

use super::{Ending, Hold, Reason, Refused, Verb, render_table, table};
use crate::bead::sample::{at, bead, claim, id, merge, worker};
use crate::bead::{AttemptOutcome, Bead, Intent, Kind, Resolution, State, Status};
use crate::id::{Actor, HomeId, Lease};

fn actor(text: &str) -> Actor {
    text.parse().expect("tests give valid actors")
}

fn home() -> HomeId {
    claim("toast").home
}

fn intent(of: &Bead) -> Intent {
    let (old, new) = ("3".repeat(40), "4".repeat(40));
    Intent { old, landed: new.clone(), new, members: vec![of.id.clone()], extra: toml::Table::new() }
}

fn placed(status: Status) -> Bead {
    let mut bead = bead("abcde");
    match status {
        Status::Open => {}
        Status::Hooked => bead.state = State::Hooked(claim("toast")),
        Status::Submitted => (bead.state, bead.merge) = (State::Submitted(claim("toast")), Some(merge())),
        Status::Closed => bead.close(&Actor::Human, Resolution::Cancelled, at(9)).expect("open beads can be closed"),
    }
    bead
}

/// Tries `verb` with everything else as the table wants it.
fn go(bead: &mut Bead, verb: Verb, by: &Actor, lease: &Lease) -> Result<(), Refused> {
    let home = home();
    let hold = Hold { home: &home, lease: Some(lease) };
    let ending = Ending::new(AttemptOutcome::Released, "because");
    match verb {
        Verb::Hook => bead.hook(by, claim("toast")),
        Verb::Submit => bead.submit(by, lease, merge()),
        Verb::Finish => bead.finish(by, lease, at(1)),
        Verb::BeginLanding => bead.begin_landing(by, intent(bead)),
        Verb::DropLanding => bead.drop_landing(by),
        Verb::Offer => bead.offer(by, None),
        Verb::Land => bead.land(by, at(1)),
        Verb::Close => bead.close(by, Resolution::Cancelled, at(1)),
        Verb::Release => bead.release(by, hold, ending),
        Verb::Bounce => bead.bounce(by, hold, ending),
        Verb::Reopen => bead.reopen(by, "again"),
    }
}

const ACTORS: [&str; 6] = ["human", "mayor", "web/witness", "web/refinery", "web/polecats/toast", "web/polecats/nux"];

#[test]
fn only_the_edges_of_the_table_are_gone() {
    let mut gone = Vec::new();
    for verb in Verb::value_variants() {
        for status in Status::value_variants() {
            for by in ACTORS {
                let mut bead = placed(*status);
                if matches!(verb, Verb::DropLanding | Verb::Land) && *status == Status::Submitted {
                    bead.begin_landing(&actor("web/refinery"), intent(&bead)).expect("submitted");
                }
                let before = bead.clone();
                match go(&mut bead, *verb, &actor(by), &claim("toast").lease) {
                    Ok(()) => gone.push(format!("{verb:?} {status:?}->{:?} {by}", bead.status())),
                    Err(refused) => {
                        assert_eq!(bead, before, "a refusal changes nothing");
                        assert!(refused.to_string().starts_with("web-abcde cannot be "), "{refused}");
                    }
                }
            }
        }
    }
    snapbox::assert_data_eq!(gone.join("\n"), snapbox::file!["edges.txt"].raw());
}

#[test]
fn the_table_names_every_verb_once() {
    let verbs: Vec<Verb> = table().iter().map(|edge| edge.verb).collect();
    assert_eq!(verbs, Verb::value_variants());
    assert_eq!(render_table().lines().count(), verbs.len() + 2);
}

#[test]
fn a_bounce_goes_back_to_its_worker_and_counts() {
    let mut bead = placed(Status::Submitted);
    let home = home();
    let ending = Ending { log: Some("logs/1".to_owned()), ..Ending::new(AttemptOutcome::Released, "red gate") };
    bead.bounce(&actor("web/refinery"), Hold { home: &home, lease: None }, ending).expect("submitted");
    let attempt = &bead.attempts[0];
    assert_eq!(
        (attempt.number, attempt.outcome, attempt.head.as_deref()),
        (1, AttemptOutcome::Bounced, Some(&*"1".repeat(40)))
    );
    assert_eq!(
        (bead.status(), bead.merge.as_ref(), bead.prefer.as_ref()),
        (Status::Open, None, Some(&worker("toast")))
    );
    assert_eq!((bead.counted_attempts(), bead.attempt_number()), (1, 2));
}

#[test]
fn a_reopened_bead_starts_afresh_with_a_new_number() {
    let mut bead = placed(Status::Submitted);
    bead.begin_landing(&actor("web/refinery"), intent(&bead)).expect("submitted");
    bead.land(&actor("web/refinery"), at(2)).expect("begun");
    assert_eq!(bead.merge.as_ref().and_then(|merge| merge.landed.clone()), Some("4".repeat(40)));
    bead.reopen(&Actor::Human, "it broke").expect("closed");
    assert_eq!(
        (bead.attempts[0].worker.as_ref(), bead.prefer.as_ref()),
        (Some(&worker("toast")), Some(&worker("toast")))
    );
    assert_eq!((bead.counted_attempts(), bead.attempt_number()), (0, 2));
}

#[test]
fn a_failed_bead_is_reopened_and_counts_afresh() {
    let mut bead = placed(Status::Open);
    assert!(bead.reopen(&Actor::Human, "why not").is_err(), "nothing to forget");
    let home = home();
    for _ in 0..3 {
        bead.hook(&Actor::Human, claim("toast")).expect("open");
        let ending = Ending::new(AttemptOutcome::Ended, "ended without done");
        bead.release(&actor("web/witness"), Hold { home: &home, lease: None }, ending).expect("hooked");
    }
    assert_eq!((bead.counted_attempts(), bead.attempt_number()), (3, 4));
    bead.reopen(&Actor::Human, "the key was wrong").expect("failed");
    assert_eq!((bead.counted_attempts(), bead.attempt_number()), (0, 5));
}

#[test]
fn refusals_say_who_has_it_and_why() {
    let landing = {
        let mut bead = placed(Status::Submitted);
        bead.begin_landing(&actor("web/refinery"), intent(&bead)).expect("submitted");
        bead
    };
    let mut epic = placed(Status::Open);
    epic.kind = Kind::Epic;
    let other: HomeId = "otherhomehere".parse().expect("letters");
    let stale: Lease = "stalestalestale1".parse().expect("letters");
    let ending = || Ending::new(AttemptOutcome::Released, "x");
    let mut stranger = intent(&landing);
    stranger.members = vec![id("zzzzz")];
    let cases: Vec<(Result<(), Refused>, &str)> = vec![
        (placed(Status::Hooked).hook(&Actor::Human, claim("nux")), "hooked: it is hooked to web/polecats/toast"),
        (placed(Status::Closed).hook(&Actor::Human, claim("nux")), "closed as cancelled since 2027-01-15T08:00:09Z"),
        (epic.hook(&Actor::Human, claim("nux")), "it is an epic"),
        (
            placed(Status::Hooked).submit(&actor("web/polecats/toast"), &stale, merge()),
            "is not that of its present hooking",
        ),
        (
            placed(Status::Hooked).submit(&actor("web/polecats/nux"), &claim("toast").lease, merge()),
            "web/polecats/nux may not",
        ),
        (
            placed(Status::Hooked).release(&Actor::Human, Hold { home: &other, lease: None }, ending()),
            "in the clone homehomehome",
        ),
        (
            placed(Status::Hooked).release(&Actor::Human, Hold { home: &home(), lease: Some(&stale) }, ending()),
            "present hooking",
        ),
        (landing.clone().close(&Actor::Human, Resolution::Cancelled, at(1)), "has begun"),
        (landing.clone().bounce(&actor("web/refinery"), Hold { home: &home(), lease: None }, ending()), "has begun"),
        (landing.clone().begin_landing(&actor("web/refinery"), intent(&landing)), "has begun"),
        (placed(Status::Submitted).begin_landing(&actor("web/refinery"), stranger), "not among the members"),
        (placed(Status::Submitted).land(&actor("web/refinery"), at(1)), "no landing of it was begun"),
        (placed(Status::Open).close(&Actor::Human, Resolution::Merged, at(1)), "open is not closed as merged"),
        (placed(Status::Hooked).close(&Actor::Human, Resolution::Done, at(1)), "hooked is not closed as done"),
        (placed(Status::Open).close(&actor("web/witness"), Resolution::Done, at(1)), "only the person, the mayor"),
    ];
    for (result, words) in cases {
        let refused = result.expect_err(words);
        assert!(refused.to_string().contains(words), "{refused} has not {words:?}");
    }
}

#[test]
fn a_refusal_for_a_claim_is_a_conflict() {
    let refused = placed(Status::Hooked).hook(&Actor::Human, claim("nux")).expect_err("taken");
    assert_eq!((refused.held_by.clone(), matches!(refused.reason, Reason::Stands(_))), (Some(worker("toast")), true));
    assert_eq!(crate::error::Failure::from(refused).kind, crate::error::Kind::Conflict);
}

fn steps() -> impl Strategy<Value = Vec<(Verb, usize, bool)>> {
    let verb = proptest::sample::select(Verb::value_variants());
    proptest::collection::vec((verb, 0..ACTORS.len(), prop::bool::weighted(0.9)), 0..40)
}

proptest! {
    /// Whatever is tried in whatever order, the bead stays one that its file can hold, numbers of attempts
    /// only grow, and merged means that a landing was begun.
    #[test]
    fn no_order_of_verbs_breaks_a_bead(steps in steps()) {
        let mut bead = bead("abcde");
        let stale: Lease = "stalestalestale1".parse().expect("letters");
        for (verb, by, fresh) in steps {
            let lease = if fresh { claim("toast").lease } else { stale.clone() };
            let number = bead.attempt_number();
            let intended = bead.merge.as_ref().is_some_and(|merge| merge.intent.is_some());
            let went = go(&mut bead, verb, &actor(ACTORS[by]), &lease).is_ok();
            prop_assert!(bead.attempt_number() >= number);
            prop_assert!(!went || verb != Verb::Land || intended, "landed without a landing");
            prop_assert_eq!(bead.claim().is_some(), matches!(bead.status(), Status::Hooked | Status::Submitted));
            prop_assert_eq!(Bead::parse(&bead.id.path(), &bead.render()), Ok(bead.clone()));
        }
    }
}
