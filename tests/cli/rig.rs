//! `gt rig`: repositories taken in, or nothing left behind.

use std::fs;
use std::path::Path;

use crate::support::TestTown;
use crate::support::kill::{Drill, Victim};

fn add(town: &TestTown, arguments: &[&str]) -> crate::support::Ran {
    town.gt([&["rig", "add"], arguments].concat())
}

/// What a failed `rig add` must not change.
fn trace(town: &TestTown) -> (String, Vec<String>) {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let found = [town.root.join("rigs"), town.root.join("rigs.d")].iter().flat_map(|folder| names(folder)).collect();
    (town.git(&["log", "--format=%H"]), found)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

#[test]
fn a_repository_that_the_person_works_in_is_taken_in_and_left_as_it_is() {
    let (town, project) = TestTown::with_rig();
    assert_eq!(project.status(), "");
    project.run("git", &["config", "--local", "--get-regexp", "gt|receive"]).exits(1);
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    let rigs = town.json(["rig", "list"]);
    let web = &rigs[0];
    assert_eq!((web["name"].as_str(), web["prefix"].as_str()), (Some("web"), Some("web")));
    assert_eq!((web["branch"].as_str(), web["state"].as_str()), (Some("main"), Some("active")));
    assert_eq!(web["gates"], serde_json::json!(["test"]));
    let shown = town.json(["rig", "show", "web"]);
    assert_eq!(shown["remote"], "local");
    let repository = shown["repository"].as_str().expect("a path");
    let own = town.program("git").args(["-C", repository, "rev-parse", "refs/heads/main"]).output().expect("git runs");
    assert_eq!(String::from_utf8_lossy(&own.stdout).trim(), project.tip("main"));
}

#[test]
fn one_commit_registers_it_and_says_so() {
    let (town, project) = TestTown::with_rig();
    let subjects = town.git(&["log", "-2", "--format=%s|%(trailers:key=Actor,valueonly,separator=)"]);
    // What the trial found to be green is evidence, and a commit of its own.
    let expected = format!("gate the target main of web|web/refinery\nrig add web: {}|human", project.url());
    assert_eq!(subjects, expected);
    assert_eq!(town.git(&["show", "--format=", "--name-only", "HEAD~1"]), "rigs.d/web.toml");
    assert!(town.git(&["show", "--format=", "--name-only", "HEAD"]).starts_with("gates/web/"));
}

#[test]
fn every_way_to_name_a_repository_works() {
    let town = TestTown::new();
    let project = town.repo("web");
    let bare = town.bare_copy(&project, "bare.git");
    let file = format!("file://{}", bare.display());
    let ways = [
        ("one", path(&bare), "remote"),
        ("two", &file, "remote"),
        ("three", "web", "local"),
        ("four", "./web/", "local"),
    ];
    for (name, from, remote) in ways {
        let ran = town.command(["--town", path(&town.root), "rig", "add", name, from, "--no-gates", "--json"]);
        let data = ran.current_dir(town.sandbox.join("projects")).run().succeeds().data();
        assert_eq!(data["rig"].get("remote").and_then(|remote| remote.as_str()).unwrap_or("remote"), remote, "{from}");
        assert_eq!(data["tip"], project.tip("main"), "{from}");
    }
}

#[test]
fn a_remote_behind_ssh_is_reached_through_the_persons_own_git() {
    let town = TestTown::new();
    let project = town.repo("web");
    let bare = town.bare_copy(&project, "bare.git");
    // Stands in for ssh: runs the command that git wants to run over there.
    let ssh = town.sandbox.join("bin/fake-ssh");
    fs::write(
        &ssh,
        format!("#!/bin/sh\necho \"$1\" >>'{}'\nshift\nexec sh -c \"$*\"\n", town.sandbox.join("hosts").display()),
    )
    .expect("the sandbox is writable");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&ssh, mode).expect("own file");
    let url = format!("git@example.org:{}", bare.display());
    let ran = town
        .command(["rig", "add", "web", &url, "--no-gates"])
        .variable("GIT_SSH", &ssh)
        .variable("GIT_SSH_VARIANT", "simple")
        .run();
    ran.succeeds();
    let hosts = fs::read_to_string(town.sandbox.join("hosts")).expect("ssh was called");
    assert!(hosts.lines().all(|host| host == "git@example.org"), "{hosts}");
    assert_eq!(town.json(["rig", "show", "web"])["url"], url);
}

#[test]
fn what_cannot_be_taken_in_leaves_nothing_behind() {
    let town = TestTown::new();
    let project = town.repo("web");
    let empty = town.sandbox.join("projects/empty");
    project.git(&["init", "--quiet", path(&empty)]);
    let plain = town.sandbox.join("projects/plain");
    fs::create_dir(&plain).expect("the sandbox is writable");
    fs::create_dir(project.path.join("docs")).expect("the sandbox is writable");
    let missing = path(&town.sandbox).to_owned() + "/projects/missing";
    let inside = project.path.join("docs");
    let gone = format!("file://{missing}.git");
    let before = trace(&town);
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["web", &missing], 3, &["there is nothing at", "missing"]),
        (&["web", &gone], 3, &["there is nothing at"]),
        (&["web", "https://127.0.0.1:9/web.git"], 9, &["https://127.0.0.1:9/web.git cannot be read", "git ls-remote"]),
        (&["web", path(&empty)], 5, &["has no commit yet", "first commit"]),
        (&["web", path(&plain)], 5, &["is not a git repository"]),
        (&["web", path(&inside)], 5, &["the repository around it is", "projects/web"]),
        (&["web", project.url(), "--branch", "mian"], 3, &["has no branch mian", "--branch main"]),
        (&["web", project.url(), "--prefix", "Web"], 5, &["\"Web\" is not a bead prefix"]),
        (&["web", project.url(), "--prefix", "hq"], 6, &["belongs to the town itself"]),
        (&["Web", project.url()], 5, &["\"Web\" is not a rig name"]),
        (&["web", path(&town.root)], 7, &["belongs to the town itself"]),
        (&["web", project.url(), "--gate", " "], 2, &["a gate needs a command"]),
        (&["web", project.url(), "--workers", "developer"], 2, &["developer=2"]),
        (&["web"], 2, &["<URL|PATH>"]),
    ];
    for (arguments, code, words) in cases {
        add(&town, arguments).exits(*code).complains(words);
        assert_eq!(trace(&town), before, "{arguments:?}");
    }
    add(&town, &["web", project.url(), "--dry-run"]).succeeds().says(&["# rigs.d/web.toml", "prefix = \"web\""]);
    assert_eq!(trace(&town), before);
}

#[test]
fn names_and_prefixes_are_unique() {
    let (town, project) = TestTown::with_rig();
    let before = trace(&town);
    add(&town, &["web", project.url()]).exits(6).complains(&["there is a rig web already", "gt rig show web"]);
    add(&town, &["shop", project.url(), "--prefix", "web"]).exits(6).complains(&["belongs to the rig web"]);
    assert_eq!(trace(&town), before);
    add(&town, &["w-e-b", project.url(), "--no-gates"]).succeeds();
    assert_eq!(town.json(["rig", "show", "w-e-b"])["prefix"], "web2");
}

#[test]
fn work_without_a_rig_is_nobodys_to_take_away() {
    let town = TestTown::new();
    let project = town.repo("web");
    let file = "rigs/web/polecats/toast/work.txt";
    town.write(file, "unsaved");
    add(&town, &["web", project.url()]).exits(6).complains(&["is not empty", "no rig is registered"]);
    assert_eq!(town.read(file).as_deref(), Some("unsaved"));
}

#[test]
fn a_killed_add_is_completed_by_the_next_one() {
    let town = TestTown::new();
    let project = town.repo("web");
    let from = project.url().to_owned();
    let command = |town: &TestTown| {
        let mut command = town.program(crate::support::town::GT);
        command.args(["--quiet", "rig", "add", "web", &from, "--no-run"]).current_dir(&town.root);
        command
    };
    let recover = |town: &TestTown| {
        let status = command(town).output().expect("the binary under test starts").status;
        assert!(status.success() || status.code() == Some(6), "{status}");
    };
    let check = |town: &TestTown| {
        assert_eq!(town.git(&["status", "--porcelain"]), "");
        assert_eq!(town.json(["rig", "list"])[0]["name"], "web");
        let repository = town.root.join("rigs/web/.git");
        let git = |arguments: &[&str]| town.program("git").arg("-C").arg(&repository).args(arguments).output();
        assert!(git(&["fsck", "--connectivity-only"]).expect("git runs").status.success());
        let origin = git(&["rev-parse", "refs/remotes/origin/main", "refs/heads/main"]).expect("git runs");
        assert_eq!(String::from_utf8_lossy(&origin.stdout).lines().count(), 2);
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, 25);
    let tally = drill.at_commit_points(&["rig.fetched", "ledger.written", "ledger.swapped", "rig.registered"]);
    assert_eq!(tally.killed, 4, "{tally:?}");
}

#[test]
fn parking_is_one_commit_and_can_be_taken_back() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["rig", "park", "web"]).succeeds().says(&["web is parked"]);
    assert_eq!(town.json(["rig", "list"])[0]["state"], "parked");
    let commits = town.git(&["rev-list", "--count", "HEAD"]);
    town.gt(["rig", "park", "web"]).succeeds().says(&["web was already parked"]);
    assert_eq!(town.git(&["rev-list", "--count", "HEAD"]), commits);
    town.gt(["rig", "unpark", "web"]).succeeds().says(&["web is active"]);
    assert_eq!(town.git(&["log", "-2", "--format=%s"]), "unpark web\npark web");
}

#[test]
fn several_rigs_are_reported_one_by_one() {
    let (town, _project) = TestTown::with_rig();
    let ran = town.gt(["rig", "park", "wob", "web"]);
    ran.exits(3).complains(&["there is no rig \"wob\"", "did you mean web?"]).says(&["web is parked"]);
    let items = town.gt(["rig", "unpark", "web", "nowhere", "--json"]).exits(3).data();
    assert_eq!(items[0]["ok"], true);
    assert_eq!(items[1]["error"]["kind"], "not-found");
}

#[test]
fn a_broken_file_blocks_no_other_rig() {
    let (town, project) = TestTown::with_rig();
    add(&town, &["shop", project.url(), "--no-gates"]).succeeds();
    town.write("rigs.d/web.toml", "name = \"web\"\nprefxi = \"web\"\n");
    let rigs = town.json(["rig", "list"]);
    assert_eq!((rigs[0]["state"].as_str(), rigs[1]["state"].as_str()), (Some("active"), Some("broken")));
    assert!(rigs[1]["reason"].as_str().is_some_and(|reason| reason.starts_with("rigs.d/web.toml:2:")), "{rigs}");
    town.gt(["rig", "show", "web"]).exits(5).complains(&["rigs.d/web.toml:2:", "prefix"]);
}

#[test]
fn a_new_rig_says_whether_it_is_green_to_begin_with() {
    let town = TestTown::new();
    let project = town.repo("web");
    project.write(".env", "SECRET=1\n");
    project.write(".gitignore", ".env\nbuilt\n");
    project.commit("ignore");
    let arguments = [
        "web",
        project.url(),
        "--setup",
        "echo x >built",
        "--copy",
        ".env",
        "--gate",
        "test -e built && . ./.env && ./test.sh",
    ];
    add(&town, &arguments).succeeds().says(&["green to begin with"]);

    project.write("tests/wrong.sh", "echo it is wrong; exit 1\n");
    project.commit("break it");
    let red = add(&town, &["red", project.url(), "--gate", "./test.sh", "--gate", "touch never"]).succeeds();
    red.says(&["red to begin with", "it is wrong", "the whole output: "]);
    let trial =
        add(&town, &["json", project.url(), "--gate", "./test.sh", "--json"]).succeeds().data()["trial"].clone();
    assert_eq!((trial["green"].as_bool(), trial["gates"][0]["status"].as_i64()), (Some(false), Some(1)));
    let log = trial["gates"][0]["log"].as_str().expect("a path");
    assert!(fs::read_to_string(log).expect("the log").contains("it is wrong"));

    let broken = add(&town, &["broken", project.url(), "--setup", "echo cannot; false", "--gate", "touch never"]);
    broken.succeeds().says(&["set-up", "cannot", "red to begin with"]);
    for rig in ["red", "broken"] {
        assert!(!town.root.join("rigs").join(rig).join("refinery/bench/never").exists(), "{rig}");
    }
    assert_eq!(project.status(), "!! .env");
    assert_eq!(town.git(&["status", "--porcelain"]), "");
}

#[test]
fn gates_are_guessed_said_and_not_asked_for_without_a_terminal() {
    let town = TestTown::new();
    let project = town.repo("web");
    project.write("Makefile", "test:\n\t./test.sh\n");
    project.commit("make");
    let ran = add(&town, &["web", project.url()]).succeeds();
    let ran = ran.complains(&["guessed from", "make test", "Use these? yes (nobody to ask)"]);
    ran.says(&["green to begin with"]);
    add(&town, &["bare", project.url(), "--no-gates"]).succeeds().complains(&["whatever merges, lands"]);
    assert_eq!(town.json(["rig", "show", "bare"])["gates"], serde_json::Value::Null);
}

#[test]
fn a_gate_that_hangs_is_stopped_and_leaves_nothing_running() {
    let town = TestTown::new();
    let project = town.repo("web");
    town.write("town.toml", "branch = \"main\"\ngate_limit = \"1s\"\n");
    let ran = add(&town, &["web", project.url(), "--gate", "sleep 600 & sleep 600"]).succeeds();
    ran.says(&["out of time", "red to begin with"]);
    assert_eq!(town.processes(), vec![]);
}

#[test]
fn what_the_guessed_set_up_of_python_leaves_keeps_nobody_from_handing_in() {
    let town = TestTown::new();
    let project = town.repo("calc");
    project.write("pyproject.toml", "[project]\nname = \"calc\"\nversion = \"0.1\"\n");
    project.write("tests/test_calc.py", "import pytest\n");
    project.commit("Calculate");
    let planned = town.json(["rig", "add", "calc", project.url(), "--dry-run"]);
    let setup = planned["rig"]["setup"][0].as_str().expect("a set-up").to_owned();
    let (install, rest) = setup.split_once(" pytest && ").unwrap_or_else(|| panic!("{setup}"));
    assert!(install.ends_with("pip install -q -e ."), "{setup}");
    // What venv, and setuptools for an editable project, leave there.
    project.write(".venv/.gitignore", "*\n");
    project.write(".venv/bin/python", "");
    project.write("calc.egg-info/PKG-INFO", "");
    project.write("src/a b.egg-info/PKG-INFO", "");
    let ran = town.program("sh").args(["-c", rest]).current_dir(&project.path).output().expect("sh runs");
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
}
