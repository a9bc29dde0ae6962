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
    // The keyboard is free again: whatever waits now is for the hook.
    scene.wait_for_reason("toast", "it works");
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
    scene.wait_for_reason("toast", "it works");
    scene.unset("hold");
    let last = scene.wait_for_state("toast", "turn_done");
    let reason = "its prompt hook told of it; it was given 2 times; its hook told of the end of the turn";
    assert_eq!((last["reason"].as_str(), last["tries"].as_i64()), (Some(reason), Some(2)));
    wait_until("both", || scene.told().len() == 3);
}

#[test]
fn the_conversation_is_known_from_the_hooks() {
    let scene = Scene::new(&Manner::default());
    let session = scene.town.json(["polecat", "show", "toast"])["sessions"][0].clone();
    assert_eq!(session["conversation"], "stand-in-conversation", "{session}");
}

#[test]
fn what_is_handed_over_as_a_turn_is_broken_off_is_not_taken_for_heard() {
    let scene = Scene::new(&Manner { hooks: Hooks::HandOver, deaf: true, ..Manner::default() });
    scene.set("twice", "");
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    // By gt: nothing is handed over, because the message that breaks the turn off is typed.
    let urgent = scene.nudge(&["toast", "urgent", "--mode", "interrupt", "--wait"]);
    assert!(urgent["reason"].as_str().unwrap_or_default().starts_with("its prompt hook told of it"), "{urgent}");
    // By a person: what was handed over meanwhile waits again, and is typed.
    scene.nudge(&["toast", "later", "--mode", "queue"]);
    scene.wait_for_reason("toast", "it works");
    scene.tmux(&["send-keys", "-t", "=web/toast:", "Escape"]);
    scene.wait_until_shown("toast", "stopped");
    scene.unset("hold");
    let last = scene.wait_for_state("toast", "turn_done");
    assert_eq!(last["tries"], 2, "{last}");
    let told: Vec<String> = scene.told().into_iter().map(|(_, text)| text).skip(1).collect();
    assert_eq!(told, ["first", "urgent", "later"]);
}
