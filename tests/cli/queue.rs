//! The merge queue as a person sees it, and work on its way to the person's own repository.

use std::fs;

use serde_json::Value;

use crate::queued::{shown, submitted, town_that_waits};
use crate::support::{TestTown, promises};

/// Gates of the town's rig, as a person edits them.
fn gate(town: &TestTown, command: &str) {
    let text = town.read("rigs.d/web.toml").expect("the rig's file");
    let mut rig: toml_edit::DocumentMut = text.parse().expect("TOML");
    let gates = rig["gates"].as_array_of_tables_mut().expect("gates");
    gates.get_mut(0).expect("one gate")["run"] = toml_edit::value(command);
    town.write("rigs.d/web.toml", &rig.to_string());
    town.gt(["ledger", "adopt"]).succeeds();
}

#[test]
fn the_queue_is_shown_in_its_order_with_reasons() {
    let (town, _project) = town_that_waits();
    town.gt(["queue", "list"]).succeeds().complains(&["nothing waits"]);
    let later = submitted(&town, "Later", &["--priority", "3"]);
    let first = submitted(&town, "Urgent", &["--priority", "0"]);
    let list = town.json(["queue", "list"]);
    let ids: Vec<&str> = list.as_array().expect("a list").iter().filter_map(|row| row["bead"].as_str()).collect();
    assert_eq!(ids, [&first, &later]);
    assert_eq!((list[0]["place"].as_u64(), list[0]["standing"].as_str()), (Some(1), Some("waiting")));
    town.gt(["queue", "list", "web", "--why"]).succeeds().says(&["priority 0, submitted", "waiting"]);
    town.gt(["queue", "list", "wob"]).exits(3).complains(&["wob"]);
    let status = town.gt(["refinery", "status"]).succeeds();
    status.says(&["web: at rest, 2 waiting, next", &first]);
    town.gt(["queue", "show", &first]).succeeds().says(&["1 in the queue of web", "Do ", "polecat/", "-> main"]);
    town.gt(["refinery", "run", "web", "--once"]).succeeds();
    let story = town.gt(["queue", "show", &first]).succeeds();
    story.says(&["landed", "gate test passed", ".git/gt/logs/gates"]);
    let open = town.json(["new", "Untouched", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["queue", "show", &open]).exits(3).complains(&["never handed in"]);
    promises::hold(&town);
}

#[test]
fn a_rejected_bead_goes_back_with_the_reason() {
    let (town, _project) = town_that_waits();
    let id = submitted(&town, "Not like this", &[]);
    town.gt(["queue", "reject", &id, "Use the other door"]).succeeds().says(&[&id, "sent back to web/"]);
    let bead = shown(&town, &id);
    assert_eq!((bead["status"].as_str(), &bead["attempts"][0]["outcome"]), (Some("open"), &Value::from("bounced")));
    assert_eq!(bead["attempts"][0]["reason"], "Use the other door");
    assert!(bead["prefer"].is_string());
    town.gt(["queue", "show", &id]).succeeds().says(&["bounced", "Use the other door"]);
    town.gt(["queue", "reject", &id, "Again"]).exits(6).complains(&[&id]);
    town.gt(["queue", "reject", "nothing", "x"]).exits(3);
    town.gt(["queue", "reject", &id]).exits(2);
    promises::hold(&town);
}

#[test]
fn a_bead_is_tried_again_after_a_gate_that_failed_for_no_fault_of_its() {
    let (town, project) = town_that_waits();
    let lamp = town.sandbox.join("lamp");
    gate(&town, &format!("test -e '{}'", lamp.display()));
    let id = submitted(&town, "Innocent", &[]);
    // The target is as red as everything else: nobody is bounced.
    town.gt(["refinery", "run", "web"]).succeeds().complains(&["red"]);
    assert_eq!(shown(&town, &id)["status"], "submitted");
    town.gt(["queue", "show", &id]).succeeds().says(&["is red"]);
    town.gt(["refinery", "status"]).succeeds().complains(&["red"]);
    fs::write(&lamp, "").expect("the sandbox is writable");
    town.gt(["refinery", "run", "web"]).succeeds();
    assert_eq!(shown(&town, &id)["status"], "submitted", "a verdict is not asked for twice");
    town.gt(["queue", "retry", &id]).succeeds().says(&["tried again", "forgotten: gate test is red"]);
    town.gt(["refinery", "run", "web"]).succeeds().says(&["landed"]);
    assert_eq!(shown(&town, &id)["status"], "closed");
    assert!(project.show("main", &format!("{id}.txt")).is_some(), "it was delivered");
    town.gt(["queue", "retry", &id]).exits(6).complains(&[&id, "not in the merge queue"]);
    promises::hold(&town);
}

#[test]
fn landed_work_waits_until_what_is_in_the_way_is_gone() {
    let (town, project) = town_that_waits();
    let id = submitted(&town, "Delivered later", &[]);
    let file = format!("{id}.txt");
    project.write(&file, "my own notes\n");
    town.gt(["refinery", "run", "web"]).succeeds().complains(&["not delivered", "gt rig take web"]);
    assert_eq!(shown(&town, &id)["status"], "closed");
    town.gt(["refinery", "status"]).succeeds().complains(&["not in your repository yet"]);
    town.gt(["rig", "take", "web"]).exits(7).complains(&[&file, "gt rig take web", "nothing was changed"]);
    assert_eq!(project.read(&file).as_deref(), Some("my own notes\n"));
    fs::rename(project.path.join(&file), town.sandbox.join("notes")).expect("own file");
    // Committed meanwhile: merged in, through the gates.
    project.write("mine.txt", "mine\n");
    let mine = project.commit("My own commit");
    town.gt(["rig", "take", "web"]).succeeds().says(&["has all that landed"]);
    assert!(project.read(&file).is_some() && project.read("mine.txt").is_some());
    project.git(&["merge-base", "--is-ancestor", &mine, "main"]);
    assert_eq!(project.status(), "");
    town.gt(["rig", "take", "web"]).succeeds();
    town.gt(["rig", "take", "wob"]).exits(3);
    promises::hold(&town);
}

#[test]
fn what_the_person_committed_red_is_not_built_upon() {
    let (town, project) = town_that_waits();
    let id = submitted(&town, "Green", &[]);
    project.write("tests/wrong.sh", "exit 1\n");
    let tip = project.commit("A test that fails");
    town.gt(["refinery", "run", "web"]).succeeds().complains(&["the commits that you made are red"]);
    assert_eq!(shown(&town, &id)["status"], "closed", "landing goes on in the rig's own target");
    town.gt(["rig", "take", "web"]).exits(7).complains(&["red"]);
    assert_eq!(project.tip("main"), tip, "nothing was changed in the person's repository");
    project.git(&["rm", "--quiet", "tests/wrong.sh"]);
    project.git(&["commit", "--quiet", "--message", "Without it"]);
    town.gt(["rig", "take", "web"]).succeeds();
    assert!(project.read(&format!("{id}.txt")).is_some());
    promises::hold(&town);
}

#[test]
fn a_rig_of_a_remote_has_nothing_to_take() {
    let town = TestTown::new();
    let project = town.repo("web");
    let bare = town.bare_copy(&project, "web.git");
    let bare = bare.to_str().expect("test paths are UTF-8");
    town.gt(["rig", "add", "web", bare, "--no-gates"]).succeeds();
    town.gt(["rig", "take", "web"]).exits(7).complains(&["lands at", "git pull"]);
}
