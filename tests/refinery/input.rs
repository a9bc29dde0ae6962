//! Work of every shape: empty, unrelated, binary, renamed, with submodules, gone.

use std::fs;

use crate::scene::{Scene, beads, reason};

#[test]
fn what_is_in_the_target_already_is_closed_and_nothing_moves() {
    for scene in [Scene::new(), Scene::remote()] {
        let bead = scene.submit_green(1).remove(0);
        // The person merges it by hand before the queue comes to it.
        scene.project.git(&["merge", "--quiet", "--no-ff", "--message", "by hand", "green0"]);
        if scene.remote.is_some() {
            scene.project.git(&["push", "--quiet", "origin", "main"]);
        }
        let tip = scene.project.tip("main");
        let ran = scene.run();
        assert_eq!(beads(&ran, "landed"), [bead.as_str()]);
        assert_eq!((scene.state(&bead).as_str(), scene.git(&["rev-parse", "main"])), ("merged", tip));
        scene.is_sound();
    }
}

#[test]
fn an_empty_change_lands_in_every_style_and_adds_a_commit_only_to_keep_its_own() {
    for style in ["merge", "squash", "rebase"] {
        let scene = Scene::new();
        scene.merge("style", style);
        scene.project.git(&["checkout", "--quiet", "-b", "empty"]);
        scene.project.git(&["commit", "--quiet", "--allow-empty", "--message", "nothing"]);
        scene.project.git(&["checkout", "--quiet", "main"]);
        let bead = scene.add("empty");
        let other = scene.submit_green(1).remove(0);
        scene.run();
        scene.all_merged(&[bead, other]);
        let commits = scene.git(&["rev-list", "--count", "--first-parent", "main"]);
        assert_eq!(commits, if style == "merge" { "3" } else { "2" }, "{style}");
        scene.is_sound();
    }
}

#[test]
fn an_unrelated_history_is_refused_at_the_door_and_behind_it() {
    let scene = Scene::new();
    scene.project.git(&["checkout", "--quiet", "--orphan", "other"]);
    scene.project.write("other.txt", "x\n");
    scene.project.commit("another beginning");
    scene.project.git(&["checkout", "--quiet", "main"]);
    scene.town.gt(["queue", "add", "other"]).exits(7).complains(&["no commit in common"]);
    // The target itself is made anew under a bead that waits.
    let scene = Scene::remote();
    let bead = scene.submit_green(1).remove(0);
    let tree = scene.git(&["rev-parse", "main^{tree}"]);
    let root = scene.git(&["-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", "-m", "anew", &tree]);
    scene.git(&["update-ref", "refs/heads/main", &root]);
    let ran = scene.run();
    assert!(reason(&ran, "bounced", &bead).contains("has nothing in common with main"), "{ran:#}");
    assert_eq!(scene.git(&["rev-parse", "main"]), root);
    scene.is_sound();
}

#[test]
fn a_binary_conflict_names_the_file_and_both_sides() {
    let scene = Scene::new();
    let write =
        |byte: u8| fs::write(scene.project.path.join("logo.png"), vec![0u8, byte, 0, 255, byte]).expect("writable");
    write(1);
    scene.project.commit("a logo");
    for (name, byte) in [("one", 2), ("two", 3)] {
        scene.project.git(&["checkout", "--quiet", "-b", name, "main"]);
        write(byte);
        scene.project.commit(&format!("logo {name}"));
        scene.project.git(&["checkout", "--quiet", "main"]);
    }
    let (one, two) = (scene.add("one"), scene.add("two"));
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [one.as_str()]);
    let told = reason(&ran, "bounced", &two);
    assert!(told.contains("conflicts with main in logo.png"), "{told}");
    assert!(told.contains("logo one") && told.contains("logo two"), "{told}");
    scene.is_sound();
}

#[test]
fn a_file_that_both_sides_renamed_is_a_conflict_with_its_names() {
    let scene = Scene::new();
    for (name, to) in [("one", "hello.txt"), ("two", "salut.txt")] {
        scene.project.git(&["checkout", "--quiet", "-b", name, "main"]);
        scene.project.git(&["mv", "greeting.txt", to]);
        scene.project.write("tests/greeting.sh", &format!("grep -q . {to}\n"));
        scene.project.commit(&format!("call it {to}"));
        scene.project.git(&["checkout", "--quiet", "main"]);
    }
    let (one, two) = (scene.add("one"), scene.add("two"));
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [one.as_str()]);
    let told = reason(&ran, "bounced", &two);
    assert!(told.contains("salut.txt") && told.contains("hello.txt"), "{told}");
    let conflict = scene.shown(&two)["attempts"][0]["conflict"].to_string();
    assert!(conflict.contains("salut.txt"), "{conflict}");

    // A rename on one side and a change on the other go together.
    let scene = Scene::new();
    scene.project.git(&["checkout", "--quiet", "-b", "renames", "main"]);
    scene.project.git(&["mv", "README.md", "READ.md"]);
    scene.project.commit("rename");
    scene.project.git(&["checkout", "--quiet", "main"]);
    let renames = scene.add("renames");
    let changes = scene.submit("changes", &[("README.md", "# A small project\n\n`./test.sh` runs all its tests.\n")]);
    scene.run();
    scene.all_merged(&[renames, changes]);
    assert!(scene.git(&["show", "main:READ.md"]).contains("all its tests"));
    scene.is_sound();
}

#[test]
fn submodules_are_there_for_the_gates_and_a_conflict_in_one_is_named() {
    let scene = Scene::new();
    let part = scene.town.repo("part");
    let first = part.tip("main");
    scene.project.git(&["submodule", "--quiet", "add", part.url(), "part"]);
    scene.project.write("tests/part.sh", "grep -q . part/greeting.txt\n");
    scene.project.commit("with a part");
    part.write("one.txt", "1\n");
    let one = part.commit("one");
    part.git(&["checkout", "--quiet", "-b", "two", &first]);
    part.write("two.txt", "2\n");
    let two = part.commit("two");
    for (name, commit) in [("one", &one), ("two", &two)] {
        scene.project.git(&["checkout", "--quiet", "-b", name, "main"]);
        scene.project.git(&["-C", "part", "fetch", "--quiet", "origin"]);
        scene.project.git(&["-C", "part", "checkout", "--quiet", commit]);
        scene.project.git(&["commit", "--quiet", "--all", "--message", &format!("part {name}")]);
        scene.project.git(&["checkout", "--quiet", "main"]);
        scene.project.git(&["submodule", "--quiet", "update"]);
    }
    let (bead, other) = (scene.add("one"), scene.add("two"));
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [bead.as_str()], "{ran:#}");
    assert!(scene.git(&["ls-tree", "main", "part"]).contains(&one));
    let told = reason(&ran, "bounced", &other);
    assert!(told.contains("conflicts with main in part"), "{told}");
    scene.is_sound();
}

#[test]
fn a_submodule_commit_that_nobody_has_is_no_verdict_for_the_others() {
    let scene = Scene::new();
    let part = scene.town.repo("part");
    scene.project.git(&["submodule", "--quiet", "add", part.url(), "part"]);
    scene.project.commit("with a part");
    scene.project.git(&["checkout", "--quiet", "-b", "lost", "main"]);
    let nowhere = "1234567890123456789012345678901234567890";
    scene.project.git(&["update-index", "--cacheinfo", &format!("160000,{nowhere},part")]);
    scene.project.git(&["commit", "--quiet", "--message", "a part that is nowhere"]);
    scene.project.git(&["checkout", "--quiet", "--force", "main"]);
    scene.project.git(&["submodule", "--quiet", "update", "--force"]);
    let lost = scene.add("lost");
    let good = scene.submit_green(1).remove(0);
    let ran = scene.run();
    assert_eq!(scene.state(&good), "merged", "{ran:#}");
    assert_ne!(scene.state(&lost), "merged", "{ran:#}");
    assert!(!scene.git(&["ls-tree", "main", "part"]).contains(nowhere));
    scene.is_sound();
}

#[test]
fn a_branch_that_is_moved_or_deleted_under_the_queue_lands_as_it_was_submitted() {
    for scene in [Scene::new(), Scene::remote()] {
        let kept = scene.submit("moved", &[("as-submitted.txt", "x\n")]);
        let gone = scene.submit("gone", &[("gone.txt", "x\n")]);
        scene.branch("moved", &[("later.txt", "x\n")]);
        scene.project.git(&["branch", "-D", "gone"]);
        if scene.remote.is_some() {
            scene.git(&["branch", "-D", "gone"]);
        }
        scene.project.git(&["reflog", "expire", "--expire=now", "--all"]);
        scene.project.git(&["gc", "--quiet", "--prune=now"]);
        let ran = scene.run();
        assert_eq!(beads(&ran, "landed"), [kept, gone]);
        assert!(scene.has("as-submitted.txt") && scene.has("gone.txt") && !scene.has("later.txt"));
        scene.is_sound();
    }
}

#[test]
fn a_commit_that_is_lost_sets_its_bead_aside_and_the_others_land() {
    let scene = Scene::new();
    let lost = scene.submit("lost", &[("lost.txt", "x\n")]);
    let head = scene.project.tip("lost");
    let good = scene.submit_green(1).remove(0);
    let repo = scene.target();
    for reference in scene.git(&["for-each-ref", "--format=%(refname)", "--contains", &head]).lines() {
        scene.git(&["update-ref", "-d", reference]);
    }
    scene.project.git(&["branch", "-D", "lost"]);
    scene.git(&["reflog", "expire", "--expire=now", "--all"]);
    scene.git(&["-c", "gc.reflogExpireUnreachable=now", "gc", "--quiet", "--prune=now"]);
    assert!(repo.is_dir());
    let ran = scene.run();
    assert!(reason(&ran, "set_aside", &lost).contains("is not in"), "{ran:#}");
    assert_eq!(scene.state(&good), "merged");
    scene.town.gt(["queue", "show", &lost]).succeeds();
    scene.town.gt(["queue", "reject", &lost, "the commit is lost"]).succeeds();
    assert_eq!(scene.state(&lost), "open");
}
