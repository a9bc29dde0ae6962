//! Gates as the merge queue runs them: bought once, held to their limits, with nothing left behind.

use std::fs;

use serde_json::Value;

use crate::support::{Project, TestTown, promises};

/// A town where nothing merges by itself, whose one gate writes a line to `runs` and then does `command`.
fn town_with_gate(command: &str) -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    let counted = format!("echo run >> '{}'; {command}", town.sandbox.join("runs").display());
    set_gate(&town, "run", counted.into());
    (town, project)
}

/// Changes the gate of the town's rig, as a person edits it.
fn set_gate(town: &TestTown, key: &str, value: toml_edit::Value) {
    let text = town.read("rigs.d/web.toml").expect("the rig's file");
    let mut rig: toml_edit::DocumentMut = text.parse().expect("TOML");
    let gates = rig["gates"].as_array_of_tables_mut().expect("gates");
    gates.get_mut(0).expect("one gate")[key] = toml_edit::value(value);
    town.write("rigs.d/web.toml", &rig.to_string());
    town.gt(["ledger", "adopt"]).succeeds();
}

/// A branch of the person's in the queue, which adds one file; answers the bead.
fn queued(town: &TestTown, project: &Project, branch: &str, file: &str, text: &str) -> String {
    project.git(&["checkout", "--quiet", "-b", branch, "main"]);
    project.write(file, text);
    project.commit(&format!("Add {file}"));
    project.git(&["checkout", "--quiet", "main"]);
    town.json(["queue", "add", branch])["bead"].as_str().expect("an id").to_owned()
}

fn runs(town: &TestTown) -> usize {
    fs::read_to_string(town.sandbox.join("runs")).unwrap_or_default().lines().count()
}

fn shown(town: &TestTown, id: &str) -> Value {
    town.json(["show", id])[0]["result"].clone()
}

/// Runs the refinery and kills it at a commit point.
fn killed_at(town: &TestTown, point: &str) {
    let killed = town.command(["refinery", "run", "web"]).variable(gt::env::CRASH, point).run();
    assert_ne!(killed.code, Some(0), "{point} is passed: {}", killed.transcript());
}

#[test]
fn a_gate_that_ended_before_a_kill_is_not_run_again() {
    let (town, project) = town_with_gate("./test.sh");
    let id = queued(&town, &project, "mine", "mine.txt", "mine\n");
    killed_at(&town, "gate.kept");
    assert_eq!((runs(&town), shown(&town, &id)["status"].as_str()), (1, Some("submitted")));
    let ran = &town.json(["refinery", "run", "web"])[0]["result"];
    assert_eq!((ran["landed"][0].as_str(), ran["gates_run"].as_u64()), (Some(id.as_str()), Some(0)));
    assert_eq!(runs(&town), 1, "what was bought before the kill counts");
    let kept = town.root.join(".git/gt/gates/web");
    assert_eq!(fs::read_dir(&kept).expect("its folder").count(), 0, "the ledger has it now");
    let gates = &town.json(["queue", "show", &id])["gates"];
    assert_eq!((gates.as_array().map(Vec::len), &gates[0]["outcome"]), (Some(1), &Value::from("passed")));
    promises::hold(&town);
}

#[test]
fn a_red_gate_that_ended_before_a_kill_counts_until_a_person_says_otherwise() {
    let (town, project) = town_with_gate("./test.sh");
    let id = queued(&town, &project, "mine", "tests/wrong.sh", "exit 1\n");
    killed_at(&town, "gate.kept");
    town.gt(["queue", "retry", &id]).succeeds().says(&["forgotten: gate test is red"]);
    killed_at(&town, "gate.kept");
    assert_eq!(runs(&town), 2, "a person wanted it to run again");
    // The gate also has to say that the target is green, before anybody is blamed.
    town.gt(["refinery", "run", "web"]).succeeds().says(&["1 bounced"]);
    assert_eq!(runs(&town), 3);
    let bead = shown(&town, &id);
    assert!(
        bead["attempts"][0]["reason"].as_str().is_some_and(|text| text.contains("FAILED tests/wrong.sh")),
        "{bead}"
    );
    promises::hold(&town);
}

#[test]
fn a_gate_that_eats_memory_is_red_for_that_reason_and_leaves_nothing_behind() {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    let hidden = "( env -i setsid sh -c 'exec /bin/sleep 600' & )";
    let eats = "if test -e greedy; then head -c 90000000 /dev/zero | tail -c 90000000 | sleep 600; fi";
    set_gate(&town, "run", format!("{hidden}; {eats}").into());
    set_gate(&town, "memory", 60.into());
    let id = queued(&town, &project, "mine", "greedy", "very\n");
    town.gt(["refinery", "run", "web"]).succeeds().says(&["1 bounced"]);
    assert!(town.processes().is_empty(), "{:#?}", town.processes());
    let story = town.gt(["queue", "show", &id]).succeeds();
    story.says(&["used more memory than it may", "MB of memory, and may use 60"]);
    let reason = &shown(&town, &id)["attempts"][0]["reason"];
    assert!(reason.as_str().is_some_and(|text| text.contains("may use 60")), "{reason}");
    promises::hold(&town);
}

#[test]
fn megabytes_of_output_are_kept_from_both_ends() {
    let (town, project) =
        town_with_gate("echo first; head -c 9000000 /dev/zero | tr '\\0' x; echo; echo last; ! test -e mine");
    let id = queued(&town, &project, "mine", "mine", "mine\n");
    town.gt(["refinery", "run", "web"]).succeeds().says(&["1 bounced"]);
    let bead = shown(&town, &id);
    let log = bead["attempts"][0]["log"].as_str().unwrap_or_else(|| panic!("{bead:#}")).to_owned();
    let text = fs::read_to_string(town.root.join(".git/gt").join(log)).expect("the log");
    assert!(text.starts_with("first\nxxx") && text.ends_with("xxx\nlast\n") && text.len() < 5_000_000);
    assert!(text.contains("bytes are left out here"));
    promises::hold(&town);
}
