//! Towns in which handed-in beads wait.

use serde_json::Value;

use crate::support::{Project, TestTown, wait_until};

/// A town whose workers hand in one file each, and where nothing merges by itself.
pub fn town_that_waits() -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("works");
    (town, project)
}

/// A bead that was handed in.
pub fn submitted(town: &TestTown, title: &str, more: &[&str]) -> String {
    let made = town.json([&["new", title, "--rig", "web"], more].concat());
    let id = made["id"].as_str().expect("a new bead has an id").to_owned();
    town.gt(["sling", &id]).succeeds();
    wait_until("the work to be handed in", || shown(town, &id)["status"] == "submitted");
    wait_until("its session to end", || town.processes().is_empty());
    id
}

pub fn shown(town: &TestTown, id: &str) -> Value {
    town.json(["show", id])[0]["result"].clone()
}
