//! `gt status`: one picture of everything, with what does not answer shown as unknown, in time, and nothing changed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Project, Ran, TestTown, promises, wait_until};
use crate::terminal::Terminal;

/// Far above the two seconds that it may take, and far below what any source that hangs would take.
const SOON: Duration = Duration::from_secs(8);

fn town_with(runtime: &str) -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", runtime]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    (town, project)
}

fn new_bead(town: &TestTown, title: &str) -> String {
    town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned()
}

fn slung(town: &TestTown, title: &str, worker: &str) -> String {
    let id = new_bead(town, title);
    town.gt(["sling", &id, &format!("web/{worker}")]).succeeds();
    id
}

fn rig(town: &TestTown) -> Value {
    town.json(["status"])["rigs"][0].clone()
}

/// The answer of `gt status`, which has to come soon.
#[track_caller]
fn in_time(town: &TestTown) -> Ran {
    let begun = Instant::now();
    let ran = town.gt(["status"]).succeeds();
    assert!(begun.elapsed() < SOON, "it took {:?}\n{}", begun.elapsed(), ran.transcript());
    ran
}

#[test]
fn an_empty_town_says_the_next_step() {
    let town = TestTown::new();
    let ran = town.gt(["status"]).succeeds().complains(&["gt rig add NAME URL"]);
    let shown = town.normaliser(&[]).apply(&ran.stdout);
    assert!(shown.starts_with("town  $TOWN  ledger main at "), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
    let (town, _project) = TestTown::with_rig();
    town.gt(["status"]).succeeds().says(&["web  main at ", "none yet"]).complains(&["gt new", "gt run"]);
    town.gt(["status", "--quiet"]).succeeds().says(&["web  main at ", "  green  start the project"]);
}

#[test]
fn workers_queue_and_beads_are_shown() {
    let (town, _project) = town_with("process");
    let first = slung(&town, "Add login", "toast");
    let waiting = town.json(["new", "Add logout", "--rig", "web", "--needs", &first]);
    let free = slung(&town, "Write it down", "muffin");
    town.gt(["unsling", &free]).succeeds();
    let shown = town.gt(["status"]).succeeds();
    shown.says(&["toast", &first, "Add login", "1 free: muffin", "1 ready, 1 waiting, 1 hooked"]);
    let rig = rig(&town);
    let worker =
        rig["workers"].as_array().expect("a list").iter().find(|it| it["bead"].is_object()).expect("toast works");
    assert_eq!((worker["worker"].as_str(), worker["role"].as_str()), (Some("web/polecats/toast"), Some("developer")));
    assert_eq!(worker["bead"]["id"], first.as_str());
    assert_eq!(worker["session"]["agent"], "idles");
    assert!(worker["evidence"].as_str().is_some_and(|text| !text.is_empty()) && worker["expires"].is_string());
    assert_eq!(
        rig["beads"],
        serde_json::json!({
            "ready": 1, "waiting": 1, "hooked": 1, "submitted": 0, "failed": 0, "epics": 0, "closed": 0
        }),
        "{waiting}"
    );
    let evidence = worker["evidence"].as_str().expect("text").split(' ').next().expect("a word");
    town.gt(["status", "web", "--explain"]).succeeds().says(&[evidence]);
}

#[test]
fn the_queue_tells_what_is_gated_and_the_tip_whether_it_is_green() {
    let (town, project) = town_with("process");
    town.work_with("works");
    let gates = town.read("rigs.d/web.toml").expect("there");
    let go = town.sandbox.join("go");
    let slow = format!("while ! [ -e {} ]; do sleep 0.1; done", go.display());
    town.write("rigs.d/web.toml", &gates.replace("\"./test.sh\"", &format!("{slow:?}")));
    town.gt(["ledger", "adopt"]).succeeds();
    town.gt(["status"]).succeeds().says(&["not gated yet"]);
    let id = slung(&town, "Add login", "toast");
    wait_until("the bead to be submitted", || rig(&town)["queue"][0]["id"] == id.as_str());
    town.gt(["status"]).succeeds().says(&["queue", "1  ", &id, "waits", "Add login"]);
    let mut refinery = town.command(["refinery", "run", "web", "--quiet"]).start();
    wait_until("the gate to run", || rig(&town)["queue"][0]["step"] == "gating");
    town.gt(["status"]).succeeds().says(&["gate test "]);
    assert_eq!(rig(&town)["refinery_at_work"], true);
    fs::write(&go, "").expect("writable");
    assert!(refinery.wait().expect("a child of ours").success());
    town.gt(["status"]).succeeds().says(&[" green", "1 closed"]);
    let after = rig(&town);
    assert_eq!((after["refinery_at_work"].as_bool(), after["queue"].as_array().map(Vec::len)), (Some(false), Some(0)));
    assert_eq!(after["delivery"], serde_json::json!({"waiting": 0, "incoming": 0, "why": null}));
    project.write("more.txt", "mine\n");
    project.commit("mine");
    town.gt(["status"]).succeeds().says(&["commits of yours come in next"]);
    promises::hold(&town);
}

#[test]
fn what_waits_to_be_delivered_is_shown_with_the_reason() {
    let (town, project) = town_with("process");
    town.work_with("works");
    project.write("greeting.txt", "mine\n");
    let id = slung(&town, "Add login", "toast");
    wait_until("the bead to be submitted", || rig(&town)["queue"][0]["id"] == id.as_str());
    town.gt(["refinery", "run", "web"]).succeeds();
    let shown = town.gt(["status"]).succeeds().complains(&["gt rig take web"]);
    shown.says(&["delivery", "wait for ", project.url(), "greeting.txt"]);
    assert!(rig(&town)["delivery"]["waiting"].as_u64().is_some_and(|commits| commits > 0));
}

#[test]
fn trouble_of_the_town_is_shown_with_the_next_step() {
    let (town, _project) = town_with("process");
    let id = new_bead(&town, "Add login");
    let path = format!("beads/web/{}/{id}.toml", &id[4..6]);
    let text = town.read(&path).expect("there");
    town.write(&path, &text.replace("Add login", "Add a login"));
    town.write("beads/web/ab/web-abcde.toml", "title = \n");
    town.git(&["add", "beads/web/ab"]);
    town.git(&["commit", "--quiet", "--message", "by hand"]);
    town.gt(["escalate", "Somebody has to look", "--bead", &id, "--severity", "high"]).succeeds();
    let shown = town.gt(["status"]).succeeds();
    shown
        .says(&[
            "edited",
            &path,
            "broken",
            "beads/web/ab/web-abcde.toml:1: ",
            "problems",
            "high",
            "Somebody has to look",
        ])
        .complains(&["gt ledger adopt", &format!("gt why {id}")]);
    town.gt(["close", &id, "--as", "cancelled"]);
}

#[test]
fn a_broken_rig_and_broken_settings_leave_the_rest_to_be_seen() {
    let (town, project) = town_with("process");
    town.gt(["rig", "add", "shop", project.url(), "--no-gates"]).succeeds();
    town.write("rigs.d/web.toml", "name = \"web\"\nprefxi = \"web\"\n");
    town.gt(["status"]).succeeds().says(&["shop  main at ", "web  broken", "rigs.d/web.toml:2:"]);
    town.gt(["status", "shop"]).succeeds().says(&["no gates"]);
    town.gt(["status", "shpo"]).exits(3).complains(&["did you mean shop"]);
    town.write("town.toml", "branch = \"main\"\nagnet = \"claude\"\n");
    town.gt(["status"]).succeeds().says(&["shop  main at ", "town.toml:2:"]);
}

#[test]
fn a_bead_of_another_clone_is_held_elsewhere() {
    let (town, _project) = town_with("process");
    let id = slung(&town, "Add login", "toast");
    let local = town.read("local.toml").expect("there");
    let home = local.lines().find(|line| line.starts_with("home")).expect("there");
    town.write("local.toml", &local.replace(home, "home = \"abcdefgh2345\""));
    town.gt(["status", "--explain"]).succeeds().says(&["held elsewhere", &id, "is held by the clone"]);
    town.write("local.toml", &local);
}

#[test]
fn a_tmux_server_that_hangs_is_said_to_in_time() {
    let (town, _project) = town_with("tmux");
    let id = slung(&town, "Add login", "toast");
    let servers =
        || town.processes().into_iter().filter(|process| process.line.starts_with("tmux ")).collect::<Vec<_>>();
    wait_until("the server to be there", || !servers().is_empty());
    let signal = |signal| {
        for server in servers() {
            let pid = rustix::process::Pid::from_raw(server.id).expect("not zero");
            rustix::process::kill_process(pid, signal).expect("a process of ours");
        }
    };
    signal(rustix::process::Signal::STOP);
    let shown = in_time(&town);
    signal(rustix::process::Signal::CONT);
    shown.says(&["terminals unknown: tmux did not answer within 1s", "toast", &id]);
    wait_until("the server to answer again", || !town.gt(["status"]).succeeds().stdout.contains("unknown"));
}

#[test]
fn a_local_state_that_is_locked_leaves_workers_unknown() {
    let (town, _project) = town_with("process");
    let id = slung(&town, "Add login", "toast");
    let db = rusqlite::Connection::open(town.root.join(".git/gt/state.db")).expect("it is there");
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO counters VALUES ('x', 1, '', NULL);",
    )
    .expect("nobody else has it");
    let shown = in_time(&town);
    drop(db);
    shown.says(&["toast", "unknown", "no answer within", &id, "Add login", "refineries unknown"]);
}

#[test]
fn a_repository_that_does_not_answer_leaves_its_target_unknown() {
    let (town, project) = town_with("process");
    let tip = town.root.join("rigs/web/.git/refs/heads/main");
    fs::remove_file(&tip).expect("a loose ref");
    let made = town.program("mkfifo").arg(&tip).status().expect("mkfifo is there");
    assert!(made.success());
    in_time(&town).says(&["web  main is unknown: ", "none yet"]);
    fs::remove_file(&tip).expect("own file");
    wait_until("every git to be gone", || !town.processes().iter().any(|process| process.line.starts_with("git ")));
    let moved = project.path.with_extension("moved");
    fs::rename(&project.path, &moved).expect("own folder");
    in_time(&town).says(&["delivery", "unknown", "does not exist"]);
    fs::remove_dir_all(town.root.join("rigs/web")).expect("own folder");
    in_time(&town).says(&["web  main is unknown: its repository ", "is gone"]);
}

#[test]
fn looking_changes_nothing() {
    let (town, project) = town_with("process");
    slung(&town, "Add login", "toast");
    town.end_everything();
    fs::remove_dir_all(town.root.join("rigs/web/polecats/toast")).expect("own folder");
    let print = || {
        let files = town
            .program("find")
            .arg(&town.root)
            .arg(&project.path)
            .args(["-type", "f", "-not", "-path", "*/.git/gt/*"])
            .args(["-printf", "%p %s %T@\n"])
            .output()
            .expect("find is there");
        let mut lines: Vec<String> = String::from_utf8_lossy(&files.stdout).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = print();
    town.gt(["status"]).succeeds().says(&["zombie"]).complains(&["gt doctor --fix"]);
    town.gt(["status", "--json"]).succeeds();
    assert_eq!(print(), before);
}

#[test]
fn a_fresh_clone_of_the_town_can_be_looked_at() {
    let (town, _project) = town_with("process");
    let id = slung(&town, "Add login", "toast");
    let clone = town.sandbox.join("clone");
    town.git(&["clone", "--quiet", ".", clone.to_str().expect("test paths are UTF-8")]);
    let shown = town.command(["status"]).current_dir(&clone).run().succeeds();
    shown.says(&["web  main is unknown: its repository", "held elsewhere", &id]);
    assert!(!Path::new(&clone.join("local.toml")).exists(), "looking gives no identity");
}

#[test]
fn on_a_terminal_the_picture_is_drawn_anew_in_place_until_it_is_interrupted() {
    let (town, _project) = town_with("process");
    let terminal = Terminal::shell(&town);
    terminal.line("clear; gt status --watch; echo co''de=$?.");
    terminal.wait("none yet");
    let id = slung(&town, "Add login", "toast");
    let shown = terminal.wait("Add login");
    assert!(shown.contains(&id) && !shown.contains("none yet"), "{shown}");
    assert_eq!(shown.matches("ledger main at ").count(), 1, "one picture, and nothing of the one before: {shown}");
    town.gt(["unsling", &id]).succeeds();
    terminal.wait("1 free: toast");
    terminal.keys(&["C-c"]);
    let left = terminal.ended(0);
    assert!(left.contains("1 free: toast"), "{left}");
}
