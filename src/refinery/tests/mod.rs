mod histories;
mod nature;
mod world;

use super::*;
use crate::bead::sample::id;
use crate::id::BeadId;
use crate::town::Phase;
use nature::{Nature, set};
use world::{World, entry};

const ALL: [&str; 16] = [
    "aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg", "hhhh", "jjjj", "kkkk", "mmmm", "nnnn", "pppp", "qqqq",
    "rrrr", "ssss",
];

fn ids(suffixes: &[&str]) -> Vec<BeadId> {
    suffixes.iter().map(|suffix| id(suffix)).collect()
}

#[test]
fn the_queue_has_an_order_and_says_why() {
    let convoy = |entry: Entry| Entry { convoy: Some("cv-aaaa".parse().expect("a convoy")), ..entry };
    let entries = [
        entry("eeee", 2, 9, &[]),
        entry("aaaa", 2, 5, &["bbbb"]),
        entry("bbbb", 4, 7, &[]),
        convoy(entry("cccc", 2, 1, &[])),
        entry("dddd", 0, 8, &["gggg"]),
        convoy(entry("ffff", 3, 2, &[])),
        Entry { bounced: true, ..convoy(entry("hhhh", 2, 10, &[])) },
    ];
    let placed: Vec<String> = order(&entries).iter().map(|placed| format!("{}: {}", placed.bead, placed.why)).collect();
    let expected = [
        "web-dddd: priority 0, submitted 2027-01-15T08:08:00Z",
        "web-cccc: priority 2, submitted 2027-01-15T08:01:00Z",
        "web-ffff: priority 3, submitted 2027-01-15T08:02:00Z, with web-cccc of convoy cv-aaaa",
        "web-eeee: priority 2, submitted 2027-01-15T08:09:00Z",
        "web-hhhh: priority 2, submitted 2027-01-15T08:10:00Z, which counts from its return after a bounce",
        "web-bbbb: priority 4, submitted 2027-01-15T08:07:00Z",
        "web-aaaa: priority 2, submitted 2027-01-15T08:05:00Z, after web-bbbb, which it needs",
    ];
    assert_eq!(placed, expected);
}

#[test]
fn a_person_changes_the_order_but_not_what_comes_before_what() {
    let at_place = |place, entry: Entry| Entry { place, ..entry };
    let entries = [
        entry("aaaa", 0, 1, &[]),
        at_place(-1, entry("bbbb", 4, 9, &[])),
        at_place(-2, entry("cccc", 2, 8, &["aaaa"])),
        at_place(1, entry("dddd", 0, 0, &[])),
    ];
    let placed: Vec<String> = order(&entries).iter().map(|placed| format!("{}: {}", placed.bead, placed.why)).collect();
    let expected = [
        "web-bbbb: put forward by a person, priority 4, submitted 2027-01-15T08:09:00Z",
        "web-aaaa: priority 0, submitted 2027-01-15T08:01:00Z",
        "web-cccc: put forward by a person, priority 2, submitted 2027-01-15T08:08:00Z, after web-aaaa, which it needs",
        "web-dddd: put back by a person, priority 0, submitted 2027-01-15T08:00:00Z",
    ];
    assert_eq!(placed, expected);
}

#[test]
fn beads_that_need_each_other_are_not_lost() {
    let entries = [entry("aaaa", 2, 2, &["bbbb"]), entry("bbbb", 2, 1, &["aaaa"])];
    assert_eq!(order(&entries).len(), 2);
}

#[test]
fn one_after_the_other_lands() {
    let mut world = World::new(1, &[]);
    world.submit(&["aaaa", "bbbb"]);
    assert_eq!(world.run(), Waiting::Empty);
    let expected = [
        "read the target",
        "stack aaaa",
        "gate aaaa",
        "land aaaa",
        "stack bbbb",
        "gate bbbb",
        "land bbbb",
        "wait: the queue is empty",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn a_red_bead_is_bounced_and_a_conflict_too() {
    let mut world = World::new(1, &["aaaa"]);
    world.nature.conflicts = vec![("bbbb".to_owned(), "cccc".to_owned())];
    world.submit(&["aaaa", "bbbb", "cccc"]);
    world.run();
    assert_eq!((world.landed.as_slice(), world.bounced_beads()), (&["bbbb".to_owned()][..], ids(&["aaaa", "cccc"])));
    assert!(
        world.log.contains(&"gate the target itself".to_owned()),
        "nobody is blamed on a target that was never gated"
    );
}

#[test]
fn a_batch_takes_one_run_and_one_bad_bead_of_eight_at_most_four_more() {
    for size in 1..=16 {
        let most = 1 + (size as f64).log2().ceil().max(3.0) as usize + 1;
        for bad in std::iter::once("none").chain(ALL[..size].iter().copied()) {
            for knows_target in [true, false] {
                let mut world = World::new(size, &[bad]);
                if knows_target {
                    world.knows_target_is_green();
                }
                world.submit(&ALL[..size]);
                assert_eq!(world.run(), Waiting::Empty);
                let expected = if bad == "none" { 1 } else { most };
                assert!(world.runs <= expected, "{bad} of {size}: {} runs, {:#?}", world.runs, world.log);
                assert_eq!(world.landed.len(), size - usize::from(bad != "none"), "{bad} of {size}");
            }
        }
    }
}

#[test]
fn two_bad_beads_of_sixteen_take_a_dozen_runs_at_most() {
    for (first, one) in ALL.iter().enumerate() {
        for other in &ALL[first + 1..] {
            let mut world = World::new(16, &[one, other]);
            world.knows_target_is_green();
            world.submit(&ALL);
            assert_eq!(world.run(), Waiting::Empty);
            assert_eq!((world.landed.len(), world.bounced.len()), (14, 2), "{one} {other}");
            assert!(world.runs <= 12, "{one} {other}: {} runs, {:#?}", world.runs, world.log);
        }
    }
}

#[test]
fn two_that_are_red_only_together_are_found_and_named() {
    for size in 2..=16 {
        for (place, second) in ALL[..size].iter().enumerate() {
            for first in &ALL[..place] {
                let mut world = World::new(size, &[&format!("{first},{second}")]);
                world.rules.pairs = true;
                world.refinery = Refinery::new(world.rules);
                world.knows_target_is_green();
                world.submit(&ALL[..size]);
                assert_eq!(world.run(), Waiting::Empty);
                assert_eq!(world.landed.len(), size - 1);
                let (bead, reason) = &world.bounced[0];
                let other = if *bead == id(first) { second } else { first };
                let named = format!("It is green without web-{other} and red together with it");
                assert!(reason.contains(&named), "{first} {second} of {size}: {reason}, {:#?}", world.log);
            }
        }
    }
}

#[test]
fn within_the_budget_a_pair_is_named_or_suspected() {
    let mut named = 0;
    for (place, second) in ALL[..8].iter().enumerate() {
        for first in &ALL[..place] {
            let mut world = World::new(8, &[&format!("{first},{second}")]);
            world.knows_target_is_green();
            world.submit(&ALL[..8]);
            assert_eq!(world.run(), Waiting::Empty);
            let (bead, reason) = &world.bounced[0];
            let other = if *bead == id(first) { second } else { first };
            assert!(reason.contains(&format!("web-{other}")), "{first} {second}: {reason}");
            named += usize::from(reason.contains("It is green without"));
        }
    }
    assert!(named >= 14, "{named} of 28 pairs are named");
}

#[test]
fn a_pair_of_two_is_named_with_one_run_more() {
    let mut world = World::new(8, &["aaaa,bbbb"]);
    world.knows_target_is_green();
    world.submit(&["aaaa", "bbbb"]);
    world.run();
    let expected = [
        "read the target",
        "stack aaaa, bbbb",
        "gate aaaa, bbbb",
        "stack aaaa",
        "gate aaaa",
        "land aaaa",
        "stack bbbb",
        "stack bbbb",
        "gate bbbb",
        "bounce bbbb: tests failed\nIt is green without aaaa and red together with it; aaaa landed from the same batch.",
        "wait: the queue is empty",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn what_the_red_bead_needs_is_part_of_its_trial() {
    let mut world = World::new(8, &["bbbb,cccc"]);
    world.knows_target_is_green();
    world.submit(&["aaaa", "bbbb"]);
    world.enter(entry("cccc", 2, 9, &["aaaa"]));
    world.run();
    assert_eq!(world.bounced_beads(), ids(&["cccc"]));
    assert!(world.log.contains(&"gate aaaa, cccc".to_owned()), "{:#?}", world.log);
    assert!(world.bounced[0].1.contains("green without web-bbbb"), "{}", world.bounced[0].1);
}

#[test]
fn nobody_is_bounced_for_a_red_target_and_the_mender_lands() {
    let mut world = World::new(8, &["OOPS"]);
    world.target.insert("OOPS".to_owned());
    world.submit(&["aaaa", "bbbb"]);
    let reason = "tests failed".to_owned();
    assert_eq!(world.run(), Waiting::TargetRed { reason: reason.clone() });
    assert_eq!((world.landed.len(), world.bounced.len(), world.runs), (0, 0, 3));
    assert_eq!(world.run(), Waiting::TargetRed { reason }, "nothing is run for nothing");
    // What comes now is tried alone, and what does not mend the target waits too.
    world.now += 60;
    let late = |suffix: &str, world: &World| Entry { submitted: world.time(), ..entry(suffix, 2, 0, &[]) };
    let useless = late("cccc", &world);
    world.enter(useless);
    assert!(matches!(world.run(), Waiting::TargetRed { .. }));
    assert_eq!((world.runs, world.bounced.len()), (4, 0));
    world.nature.red = vec![];
    let mender = late("dddd", &world);
    world.enter(mender);
    assert_eq!(world.run(), Waiting::Empty);
    assert_eq!(world.landed, ["dddd", "aaaa", "bbbb", "cccc"]);
}

#[test]
fn a_red_target_that_moves_is_tried_again() {
    let mut world = World::new(8, &["OOPS"]);
    world.target.insert("OOPS".to_owned());
    world.submit(&["aaaa", "bbbb"]);
    world.run();
    world.target.clear();
    world.look();
    assert_eq!(world.run(), Waiting::Empty);
    assert_eq!(world.landed, ["aaaa", "bbbb"]);
}

#[test]
fn what_conflicts_with_the_batch_is_tried_alone_next() {
    let mut world = World::new(8, &[]);
    world.nature.conflicts = vec![("aaaa".to_owned(), "bbbb".to_owned()), ("PERSON".to_owned(), "dddd".to_owned())];
    world.target.insert("PERSON".to_owned());
    world.submit(&["aaaa", "bbbb", "cccc", "dddd"]);
    assert_eq!(world.run(), Waiting::Empty);
    let expected = [
        "read the target",
        "stack aaaa, bbbb, cccc, dddd",
        "bounce dddd: conflict in a.txt",
        "gate aaaa, cccc",
        "land aaaa, cccc",
        "stack bbbb",
        "bounce bbbb: conflict in a.txt",
        "wait: the queue is empty",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn what_is_tried_alone_still_comes_after_what_it_needs() {
    let mut world = World::new(8, &[]);
    world.nature.conflicts = vec![("aaaa".to_owned(), "cccc".to_owned())];
    world.submit(&["aaaa", "bbbb"]);
    world.enter(entry("cccc", 2, 9, &["bbbb"]));
    for _ in 0..3 {
        let decision = world.refinery.decide();
        world.act(decision);
    }
    // The batch is ready to land without the third, and then a person moves the target and takes the first one back.
    world.target.insert("PERSON".to_owned());
    world.withdraw(&id("aaaa"));
    world.run();
    assert_eq!(world.landed, ["bbbb", "cccc"]);
}

#[test]
fn a_convoy_is_not_cut_when_it_fits_in_a_batch() {
    let mut world = World::new(4, &[]);
    let convoy =
        |suffix, minute| Entry { convoy: Some("cv-aaaa".parse().expect("a convoy")), ..entry(suffix, 2, minute, &[]) };
    world.submit(&["aaaa", "bbbb"]);
    ["cccc", "dddd", "eeee", "ffff"].iter().zip(5..).for_each(|(suffix, minute)| world.enter(convoy(suffix, minute)));
    world.run();
    assert!(world.log.contains(&"gate aaaa, bbbb".to_owned()), "{:#?}", world.log);
    assert!(world.log.contains(&"gate cccc, dddd, eeee, ffff".to_owned()), "{:#?}", world.log);
    let mut large = World::new(2, &[]);
    ["cccc", "dddd", "eeee"].iter().zip(5..).for_each(|(suffix, minute)| large.enter(convoy(suffix, minute)));
    large.run();
    assert!(large.log.contains(&"gate cccc, dddd".to_owned()), "{:#?}", large.log);
}

#[test]
fn gates_before_stacking_keep_a_bad_commit_out_of_the_batch() {
    let nature = Nature { red_before: set("bbbb"), ..Nature::default() };
    let mut world = World::of(Rules { batch: 8, before: true, ..Rules::default() }, nature);
    world.submit(&["aaaa", "bbbb", "cccc"]);
    assert_eq!(world.run(), Waiting::Empty);
    let expected = [
        "read the target",
        "gate aaaa by itself",
        "gate bbbb by itself",
        "gate the target itself by itself",
        "bounce bbbb: tests failed",
        "gate cccc by itself",
        "stack aaaa, cccc",
        "gate aaaa, cccc",
        "land aaaa, cccc",
        "wait: the queue is empty",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn offered_beads_wait_and_are_one_to_a_branch() {
    let mut world = World::of(Rules { batch: 8, offer: true, ..Rules::default() }, Nature::default());
    world.submit(&["aaaa", "bbbb"]);
    let waiting = world.run();
    let offered = |suffix| (id(suffix), Standing::Offered);
    assert_eq!(waiting, Waiting::Named(vec![offered("aaaa"), offered("bbbb")]));
    assert!(world.target.is_empty() && world.runs == 2);
}

#[test]
fn a_moved_target_is_stacked_upon_anew() {
    let mut world = World::new(1, &[]);
    world.submit(&["aaaa"]);
    for _ in 0..3 {
        world.act(world.refinery.decide());
    }
    assert!(matches!(world.refinery.decide(), Decision::Land(_)));
    world.target.insert("PERSON".to_owned());
    world.run();
    assert_eq!(world.target, set("PERSON,aaaa"));
    assert_eq!(world.runs, 2, "the merged tree is another one, and is gated too");
}

#[test]
fn a_search_goes_on_where_a_crash_left_it() {
    for (stop, newcomers) in (0..20).flat_map(|stop| [(stop, &[][..]), (stop, &["kkkk"][..])]) {
        let mut world = World::new(8, &["ffff"]);
        world.knows_target_is_green();
        world.submit(&ALL[..8]);
        for _ in 0..stop {
            if matches!(world.refinery.decide(), Decision::Wait(_)) {
                break;
            }
            world.act(world.refinery.decide());
        }
        world.restart();
        world.submit_more(newcomers);
        assert_eq!(world.run(), Waiting::Empty);
        assert_eq!((world.landed.len(), world.bounced_beads()), (7 + newcomers.len(), ids(&["ffff"])), "{stop}");
        assert!(world.runs <= 6 + newcomers.len(), "after {stop}: {} runs, {:#?}", world.runs, world.log);
    }
}

#[test]
fn broken_gates_are_no_verdict() {
    let mut world = World::new(1, &[]);
    world.submit(&["aaaa"]);
    for _ in 0..2 {
        world.act(world.refinery.decide());
    }
    let reason = "no space left on device".to_owned();
    world.refinery.apply(Event::GateBroken { reason: reason.clone() });
    assert_eq!(world.run(), Waiting::GateBroken { reason });
    world.refinery.apply(Event::Again);
    assert_eq!((world.run(), world.landed.len()), (Waiting::Empty, 1));
}

#[test]
fn what_is_set_aside_holds_up_only_what_needs_it() {
    let mut world = World::new(8, &[]);
    world.nature.gone.insert("aaaa".to_owned());
    world.enter(entry("aaaa", 0, 0, &[]));
    world.enter(entry("bbbb", 0, 1, &["aaaa"]));
    world.enter(entry("cccc", 0, 2, &[]));
    world.enter(entry("dddd", 0, 3, &["zzzz"]));
    let standing =
        [("aaaa", Standing::SetAside), ("bbbb", Standing::Needs(id("aaaa"))), ("dddd", Standing::Needs(id("zzzz")))];
    assert_eq!(world.run(), Waiting::Named(standing.map(|(suffix, standing)| (id(suffix), standing)).to_vec()));
    assert_eq!((world.landed, world.aside), (vec!["cccc".to_owned()], [id("aaaa")].into()));
}

#[test]
fn a_bead_that_is_in_the_target_is_closed_and_nothing_moves() {
    let mut world = World::new(8, &[]);
    world.target.insert("aaaa".to_owned());
    world.submit(&["aaaa"]);
    world.run();
    assert_eq!((world.landed.len(), world.runs, world.target), (1, 0, set("aaaa")));
}

#[test]
fn recovery_asks_the_target() {
    assert_eq!([Some(true), Some(false), None].map(recover), [Recovery::Close, Recovery::Drop, Recovery::Wait]);
}
