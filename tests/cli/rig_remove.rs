//! `gt rig remove`: a rig goes, and no work with it.

use crate::support::kill::{Drill, Victim};
use crate::support::{Ran, TestTown};
use crate::terminal::Terminal;

fn git(town: &TestTown, arguments: &[&str]) -> String {
    let output = town.program("git").arg("-C").arg(town.root.join("rigs/web/.git")).args(arguments).output();
    let output = output.expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn remove(town: &TestTown, more: &[&str]) -> Ran {
    town.gt([&["rig", "remove", "web"], more].concat())
}

#[test]
fn a_rig_without_work_goes_and_its_origin_stays() {
    let (town, project) = TestTown::with_rig();
    remove(&town, &[]).succeeds().says(&["Removed the rig web"]);
    assert!(!town.root.join("rigs/web").exists());
    assert_eq!(town.json(["rig", "list"]), serde_json::json!([]));
    assert_eq!(town.git(&["log", "-1", "--format=%s"]), format!("rig remove web: {}", project.url()));
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    assert_eq!(project.status(), "");
    remove(&town, &[]).exits(3).complains(&["there is no rig \"web\""]);
    town.gt(["rig", "add", "web", project.url(), "--no-gates"]).succeeds();
}

#[test]
fn the_prefix_of_a_removed_rig_stays_its_own() {
    let (town, project) = TestTown::with_rig();
    remove(&town, &[]).succeeds();
    town.gt(["rig", "add", "shop", project.url(), "--prefix", "web", "--no-gates"])
        .exits(6)
        .complains(&["the prefix web belongs to the rig web"]);
    town.gt(["rig", "add", "web", project.url(), "--prefix", "web", "--no-gates"]).succeeds();
}

#[test]
fn open_beads_keep_their_rig() {
    let (town, _project) = TestTown::with_rig();
    let id = town.json(["new", "--rig", "web", "Add login"])["id"].as_str().expect("an id").to_owned();
    remove(&town, &["--discard", "--yes"]).exits(7).complains(&[
        "one bead is not closed in web",
        &id,
        "gt rig park web",
    ]);
    assert_eq!(town.json(["rig", "show", "web"])["name"], "web");
}

#[test]
fn work_that_is_nowhere_else_keeps_its_rig_until_a_person_says_otherwise() {
    let (town, _project) = TestTown::with_rig();
    let crew = town.root.join("rigs/web/crew/ada");
    git(&town, &["worktree", "add", "--quiet", "-b", "ada", crew.to_str().expect("test paths are UTF-8")]);
    remove(&town, &["--discard"]).exits(2).complains(&["nobody to ask", "--yes"]);
    std::fs::write(crew.join("new.txt"), "mine").expect("the sandbox is writable");
    remove(&town, &[]).exits(7).complains(&["rigs/web/crew/ada has uncommitted changes"]);
    std::fs::remove_file(crew.join("new.txt")).expect("own file");
    let tree = git(&town, &["rev-parse", "main^{tree}"]);
    let commit = git(
        &town,
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit-tree", "-m", "more", "-p", "main", &tree],
    );
    let stand_at = |what: &str| {
        let checkout = ["-C", crew.to_str().expect("test paths are UTF-8"), "checkout", "--quiet", what];
        assert!(town.program("git").args(checkout).status().expect("git is there").success());
    };
    stand_at(&commit);
    remove(&town, &[]).exits(7).complains(&["rigs/web/crew/ada stands at", "which is on no branch"]);
    stand_at("ada");
    git(&town, &["update-ref", "refs/gt/snapshots/toast/1", &commit]);
    let refused = remove(&town, &[]).exits(7).complains(&["refs/gt/snapshots/toast/1 is not in main"]);
    assert!(!refused.stderr.contains("--discard"), "an error never tells to destroy: {}", refused.stderr);
    assert_eq!(git(&town, &["rev-parse", "refs/gt/snapshots/toast/1"]), commit);
    remove(&town, &["--discard", "--yes"]).succeeds().says(&["discarded: refs/gt/snapshots/toast/1"]);
    assert!(!town.root.join("rigs/web").exists());
}

#[test]
fn what_would_be_thrown_away_is_shown_and_asked_about_on_a_terminal() {
    let (town, _project) = TestTown::with_rig();
    let tree = git(&town, &["rev-parse", "main^{tree}"]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    let commit = git(&town, &[&author[..], &["commit-tree", "-m", "more", "-p", "main", &tree]].concat());
    git(&town, &["update-ref", "refs/gt/snapshots/toast/1", &commit]);
    let terminal = Terminal::shell(&town);
    for (answer, code) in [("", 7), ("no", 7), ("yes", 0)] {
        terminal.begin("gt rig remove web --discard");
        let asked = terminal.wait("throw this away for ever? [y/N]:");
        assert!(asked.contains("nowhere else: refs/gt/snapshots/toast/1 is not in main"), "{asked}");
        terminal.line(answer);
        terminal.ended(code);
        assert_eq!(town.root.join("rigs/web").exists(), answer != "yes", "{answer:?}: {}", terminal.screen());
    }
    assert_eq!(town.json(["rig", "list"]), serde_json::json!([]));
}

#[test]
fn landed_work_that_is_not_delivered_keeps_its_rig() {
    let (town, project) = TestTown::with_rig();
    let tree = git(&town, &["rev-parse", "main^{tree}"]);
    let commit = git(
        &town,
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit-tree", "-m", "land", "-p", "main", &tree],
    );
    git(&town, &["update-ref", "refs/heads/main", &commit]);
    remove(&town, &[]).exits(7).complains(&["is not delivered", "gt rig take web"]);
    project.git(&["pull", "--quiet", town.root.join("rigs/web/.git").to_str().expect("test paths are UTF-8"), "main"]);
    remove(&town, &[]).succeeds();
}

#[test]
fn a_killed_removal_is_completed_by_the_next_one() {
    let (town, _project) = TestTown::with_rig();
    let command = |town: &TestTown| {
        let mut command = town.program(crate::support::town::GT);
        command.args(["--quiet", "rig", "remove", "web"]).current_dir(&town.root);
        command
    };
    let recover = |town: &TestTown| {
        let status = command(town).output().expect("the binary under test starts").status;
        assert!(status.success() || status.code() == Some(3), "{status}");
    };
    let check = |town: &TestTown| {
        assert_eq!(town.git(&["status", "--porcelain"]), "");
        assert!(!town.root.join("rigs/web").exists());
        assert_eq!(town.git(&["rev-list", "--count", "HEAD"]), "4");
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, 20);
    let tally = drill.at_commit_points(&["rig.marked", "ledger.swapped", "rig.removed", "rig.cleared"]);
    assert_eq!(tally.killed, 4, "{tally:?}");
}
