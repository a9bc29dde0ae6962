//! Workers that are stopped, restarted, retired, broken or killed.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn the_list_of_workers_says_how_each_one_is() {
    let (town, _project) = quiet_town();
    town.gt(["polecat", "list"]).succeeds();
    let id = slung(&town, "toast");
    let list = town.json(["polecat", "list"]);
    assert_eq!((list[0]["worker"].as_str(), list[0]["bead"].as_str()), (Some("web/polecats/toast"), Some(id.as_str())));
    assert!(["starting", "working"].contains(&list[0]["health"].as_str().expect("a health")), "{list}");
    town.gt(["polecat", "list", "web"]).succeeds().says(&["web/toast", "developer", &id]);
    town.gt(["polecat", "list", "wob"]).exits(3).complains(&["wob", "web"]);
    town.end_everything();
    let list = town.json(["polecat", "list"]);
    assert!(["zombie", "ended"].contains(&list[0]["health"].as_str().expect("a health")), "{list}");
    town.gt(["polecat", "show", &id]).succeeds().says(&["web/toast", "clean", "polecat/toast/", &id]);
}

#[test]
fn a_stopped_worker_stays_stopped_and_loses_nothing() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let head = commits(&town, "toast", "done.txt");
    town.gt(["polecat", "stop", "toast"]).succeeds().says(&["web/toast: stopped", &id]);
    assert!(town.processes().is_empty());
    assert_eq!(shown(&town, &id)["attempts"][0]["head"].as_str(), Some(head.as_str()));
    town.gt(["tick"]).succeeds();
    assert!(town.processes().is_empty());
    town.gt(["polecat", "stop", "toast"]).succeeds().says(&["no session ran"]);
    town.gt(["sling", &id]).succeeds().says(&["web/toast"]);
    assert!(worktree(&town, "toast").join("done.txt").exists(), "the next attempt goes on from the last");
    promises::hold(&town);
}

#[test]
fn what_the_tick_takes_back_is_kept_committed_or_not() {
    let (town, _project) = quiet_town();
    for (key, number) in [("restarts", "0"), ("attempts", "1")] {
        town.gt(["config", "set", key, number]).succeeds();
    }
    let id = slung(&town, "toast");
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    town.end_everything();
    town.gt(["tick"]).succeeds();
    assert_eq!(shown(&town, &id)["attempts"][0]["outcome"], "ended");
    let kept = town.json(["polecat", "show", "toast"])["snapshots"][0]["commit"].clone();
    let kept = kept.as_str().expect("what was not committed is kept");
    assert_eq!(git_in(&town, "toast", &["show", &format!("{kept}:half.txt")]), "half");
    promises::hold(&town);
}

/// Its worktree was made ready in the very second in which it was killed: that is no work of its own.
#[test]
fn a_session_that_was_killed_has_worked_only_if_something_moved_after_its_launch() {
    let launch = Duration::from_millis(400);
    for (moved, outcome) in [(200, "done nothing"), (600, "worked")] {
        let (town, _project) = quiet_town();
        for (key, number) in [("restarts", "0"), ("attempts", "1")] {
            town.gt(["config", "set", key, number]).succeeds();
        }
        let second = gt::clock::Clock::System.now();
        let id = town.json(["new", "Add login", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
        let clock = |command: [&str; 3]| town.command(command).variable("GT_CLOCK", gt::clock::rfc3339(second)).run();
        clock(["sling", &id, "web/toast"]).succeeds();
        town.end_everything();
        let written = |path: &Path, after: Duration| {
            let file = fs::File::options().append(true).open(path).expect("own file");
            file.set_modified(SystemTime::from(second) + after).expect("own file");
        };
        let session = town.json(["polecat", "show", "toast"])["sessions"][0]["session"].clone();
        let run = town.root.join(".git/gt/run").join(session.as_str().expect("an id"));
        written(&run.join("launch.toml"), launch);
        let admin = town.root.join("rigs/web/.git/worktrees/toast");
        for file in [worktree(&town, "toast").join(".git"), admin.join("HEAD"), admin.join("logs/HEAD")] {
            written(&file, Duration::from_millis(100));
        }
        written(&admin.join("index"), Duration::from_millis(moved));
        let done = clock(["tick", "--json", "--verbose"]).succeeds().data()["remedies"].to_string();
        assert!(done.contains("its session ended") && done.contains(&format!("having {outcome}")), "{done}");
        // What never began would fail with another worker as well; what worked is given to one.
        let escalated = done.contains("escalated");
        assert_eq!((escalated, outcome), (outcome == "done nothing", outcome), "{done}");
    }
}

#[test]
fn a_restart_keeps_the_worktree_as_it_is() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    town.gt(["polecat", "restart", "toast"]).succeeds().says(&["web/toast", &id]);
    assert!(worktree(&town, "toast").join("half.txt").exists());
    let shown = town.json(["polecat", "show", "toast"]);
    assert_eq!(shown["sessions"].as_array().map(Vec::len), Some(2));
    assert_eq!(shown["sessions"][1]["end"]["reason"], "restarted");
    assert_eq!(shown["snapshots"].as_array().map(Vec::len), Some(1));
    town.gt(["unsling", &id]).succeeds();
    town.gt(["polecat", "restart", "toast"]).exits(3).complains(&["nothing is hooked", "gt sling"]);
}

#[test]
fn a_retired_worker_leaves_its_work_and_its_name() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    town.gt(["polecat", "remove", "toast"]).exits(7).complains(&[&id, "gt unsling"]);
    let head = commits(&town, "toast", "done.txt");
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    town.gt(["unsling", &id]).succeeds();
    town.gt(["polecat", "remove", "toast"]).succeeds().says(&["retired"]);
    assert!(!worktree(&town, "toast").exists());
    let repository = town.root.join("rigs/web/.git");
    let git = |arguments: &[&str]| {
        let output = town.program("git").arg("-C").arg(&repository).args(arguments).output().expect("git runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(!git(&["for-each-ref", "--contains", &head, "refs/gt"]).is_empty());
    assert!(
        git(&["log", "--all", "--format=%H", "--", "half.txt"]).lines().count() > 0,
        "what was not committed is kept"
    );
    assert_eq!(town.json(["polecat", "list"]).as_array().map(Vec::len), Some(0));
    town.gt(["polecat", "remove", "toast"]).succeeds();
    town.gt(["sling", &id, "web/toast"]).exits(6).complains(&["toast", "reserved"]);
    promises::hold(&town);
}

#[test]
fn a_worktree_that_somebody_broke_loses_no_work() {
    let (town, _project) = quiet_town();
    type Spoil<'s> = (&'s str, &'s dyn Fn(&str));
    let spoil: [Spoil<'_>; 3] = [
        ("deleted", &|worker| fs::remove_dir_all(worktree(&town, worker)).expect("own folder")),
        ("foreign", &|worker| fs::remove_file(worktree(&town, worker).join(".git")).expect("own file")),
        ("rebasing", &|worker| {
            git_in(&town, worker, &["-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "-i", "HEAD~1"]);
        }),
    ];
    for (how, spoil) in spoil {
        let id = slung(&town, how);
        let head = commits(&town, how, "done.txt");
        let last = if how == "rebasing" { commits(&town, how, "more.txt") } else { head.clone() };
        spoil(how);
        town.gt(["polecat", "show", how]).succeeds();
        town.gt(["unsling", &id]).succeeds();
        assert_eq!(shown(&town, &id)["attempts"][0]["head"].as_str(), Some(last.as_str()), "{how}");
        town.gt(["sling", &id, how]).succeeds();
        assert!(worktree(&town, how).join("done.txt").exists(), "{how}: the next attempt goes on from the last");
    }
    promises::hold(&town);
}

#[test]
fn taking_back_and_retiring_may_be_killed_anywhere_and_said_again() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let head = commits(&town, "toast", "done.txt");
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    town.end_everything();
    let kept = |town: &TestTown| {
        promises::hold(town);
        let repository = town.root.join("rigs/web/.git");
        let git = |arguments: &[&str]| {
            let output = town.program("git").arg("-C").arg(&repository).args(arguments).output().expect("git runs");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        assert!(!git(&["for-each-ref", "--contains", &head, "refs/gt"]).is_empty());
        assert!(!git(&["log", "--all", "--format=%H", "--", "half.txt"]).is_empty());
        town.end_everything();
    };
    let taken_back = |town: &TestTown| {
        assert_eq!(status(town, &id), "open");
        assert_eq!(shown(town, &id)["attempts"].as_array().map(Vec::len), Some(1));
        kept(town);
    };
    let unsling = |town: &TestTown| town.command(["unsling", &id]).into_command();
    let again = |town: &TestTown| {
        let ran = town.gt(["unsling", &id]);
        assert!([Some(0), Some(6)].contains(&ran.code), "{}", ran.transcript());
    };
    let drill = Drill { town: &town, command: &unsling, recover: &again, check: &taken_back };
    let tally = drill.at_commit_points(&["unsling.ended", "unsling.pinned", "ledger.swapped", "unsling.released"]);
    assert_eq!(tally.killed, 4, "{tally:?}");
    town.gt(["unsling", &id]).succeeds();
    town.end_everything();
    let remove = |town: &TestTown| town.command(["polecat", "remove", "toast"]).into_command();
    let again = |town: &TestTown| drop(town.gt(["polecat", "remove", "toast"]).succeeds());
    let gone = |town: &TestTown| {
        assert!(!worktree(town, "toast").exists());
        kept(town);
    };
    let drill = Drill { town: &town, command: &remove, recover: &again, check: &gone };
    let tally = drill.at_commit_points(&["ledger.swapped", "remove.retired"]);
    assert_eq!(tally.killed, 2, "{tally:?}");
    drill.at_system_calls(Victim::Itself, 10);
}

#[test]
fn the_lock_of_a_git_that_was_killed_below_an_agent_is_gone_before_the_worker_goes_on() {
    let (town, _project) = quiet_town();
    let id = bead(&town, "Add login");
    let (lock, struck) = (town.root.join("rigs/web/.git/worktrees/toast/index.lock"), town.sandbox.join("struck"));
    // Only the first time: whoever is started in its place is not struck.
    let line = format!("test -e {0} || touch {1}; touch {0}; exit 137", struck.display(), lock.display());
    town.gt(["config", "set", "agents.struck.command", &line]).succeeds();
    town.gt(["sling", &id, "web/toast", "--agent", "struck"]).succeeds();
    wait_until("the session to be over", || struck.exists() && town.processes().is_empty());
    town.gt(["tick"]).succeeds();
    assert!(!lock.exists(), "whoever goes on can commit");
    promises::hold(&town);
}
