//! What a person can do to the merge queue: pause it, change its order, look back, add to it, approve.

use serde_json::Value;

use crate::support::{Project, TestTown, promises, wait_until};

/// A town whose workers hand in one file each, and where nothing merges by itself.
fn town_that_waits() -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("works");
    (town, project)
}

/// A bead that was handed in.
fn submitted(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    let id = made["id"].as_str().expect("a new bead has an id").to_owned();
    town.gt(["sling", &id]).succeeds();
    wait_until("the work to be handed in", || shown(town, &id)["status"] == "submitted");
    wait_until("its session to end", || town.processes().is_empty());
    id
}

fn shown(town: &TestTown, id: &str) -> Value {
    town.json(["show", id])[0]["result"].clone()
}

fn queue(town: &TestTown) -> Vec<String> {
    let list = town.json(["queue", "list"]);
    list.as_array().expect("a list").iter().filter_map(|row| Some(row["bead"].as_str()?.to_owned())).collect()
}

#[test]
fn a_paused_queue_lands_nothing_and_its_order_can_be_changed() {
    let (town, _project) = town_that_waits();
    let first = submitted(&town, "First");
    let second = submitted(&town, "Second");
    town.gt(["queue", "pause", "web", "release", "day"]).succeeds().says(&["web is paused: release day"]);
    assert!(town.read("rigs.d/web.toml").is_some_and(|text| text.contains("paused = \"release day\"")));
    town.gt(["refinery", "run", "web"]).succeeds().says(&["0 landed"]).complains(&["paused: release day"]);
    town.gt(["queue", "list", "--why"]).succeeds().says(&["paused", "release day"]);
    town.gt(["status"]).succeeds().says(&["queue paused: release day"]);
    town.gt(["refinery", "status"]).succeeds().complains(&["release day", "gt queue resume web"]);

    assert_eq!(queue(&town), [first.as_str(), second.as_str()]);
    town.gt(["queue", "bump", &second]).succeeds().says(&["1 of 2"]);
    assert_eq!(queue(&town), [second.as_str(), first.as_str()]);
    town.gt(["queue", "list", "--why"]).succeeds().says(&["put forward by a person"]);
    town.gt(["queue", "lower", &second]).succeeds().says(&["2 of 2"]);
    assert_eq!(queue(&town), [first.as_str(), second.as_str()]);

    town.gt(["queue", "resume", "web"]).succeeds().says(&["goes on"]);
    town.gt(["queue", "resume", "web"]).succeeds().says(&["was not paused"]);
    town.gt(["refinery", "run", "web", "--once"]).succeeds();
    town.gt(["queue", "reject", &second, "Not like this"]).succeeds();
    let log = town.gt(["queue", "log", "web"]).succeeds();
    log.says(&[&first, "landed", "test 0.", &second, "rejected", "Not like this"]);
    let log = town.json(["queue", "log"]);
    let how: Vec<&str> = log.as_array().expect("a list").iter().filter_map(|row| row["how"].as_str()).collect();
    assert_eq!(how, ["rejected", "landed"], "newest first");
    assert!(log[1]["gates"][0]["milliseconds"].is_u64() && log[1]["landed"].is_string());
    town.gt(["queue", "bump", &first]).exits(6).complains(&["not in the merge queue"]);
    town.gt(["queue", "pause", "wob"]).exits(3);
    promises::hold(&town);
}
