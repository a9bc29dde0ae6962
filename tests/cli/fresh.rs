//! A worker starts from what the remote has now, and from what was fetched last when the remote is away.

use std::fs;

use crate::support::{Project, TestTown};

fn town_with_remote() -> (TestTown, Project, std::path::PathBuf) {
    let town = TestTown::new();
    let project = town.repo("web");
    let remote = town.bare_copy(&project, "web.git");
    let url = format!("file://{}", remote.display());
    town.gt(["rig", "add", "web", &url, "--gate", "./test.sh"]).succeeds();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    (town, project, remote)
}

fn pushes(project: &Project, remote: &std::path::Path, file: &str) {
    project.write(file, "new\n");
    project.commit(file);
    project.git(&["push", "--quiet", remote.to_str().expect("UTF-8"), "main"]);
}

fn sling(town: &TestTown, worker: &str) -> crate::support::Ran {
    let made = town.json(["new", &format!("Something for {worker}"), "--rig", "web"]);
    let id = made["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, &format!("web/{worker}")]).succeeds()
}

#[test]
fn a_worker_starts_from_what_was_pushed_a_moment_ago() {
    let (town, project, remote) = town_with_remote();
    town.gt(["config", "set", "fetch_interval", "0s"]).succeeds();
    pushes(&project, &remote, "first.txt");
    sling(&town, "toast");
    assert!(town.root.join("rigs/web/polecats/toast/first.txt").exists());
    town.gt(["config", "set", "fetch_interval", "1h"]).succeeds();
    sling(&town, "muffin");
    pushes(&project, &remote, "second.txt");
    sling(&town, "waffle");
    let there = |worker: &str| town.root.join(format!("rigs/web/polecats/{worker}/second.txt")).exists();
    assert_eq!(["muffin", "waffle"].map(there), [false, false], "within the interval nobody is asked again");
}

#[test]
fn a_remote_that_is_away_is_warned_of_and_holds_nobody_up() {
    let (town, _project, remote) = town_with_remote();
    town.gt(["config", "set", "fetch_interval", "1h"]).succeeds();
    fs::rename(&remote, town.sandbox.join("away.git")).expect("own folder");
    sling(&town, "toast").complains(&["starts from what was fetched last"]);
    assert!(town.root.join("rigs/web/polecats/toast/test.sh").exists());
    sling(&town, "muffin").complains(&["did not answer a moment ago"]);
    assert!(town.root.join("rigs/web/polecats/muffin/test.sh").exists());
}
