//! How landings look in the history, and landing by somebody else.

use crate::scene::{Scene, beads, reason};

/// The target's first-parent history beyond the project's first commit, oldest first: subject, author, bead.
fn history(scene: &Scene) -> Vec<String> {
    let format = "--format=%s | %an <%ae> | %(trailers:key=Bead,valueonly,separator=%x2c)";
    let log = scene.git(&["log", "--reverse", "--first-parent", format, "main"]);
    log.lines().skip(1).map(|line| line.trim_end().to_owned()).collect()
}

/// Two branches of two commits each, by somebody else than the person.
fn two_branches(scene: &Scene) -> [String; 2] {
    ["one", "two"].map(|name| {
        scene.project.git(&["config", "user.name", "Bo Builder"]);
        scene.project.git(&["config", "user.email", "bo@example.org"]);
        scene.project.git(&["checkout", "--quiet", "-b", name, "main"]);
        scene.commit(&format!("begin {name}"), &[(&format!("{name}.txt"), "1\n")]);
        scene.commit(&format!("end {name}"), &[(&format!("{name}.txt"), "2\n")]);
        scene.project.git(&["checkout", "--quiet", "main"]);
        scene.project.git(&["config", "user.name", "Ada Person"]);
        scene.project.git(&["config", "user.email", "ada@example.org"]);
        scene.add(name)
    })
}

#[test]
fn a_merge_keeps_the_commits_and_names_author_and_bead() {
    let scene = Scene::new();
    let [one, two] = two_branches(&scene);
    scene.run();
    let who = "Bo Builder <bo@example.org>";
    let wanted =
        [(&one, "one"), (&two, "two")].map(|(bead, name)| format!("Merge {bead}: end {name} | {who} | {bead}"));
    assert_eq!(history(&scene), wanted);
    assert!(scene.git(&["log", "--format=%s", "main"]).contains("begin one"));
    for bead in [&one, &two] {
        let landed = scene.shown(bead)["merge"]["landed"].as_str().expect("landed").to_owned();
        scene.git(&["merge-base", "--is-ancestor", &landed, "main"]);
        assert!(scene.git(&["log", "-1", "--format=%B", &landed]).contains(bead.as_str()));
    }
    assert_eq!(scene.runs(), 1);
    scene.is_sound();
}

#[test]
fn a_squash_makes_one_commit_of_each() {
    let scene = Scene::new();
    scene.merge("style", "squash");
    let [one, two] = two_branches(&scene);
    scene.run();
    let who = "Bo Builder <bo@example.org>";
    assert_eq!(history(&scene), [format!("end one | {who} | {one}"), format!("end two | {who} | {two}")]);
    assert_eq!(scene.git(&["rev-list", "--count", "--min-parents=2", "main"]), "0");
    scene.is_sound();
}

#[test]
fn a_rebase_puts_every_commit_on_top() {
    let scene = Scene::new();
    scene.merge("style", "rebase");
    let all = two_branches(&scene);
    scene.run();
    let subjects: Vec<String> = history(&scene).iter().map(|line| line[..7].trim().to_owned()).collect();
    assert_eq!(subjects, ["begin o", "end one", "begin t", "end two"].map(str::trim));
    assert!(history(&scene).iter().all(|line| line.contains("Bo Builder <bo@example.org>")));
    assert_eq!(scene.git(&["rev-list", "--count", "--min-parents=2", "main"]), "0");
    for bead in &all {
        let landed = scene.shown(bead)["merge"]["landed"].as_str().expect("landed").to_owned();
        assert!(
            scene.git(&["log", "--format=%B", "-1", &landed]).contains(bead.as_str()),
            "{}",
            history(&scene).join("\n")
        );
    }
    scene.is_sound();
}

#[test]
fn a_rig_without_trailers_writes_none() {
    let scene = Scene::new();
    scene.rig(|rig| rig["merge"]["trailer"] = toml_edit::value(false));
    scene.submit_green(1);
    scene.run();
    assert!(!scene.git(&["log", "--format=%B", "main"]).contains("Bead:"));
    scene.is_sound();
}

#[test]
fn an_offered_branch_is_pushed_and_closed_when_somebody_merged_it() {
    for (how, style) in [("merge", "merge"), ("squash", "merge"), ("merge", "squash")] {
        let scene = Scene::remote();
        scene.merge("landing", "branch");
        scene.merge("style", style);
        let bead = scene.submit_green(1).remove(0);
        let red = scene.submit_red("bad");
        let ran = scene.run();
        assert_eq!((beads(&ran, "offered"), beads(&ran, "bounced")), (vec![bead.clone()], vec![red]));
        let branch = format!("gt/{bead}");
        assert!(!scene.has("g0.txt"), "nothing landed");
        scene.town.gt(["queue", "list", "--why"]).succeeds().says(&["offered", &branch]);
        scene.town.gt(["why", &bead]).succeeds().says(&[&bead]);
        // Nothing to do again as long as nobody merged it.
        let runs = scene.runs();
        assert_eq!(beads(&scene.run(), "offered"), Vec::<String>::new());
        assert_eq!((scene.runs(), scene.state(&bead).as_str()), (runs, "submitted"));

        scene.project.git(&["fetch", "--quiet", "origin"]);
        let offered = format!("origin/{branch}");
        if how == "squash" {
            scene.project.git(&["merge", "--quiet", "--squash", &offered]);
            scene.project.git(&["commit", "--quiet", "--message", "by hand"]);
        } else {
            scene.project.git(&["merge", "--quiet", "--no-ff", "--message", "by hand", &offered]);
        }
        scene.project.git(&["push", "--quiet", "origin", "main"]);
        assert_eq!(beads(&scene.run(), "landed"), [bead.as_str()]);
        assert_eq!(scene.state(&bead), "merged");
        scene.is_sound();
    }
}

#[test]
fn an_offer_that_conflicts_later_goes_back_and_a_taken_branch_is_not_pushed_over() {
    let scene = Scene::remote();
    scene.merge("landing", "branch");
    let bead = scene.submit("one", &[("greeting.txt", "hello one\n")]);
    let ran = scene.run();
    assert_eq!(beads(&ran, "offered"), [bead.as_str()]);
    scene.commit("another greeting", &[("greeting.txt", "hello you\n")]);
    let ran = scene.run();
    let told = reason(&ran, "bounced", &bead);
    assert!(told.contains("offered as gt/") && told.contains("conflicts with main in greeting.txt"), "{told}");

    let other = scene.submit("two", &[("two.txt", "2\n")]);
    scene.project.git(&["push", "--quiet", "origin", &format!("one:refs/heads/gt/{other}")]);
    let ran = scene.run();
    assert!(reason(&ran, "set_aside", &other).contains("has another branch"), "{ran:#}");
    assert_eq!(scene.git(&["rev-parse", &format!("gt/{other}")]), scene.project.tip("one"));
    scene.is_sound();
}
