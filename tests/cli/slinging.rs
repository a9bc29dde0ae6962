//! What `gt sling` takes, where work begins, and how many of a role work at once.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Project, TestTown, promises, wait_until};

/// A town whose workers start and never do anything, without terminals and without a tick of its own.
fn quiet_town() -> (TestTown, Project) {
    let town = TestTown::new();
    let project = town.repo("web");
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    (town, project)
}

fn add_rig(town: &TestTown, project: &Project, more: &[&str]) {
    town.gt([&["rig", "add", "web", project.url(), "--gate", "./test.sh"], more].concat()).succeeds();
}

fn bead(town: &TestTown, title: &str, role: &str) -> String {
    let made = town.json(["new", title, "--rig", "web", "--role", role]);
    made["id"].as_str().expect("a new bead has an id").to_owned()
}

fn shown(town: &TestTown, id: &str) -> Value {
    town.json(["show", id])[0]["result"].clone()
}

fn worktree(town: &TestTown, worker: &str) -> PathBuf {
    town.root.join("rigs/web/polecats").join(worker)
}

#[test]
fn a_sentence_becomes_a_bead_that_is_slung_and_the_same_work_is_named() {
    let (town, project) = quiet_town();
    add_rig(&town, &project, &[]);
    let first = town.json(["sling", "Add a login form", "web"])[0]["result"]["bead"].clone();
    let first = first.as_str().expect("an id").to_owned();
    assert_eq!(
        (&shown(&town, &first)["title"], &shown(&town, &first)["status"]),
        (&"Add a login form".into(), &"hooked".into())
    );
    let again = town.gt(["sling", "add a Login form", "web"]).succeeds();
    again.complains(&[&first, "looks like the same work"]);
    // What has the shape of an id is none of these.
    town.gt(["sling", "web-zzzzz", "web"]).exits(3).complains(&["there is no bead \"web-zzzzz\""]);
    assert_eq!(town.json(["list"]).as_array().map(Vec::len), Some(2));
    promises::hold(&town);
}

#[test]
fn work_may_begin_from_another_branch_and_several_beads_are_slung_at_once() {
    let (town, project) = quiet_town();
    project.git(&["checkout", "--quiet", "-b", "draft"]);
    project.write("draft.txt", "begun\n");
    let draft = project.commit("Begin a draft");
    project.git(&["checkout", "--quiet", "main"]);
    add_rig(&town, &project, &[]);
    let [one, other] = ["Go on with the draft", "Something else"].map(|title| bead(&town, title, "developer"));
    town.gt(["sling", &one, "web/toast", "--from", "draft"]).succeeds();
    let text = std::fs::read_to_string(worktree(&town, "toast").join("draft.txt"));
    assert_eq!(text.expect("it is checked out"), "begun\n");
    let head = town.program("git").current_dir(worktree(&town, "toast")).args(["rev-parse", "HEAD"]).output();
    assert_eq!(String::from_utf8_lossy(&head.expect("git runs").stdout).trim(), draft);
    let nowhere = town.gt(["sling", &other, "--from", "nowhere"]);
    assert!(nowhere.stderr.contains("nowhere"), "{}", nowhere.transcript());
    town.gt(["unsling", &other]);
    let [third, fourth] = ["A third one", "A fourth one"].map(|title| bead(&town, title, "developer"));
    let both = town.json(["sling", &third, &fourth]);
    let worker = |place: usize| both[place]["result"]["worker"].clone();
    assert!(worker(0) != worker(1) && !worker(0).is_null(), "{both}");
    promises::hold(&town);
}

/// The pools of a rig by role, and the limit of a role in the whole town.
#[test]
fn as_many_of_a_role_work_at_once_as_may() {
    let (town, project) = quiet_town();
    add_rig(&town, &project, &["--workers", "developer=2,tester=1"]);
    assert_eq!(town.json(["rig", "show", "web"])["workers"], serde_json::json!({"developer": 2, "tester": 1}));
    let names = ["Add login", "Pay by card", "Print tickets"];
    let developers = names.map(|title| bead(&town, title, "developer"));
    let testers = ["Try the login", "Try the printer"].map(|title| bead(&town, title, "tester"));
    let all: Vec<&str> = developers.iter().chain(&testers).map(String::as_str).collect();
    let ran = town.gt([&["sling"], &all[..]].concat()).exits(7);
    ran.complains(&["all 2 developer workers of web are at work", "all 1 tester workers of web are at work"]);
    let hooked: Vec<bool> = all.iter().map(|id| shown(&town, id)["status"] == "hooked").collect();
    assert_eq!(hooked, [true, true, false, true, false]);
    town.gt(["config", "set", "roles.developer.limit", "1"]).succeeds();
    town.gt(["unsling", &developers[0]]).succeeds();
    town.gt(["sling", &developers[0]]).exits(7).complains(&["at work"]);
    promises::hold(&town);
}

#[test]
fn a_role_has_its_agent_and_who_has_a_bead_is_a_filter() {
    let (town, project) = quiet_town();
    add_rig(&town, &project, &[]);
    let script = town.agent("works").display().to_string();
    town.change_local(|local| local["agents"]["works"]["command"] = toml_edit::value(script));
    town.gt(["config", "set", "roles.tester.agent", "works"]).succeeds();
    let [builds, tests] =
        [("Add login", "developer"), ("Try the login", "tester")].map(|(title, role)| bead(&town, title, role));
    town.gt(["sling", &builds, "web/toast"]).succeeds().says(&["(idles)"]);
    town.gt(["sling", &tests, "web/jam"]).succeeds().says(&["(works)"]);
    wait_until("the tester", || shown(&town, &tests)["status"] == "submitted");
    for (filter, expected) in
        [(["--assignee", "toast"], &builds), (["--assignee", "web/jam"], &tests), (["--status", "submitted"], &tests)]
    {
        let rows = town.json([&["list"], &filter[..]].concat());
        assert_eq!((rows.as_array().map(Vec::len), &rows[0]["id"]), (Some(1), &expected.as_str().into()), "{filter:?}");
    }
}

/// A worker that hands in while git waits for it to end what it began is told what to end.
#[test]
fn what_is_half_merged_or_half_rebased_is_not_handed_in() {
    let (town, project) = quiet_town();
    add_rig(&town, &project, &[]);
    let id = bead(&town, "Add login", "developer");
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let folder = worktree(&town, "toast");
    let git = |arguments: &[&str]| {
        let output = town.program("git").current_dir(&folder).args(arguments).output().expect("git runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let commits = |text: &str| {
        std::fs::write(folder.join("greeting.txt"), text).expect("own file");
        git(&["commit", "--quiet", "--all", "--message", text]);
        git(&["rev-parse", "HEAD"])
    };
    let base = git(&["rev-parse", "HEAD"]);
    let aside = commits("good morning\n");
    git(&["reset", "--quiet", "--hard", &base]);
    let own = commits("good evening\n");
    let done = || town.command(["done"]).current_dir(&folder).run();
    for (operation, word) in [("merge", "merge"), ("rebase", "rebase"), ("cherry-pick", "cherry-pick")] {
        git(&[operation, &aside]);
        done().exits(7).complains(&[&format!("a {word} is half done in"), &format!("git {word} --continue")]);
        git(&[operation, "--abort"]);
        assert_eq!(git(&["rev-parse", "HEAD"]), own, "{operation}");
    }
    assert_eq!(shown(&town, &id)["status"], "hooked");
    done().succeeds();
    assert_eq!(shown(&town, &id)["merge"]["head"], own);
    promises::hold(&town);
}
