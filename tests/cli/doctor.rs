//! `gt doctor`: every fault is made by hand, named with the next step, mended by `--fix`, and gone afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gt::bead::{Attempt, AttemptOutcome, Bead, Claim, Closing, Intent, Merge, Resolution, State};
use serde_json::Value;

use crate::support::{GENEROUS, Project, Ran, TestTown, promises, wait_for, wait_until};

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
    let lie = "UPDATE beads SET title = 'A lie', json = replace(json, 'The truth', 'A lie') WHERE id = ?1";
    db.execute(lie, [&id]).expect("writable");
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

#[test]
fn beads_that_wait_for_themselves_or_for_nothing_are_named_with_the_way_out() {
    let (town, _project) = healthy();
    let [one, two, three] = ["One", "Two", "Three"].map(|title| new_bead(&town, title));
    let path = |id: &str| format!("beads/web/{}/{id}.toml", &id[4..6]);
    let needing = |id: &str, need: &str| {
        let mut bead = Bead::parse(&path(id), &town.read(&path(id)).expect("there")).expect("sound");
        bead.needs.insert(need.parse().expect("an id"));
        put(&town, &bead);
    };
    needing(&one, &two);
    needing(&two, &one);
    needing(&three, "web-zzzzz");
    commit_by_hand(&town);
    names(&town, 10, &["problem beads/cycles", &one, &two, "gt bead dep remove"]);
    names(&town, 10, &["warning beads/hands", &three, "web-zzzzz", "no such bead"]);
    town.gt(["bead", "dep", "remove", &one, &two]).succeeds();
    town.gt(["bead", "dep", "remove", &three, "web-zzzzz"]).succeeds();
    is_clean(&town);
}

#[test]
fn a_bead_on_the_hook_of_nobody_is_taken_back() {
    let (town, _project) = healthy();
    put(&town, &Bead { state: State::Hooked(claim(&town, "web/polecats/ghost")), ..bead("web-abcde") });
    commit_by_hand(&town);
    let status = town.gt(["status", "--explain"]).succeeds();
    status.says(&["ghost", "unknown", "no rig has a worker of this name"]);
    is_mended(&town, 10, &["problem beads/claims", "web-abcde", "ghost"], "took web-abcde from a worker");
    // The tick gives it to a worker that exists.
    assert_ne!(town.json(["show", "web-abcde"])[0]["result"]["assignee"], "web/polecats/ghost");
}

#[test]
fn a_submitted_commit_is_pinned_and_a_lost_one_is_named() {
    let (town, project) = healthy();
    let submitted = |id: &str, head: &str| {
        let state = State::Submitted(claim(&town, "web/polecats/ghost"));
        put(&town, &Bead { state, merge: Some(merge(head)), ..bead(id) });
    };
    submitted("web-abcde", &project.tip("HEAD"));
    commit_by_hand(&town);
    is_mended(&town, 10, &["problem rig web/queue", "web-abcde", "nothing pins"], "pinned the commit of web-abcde");
    assert_eq!(rig_git(&town, &["rev-parse", "refs/gt/work/web-abcde/1"]), project.tip("HEAD"));
    submitted("web-bcdef", &"1".repeat(40));
    commit_by_hand(&town);
    names(&town, 10, &["problem rig web/queue", "web-bcdef", "is not in the repository", "gt queue reject web-bcdef"]);
}

#[test]
fn what_is_closed_as_merged_and_is_not_is_named() {
    let (town, project) = healthy();
    let closed = |id: &str, landed: &str| {
        let closing = Closing { resolution: Resolution::Merged, at: "2026-01-02T03:04:05Z".parse().expect("a time") };
        let merge = Merge { landed: Some(landed.to_owned()), ..merge(landed) };
        put(&town, &Bead { state: State::Closed(closing), merge: Some(merge), ..bead(id) });
    };
    closed("web-abcde", &project.tip("HEAD"));
    let elsewhere = rig_git(&town, &["commit-tree", "-m", "elsewhere", "main^{tree}"]);
    closed("web-bcdef", &elsewhere);
    closed("web-cdefg", &"1".repeat(40));
    commit_by_hand(&town);
    let found = complaints(&town.gt(["doctor", "--json"]).exits(10));
    let merged: Vec<&String> = found.iter().filter(|line| line.contains("rig web/merged")).collect();
    assert_eq!(merged.len(), 2, "{found:#?}");
    assert!(merged[0].contains("web-bcdef") || merged[1].contains("web-bcdef"), "{found:#?}");
}

#[test]
fn a_landing_that_was_begun_is_ended() {
    let (town, project) = healthy();
    let head = project.tip("HEAD");
    let id = "web-abcde";
    let intent = Intent {
        old: head.clone(),
        new: head.clone(),
        landed: head.clone(),
        members: vec![id.parse().expect("an id")],
        extra: toml::Table::new(),
    };
    let state = State::Submitted(claim(&town, "web/polecats/ghost"));
    rig_git(&town, &["update-ref", "refs/gt/work/web-abcde/1", &head]);
    put(&town, &Bead { state, merge: Some(Merge { intent: Some(intent), ..merge(&head) }), ..bead(id) });
    commit_by_hand(&town);
    is_mended(&town, 0, &["warning rig web/queue", "was begun and not ended"], "ended what was begun");
    assert_eq!(town.json(["show", id])[0]["result"]["closed_as"], "merged");
}

#[test]
fn landed_work_is_delivered_once_nothing_is_in_the_way() {
    let (town, project) = healthy();
    let base = project.tip("HEAD");
    let landed = rig_git(&town, &["commit-tree", "-p", &base, "-m", "landed", "main^{tree}"]);
    rig_git(&town, &["update-ref", "refs/heads/main", &landed]);
    project.write("greeting.txt", "mine\n");
    names(&town, 0, &["warning rig web/delivery", "1 landed commit", "gt rig take web"]);
    town.gt(["doctor", "--fix"]).succeeds();
    names(&town, 0, &["warning rig web/delivery", "greeting.txt"]);
    assert_eq!(project.read("greeting.txt").as_deref(), Some("mine\n"));
    project.git(&["checkout", "--quiet", "--", "greeting.txt"]);
    is_mended(&town, 0, &["warning rig web/delivery"], "delivered");
    assert_eq!(project.tip("HEAD"), landed);
}

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
fn a_bead_that_failed_is_told_of_once() {
    let (town, _project) = healthy();
    let mut failed = bead("web-abcde");
    for number in 1..=3 {
        failed.record_attempt(Attempt::new(number, AttemptOutcome::Bounced, "gate test is red"));
    }
    put(&town, &failed);
    commit_by_hand(&town);
    is_mended(
        &town,
        10,
        &["problem beads/hands", "web-abcde", "failed after 3 attempts"],
        "told somebody that web-abcde",
    );
    let raised = town.json(["escalation", "list"]);
    assert_eq!(raised.as_array().map(Vec::len), Some(1), "{raised}");
    town.gt(["escalation", "ack", raised[0]["id"].as_str().expect("an id")]).succeeds();
    town.gt(["tick"]).succeeds();
    assert_eq!(town.json(["escalation", "list"]).as_array().map(Vec::len), Some(0));
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
