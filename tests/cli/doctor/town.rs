//! The machine, the town and its rigs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::{age, commit_by_hand, healthy, is_clean, is_mended, names, new_bead, rig_git, slung, worktree};
use crate::support::{TestTown, promises};

#[test]
fn a_healthy_town_is_well_and_every_check_says_so() {
    let (town, _project) = healthy();
    let ran = town.gt(["doctor"]).succeeds();
    ran.says(&["git 2.", "the index says what the ledger says", "work lands in main", "all is well"]);
    is_clean(&town);
    let data = town.json(["doctor"]);
    let checks: Vec<&str> =
        data["findings"].as_array().expect("a list").iter().filter_map(|it| it["check"].as_str()).collect();
    for check in [
        "git",
        "tmux",
        "disk",
        "writable",
        "head",
        "projection",
        "index",
        "hook",
        "state",
        "hidden",
        "locks",
        "cycles",
        "hands",
        "workers",
        "sessions",
        "remote",
        "repository",
        "target",
        "queue",
        "gates",
        "agent",
        "worktrees",
    ] {
        assert!(checks.contains(&check), "{check} is missing in {checks:?}");
    }
    promises::hold(&town);
}

#[test]
fn outside_of_a_town_the_machine_is_checked() {
    let town = TestTown::builder().empty();
    let ran = town.command(["doctor"]).current_dir(&town.sandbox).run().succeeds();
    ran.says(&["git 2.", "all is well"]);
    town.command(["doctor", "--fix"]).current_dir(&town.sandbox).run().exits(3).complains(&["not in a town"]);
}

#[test]
fn settings_of_the_repository_are_put_right() {
    let (town, _project) = healthy();
    rig_git(&town, &["config", "gc.auto", "6700"]);
    is_mended(&town, 10, &["problem rig web/repository", "gc.auto"], "put the settings of the repository of web right");
    assert_eq!(rig_git(&town, &["config", "gc.auto"]), "0");
}

#[test]
fn a_dead_lock_is_set_aside_and_a_held_one_left_alone() {
    let (town, _project) = healthy();
    let lock = town.root.join("rigs/web/.git/refs/heads/main.lock");
    fs::write(&lock, "what it would have become\n").expect("writable");
    age(&town, &lock);
    let held = fs::File::open(&lock).expect("it was just made");
    let mut holder = town.program("sleep").arg("600").stdin(Stdio::from(held)).spawn().expect("sleep is there");
    names(&town, 0, &["warning rig web/locks", "may be held by process", "sleep 600"]);
    town.gt(["doctor", "--fix"]).succeeds();
    assert!(lock.exists(), "a lock that is held must stay");
    holder.kill().expect("a child of ours");
    holder.wait().expect("a child of ours");
    is_mended(&town, 10, &["problem rig web/locks", "is dead"], "set the dead lock");
    assert!(!lock.exists());
    let aside = town.read(".git/gt/aside/main.lock-1");
    assert_eq!(aside.as_deref(), Some("what it would have become\n"));
}

#[test]
fn a_young_lock_without_an_owner_is_given_time() {
    let (town, _project) = healthy();
    let lock = town.root.join(".git/packed-refs.lock");
    fs::write(&lock, "").expect("writable");
    names(&town, 0, &["warning town/locks", "nobody seems to hold it", "in a minute"]);
    town.gt(["doctor", "--fix"]).succeeds();
    assert!(lock.exists());
    age(&town, &lock);
    is_mended(&town, 10, &["problem town/locks", "no program holds it"], "set the dead lock");
}

#[test]
fn the_hook_of_the_town_comes_back() {
    let (town, _project) = healthy();
    let hook = town.root.join(".git/hooks/pre-commit");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).expect("own file");
    is_mended(&town, 0, &["warning town/hook"], "the hook in step");
    fs::remove_file(&hook).expect("own file");
    is_mended(&town, 0, &["warning town/hook"], "the hook in step");
    assert!(fs::metadata(&hook).expect("it is back").permissions().mode() & 0o111 != 0);
}

#[test]
fn an_index_that_lies_is_built_anew() {
    let (town, _project) = healthy();
    let id = new_bead(&town, "The truth");
    let db = rusqlite::Connection::open(town.root.join(".git/gt/index.db")).expect("it is there");
    let lie =
        "UPDATE prose SET json = replace(json, 'The truth', 'A lie') WHERE n = (SELECT n FROM beads WHERE id = ?1)";
    assert_eq!(db.execute(lie, [&id]).expect("writable"), 1);
    assert_eq!(db.execute("UPDATE beads SET title = 'A lie' WHERE id = ?1", [&id]).expect("writable"), 1);
    drop(db);
    town.gt(["list"]).succeeds().says(&["A lie"]);
    is_mended(&town, 10, &["problem town/index", &id], "built the index anew");
    town.gt(["list"]).succeeds().says(&["The truth"]);
}

#[test]
fn a_damaged_state_is_kept_and_running_sessions_are_found_again() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    let state = town.root.join(".git/gt/state.db");
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", state.display()));
    }
    fs::write(&state, "this is no database, and long enough to be taken for one".repeat(200)).expect("writable");
    names(&town, 10, &["problem town/state", "is damaged", "kept as"]);
    town.gt(["doctor", "--fix"]).succeeds();
    is_clean(&town);
    let kept = fs::read_dir(town.root.join(".git/gt")).expect("readable").flatten();
    assert!(kept.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("state.db.damaged-")));
    let status = town.json(["status"]);
    assert_eq!(status["rigs"][0]["workers"][0]["bead"]["id"], id.as_str());
    assert!(status["rigs"][0]["workers"][0]["session"].is_object(), "{status}");
}

#[test]
fn a_projection_that_a_kill_left_behind_is_brought_in_step() {
    let (town, _project) = healthy();
    town.command(["new", "Half made", "--rig", "web"]).variable("GT_CRASH", "ledger.swapped").run();
    is_mended(&town, 0, &["warning town/projection"], "in step with the ledger");
    promises::hold(&town);
}

#[test]
fn git_clean_in_the_town_costs_nothing() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    fs::write(worktree(&town, "toast").join("work.txt"), "uncommitted\n").expect("the worktree is there");
    let local = town.read("local.toml").expect("it is there");
    town.git(&["clean", "-fdxq"]);
    assert_eq!(fs::read_to_string(worktree(&town, "toast").join("work.txt")).ok().as_deref(), Some("uncommitted\n"));
    assert_eq!(town.read("local.toml"), None, "git clean takes it; else this test is about nothing");
    let worker = town.json(["status"])["rigs"][0]["workers"][0].clone();
    assert_ne!(worker["word"], "held elsewhere", "the clone lost its identity");
    is_mended(&town, 0, &["warning town/clone", "local.toml is gone"], "put local.toml back");
    assert_eq!(town.read("local.toml").as_deref(), Some(local.as_str()));
    town.gt(["unsling", &id]).succeeds();
}

#[test]
fn a_repository_that_is_gone_is_fetched_anew_and_the_bead_goes_on() {
    let (town, _project) = healthy();
    let id = slung(&town, "toast");
    // Twice -f, which is what it takes to make git delete other repositories.
    town.git(&["clean", "-ffdxq"]);
    assert!(!town.root.join("rigs").exists());
    names(&town, 10, &["problem rig web/repository", "is gone"]);
    town.gt(["doctor", "--fix"]).succeeds().says(&["fetched the repository of web anew", "restarted on", &id]);
    is_clean(&town);
    assert!(worktree(&town, "toast").join("README.md").exists());
    promises::hold(&town);
}

#[test]
fn what_shows_in_git_is_hidden_without_touching_the_persons_file() {
    let (town, _project) = healthy();
    town.write(".gitignore", "/local.toml\n");
    town.git(&["commit", "--quiet", "--all", "--message", "by hand"]);
    is_mended(&town, 10, &["problem town/hidden", "/rigs/"], "hid /rigs/ from git");
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    assert_eq!(town.read(".gitignore").as_deref(), Some("/local.toml\n"));
}

#[test]
fn a_rig_that_somebody_added_to_the_ledger_is_named_and_stops_nothing() {
    let (town, _project) = healthy();
    town.git(&["add", "--force", "rigs/web", "local.toml"]);
    town.git(&["commit", "--quiet", "--no-verify", "--message", "by hand"]);
    names(&town, 10, &["problem town/hidden", "rigs/web", "local.toml", "git rm --cached"]);
    new_bead(&town, "Work goes on");
    town.gt(["ledger", "status"]).succeeds();
    town.git(&["rm", "--quiet", "--cached", "-r", "rigs", "local.toml"]);
    town.git(&["commit", "--quiet", "--no-verify", "--message", "by hand"]);
    town.gt(["doctor", "--fix"]).succeeds();
    is_clean(&town);
    assert!(town.read("local.toml").is_some() && town.root.join("rigs/web/.git/HEAD").exists());
}

#[test]
fn a_broken_document_is_named_with_its_line_and_stays_the_persons() {
    let (town, _project) = healthy();
    let id = new_bead(&town, "Soon broken");
    let path = town.json(["show", &id])[0]["result"]["id"].as_str().map(|id| {
        let suffix = id.rsplit('-').next().expect("a suffix");
        format!("beads/web/{}/{id}.toml", &suffix[..2])
    });
    let path = path.expect("an id");
    let text = town.read(&path).expect("it is there").replace("status = \"open\"", "status = \"opne\"");
    town.write(&path, &text);
    names(&town, 10, &["problem town/edits", &path]);
    commit_by_hand(&town);
    let line = text.lines().position(|line| line.contains("opne")).expect("it is there") + 1;
    names(&town, 10, &["problem town/documents", &format!("{path}:{line}: "), "gt ledger adopt"]);
    town.gt(["doctor", "--fix"]).exits(10);
    assert_eq!(town.read(&path).as_deref(), Some(text.as_str()));
}

#[test]
fn a_broken_rig_file_and_broken_settings_do_not_stop_the_doctor() {
    let (town, _project) = healthy();
    town.write("rigs.d/web.toml", "name = \"web\"\nprefxi = \"web\"\n");
    names(&town, 10, &["problem town/settings", "rigs.d/web.toml:2:"]);
    town.write("town.toml", "branch = \"main\"\nagnet = \"claude\"\n");
    names(&town, 10, &["problem town/settings", "town.toml:2:", "agent"]);
}
