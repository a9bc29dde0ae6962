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
    // Whoever says it hears it not.
    let folder = scene.town.root.join("rigs/web/polecats/nux");
    let said = scene.town.command(["broadcast", "Mine is done", "--rig", "web", "--json"]).current_dir(folder).run();
    let said = said.succeeds().data();
    assert_eq!((said.as_array().map(Vec::len), &said[0]["to"]), (Some(1), &"web/polecats/toast".into()), "{said}");
    scene.wait_for_state("toast", "turn_done");
    let heard = scene.told().into_iter().filter(|(_, text)| text.contains("Mine is done")).collect::<Vec<_>>();
    assert_eq!(heard, [("prompt".to_owned(), "From web/polecats/nux: Mine is done".to_owned())]);
    scene.town.gt(["broadcast", "x", "--rig", "none"]).exits(3);
    scene.town.gt(["broadcast", " "]).exits(2).complains(&["empty"]);
}

#[test]
fn nobody_runs_and_nothing_is_said() {
    let scene = Scene::idle_town(&Manner::default());
    assert_eq!(scene.town.json(["broadcast", "Hello"]), serde_json::json!([]));
    wait_until("nothing", || scene.told().is_empty());
}
