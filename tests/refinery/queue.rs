//! The queue as people change it: its order, approvals, a person's own branches, pauses.

use serde_json::Value;

use crate::scene::{Scene, beads, reason};

/// Who stands where, and why.
fn whys(scene: &Scene) -> Vec<(String, String)> {
    let list = scene.town.json(["queue", "list"]);
    let row =
        |row: &Value| (row["bead"].as_str().unwrap_or("").to_owned(), row["why"].as_str().unwrap_or("").to_owned());
    list.as_array().expect("a list").iter().map(row).collect()
}

/// A bead of the ledger before it has a branch.
fn open(scene: &Scene, title: &str, more: &[&str]) -> String {
    let made = scene.town.json([&["new", title, "--rig", "web"], more].concat());
    made["id"].as_str().expect("an id").to_owned()
}

fn submit_as(scene: &Scene, name: &str, bead: &str) {
    scene.branch(name, &[(&format!("{name}.txt"), "x\n")]);
    scene.add_with(name, &["--bead", bead]);
}

#[test]
fn a_bumped_bead_pulls_what_it_needs_forward_and_each_place_has_its_reason() {
    let scene = Scene::new();
    let first = scene.submit_green(1).remove(0);
    let base = open(&scene, "Base", &[]);
    let middle = open(&scene, "Middle", &["--needs", &base]);
    let top = open(&scene, "Top", &["--needs", &middle]);
    for (name, bead) in [("base", &base), ("middle", &middle), ("top", &top)] {
        submit_as(&scene, name, bead);
    }
    assert_eq!(scene.queue(), [&first, &base, &middle, &top].map(String::as_str));
    let moved = scene.town.gt(["queue", "bump", &top]).succeeds();
    moved.says(&["3 of 4 in the queue", "which it needs", &base, &middle]);
    assert_eq!(scene.queue(), [&base, &middle, &top, &first].map(String::as_str));
    let whys = whys(&scene);
    assert!(whys[0].1.starts_with("put forward by a person, priority 2, submitted 2026-01-01T00:02"), "{whys:?}");
    assert!(whys[2].1.ends_with(&format!("after {middle}, which it needs")), "{whys:?}");
    assert!(whys[3].1.starts_with("priority 2, submitted"), "{whys:?}");
    let shown = scene.town.gt(["queue", "list", "web", "--why"]).succeeds();
    shown.says(&["put forward by a person", "which it needs"]);
    scene.town.gt(["queue", "bump", &first]).succeeds().says(&["1 of 4"]);
    assert_eq!(scene.queue()[0], first);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [&first, &base, &middle, &top].map(String::as_str));
    assert_eq!(scene.runs(), 1, "what needs another one may land with it");
    scene.is_sound();
}

#[test]
fn priority_goes_before_age_and_what_came_back_does_not_jump_the_line() {
    let scene = Scene::new();
    let red = scene.submit_red("bad");
    scene.run();
    let normal = scene.submit_green(1).remove(0);
    let urgent = open(&scene, "Urgent", &["--priority", "0"]);
    submit_as(&scene, "urgent", &urgent);
    scene.branch("bad", &[("good.txt", "x\n")]);
    scene.add_with("bad", &["--bead", &red]);
    assert_eq!(scene.queue(), [&urgent, &normal, &red].map(String::as_str));
    assert!(whys(&scene)[2].1.contains("counts from its return after a bounce"));
    scene.is_sound();
}

#[test]
fn a_new_head_after_an_approval_asks_again() {
    for scene in [Scene::new(), Scene::remote()] {
        let bead = scene.submit("ci", &[(".ci/run", "true\n")]);
        let ran = scene.run();
        assert!(reason(&ran, "set_aside", &bead).contains("waits for approval: touches .ci/run"), "{ran:#}");
        scene.town.gt(["queue", "approve", &bead]).succeeds();
        // Before it lands, the person pushes on.
        scene.project.git(&["checkout", "--quiet", "ci"]);
        scene.commit("more", &[(".ci/more", "true\n")]);
        scene.project.git(&["checkout", "--quiet", "main"]);
        assert_eq!(scene.add("ci"), bead, "the newer commit takes the place of the older one");
        assert_eq!(scene.queue(), [bead.as_str()]);
        assert_eq!(scene.shown(&bead)["merge"]["head"], Value::from(scene.project.tip("ci")));
        let ran = scene.run();
        assert!(reason(&ran, "set_aside", &bead).contains(".ci/more"), "{ran:#}");
        scene.town.gt(["queue", "approve", &bead]).succeeds();
        assert_eq!(beads(&scene.run(), "landed"), [bead.as_str()]);
        assert_eq!(scene.escalations(), Vec::<String>::new());
        scene.is_sound();
    }
}

#[test]
fn a_deleted_or_skipped_test_waits_for_an_approval() {
    let scene = Scene::new();
    let deletes = scene.submit("deletes", &[("tests/greeting.sh", "-")]);
    let skips = scene.submit("skips", &[("tests/a_test.py", "@unittest.skip\n")]);
    let adds = scene.submit("adds", &[("tests/more.sh", "exit 0\n")]);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [adds.as_str()]);
    assert!(reason(&ran, "set_aside", &deletes).contains("tests/greeting.sh (a test that is deleted)"));
    assert!(reason(&ran, "set_aside", &skips).contains("(a test that is skipped)"));
    scene.is_sound();
}

#[test]
fn the_worker_of_a_review_may_approve_and_nobody_else_may() {
    let scene = Scene::new();
    let bead = scene.submit("ci", &[(".ci/run", "true\n")]);
    scene.run();
    let review = open(&scene, "Review it", &["--role", "reviewer", "--discovered-from", &bead]);
    let other = open(&scene, "Something else", &[]);
    scene.town.work_with("idles");
    for id in [&review, &other] {
        scene.town.gt(["sling", id, "web"]).succeeds();
    }
    let worktree = |id: &str| {
        let assignee = scene.shown(id)["assignee"].as_str().expect("hooked").to_owned();
        scene.town.root.join("rigs").join(assignee)
    };
    let approve = |id: &str| scene.town.command(["queue", "approve", &bead]).current_dir(worktree(id)).run();
    approve(&other).exits(7).complains(&["is no review of"]);
    approve(&review).succeeds();
    scene.town.gt(["unsling", &review, &other]).succeeds();
    let approval = scene.shown(&bead)["merge"]["approved"]["by"].as_str().expect("approved").to_owned();
    assert!(approval.starts_with("web/polecats/"), "{approval}");
    assert_eq!(beads(&scene.run(), "landed"), [bead.as_str()]);
    scene.town.end_everything();
    scene.is_sound();
}

#[test]
fn a_persons_branch_of_a_remote_goes_through_the_gates() {
    let scene = Scene::remote();
    scene.branch("mine", &[("mine.txt", "mine\n")]);
    let bead = open(&scene, "What I want", &[]);
    scene.town.gt(["queue", "add", "mine", "--bead", &bead]).succeeds().says(&[&bead]);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [bead.as_str()]);
    assert!(scene.has("mine.txt"));
    scene.project.git(&["branch", "only-here"]);
    scene.town.gt(["queue", "add", "only-here"]).exits(3).complains(&["no branch", "push it"]);
    scene.is_sound();
}

#[test]
fn the_beads_of_a_convoy_stand_and_land_together() {
    let scene = Scene::new();
    let greens = scene.submit_green(5);
    let [first, second, third, fourth, last] = greens.as_slice() else { panic!("five of them") };
    let text = format!(
        "id = \"cv-x7k2m\"\ntitle = \"One thing\"\nrig = \"web\"\nmembers = [\"{second}\", \"{last}\"]\n\
         created = 2026-01-01T00:00:00Z\n"
    );
    scene.town.write("convoys/x7/cv-x7k2m.toml", &text);
    scene.town.gt(["ledger", "adopt"]).succeeds();
    assert_eq!(scene.queue(), [first, second, last, third, fourth].map(String::as_str));
    assert!(whys(&scene)[2].1.contains("cv-x7k2m"), "{:?}", whys(&scene));
    scene.town.gt(["config", "set", "batch_size", "3"]).succeeds();
    let ran = scene.town.json(["refinery", "run", "web", "--once"])[0]["result"].clone();
    assert_eq!(beads(&ran, "landed"), [first, second, last].map(String::as_str));
    assert_eq!(beads(&scene.run(), "landed"), [third, fourth].map(String::as_str));
    scene.is_sound();
}

#[test]
fn a_newer_commit_that_is_handed_in_while_the_gate_runs_lands_and_the_older_one_does_not() {
    let scene = Scene::unprotected();
    let bead = scene.submit("race", &[("old.txt", "old\n")]);
    let newer = scene.branch("newer", &[("new.txt", "new\n")]);
    // The first gate moves the branch on and hands it in again; that is between the reading of the queue and the intent.
    let (flag, project, town) = (scene.town.sandbox.join("flag"), &scene.project.path, &scene.town.root);
    let hands_in = format!(
        "[ -e '{flag}' ] || {{ touch '{flag}'; git -C '{project}' branch -f race {newer}; \
         gt --town '{town}' queue add race; }}",
        flag = flag.display(),
        project = project.display(),
        town = town.display(),
    );
    let gate = toml_edit::value(scene.counting(&hands_in)).to_string();
    scene.gates(&format!("[[gates]]\nname = \"test\"\nrun = {gate}\n"));
    let ran = scene.run();
    assert!(flag.exists(), "the gate ran: {ran:#}");
    scene.run();
    assert_eq!(scene.state(&bead), "merged", "{:#}", scene.shown(&bead));
    assert!(scene.has("new.txt") && !scene.has("old.txt"), "what was handed in last is what landed");
    assert_eq!(scene.runs(), 2, "the newer commit has gates of its own");
    scene.is_sound();
}
