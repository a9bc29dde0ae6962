//! Commands that are killed between any two system calls which change state, and what must hold afterwards.
//!
//! Each drill takes a sample of the points; `KILL_POINTS=all` takes all of them.

use std::process::Command;

use gt::id::BeadId;

use crate::support::kill::{Drill, Victim};
use crate::support::{Project, TestTown, promises, wait_until};

/// How many points of each command and victim are tried unless all are.
const POINTS: usize = 16;

fn gt(town: &TestTown, arguments: &[&str]) -> Command {
    town.command(arguments).into_command()
}

/// The titles of all beads, from their files.
fn titles(town: &TestTown) -> Vec<String> {
    let paths = town.git(&["ls-files", "beads"]);
    let title = |path: &str| {
        let text = town.read(path).expect("a projected file is there");
        toml::from_str::<toml::Table>(&text).expect("a bead is TOML")["title"].as_str().map(str::to_owned)
    };
    paths.lines().filter_map(title).collect()
}

/// Makes a bead of the rig `web` and returns its id.
fn bead(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    made["id"].as_str().expect("a bead has an id").to_owned()
}

#[test]
fn a_bead_is_made_whole_or_not_at_all() {
    let (town, _project) = TestTown::with_rig();
    let command = |town: &TestTown| gt(town, &["new", "Add login", "--rig", "web"]);
    let recover = |town: &TestTown| drop(bead(town, "Another one"));
    let check = |town: &TestTown| {
        promises::hold(town);
        let titles = titles(town);
        assert!(titles.iter().filter(|title| *title == "Add login").count() <= 1, "{titles:?}");
        assert!(titles.iter().any(|title| title == "Another one"), "{titles:?}");
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, POINTS);
    drill.at_system_calls(Victim::Family, POINTS);
}

/// A town with a rig in which nothing is merged in the background, so that a check looks at a town at rest.
fn town_at_rest() -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    (town, project)
}

/// The `status` of a bead, from its file.
fn status(town: &TestTown, id: &str) -> String {
    let path: BeadId = id.parse().expect("an id");
    let text = town.read(&path.path()).expect("a projected file is there");
    let bead: toml::Table = toml::from_str(&text).expect("a bead is TOML");
    bead["status"].as_str().expect("a bead has a status").to_owned()
}

#[test]
fn a_slung_bead_is_in_one_hand() {
    let (town, _project) = town_at_rest();
    town.work_with("idles");
    let id = bead(&town, "Add login");
    let command = |town: &TestTown| gt(town, &["sling", &id, "web"]);
    let recover = |town: &TestTown| {
        let again = town.gt(["sling", &id, "web"]);
        if again.code != Some(0) {
            again.exits(6).complains(&["is hooked to web/polecats/"]);
        }
    };
    let check = |town: &TestTown| {
        promises::hold(town);
        assert_eq!(status(town, &id), "hooked");
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, POINTS);
    drill.at_system_calls(Victim::Family, POINTS);
}

#[test]
fn work_that_was_handed_in_is_pinned_and_submitted() {
    let (town, _project) = town_at_rest();
    town.work_with("idles");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id, "web"]).succeeds();
    let worktree = town.root.join("rigs/web/polecats/toast");
    wait_until("the worktree", || worktree.join("greeting.txt").exists());
    town.end_everything();
    std::fs::write(worktree.join("login.txt"), "login\n").expect("own folder");
    for arguments in [&["add", "login.txt"][..], &["commit", "--quiet", "--message", "Add login"]] {
        let git = town.program("git").current_dir(&worktree).args(arguments).status();
        assert!(git.expect("git is there").success());
    }
    let command = |town: &TestTown| {
        let mut command = gt(town, &["done"]);
        command.current_dir(&worktree);
        command
    };
    let recover = |town: &TestTown| drop(town.command(["done"]).current_dir(&worktree).run().succeeds());
    let check = |town: &TestTown| {
        promises::hold(town);
        assert_eq!(status(town, &id), "submitted");
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, POINTS);
}

#[test]
fn a_landing_ends_in_the_target_and_in_the_ledger() {
    let (town, project) = town_at_rest();
    town.work_with("works");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id, "web"]).succeeds();
    wait_until("the agent to hand in", || status(&town, &id) == "submitted");
    town.end_everything();
    let command = |town: &TestTown| gt(town, &["refinery", "run", "web"]);
    let recover = |town: &TestTown| drop(town.gt(["refinery", "run", "web"]).succeeds());
    let check = |town: &TestTown| {
        promises::hold(town);
        assert_eq!(status(town, &id), "closed");
        assert!(project.show("main", &format!("{id}.txt")).is_some(), "it is delivered");
        assert_eq!(project.status(), "");
        assert!(project.is_green());
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, POINTS);
}
