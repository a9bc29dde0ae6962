//! What is handed over when the agent would have stopped.

use crate::scene::{Hooks, Manner, Scene};
use crate::support::wait_until;

#[test]
fn a_stop_hook_hands_over_what_waits_without_a_key_pressed() {
    let scene = Scene::new(&Manner { hooks: Hooks::HandOver, deaf: true, ..Manner::default() });
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.nudge(&["toast", "second"]);
    scene.nudge(&["toast", "third\nwith a line", "--mode", "queue"]);
    scene.unset("hold");
    let last = scene.wait_for_state("toast", "turn_done");
    assert!(last["reason"].as_str().unwrap_or_default().contains("would have stopped"), "{last}");
    let told: Vec<(String, String)> = scene.told().split_off(1);
    let pair = |via: &str, text: &str| (via.to_owned(), text.to_owned());
    assert_eq!(told, [pair("prompt", "first"), pair("hook", "second\n\nthird\nwith a line")]);
}

#[test]
fn what_an_agent_does_not_go_on_with_is_typed() {
    let scene = Scene::new(&Manner { hooks: Hooks::HandOver, deaf: true, ..Manner::default() });
    scene.set("stubborn", "");
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.nudge(&["toast", "second"]);
    scene.unset("hold");
    let last = scene.wait_for_state("toast", "turn_done");
    assert_eq!((last["reason"].as_str(), last["tries"].as_i64()), (Some("its prompt hook told of it"), Some(2)));
    wait_until("both", || scene.told().len() == 3);
}

#[test]
fn the_conversation_is_known_from_the_hooks() {
    let scene = Scene::new(&Manner::default());
    let session = scene.town.json(["polecat", "show", "toast"])["sessions"][0].clone();
    assert_eq!(session["conversation"], "stand-in-conversation", "{session}");
}
