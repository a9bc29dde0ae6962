mod histories;
mod nature;
mod order;
mod search;
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
