//! The test support itself: it must be able to fail.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::kill::{Drill, Victim};
use crate::support::{TestTown, processes, promises};

/// Leaves `hooked` and `submitted` behind one after the other, as a verb with two steps would.
const TWO_STEPS: &str = "mkdir state; echo half >state/new; mv state/new state/first; echo whole >state/second";

fn two_steps(town: &TestTown) -> Command {
    let mut command = town.program("sh");
    command.current_dir(&town.root).args(["-c", TWO_STEPS]);
    command
}

fn empty_town() -> TestTown {
    let town = TestTown::builder().empty();
    std::fs::create_dir(&town.root).expect("the sandbox is writable");
    std::fs::create_dir_all(town.sandbox.join("projects")).expect("the sandbox is writable");
    town
}

#[test]
fn a_drill_kills_between_the_steps_and_the_next_run_converges() {
    let town = empty_town();
    let recover = |town: &TestTown| {
        let script = "mkdir -p state; [ -e state/first ] || echo half >state/first; echo whole >state/second";
        let status = town.program("sh").current_dir(&town.root).args(["-c", script]).status();
        assert!(status.expect("sh is there").success());
    };
    let check = |town: &TestTown| {
        assert_eq!(town.read("state/first").as_deref(), Some("half\n"));
        assert_eq!(town.read("state/second").as_deref(), Some("whole\n"));
    };
    let drill = Drill { town: &town, command: &two_steps, recover: &recover, check: &check };
    if let Some(tally) = drill.at_system_calls(Victim::Family, 40) {
        assert!(tally.killed >= 3, "{tally:?}");
    }
}

#[test]
#[should_panic(expected = "first is lost")]
fn a_drill_finds_a_command_that_loses_something() {
    let town = empty_town();
    let recover = |_: &TestTown| {};
    let check = |town: &TestTown| assert!(town.read("state/first").is_some(), "first is lost");
    let drill = Drill { town: &town, command: &two_steps, recover: &recover, check: &check };
    if drill.at_system_calls(Victim::Family, 40).is_none() {
        panic!("first is lost, or so it would be said if this machine had strace");
    }
}

#[test]
fn a_drill_lets_the_children_of_a_killed_command_live() {
    let town = empty_town();
    // The child does its part only after the parent's last step has begun, and so after a kill at it.
    let script = "sh -c 'until [ -e go ]; do sleep 0.01; done; sleep 0.05; mkdir child' & echo now >go";
    let command = |town: &TestTown| {
        let mut command = town.program("sh");
        command.current_dir(&town.root).args(["-c", script]);
        command
    };
    let recover = |town: &TestTown| {
        if town.root.join("go").exists() {
            crate::support::wait_until("the orphan", || town.root.join("child").exists());
        }
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &|_| {} };
    if let Some(tally) = drill.at_system_calls(Victim::Itself, 10) {
        assert!(tally.killed >= 2, "{tally:?}");
    }
}

#[test]
fn a_town_finds_and_ends_its_processes_however_they_hide() {
    let town = empty_town();
    let agent = town.agent("forks");
    let mut child = town.program(agent.to_str().expect("test paths are UTF-8"));
    let mut child = child.stdin(Stdio::null()).spawn().expect("the agent starts");
    crate::support::wait_until("the children of the agent", || town.processes().len() >= 4);
    let sandbox = town.sandbox.clone();
    drop(town);
    child.wait().expect("a child of ours");
    assert_eq!(processes::under(&sandbox), vec![]);
    assert!(!sandbox.exists());
}

#[test]
fn foreign_processes_are_left_alone() {
    let here = Path::new("/nowhere/in/particular");
    assert_eq!(processes::end_all(here, Duration::ZERO), vec![]);
}

#[test]
fn placeholders_stay_the_same_for_the_same_id() {
    let town = empty_town();
    let mut normaliser = town.normaliser(&["web"]);
    let text = format!("{}/beads: web-x7k2m needs web-abcde; web-x7k2m, web-site", town.root.display());
    assert_eq!(normaliser.apply(&text), "$TOWN/beads: web-ID1 needs web-ID2; web-ID1, web-site");
    assert_eq!(normaliser.apply("web-abcde"), "web-ID2");
    assert_eq!(normaliser.apply(&"a".repeat(40)), "OID1");
}

#[test]
fn a_project_is_green_until_a_test_fails() {
    let town = empty_town();
    let project = town.repo("web");
    assert!(project.is_green());
    assert_eq!(project.status(), "");
    project.write("tests/wrong.sh", "exit 1\n");
    assert!(!project.is_green());
}

#[test]
fn a_town_with_a_rig_keeps_its_promises_and_leaves_nothing_running() {
    let (town, project) = TestTown::with_rig();
    promises::hold(&town);
    assert_eq!(project.status(), "");
    town.wait_until_quiet(crate::support::GENEROUS);
}

#[test]
fn an_agent_of_the_test_is_the_one_that_works() {
    let town = TestTown::new();
    town.work_with("idles");
    let local = town.read("local.toml").unwrap_or_default();
    let expected = format!("{}/bin/idles", town.sandbox.display());
    assert!(local.contains("agent = \"idles\"") && local.contains(&expected), "{local}");
    town.gt(["rig", "list"]).succeeds();
    promises::hold(&town);
}
