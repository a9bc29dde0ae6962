//! What proves that a message was accepted and that its turn is over, where no hook tells of it.

use serde_json::Value;

use crate::scene::{Hooks, Manner, Scene};

fn reason(message: &Value) -> &str {
    message["reason"].as_str().unwrap_or_default()
}

/// Keeps the agent at work until the message is accepted, and lets it come to its end; the message at both times.
fn accepted_and_done(scene: &Scene) -> (Value, Value) {
    scene.set("hold", "");
    let said = scene.nudge(&["toast", "Use it", "--wait"]);
    assert_eq!(said["state"], "accepted", "{said}");
    scene.unset("hold");
    (said, scene.wait_for_state("toast", "turn_done"))
}

#[test]
fn without_hooks_the_transcript_tells_of_both() {
    for hooks in [Hooks::None, Hooks::Broken] {
        let scene = Scene::new(&Manner { hooks, writes: true, ..Manner::default() });
        let (accepted, done) = accepted_and_done(&scene);
        assert_eq!(reason(&accepted), "it stands in its transcript");
        assert_eq!(reason(&done), "it stands in its transcript; its transcript shows the end of the turn");
    }
}

#[test]
fn without_hooks_and_transcript_the_screen_tells_of_both() {
    let scene = Scene::new(&Manner { hooks: Hooks::None, ..Manner::default() });
    let (accepted, done) = accepted_and_done(&scene);
    assert_eq!(reason(&accepted), "its input line is empty again and it was seen at work");
    assert_eq!(reason(&done), format!("{}; it was seen at work and then at rest", reason(&accepted)));
}

#[test]
fn an_agent_of_which_nothing_is_known_is_judged_by_whether_its_screen_moves() {
    let scene = Scene::new(&Manner { hooks: Hooks::None, signs: false, ..Manner::default() });
    let said = scene.nudge(&["toast", "Use it", "--wait"]);
    assert_eq!(said["state"], "accepted", "{said}");
    assert!(reason(&said).ends_with("empty again and its screen went on"), "{said}");
    let done = scene.wait_for_state("toast", "turn_done");
    assert!(reason(&done).ends_with("; it was seen at work and then at rest"), "{done}");
    assert_eq!(scene.told().len(), 2);
}

#[test]
fn hooks_that_tell_nothing_are_said_to_tell_nothing() {
    let scene = Scene::new(&Manner { hooks: Hooks::Broken, ..Manner::default() });
    let said = scene.nudge(&["toast", "Use it", "--wait=90s"]);
    assert!(reason(&said).ends_with("; neither a hook nor its transcript tells of it"), "{said}");
    assert_eq!((said["state"].as_str(), said["tries"].as_i64()), (Some("accepted"), Some(1)));
    assert_eq!(scene.told().len(), 2);
}

#[test]
fn a_session_that_ends_in_the_turn_is_said_to_have() {
    let scene = Scene::new(&Manner::default());
    scene.set("hold", "");
    scene.nudge(&["toast", "Use it", "--wait"]);
    scene.town.gt(["polecat", "stop", "toast"]).succeeds();
    let said = scene.messages("toast").pop().expect("there is one");
    assert_eq!(said["state"], "accepted", "{said}");
    assert!(reason(&said).ends_with("; its session ended before its turn did"), "{said}");
}
