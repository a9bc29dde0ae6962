//! Ctrl-C while `gt` waits for a program that may take long: both end, and nothing is taken for a failure.

use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{TestTown, promises, wait_until};

/// A program that takes long and shows in the process table.
const LONG: &str = "sleep 4321";

fn runs(town: &TestTown) -> bool {
    town.processes().iter().any(|process| process.line == LONG)
}

/// Starts `gt` with these arguments, waits until the long program runs, and presses Ctrl-C. What it said then.
#[track_caller]
fn interrupted(town: &TestTown, arguments: &[&str]) -> String {
    ended_by(Signal::INT, town, arguments)
}

#[track_caller]
fn ended_by(signal: Signal, town: &TestTown, arguments: &[&str]) -> String {
    let said = town.sandbox.join("said");
    let file = std::fs::File::create(&said).expect("the sandbox is writable");
    let mut command = town.command(arguments).into_command();
    let mut child: Child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("gt starts");
    wait_until("the program to run", || runs(town));
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a child has an id");
    kill_process(id, signal).expect("it lives");
    assert_eq!(child.wait().expect("a child of ours").code(), Some(130), "{arguments:?}");
    assert!(!runs(town), "{arguments:?}: {:#?}", town.processes());
    let said = std::fs::read_to_string(&said).expect("it was made");
    assert!(said.contains("\ninterrupted: ") && said.contains("\nhint: "), "{arguments:?}: {said}");
    said
}

#[test]
fn a_set_up_and_a_gate_that_somebody_does_not_want_to_wait_for_end_and_the_rig_stays() {
    let town = TestTown::new();
    let project = town.repo("web");
    town.work_with("idles");
    let said = interrupted(&town, &["rig", "add", "web", project.url(), "--gate", LONG]);
    assert!(said.contains("the rig web is added") && said.contains("`gt rig show web`"), "{said}");
    town.gt(["rig", "list"]).succeeds().says(&["web"]);
    town.gt(["doctor"]).succeeds();
    interrupted(&town, &["rig", "add", "shop", project.url(), "--setup", LONG, "--no-gates"]);
    town.gt(["doctor"]).succeeds();
}

#[test]
fn an_interrupted_gate_is_not_a_red_one() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("works");
    let id = town.json(["new", "Add login", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id]).succeeds();
    let status = || town.json(["show", &id])[0]["result"].clone();
    wait_until("the bead to be submitted", || status()["status"] == "submitted");
    let gates = town.read("rigs.d/web.toml").expect("there");
    town.write("rigs.d/web.toml", &gates.replace("./test.sh", LONG));
    town.gt(["ledger", "adopt"]).succeeds();
    interrupted(&town, &["refinery", "run", "web"]);
    interrupted(&town, &["refinery", "run", "web", "--watch"]);
    ended_by(Signal::TERM, &town, &["refinery", "run", "web", "--watch"]);
    assert_eq!(status()["status"], "submitted");
    town.write("rigs.d/web.toml", &gates);
    town.gt(["ledger", "adopt"]).succeeds();
    town.gt(["refinery", "run", "web"]).succeeds().says(&["landed"]);
    assert_eq!(status()["attempts"].as_array().map(Vec::len), Some(0));
    promises::hold(&town);
}

/// A tick runs set-up itself; a gate is run by the refinery that it set going, which is a process of its own.
#[test]
fn a_tick_ends_with_its_set_up_and_the_refinery_that_it_set_going_with_its_gate() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    // Each end below counts as one, and none of them is what this is about.
    town.gt(["config", "set", "restarts", "20"]).succeeds();
    let id = town.json(["new", "Add login", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let rig = town.read("rigs.d/web.toml").expect("there");
    let with = |change: &dyn Fn(&mut toml_edit::DocumentMut)| {
        let mut document: toml_edit::DocumentMut = rig.parse().expect("gt writes TOML");
        change(&mut document);
        town.write("rigs.d/web.toml", &document.to_string());
        town.gt(["ledger", "adopt"]).succeeds();
    };
    let set_up = |document: &mut toml_edit::DocumentMut| {
        document["setup"] = toml_edit::value(toml_edit::Array::from_iter([LONG]));
    };
    for signal in [Signal::INT, Signal::TERM] {
        with(&|_| {});
        town.gt(["tick"]).succeeds();
        town.end_everything();
        std::fs::remove_dir_all(town.root.join("rigs/web/polecats/toast")).expect("the worktree is there");
        with(&set_up);
        ended_by(signal, &town, &["tick"]);
    }
    town.work_with("mends");
    with(&|document| document["gates"][0]["run"] = toml_edit::value(LONG));
    town.gt(["tick"]).succeeds();
    let status = || town.json(["show", &id])[0]["result"].clone();
    wait_until("the bead to be submitted", || status()["status"] == "submitted");
    for signal in [Signal::INT, Signal::TERM] {
        town.gt(["config", "set", "auto_merge", "true"]).succeeds();
        town.gt(["tick"]).succeeds();
        wait_until("the gate to run", || runs(&town));
        town.gt(["config", "set", "auto_merge", "false"]).succeeds();
        let refinery = town.processes().into_iter().find(|process| process.line.contains("refinery run web"));
        let id = refinery.and_then(|process| Pid::from_raw(process.id)).expect("it runs");
        kill_process(id, signal).expect("it lives");
        wait_until("the gate to end", || !runs(&town));
        assert_eq!(status()["status"], "submitted");
    }
    with(&|_| {});
    town.gt(["refinery", "run", "web"]).succeeds().says(&["landed"]);
    let attempts = status()["attempts"].to_string();
    assert!(!attempts.contains("bounced"), "an ended gate is no red one: {attempts}");
    promises::hold(&town);
}

#[test]
fn a_planner_ends_with_the_one_who_asked() {
    let (town, _project) = TestTown::with_rig();
    town.work_with("idles");
    town.gt(["config", "set", "agents.slow.oneshot_command", &format!("{LONG}; : {{prompt}}")]).succeeds();
    town.gt(["config", "set", "mayor.agent", "slow"]).succeeds();
    for arguments in [&["mayor", "plan", "x", "--yes"][..], &["run", "x", "--rig", "web", "--yes"]] {
        let said = interrupted(&town, arguments);
        assert!(said.contains("the plan was not written"), "{said}");
        assert_eq!(town.json(["list"]), serde_json::json!([]));
    }
}
