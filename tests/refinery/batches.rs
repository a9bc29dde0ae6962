//! Batches: how many gate runs they take, and who is blamed.

use std::path::Path;

use crate::scene::{Scene, beads, reason};

#[test]
fn eight_green_ones_land_with_one_gate_run() {
    let scene = Scene::new();
    let all = scene.submit_green(8);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), all);
    assert_eq!((ran["gate_runs"].as_u64(), scene.runs()), (Some(1), 1));
    scene.all_merged(&all);
    // One document vouches for the tree that landed, and each bead names it.
    let documents = scene.town.git(&["ls-files", "gates"]);
    assert_eq!(documents.lines().count(), 1);
    for (place, bead) in all.iter().enumerate() {
        let merge = &scene.shown(bead)["merge"];
        assert_eq!(merge["gates"][0], documents);
        assert_eq!(merge["batch"], serde_json::json!(all));
        scene.town.gt(["queue", "show", bead]).succeeds().says(&[&format!("batch     {} of 8: ", place + 1)]);
    }
    assert_eq!(scene.project.tip("main"), scene.git(&["rev-parse", "main"]), "it is delivered");
    scene.is_sound();
}

#[test]
fn one_bad_of_eight_takes_four_runs_more_and_the_others_land() {
    for place in [0, 4, 7] {
        let scene = Scene::new();
        let (mut green, before) = (scene.submit_green(place), scene.runs());
        let bad = scene.submit_red("bad");
        green.extend((place..7).map(|number| {
            let file = format!("late{number}.txt");
            scene.submit(&format!("late{number}"), &[(&file, "x\n")])
        }));
        let ran = scene.run();
        assert!(scene.runs() - before <= 5, "{} runs with the bad one at {place}", scene.runs());
        assert_eq!(beads(&ran, "bounced"), [bad.as_str()]);
        scene.all_merged(&green);
        let bead = scene.shown(&bad);
        let attempt = &bead["attempts"][0];
        let told = attempt["reason"].as_str().expect("a reason");
        assert!(told.contains("gate test") && told.contains("it is wrong"), "{told}");
        let log = attempt["log"].as_str().expect("a log");
        let log = std::fs::read_to_string(scene.town.root.join(".git/gt").join(log)).expect("the whole log is there");
        assert!(log.contains("FAILED tests/bad.sh"), "{log}");
        scene.town.gt(["queue", "show", &bad]).succeeds().says(&["bounced", "gate test", ".git/gt/logs/gates"]);
        scene.is_sound();
    }
}

#[test]
fn two_bad_of_sixteen_are_both_found() {
    let scene = Scene::new();
    let mut all = Vec::new();
    for number in 0..16 {
        all.push(match number {
            3 | 12 => scene.submit_red(&format!("bad{number}")),
            _ => scene.submit(&format!("b{number}"), &[(&format!("b{number}.txt"), "x\n")]),
        });
    }
    let ran = scene.run();
    let mut bounced = beads(&ran, "bounced");
    bounced.sort();
    let mut bad = vec![all.remove(12), all.remove(3)];
    bad.sort();
    assert_eq!(bounced, bad);
    scene.all_merged(&all);
    assert!(scene.runs() <= 12, "{} runs", scene.runs());
    scene.is_sound();
}

/// Two that are green alone and red together, in a batch of as many others.
fn pair(others: usize, pairs: &str) -> (Scene, [String; 2], serde_json::Value) {
    let scene = Scene::new();
    scene.merge("pairs", pairs);
    scene.branch("check", &[("tests/together.sh", "! [ -e one.txt ] || ! [ -e two.txt ]\n")]);
    scene.project.git(&["merge", "--quiet", "check"]);
    let one = scene.submit("one", &[("one.txt", "1\n")]);
    scene.submit_green(others);
    let two = scene.submit("two", &[("two.txt", "2\n")]);
    let ran = scene.run();
    (scene, [one, two], ran)
}

#[test]
fn a_pair_that_is_red_only_together_is_named() {
    for (others, pairs) in [(0, "budget"), (6, "always"), (14, "always")] {
        let (scene, [one, two], ran) = pair(others, pairs);
        assert_eq!(beads(&ran, "bounced"), [two.as_str()], "the later one goes back");
        let told = reason(&ran, "bounced", &two);
        assert!(told.contains(&format!("red together with it; {one} landed from the same batch")), "{told}");
        assert!(told.contains(&format!("green without {one}")), "{told}");
        assert_eq!(scene.state(&one), "merged");
        assert_eq!(beads(&ran, "landed").len(), others + 1);
        scene.is_sound();
    }
}

#[test]
fn within_the_budget_of_runs_a_pair_is_at_least_suspected() {
    // The later one is the last but one of eight: the search takes all four runs.
    let scene = Scene::new();
    scene.branch("check", &[("tests/together.sh", "! [ -e one.txt ] || ! [ -e two.txt ]\n")]);
    scene.project.git(&["merge", "--quiet", "check"]);
    let one = scene.submit("one", &[("one.txt", "1\n")]);
    scene.submit_green(5);
    let two = scene.submit("two", &[("two.txt", "2\n")]);
    scene.submit("last", &[("last.txt", "x\n")]);
    let ran = scene.run();
    let told = reason(&ran, "bounced", &two);
    assert!(told.contains(&one) && told.contains("whether it is without them was not tried"), "{told}");
    // Beside those: what the person committed, and the whole batch.
    assert_eq!(ran["gate_runs"].as_u64(), Some(6), "{ran:#}");
    scene.is_sound();
}

#[test]
fn what_conflicts_with_others_of_the_batch_is_tried_alone_and_goes_back_with_both_sides() {
    let scene = Scene::new();
    let first = scene.submit("first", &[("greeting.txt", "hello from the first\n")]);
    let innocent = scene.submit("innocent", &[("i.txt", "x\n")]);
    let second = scene.submit("second", &[("greeting.txt", "hello from the second\n")]);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [first, innocent]);
    let told = reason(&ran, "bounced", &second);
    for part in
        ["conflicts with main in greeting.txt", "On main these commits touch them", "On the branch these", "second"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(scene.shown(&second)["attempts"][0]["conflict"][0], "greeting.txt");
    assert_eq!(scene.runs(), 1, "nothing is gated that cannot be merged");
    scene.is_sound();
}

#[test]
fn a_tree_that_was_gated_is_never_gated_again() {
    let scene = Scene::new();
    let red = scene.submit_red("bad");
    scene.submit_green(1);
    scene.run();
    let before = scene.runs();
    // The same commit once more: the same tree on the same target is not tried again.
    scene.town.gt(["queue", "add", "bad", "--bead", &red]).succeeds();
    scene.run();
    assert!(scene.runs() <= before + 1, "only the tree on the target that moved is new");
    let before = scene.runs();
    scene.town.gt(["queue", "add", "bad", "--bead", &red]).succeeds();
    scene.run();
    assert_eq!(scene.runs(), before);
    assert!(Path::new(&scene.town.root).is_dir());
    scene.is_sound();
}
