//! `gt demo`, in both runtimes: all promises hold in the town that it leaves, and nothing else is left.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::process::Stdio;

use support::{TestTown, promises, wait_for};

/// A folder for a demo; what a person may have set that must not matter.
fn nowhere() -> TestTown {
    let town = TestTown::builder().variable("GT_TOWN", "/nowhere").variable("GT_SCRIPT", "/nowhere/script.toml");
    let town = town.variable("GT_MODEL", "openai/nothing").variable("OPENAI_API_KEY", "none").empty();
    let settings = town.sandbox.join("home/.gitconfig");
    let own = fs::read_to_string(&settings).expect("it was written");
    fs::write(&settings, own + "[commit]\n\tgpgsign = true\n[core]\n\thooksPath = /nowhere\n").expect("writable");
    town
}

fn left_in_tmp(town: &TestTown) -> Vec<String> {
    let entries = fs::read_dir(town.sandbox.join("tmp")).expect("a folder of the test").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Runs the demo and looks at the town that it leaves.
fn holds_in(runtime: &str) {
    let mut town = nowhere();
    let shown = town.command(["demo", "--keep", "--json", "--runtime", runtime]).run().succeeds().data();
    assert_eq!((shown["landed"].as_u64(), shown["runtime"].as_str()), (Some(6), Some(runtime)));
    assert_ne!(shown["conflict"], shown["red"]);
    assert_eq!(town.processes(), vec![], "the town stays, and nothing runs in it");
    town.root = shown["town"].as_str().expect("a path").into();
    promises::hold(&town);
    let sessions = fs::read_dir(town.root.join(".git/gt/logs/sessions")).expect("logs of sessions").count();
    assert!(sessions >= 8, "six beads and two second attempts");
}

#[test]
fn the_promises_hold_in_the_town_of_a_demo_in_tmux() {
    holds_in("tmux");
}

#[test]
fn the_promises_hold_in_the_town_of_a_demo_without_tmux() {
    holds_in("process");
}

#[test]
fn a_demo_tells_its_story_and_leaves_nothing_behind() {
    let town = nowhere();
    let ran = town.command(["demo"]).run().succeeds();
    let story =
        ["$ gt init town", "$ gt rig add todo", "$ gt run", "6 of 6 landed", "$ git log --graph", "all tests passed"];
    let ran = ran.says(&story).says(&["6 beads landed", "with a merge conflict", "from a red gate", "gt demo --keep"]);
    ran.complains(&["slung", "bounced", "it conflicts with main in todo.sh", "gate test is red"]);
    assert_eq!((left_in_tmp(&town), town.processes()), (vec![], vec![]));
}

#[test]
fn a_demo_that_is_interrupted_leaves_nothing_behind() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::HUP] {
        interrupted_by(signal);
    }
}

fn interrupted_by(signal: rustix::process::Signal) {
    let town = nowhere();
    let log = town.sandbox.join("log");
    let file = || fs::File::options().create(true).append(true).open(&log).expect("writable");
    let mut command = town.command(["demo", "--runtime", "process"]).into_command();
    let mut child = command.stdin(Stdio::null()).stdout(file()).stderr(file()).spawn().expect("the binary under test");
    wait_for("work to begin", support::GENEROUS, || fs::read_to_string(&log).ok()?.contains("slung").then_some(()));
    let id = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a child has an id");
    rustix::process::kill_process(id, signal).expect("it runs");
    let status = wait_for("the demo to end", support::GENEROUS, || child.try_wait().expect("a child of ours"));
    assert_eq!(status.code(), Some(7));
    assert_eq!((left_in_tmp(&town), town.processes()), (vec![], vec![]));
}
