//! `gt doctor`: every fault is made by hand, named with the next step, mended by `--fix`, and gone afterwards.

mod beads;
mod town;
mod workers;

use std::path::{Path, PathBuf};

use gt::bead::{Bead, Claim, Merge};
use serde_json::Value;

use crate::support::{Project, Ran, TestTown};

/// A town with the rig `web` whose workers idle in the runtime `process`, and that never ticks by itself.
fn healthy() -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    town.gt(["doctor", "--fix", "--quiet"]).succeeds();
    (town, project)
}

/// What the doctor finds wrong, one line each: `problem rig web/locks: ...`.
fn complaints(ran: &Ran) -> Vec<String> {
    let data = ran.data();
    let findings = data["findings"].as_array().expect("a list of findings");
    let wrong = findings.iter().filter(|finding| finding["verdict"] != "ok");
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let line = |finding: &Value| {
        let next: Vec<&str> = finding["next"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let words = ["verdict", "area", "check", "what"].map(|key| word(finding, key));
        format!("{} {}/{}: {} -> {}", words[0], words[1], words[2], words[3], next.join("; "))
    };
    wrong.map(line).collect()
}

#[track_caller]
fn names(town: &TestTown, code: i32, words: &[&str]) {
    let ran = town.gt(["doctor", "--json"]);
    let found = complaints(&ran);
    assert!(
        found.iter().any(|line| words.iter().all(|word| line.contains(word))),
        "the doctor does not name {words:?}: {found:#?}"
    );
    assert_eq!(ran.code, Some(code), "{found:#?}");
}

#[track_caller]
fn is_clean(town: &TestTown) {
    let ran = town.gt(["doctor", "--json"]).succeeds();
    assert_eq!(complaints(&ran), Vec::<String>::new());
}

/// The fault is named, `--fix` says that it did `deed`, and nothing is left of it.
#[track_caller]
fn is_mended(town: &TestTown, code: i32, words: &[&str], deed: &str) {
    names(town, code, words);
    town.gt(["doctor", "--fix"]).succeeds().says(&[deed]);
    is_clean(town);
}

fn rig_git(town: &TestTown, arguments: &[&str]) -> String {
    let output = town.program("git").current_dir(town.root.join("rigs/web/.git")).args(arguments).output();
    Ran::new(arguments.join(" "), &output.expect("git is there")).succeeds().stdout.trim().to_owned()
}

/// Commits everything in the town with plain git, past the hook, as somebody does who knows better.
fn commit_by_hand(town: &TestTown) {
    town.git(&["add", "--all"]);
    town.git(&["commit", "--quiet", "--no-verify", "--message", "by hand"]);
}

fn put(town: &TestTown, bead: &Bead) {
    town.write(&bead.id.path(), &bead.render());
}

fn bead(id: &str) -> Bead {
    Bead::new(id.parse().expect("an id"), "Add login", "2026-01-02T03:04:05Z".parse().expect("a time"))
}

fn claim(town: &TestTown, worker: &str) -> Claim {
    let local: toml::Table = town.read("local.toml").expect("a clone has one").parse().expect("TOML");
    Claim {
        assignee: worker.parse().expect("a worker"),
        lease: "abcdefgh2345abcd".parse().expect("a lease"),
        home: local["home"].as_str().expect("text").parse().expect("a home"),
    }
}

fn merge(head: &str) -> Merge {
    let submitted = "2026-01-02T03:04:05Z".parse().expect("a time");
    Merge::new("polecat/toast/web-abcde-1", head, head, "main", submitted)
}

/// Makes a file look as if it was made long ago.
fn age(town: &TestTown, path: &Path) {
    let touched = town.program("touch").args(["-d", "2 hours ago"]).arg(path).status().expect("touch is there");
    assert!(touched.success());
}

fn new_bead(town: &TestTown, title: &str) -> String {
    town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned()
}

/// Slings a bead to the worker and returns the bead.
fn slung(town: &TestTown, worker: &str) -> String {
    let id = new_bead(town, &format!("Something for {worker}"));
    town.gt(["sling", &id, &format!("web/{worker}")]).succeeds();
    id
}

fn worktree(town: &TestTown, worker: &str) -> PathBuf {
    town.root.join("rigs/web/polecats").join(worker)
}
