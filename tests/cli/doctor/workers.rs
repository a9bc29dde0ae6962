//! Workers: their sessions, worktrees and what a killed one left.

use std::fs;

use gt::bead::{Bead, State};

use super::{
    bead, claim, commit_by_hand, complaints, healthy, is_clean, is_mended, merge, names, put, rig_git, slung, worktree,
};
use crate::support::{GENEROUS, promises, wait_for, wait_until};

#[test]
fn a_killed_session_is_started_again() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    town.end_everything();
    is_mended(&town, 10, &["problem workers/workers", "web/toast is zombie", &id], &format!("restarted on {id}"));
    promises::hold(&town);
}

#[test]
fn a_session_whose_worktree_was_deleted_goes_on_in_a_new_one_with_its_commits() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    let here = worktree(&town, "toast");
    fs::write(here.join("done.txt"), "half\n").expect("the worktree is there");
    for arguments in [&["add", "--all"][..], &["commit", "--quiet", "--message", "half"]] {
        let status = town.program("git").arg("-C").arg(&here).args(arguments).status().expect("git runs");
        assert!(status.success());
    }
    fs::remove_dir_all(&here).expect("own folder");
    is_mended(
        &town,
        10,
        &["problem workers/workers", "no worktree", "the folder is gone"],
        &format!("restarted on {id}"),
    );
    assert_eq!(fs::read_to_string(here.join("done.txt")).ok().as_deref(), Some("half\n"));
    promises::hold(&town);
}

#[test]
fn a_worktree_without_its_link_is_mended_in_place() {
    let (town, _project) = healthy();
    slung(&town, "toast");
    let here = worktree(&town, "toast");
    fs::write(here.join("unsaved.txt"), "work\n").expect("the worktree is there");
    fs::remove_file(here.join(".git")).expect("a worktree has one");
    is_mended(&town, 10, &["workers/workers", "its .git file is gone"], "its worktree was damaged and is mended");
    assert_eq!(fs::read_to_string(here.join("unsaved.txt")).ok().as_deref(), Some("work\n"));
}

#[test]
fn the_worktree_of_a_free_worker_is_mended_or_taken_away_with_its_work_kept() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    town.gt(["unsling", &id]).succeeds();
    town.gt(["close", &id, "--as", "cancelled"]).succeeds();
    let here = worktree(&town, "toast");
    fs::remove_dir_all(&here).expect("own folder");
    is_mended(&town, 0, &["warning rig web/worktrees", "the folder is gone"], "mended the worktree of web/toast");
    assert!(!rig_git(&town, &["worktree", "list", "--porcelain"]).contains("polecats/toast"));
    fs::create_dir_all(here.join(".git")).expect("writable");
    fs::write(here.join("notes.txt"), "mine\n").expect("writable");
    is_mended(&town, 0, &["warning rig web/worktrees", "toast"], "mended the worktree of web/toast");
    let kept = rig_git(&town, &["for-each-ref", "--format=%(refname)", "refs/gt/snapshots"]);
    let aside = town.root.join(".git/gt/aside");
    assert!(!kept.is_empty() || aside.exists(), "what was in the folder is nowhere");
}

#[test]
fn folders_of_nobody_are_named_and_left_alone() {
    let (town, _project) = healthy();
    for file in ["rigs/web/polecats/stranger/file.txt", "rigs/old/file.txt"] {
        town.write(file, "work\n");
    }
    names(&town, 0, &["warning rig web/worktrees", "polecats/stranger", "belongs to no worker"]);
    names(&town, 0, &["warning town/rigs", "rigs/old"]);
    town.gt(["doctor", "--fix"]).succeeds();
    for file in ["rigs/web/polecats/stranger/file.txt", "rigs/old/file.txt"] {
        assert_eq!(town.read(file).as_deref(), Some("work\n"));
    }
}

#[test]
fn a_head_that_is_elsewhere_and_a_remote_that_is_gone_are_for_the_person() {
    let (town, project) = healthy();
    town.git(&["checkout", "--quiet", "-b", "other"]);
    names(&town, 10, &["problem town/head", "other", "checkout main"]);
    town.gt(["doctor", "--fix"]).exits(10);
    town.git(&["checkout", "--quiet", "main"]);
    let moved = project.path.with_extension("moved");
    fs::rename(&project.path, &moved).expect("own folder");
    names(&town, 10, &["problem rig web/remote", "cannot be read"]);
    fs::rename(&moved, &project.path).expect("own folder");
    is_clean(&town);
}

#[test]
fn a_command_whose_gt_was_killed_is_ended() {
    let (town, project) = healthy();
    let gates = town.read("rigs.d/web.toml").expect("there").replace("./test.sh", "sleep 500");
    town.write("rigs.d/web.toml", &gates);
    town.gt(["ledger", "adopt"]);
    let base = project.tip("HEAD");
    let head = rig_git(&town, &["commit-tree", "-p", &base, "-m", "work", &format!("{base}^{{tree}}")]);
    rig_git(&town, &["update-ref", "refs/gt/work/web-abcde/1", &head]);
    let state = State::Submitted(claim(&town, "web/polecats/ghost"));
    put(&town, &Bead { state, merge: Some(merge(&head)), ..bead("web-abcde") });
    commit_by_hand(&town);
    let mut refinery = town.command(["refinery", "run", "web", "--quiet"]).start();
    let sleeps = || town.processes().into_iter().any(|process| process.line == "sleep 500");
    wait_until("the gate to run", sleeps);
    refinery.kill().expect("a child of ours");
    refinery.wait().expect("a child of ours");
    assert!(sleeps(), "the gate ended by itself; else this test is about nothing");
    names(&town, 0, &["warning workers/sessions", "sleep 500", "may still run"]);
    town.gt(["doctor", "--fix"]).succeeds();
    assert!(!sleeps());
    is_clean(&town);
}

#[test]
fn what_a_killed_writer_left_is_set_aside() {
    let (town, _project) = healthy();
    town.write(".xyz.gt-tmp", "half");
    is_mended(&town, 0, &["warning town/leftovers", ".xyz.gt-tmp"], "set .xyz.gt-tmp aside");
}

#[test]
fn a_fix_that_is_killed_is_ended_by_the_next_one() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    town.end_everything();
    rig_git(&town, &["config", "gc.auto", "6700"]);
    town.command(["doctor", "--fix"]).variable("GT_CRASH", "launch.recorded").run();
    town.gt(["doctor", "--fix"]).succeeds();
    wait_for("the worker to be started again", GENEROUS, || {
        town.gt(["doctor", "--fix", "--quiet"]);
        complaints(&town.gt(["doctor", "--json"])).is_empty().then_some(())
    });
    assert_eq!(town.json(["show", &id])[0]["result"]["status"], "hooked");
    promises::hold(&town);
}
