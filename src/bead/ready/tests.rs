//! Where beads stand, as a table, and the order in which they start.

use super::*;
use crate::bead::sample::{any_bead, at, bead, claim, id, merge};
use crate::bead::{Attempt, AttemptOutcome, Closing};
use proptest::prelude::*;

fn closed(suffix: &str, resolution: Resolution) -> Bead {
    let mut bead = bead(suffix);
    bead.state = State::Closed(Closing { resolution, at: at(0) });
    bead
}

fn with(suffix: &str, change: impl FnOnce(&mut Bead)) -> Bead {
    let mut bead = bead(suffix);
    change(&mut bead);
    bead
}

fn sentence(of: &Bead, others: &[Bead]) -> String {
    let rows: Vec<Row> = std::iter::once(of).chain(others).map(Row::from).collect();
    let mut context = Context::at(at(100));
    context.parked = ["park".parse().expect("valid")].into();
    account(&rows, &context)[0].to_string()
}

fn epic(suffix: &str, change: impl FnOnce(&mut Bead)) -> Bead {
    with(suffix, |bead| {
        bead.kind = Kind::Epic;
        change(bead);
    })
}

fn child(suffix: &str, parent: &str) -> Bead {
    with(suffix, |bead| bead.parent = Some(id(parent)))
}

fn needs(need: &str) -> Bead {
    with("aaaa", |bead| bead.needs = [id(need)].into())
}

fn attempted(times: u32, outcome: AttemptOutcome) -> Bead {
    with("aaaa", |bead| (1..=times).for_each(|n| bead.record_attempt(Attempt::new(n, outcome, "why"))))
}

/// Each bead, the others that there are, and where it stands.
type Case<'a> = (Bead, Vec<Bead>, &'a str);

fn stand(cases: Vec<Case<'_>>) {
    for (of, others, expected) in cases {
        assert_eq!(sentence(&of, &others), expected);
    }
}

#[test]
fn a_bead_waits_until_its_needs_are_met() {
    stand(vec![
        (bead("aaaa"), vec![], "ready"),
        (needs("bbbb"), vec![bead("bbbb")], "waits for web-bbbb (open)"),
        (needs("bbbb"), vec![with("bbbb", |b| b.state = State::Hooked(claim("nux")))], "waits for web-bbbb (hooked)"),
        (needs("bbbb"), vec![closed("bbbb", Resolution::Merged)], "ready"),
        (needs("bbbb"), vec![closed("bbbb", Resolution::Done)], "ready"),
        (
            needs("bbbb"),
            vec![closed("bbbb", Resolution::Cancelled)],
            "waits for web-bbbb (cancelled; remove or replace this need)",
        ),
        (
            needs("bbbb"),
            vec![closed("bbbb", Resolution::Duplicate)],
            "waits for web-bbbb (closed as a duplicate; remove or replace this need)",
        ),
        (needs("bbbb"), vec![], "waits for web-bbbb (no such bead; remove this need)"),
        (needs("aaaa"), vec![], "waits for web-aaaa (open)"),
    ]);
}

#[test]
fn attempts_dates_and_parked_rigs_hold_a_bead_back() {
    let defer = |seconds| with("aaaa", |bead| bead.defer_until = Some(at(seconds)));
    let parked = Bead::new("park-aaaa".parse().expect("valid"), "x", at(0));
    stand(vec![
        (attempted(2, AttemptOutcome::Bounced), vec![], "ready"),
        (attempted(3, AttemptOutcome::Bounced), vec![], "failed after 3 attempts; reopen it to try again"),
        (attempted(9, AttemptOutcome::Released), vec![], "ready"),
        (defer(101), vec![], "deferred until 2027-01-15T08:01:41Z"),
        (defer(100), vec![], "ready"),
        (parked, vec![], "the rig of park is parked"),
    ]);
}

#[test]
fn a_rig_may_allow_another_number_of_attempts() {
    let rows = [Row::from(&attempted(2, AttemptOutcome::Bounced))];
    let with = |prefix: &str| {
        let limits = [(prefix.parse().expect("valid"), 2)].into();
        account(&rows, &Context { attempts_limits: limits, ..Context::at(at(100)) })[0].to_string()
    };
    assert_eq!(with("shop"), "ready");
    assert_eq!(with("web"), "failed after 2 attempts; reopen it to try again");
}

#[test]
fn a_bead_that_is_not_open_says_in_whose_hands_it_is() {
    let mut submitted = with("aaaa", |bead| bead.state = State::Submitted(claim("toast")));
    submitted.merge = Some(merge());
    stand(vec![
        (with("aaaa", |b| b.state = State::Hooked(claim("toast"))), vec![], "hooked to web/toast"),
        (submitted, vec![], "in the merge queue, submitted by web/toast"),
        (closed("aaaa", Resolution::Cancelled), vec![], "cancelled"),
    ]);
}

#[test]
fn what_is_above_a_bead_holds_it_up() {
    stand(vec![
        (child("aaaa", "eeee"), vec![epic("eeee", |_| {})], "ready"),
        (child("aaaa", "eeee"), vec![], "ready"),
        (
            child("aaaa", "eeee"),
            vec![epic("eeee", |e| e.needs = [id("bbbb")].into()), bead("bbbb")],
            "held up by web-eeee, which waits for web-bbbb (open)",
        ),
        (
            child("aaaa", "eeee"),
            vec![child("eeee", "ffff"), epic("ffff", |e| e.defer_until = Some(at(200)))],
            "held up by web-ffff, which is deferred until 2027-01-15T08:03:20Z",
        ),
        (child("aaaa", "eeee"), vec![closed("eeee", Resolution::Cancelled)], "held up by web-eeee, which is cancelled"),
        (child("aaaa", "eeee"), vec![closed("eeee", Resolution::Done)], "ready"),
        (child("aaaa", "bbbb"), vec![child("bbbb", "aaaa")], "ready"),
        (epic("aaaa", |_| {}), vec![], "an epic without children"),
        (
            epic("aaaa", |_| {}),
            vec![child("bbbb", "aaaa"), child("cccc", "aaaa")],
            "an epic: 2 of 2 children are not closed",
        ),
    ]);
}

#[test]
fn every_obstacle_is_named() {
    let bead = with("aaaa", |bead| {
        bead.needs = [id("bbbb")].into();
        bead.defer_until = Some(at(200));
    });
    let text = sentence(&bead, &[]);
    assert_eq!(text, "waits for web-bbbb (no such bead; remove this need); also deferred until 2027-01-15T08:03:20Z");
}

#[test]
fn an_epic_closes_as_its_children_did() {
    use Resolution::{Cancelled, Done, Duplicate, Merged};
    assert_eq!(epic_closes_as(&[]), None);
    assert_eq!(epic_closes_as(&[Some(Merged), None]), None);
    assert_eq!(epic_closes_as(&[Some(Merged), Some(Cancelled)]), Some(Done));
    assert_eq!(epic_closes_as(&[Some(Cancelled), Some(Duplicate)]), Some(Cancelled));
}

#[test]
fn ready_beads_start_by_priority_then_age_then_id() {
    let make = |suffix: &str, priority: u8, age: i64| {
        with(suffix, |bead| (bead.priority, bead.created) = (priority, at(-age)))
    };
    let beads = [make("dddd", 2, 0), make("bbbb", 2, 9), make("aaaa", 2, 0), make("cccc", 0, 0), make("eeee", 4, 99)];
    let rows: Vec<Row> = beads.iter().map(Row::from).collect();
    let order: Vec<&str> = queue(&rows, &Context::at(at(100))).iter().map(|row| row.id.suffix()).collect();
    assert_eq!(order, ["cccc", "bbbb", "aaaa", "dddd", "eeee"]);
}

proptest! {
    /// A ready bead is open, is no epic, and every need is done; and a row survives JSON, as an index keeps it.
    #[test]
    fn ready_means_nothing_is_in_the_way(
        mut beads in proptest::collection::vec(any_bead(), 1..6),
        edges in proptest::collection::vec((0..6usize, 0..6usize), 0..6),
    ) {
        beads.iter_mut().for_each(|bead| bead.needs.clear());
        let count = beads.len();
        for (from, to) in edges.into_iter().filter(|(from, to)| *from.max(to) < count) {
            let need = beads[to].id.clone();
            beads[from].needs.insert(need);
        }
        let rows: Vec<Row> = beads.iter().map(Row::from).collect();
        let context = Context::at(at(0));
        for row in queue(&rows, &context) {
            prop_assert!(row.status == Status::Open && row.kind != Kind::Epic && row.attempts < 3);
            prop_assert!(row.defer_until.is_none_or(|until| until <= context.now));
            for need in &row.needs {
                let found = rows.iter().any(|other| other.id == *need && other.resolution.is_some_and(Resolution::satisfies_needs));
                prop_assert!(found);
            }
        }
        for row in &rows {
            let json = serde_json::to_string(row).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<Row>(&json).expect("the same"), row);
        }
    }
}
