//! Commands about crew that are killed between any two system calls.

use super::*;
use crate::support::kill::{Drill, Victim};

#[test]
fn killed_anywhere_crew_is_made_by_the_same_command_again() {
    let (town, _project) = town("process");
    let command = |town: &TestTown| town.command(["crew", "add", "ada"]).into_command();
    let recover = |town: &TestTown| {
        let ran = town.gt(["crew", "add", "ada"]);
        assert!(ran.code == Some(0) || ran.stderr.contains("is crew already"), "{}", ran.transcript());
        // Set-up that a kill left out is done at the latest here.
        town.gt(["crew", "attach", "ada"]).succeeds();
    };
    let check = |town: &TestTown| {
        assert_eq!(git(town, &ada(town), &["branch", "--show-current"]), "crew/ada");
        assert_eq!(git(town, &ada(town), &["status", "--porcelain"]), "");
        promises::hold(town);
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Family, 8);
    let points = ["ledger.locked", "ledger.swapped", "ledger.files", "crew.reserved", "crew.cut"];
    assert!(drill.at_commit_points(&points).killed >= points.len());
}

#[test]
fn killed_anywhere_a_session_is_started_once_by_the_same_command_again() {
    let (town, _project) = town("process");
    // One that does not end by itself where it has no terminal.
    town.work_with("idles");
    town.gt(["crew", "add", "ada"]).succeeds();
    let command = |town: &TestTown| town.command(["crew", "attach", "ada"]).into_command();
    let recover = |town: &TestTown| drop(town.gt(["crew", "attach", "ada"]).succeeds());
    let check = |town: &TestTown| {
        let session = town.json(["crew", "list"])[0]["session"].clone();
        assert!(session.is_string(), "{session}");
        assert_eq!(town.json(["crew", "attach", "ada"])["session"], session);
        promises::hold(town);
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    assert!(drill.at_commit_points(&["attended.recorded"]).killed >= 1);
    drill.at_system_calls(Victim::Itself, 6);
}

#[test]
fn killed_anywhere_a_removal_loses_nothing_and_is_completed_by_the_same_command_again() {
    let (town, _project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let tip = commit(&town, "one.txt");
    fs::write(ada(&town).join("draft.txt"), "half done").expect("writable");
    let blob = git(&town, &ada(&town), &["hash-object", "draft.txt"]);
    let command = |town: &TestTown| town.command(["crew", "remove", "ada"]).into_command();
    let recover = |town: &TestTown| {
        let ran = town.gt(["crew", "remove", "ada"]);
        ran.succeeds();
    };
    let check = |town: &TestTown| {
        assert!(!ada(town).exists());
        let repo = town.root.join("rigs/web/.git");
        assert!(!git(town, &repo, &["for-each-ref", "--contains", &tip]).is_empty());
        let objects = git(town, &repo, &["rev-list", "--objects", "--glob=refs/gt"]);
        // What a git that was killed could not keep by a ref is moved aside as it is.
        let aside = fs::read_dir(town.root.join(".git/gt/aside")).into_iter().flatten().flatten();
        let kept = objects.contains(&blob) || aside.into_iter().any(|folder| folder.path().join("draft.txt").exists());
        assert!(kept, "what was not committed is lost");
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Family, 8);
    drill.at_commit_points(&["ledger.swapped", "remove.retired"]);
}
