//! Something for everybody.

use crate::scene::{Manner, Scene};
use crate::support::wait_until;

#[test]
fn everybody_who_runs_hears_it_once() {
    let scene = Scene::new(&Manner::default());
    scene.sling("nux");
    scene.wait_until_told(2);
    let said = scene.town.json(["broadcast", "The target moved"]);
    assert_eq!(said.as_array().map(Vec::len), Some(2));
    for worker in ["toast", "nux"] {
        scene.wait_for_state(worker, "turn_done");
    }
    let told = scene.told().into_iter().filter(|(_, text)| text == "The target moved").count();
    assert_eq!(told, 2);
    scene.town.gt(["broadcast", "x", "--rig", "none"]).exits(3);
    scene.town.gt(["broadcast", " "]).exits(2).complains(&["empty"]);
}

#[test]
fn nobody_runs_and_nothing_is_said() {
    let scene = Scene::idle_town(&Manner::default());
    assert_eq!(scene.town.json(["broadcast", "Hello"]), serde_json::json!([]));
    wait_until("nothing", || scene.told().is_empty());
}
