//! `gt crew`: a person's own worktree and session.

mod kill;
mod sessions;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Project, Ran, TestTown, promises, wait_until};
use crate::terminal::Terminal;

/// A town whose agent says who and where it is, and repeats what it is told.
fn town(runtime: &str) -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", runtime]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    talks(&town, "talks", "I am");
    (town, project)
}

/// Another such agent; the last one is the town's.
fn talks(town: &TestTown, name: &str, says: &str) {
    use std::os::unix::fs::PermissionsExt;
    let agent = town.sandbox.join("bin").join(name);
    let script =
        format!("#!/bin/sh\necho \"{says} $GT_WORKER in $PWD\"\nwhile read -r line; do echo \"heard: $line\"; done\n");
    fs::write(&agent, script).expect("own file");
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("own file");
    town.gt(["config", "agent", "set", name, &agent.display().to_string()]).succeeds();
    town.gt(["config", "set", "agent", name]).succeeds();
}

fn ada(town: &TestTown) -> PathBuf {
    town.root.join("rigs/web/crew/ada")
}

fn git(town: &TestTown, folder: &Path, arguments: &[&str]) -> String {
    let output = town.program("git").arg("-C").arg(folder).args(arguments).output().expect("git runs");
    Ran::new(format!("git {}", arguments.join(" ")), &output).succeeds().stdout.trim_end().to_owned()
}

fn commit(town: &TestTown, file: &str) -> String {
    fs::write(ada(town).join(file), "mine\n").expect("writable");
    git(town, &ada(town), &["add", file]);
    git(town, &ada(town), &["commit", "--quiet", "-m", &format!("Add {file}")]);
    git(town, &ada(town), &["rev-parse", "HEAD"])
}

#[test]
fn a_worktree_of_ones_own_on_a_branch_of_ones_own() {
    let (town, project) = town("process");
    town.gt(["crew", "list"]).succeeds().complains(&["gt crew add"]);
    town.gt(["crew", "add", "ada"]).succeeds().says(&["web/ada on crew/ada in", "rigs/web/crew/ada"]);
    assert_eq!(git(&town, &ada(&town), &["branch", "--show-current"]), "crew/ada");
    assert_eq!(git(&town, &ada(&town), &["log", "-1", "--format=%H"]), project.git(&["rev-parse", "main"]));
    assert_eq!(town.git(&["log", "-1", "--format=%s"]), "crew ada of web");
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    assert_eq!(project.status(), "");
    town.gt(["crew", "add", "ada"]).exits(6).complains(&["web/ada is crew already", "gt crew attach ada"]);
    town.gt(["crew", "list"]).succeeds().says(&["web/ada", "crew/ada", "as the target"]);
    commit(&town, "one.txt");
    fs::write(ada(&town).join("two.txt"), "mine").expect("writable");
    town.gt(["crew", "list", "web"]).succeeds().says(&["1 uncommitted, 1 ahead"]);
    let row = &town.json(["crew", "list"])[0];
    assert_eq!((row["worker"].as_str(), row["session"].as_str()), (Some("web/crew/ada"), None));
    assert_eq!((row["ahead"].as_u64(), row["behind"].as_u64()), (Some(1), Some(0)));
    town.gt(["status"]).succeeds().says(&["ada  no session"]);
    promises::hold(&town);
}

#[test]
fn a_name_belongs_to_one_in_the_whole_town_for_ever() {
    let (town, project) = town("process");
    town.gt(["rig", "add", "api", project.url(), "--no-gates"]).succeeds();
    town.gt(["crew", "add", "ada"]).exits(2).complains(&["several rigs", "--rig"]);
    town.gt(["crew", "add", "api/ada", "--rig", "web"]).exits(2).complains(&["two rigs are named"]);
    town.gt(["crew", "add", "web/ada"]).succeeds();
    town.gt(["crew", "add", "ada", "--rig", "api"]).exits(6).complains(&["ada is reserved in the rig web"]);
    let id = town.json(["new", "Something", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    town.gt(["crew", "add", "web/toast"]).exits(6).complains(&["toast is reserved in the rig web"]);
    // Beads are for polecats.
    let other = town.json(["new", "Another", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let refused = town.gt(["sling", &other, "web/ada"]);
    assert_ne!(refused.code, Some(0), "{}", refused.transcript());
    town.gt(["polecat", "remove", "ada"]).exits(7).complains(&["web/ada is crew", "gt crew"]);
    town.gt(["crew", "remove", "toast"]).exits(7).complains(&["web/toast is no crew member"]);
    town.gt(["crew", "remove", "adam"]).exits(3).complains(&["no crew member \"adam\"", "did you mean ada?"]);
    town.gt(["crew", "remove", "ada"]).succeeds().says(&["web/ada: retired"]);
    town.gt(["crew", "add", "web/ada"]).exits(6).complains(&["reserved"]);
    town.gt(["crew", "attach", "ada"]).exits(3).complains(&["web/ada was removed"]);
    assert_eq!(town.json(["crew", "list"]), serde_json::json!([]));
}

#[test]
fn crew_acts_in_its_own_name_and_may_use_every_verb() {
    let (town, _project) = town("process");
    town.work_with("idles");
    town.gt(["crew", "add", "ada"]).succeeds();
    let here = |arguments: &[&str]| town.command(arguments).current_dir(ada(&town)).run();
    let primed = here(&["prime"]).succeeds();
    primed.says(&["crew in the rig web", "crew/ada", "./test.sh", "gt queue add"]);
    here(&["new", "From ada"]).succeeds();
    assert_eq!(town.git(&["log", "-1", "--format=%(trailers:key=Actor,valueonly)"]).trim(), "web/crew/ada");
    let id = town.json(["list"])[0]["id"].as_str().expect("an id").to_owned();
    here(&["sling", &id, "web/toast"]).succeeds();
    here(&["unsling", &id]).succeeds();
    here(&["bead", "note", &id, "seen"]).succeeds();
    here(&["close", &id, "--reason", "not needed"]).succeeds();
    here(&["done"]).exits(3).complains(&["a person's own", "gt queue add"]);
    here(&["hook", "--next"]).exits(7).complains(&["crew member is a person's own"]);
    // In its session too.
    let session = |arguments: &[&str]| town.command(arguments).variable("GT_WORKER", "web/crew/ada").run();
    session(&["new", "From the session", "--rig", "web"]).succeeds();
    assert_eq!(town.git(&["log", "-1", "--format=%an"]), "web/crew/ada");
}

#[test]
fn what_crew_commits_lands_through_the_merge_queue() {
    let (town, project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let here = |arguments: &[&str]| town.command(arguments).current_dir(ada(&town)).run();
    town.gt(["queue", "add"]).exits(2).complains(&["no branch was named"]);
    here(&["queue", "add"]).exits(7).complains(&["no commit beyond main"]);
    commit(&town, "one.txt");
    here(&["queue", "add"]).succeeds().says(&["1 commit"]);
    let bead = town.json(["queue", "list"])[0]["bead"].as_str().expect("one waits").to_owned();
    assert_eq!(town.json(["queue", "list"])[0]["worker"], "web/crew/ada");
    // A newer commit takes the place of the older one, also when the person hands it in from elsewhere.
    commit(&town, "two.txt");
    town.gt(["queue", "add", "crew/ada"]).succeeds().says(&[&bead, "2 commits"]);
    town.gt(["refinery", "run", "web"]).succeeds();
    town.gt(["show", &bead]).succeeds().says(&["closed", "merged"]);
    project.git(&["cat-file", "-e", "main:two.txt"]);
    // What is sent back is told, and nobody else takes it.
    fs::write(ada(&town).join("greeting.txt"), "").expect("writable");
    git(&town, &ada(&town), &["commit", "--quiet", "-am", "Break it"]);
    here(&["queue", "add"]).succeeds();
    town.gt(["refinery", "run", "web"]).succeeds();
    town.gt(["tick"]).succeeds();
    town.gt(["status"]).succeeds().says(&["crew/ada"]);
    assert_eq!(town.json(["queue", "list"]), serde_json::json!([]));
    promises::hold(&town);
}

#[test]
fn removing_keeps_everything() {
    let (town, _project) = town("tmux");
    town.gt(["crew", "add", "ada"]).succeeds();
    town.gt(["crew", "attach", "ada"]).succeeds();
    wait_until("the session", || town.gt(["peek", "ada"]).stdout.contains("I am"));
    let tip = commit(&town, "one.txt");
    git(&town, &ada(&town), &["checkout", "--quiet", "--detach"]);
    let loose = commit(&town, "loose.txt");
    git(&town, &ada(&town), &["checkout", "--quiet", "crew/ada"]);
    fs::write(ada(&town).join("draft.txt"), "half done").expect("writable");
    town.gt(["crew", "remove", "ada"]).succeeds().says(&["web/ada: retired", "kept in refs/gt/"]);
    assert!(!ada(&town).exists());
    let repo = town.root.join("rigs/web/.git");
    for commit in [&tip, &loose] {
        let refs = git(&town, &repo, &["for-each-ref", "--contains", commit, "--format=%(refname)"]);
        assert!(!refs.is_empty(), "{commit} is kept by a ref");
    }
    let kept = git(&town, &repo, &["for-each-ref", "--format=%(refname)", "refs/gt/snapshots"]);
    let snapshot = kept.lines().next_back().expect("a snapshot");
    assert_eq!(git(&town, &repo, &["show", &format!("{snapshot}:draft.txt")]), "half done");
    assert_eq!(town.json(["peek", "ada"])["live"], false);
    promises::hold(&town);
}

#[test]
fn a_worktree_that_was_deleted_by_hand_comes_back_with_the_branch_and_one_that_is_there_is_taken_over() {
    let (town, _project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let tip = commit(&town, "one.txt");
    fs::remove_dir_all(ada(&town)).expect("own folder");
    town.gt(["crew", "list"]).succeeds().says(&["its worktree is gone"]);
    town.gt(["crew", "attach", "ada"]).succeeds();
    assert_eq!(git(&town, &ada(&town), &["rev-parse", "crew/ada"]), tip);
    assert!(ada(&town).join("one.txt").exists());
    // Made by hand, before gt heard of it.
    let bea = town.root.join("rigs/web/crew/bea");
    let path = bea.to_str().expect("test paths are UTF-8");
    git(&town, &town.root.join("rigs/web/.git"), &["worktree", "add", "--quiet", "-b", "own", path]);
    fs::write(bea.join("draft.txt"), "half done").expect("writable");
    town.gt(["crew", "add", "bea"]).succeeds();
    assert_eq!(git(&town, &bea, &["branch", "--show-current"]), "own");
    assert!(bea.join("draft.txt").exists());
    // Something that is no worktree of the rig is nobody's to touch.
    let cleo = town.root.join("rigs/web/crew/cleo");
    fs::create_dir_all(&cleo).expect("writable");
    fs::write(cleo.join("file"), "x").expect("writable");
    town.gt(["crew", "add", "cleo"]).exits(6).complains(&["is in the way", "leaves it alone"]);
    assert!(cleo.join("file").exists());
}

#[test]
fn names_of_crew_are_completed() {
    let (town, _project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let complete = |line: &[&str]| {
        let words = ["--", "gt"].iter().chain(line);
        let index = line.len().to_string();
        let command = town.command(words).variable("COMPLETE", "fish").variable("_CLAP_COMPLETE_INDEX", index);
        command.run().stdout
    };
    assert!(complete(&["crew", "attach", "a"]).contains("ada\tcrew of web"));
    assert!(complete(&["attach", "web/"]).contains("web/ada"));
    assert!(!complete(&["polecat", "stop", ""]).contains("ada"));
}
