//! Batches, and the search for what is bad in a red one.

use super::*;

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
