//! `gt agent list` and what `gt init` says of agents.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::TestTown;

/// Puts a program of this name into the `PATH` of the test.
fn install(town: &TestTown, name: &str) {
    let path = town.sandbox.join("bin").join(name);
    fs::write(&path, "#!/bin/sh\n").expect("the sandbox is writable");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("own file");
}

fn state_of(rows: &serde_json::Value, name: &str) -> (String, bool) {
    let row = rows.as_array().expect("rows").iter().find(|row| row["name"] == name).expect("the agent is listed");
    (row["state"].as_str().unwrap_or_default().to_owned(), row["default"].as_bool().unwrap_or_default())
}

#[test]
fn what_is_installed_is_found_and_chosen() {
    let town = TestTown::builder().empty();
    let rows = town.command(["agent", "list", "--json"]).current_dir(&town.sandbox).run().succeeds().data();
    assert_eq!(state_of(&rows, "codex"), ("missing".to_owned(), false));
    assert_eq!(state_of(&rows, "builtin"), ("missing".to_owned(), true));

    install(&town, "codex");
    let init = town.command(["init"]).arg(&town.root).current_dir(&town.sandbox).run().succeeds();
    let program = town.sandbox.join("bin/codex");
    init.says(&["codex", &program.display().to_string(), "works without asking"]);
    assert_eq!(state_of(&town.json(["agent", "list"]), "codex"), ("usable".to_owned(), true));
    // Nobody chose, so that another machine may choose otherwise.
    assert!(!town.read("town.toml").expect("a town").contains("agent ="));
}

#[test]
fn without_any_agent_a_town_is_made_and_says_so() {
    let town = TestTown::builder().empty();
    let init = town.command(["init"]).arg(&town.root).current_dir(&town.sandbox).run().succeeds();
    init.complains(&["no agent can work yet", "gt agent list"]);
}

#[test]
fn an_agent_that_does_not_exist_makes_no_town() {
    let town = TestTown::builder().empty();
    let init = town.command(["init", "--agent", "cluade"]).arg(&town.root).current_dir(&town.sandbox).run();
    init.exits(3).complains(&["cluade", "did you mean claude"]);
    assert!(!town.root.exists());
}

#[test]
fn a_town_that_is_named_must_be_there() {
    let town = TestTown::new();
    town.command(["--town", "/nonexistent", "agent", "list"]).run().exits(3).complains(&["is not in a town"]);
}
