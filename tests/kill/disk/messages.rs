//! Messages on a disk that is full: nothing is said by halves, and what was accepted is not said again.

use serde_json::Value;

use super::{Drill, Place, on_its_own_disk};
use crate::messages::announced;
use crate::support::{TestTown, wait_until};
use crate::talk::{Hooks, Manner, Scene};

fn heard(scene: &Scene, text: &str) -> usize {
    scene.told().iter().filter(|(_, told)| told.contains(text)).count()
}

fn last(scene: &Scene) -> Value {
    scene.messages("toast").pop().expect("there is a message")
}

/// Waits for the one message about this, and how often it was told and given.
fn comes_once(scene: &Scene, text: &str) {
    let done = scene.wait_for_state("toast", "turn_done");
    assert_eq!((heard(scene, text), &done["tries"]), (1, &Value::from(1)), "{done}");
}

#[test]
fn what_cannot_be_written_down_is_not_said() {
    let part = |place: &Place<Scene>| {
        let Place { disk, scene } = place;
        let town = &scene.town;
        disk.fill_up();
        for command in [
            &["nudge", "toast", "unsaid words"][..],
            &["broadcast", "unsaid words"],
            &["mail", "send", "toast", "unsaid words"],
        ] {
            let ran = town.gt(command);
            assert!(
                ran.code.is_some_and(|code| code != 0) && ran.stderr.contains("/town is full: "),
                "{}",
                ran.transcript()
            );
        }
        disk.clear();
        for _ in 0..2 {
            town.gt(["tick"]).succeeds();
        }
        scene.nudge(&["toast", "said", "--wait"]);
        comes_once(scene, "said");
        assert_eq!((heard(scene, "unsaid"), scene.messages("toast").len()), (0, 1), "{:?}", scene.told());
        assert_eq!(town.json(["mail", "search", "unsaid"]), Value::Array(Vec::new()));
    };
    let make = |town| Scene::new_in(town, &Manner::default());
    on_its_own_disk("disk::messages::what_cannot_be_written_down_is_not_said", make, part);
}

#[test]
fn enter_is_pressed_only_once_it_is_written_down() {
    let part = |place: &Place<Scene>| {
        let Place { disk, scene } = place;
        scene.set("dialog", "");
        scene.wait_until_shown("toast", "Do you want to");
        scene.nudge(&["toast", "Use it"]);
        scene.wait_for_reason("toast", "waits for an answer");
        disk.fill_up();
        scene.unset("dialog");
        // It stands in the line, and there it stays.
        scene.wait_until_shown("toast", "❯ Use it");
        assert_eq!((last(scene)["state"].as_str(), heard(scene, "Use it")), (Some("queued"), 0));
        disk.clear();
        comes_once(scene, "Use it");
    };
    let make = |town| Scene::new_in(town, &Manner::default());
    on_its_own_disk("disk::messages::enter_is_pressed_only_once_it_is_written_down", make, part);
}

#[test]
fn what_was_accepted_is_not_given_again() {
    let part = |place: &Place<Scene>| {
        let Place { disk, scene } = place;
        // The third Enter is noticed, 6 s after the first.
        scene.set("swallow", "2");
        scene.nudge(&["toast", "Use it"]);
        scene.wait_for_state("toast", "typed");
        disk.fill_up();
        wait_until("the agent to have it", || heard(scene, "Use it") == 1);
        // And to have come to the end of its turn, which a hook tells too.
        wait_until("its answer", || {
            let screen = scene.town.gt(["peek", "toast"]).stdout;
            screen.split_once("> Use it").is_some_and(|(_, after)| after.contains("fine"))
        });
        assert_eq!(last(scene)["state"], "typed", "it can only be read");
        disk.clear();
        comes_once(scene, "Use it");
    };
    let make = |town| Scene::new_in(town, &Manner::default());
    on_its_own_disk("disk::messages::what_was_accepted_is_not_given_again", make, part);
}

#[test]
fn nothing_is_handed_over_that_cannot_be_written_down() {
    let part = |place: &Place<Scene>| {
        let Place { disk, scene } = place;
        scene.set("hold", "");
        scene.nudge(&["toast", "first", "--wait"]);
        scene.nudge(&["toast", "second"]);
        scene.wait_for_reason("toast", "it works");
        disk.fill_up();
        scene.unset("hold");
        wait_until("the end of its turn", || scene.town.gt(["peek", "toast"]).stdout.matches("fine").count() == 2);
        assert_eq!(heard(scene, "second"), 0);
        disk.clear();
        comes_once(scene, "second");
    };
    let make = |town| Scene::new_in(town, &Manner { hooks: Hooks::HandOver, deaf: true, ..Manner::default() });
    on_its_own_disk("disk::messages::nothing_is_handed_over_that_cannot_be_written_down", make, part);
}

#[test]
fn a_letter_is_sent_and_announced_once_or_not_sent() {
    let part = |place: &Place| {
        let command = |town: &TestTown| town.command(["mail", "send", "mayor", "The API moved"]);
        Drill { place, command: &command }.run(&|ran| {
            let town = &place.scene.town;
            let later = gt::clock::Clock::System.now() + std::time::Duration::from_secs(60);
            town.command(["tick"]).variable(gt::env::CLOCK, gt::clock::rfc3339(later)).run().succeeds();
            let (said, letters) = announced(town, "The API moved");
            assert!(said == letters && letters <= 1, "{letters} letters, {said} messages: {}", ran.transcript());
            assert!(letters == 1 || ran.code != Some(0), "{}", ran.transcript());
        });
    };
    let name = "disk::messages::a_letter_is_sent_and_announced_once_or_not_sent";
    on_its_own_disk(name, |town| crate::scene::Scene::open_in(town, 0), part);
}
