//! `gt crew`: a person's own worktree and session.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::kill::{Drill, Victim};
use crate::support::{Project, Ran, TestTown, promises, wait_until};
use crate::terminal::Terminal;

/// A town whose agent says who and where it is, and repeats what it is told.
fn town(runtime: &str) -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", runtime]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    talks(&town, "talks", "I am");
    (town, project)
}

/// Another such agent; the last one is the town's.
fn talks(town: &TestTown, name: &str, says: &str) {
    use std::os::unix::fs::PermissionsExt;
    let agent = town.sandbox.join("bin").join(name);
    let script =
        format!("#!/bin/sh\necho \"{says} $GT_WORKER in $PWD\"\nwhile read -r line; do echo \"heard: $line\"; done\n");
    fs::write(&agent, script).expect("own file");
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("own file");
    town.gt(["config", "agent", "set", name, &agent.display().to_string()]).succeeds();
    town.gt(["config", "set", "agent", name]).succeeds();
}

fn ada(town: &TestTown) -> PathBuf {
    town.root.join("rigs/web/crew/ada")
}

fn git(town: &TestTown, folder: &Path, arguments: &[&str]) -> String {
    let output = town.program("git").arg("-C").arg(folder).args(arguments).output().expect("git runs");
    Ran::new(format!("git {}", arguments.join(" ")), &output).succeeds().stdout.trim_end().to_owned()
}

fn commit(town: &TestTown, file: &str) -> String {
    fs::write(ada(town).join(file), "mine\n").expect("writable");
    git(town, &ada(town), &["add", file]);
    git(town, &ada(town), &["commit", "--quiet", "-m", &format!("Add {file}")]);
    git(town, &ada(town), &["rev-parse", "HEAD"])
}

#[test]
fn a_worktree_of_ones_own_on_a_branch_of_ones_own() {
    let (town, project) = town("process");
    town.gt(["crew", "list"]).succeeds().complains(&["gt crew add"]);
    town.gt(["crew", "add", "ada"]).succeeds().says(&["web/ada on crew/ada in", "rigs/web/crew/ada"]);
    assert_eq!(git(&town, &ada(&town), &["branch", "--show-current"]), "crew/ada");
    assert_eq!(git(&town, &ada(&town), &["log", "-1", "--format=%H"]), project.git(&["rev-parse", "main"]));
    assert_eq!(town.git(&["log", "-1", "--format=%s"]), "crew ada of web");
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    assert_eq!(project.status(), "");
    town.gt(["crew", "add", "ada"]).exits(6).complains(&["web/ada is crew already", "gt crew attach ada"]);
    town.gt(["crew", "list"]).succeeds().says(&["web/ada", "crew/ada", "as the target"]);
    commit(&town, "one.txt");
    fs::write(ada(&town).join("two.txt"), "mine").expect("writable");
    town.gt(["crew", "list", "web"]).succeeds().says(&["1 uncommitted, 1 ahead"]);
    let row = &town.json(["crew", "list"])[0];
    assert_eq!((row["worker"].as_str(), row["session"].as_str()), (Some("web/crew/ada"), None));
    assert_eq!((row["ahead"].as_u64(), row["behind"].as_u64()), (Some(1), Some(0)));
    town.gt(["status"]).succeeds().says(&["ada  no session"]);
    promises::hold(&town);
}

#[test]
fn a_name_belongs_to_one_in_the_whole_town_for_ever() {
    let (town, project) = town("process");
    town.gt(["rig", "add", "api", project.url(), "--no-gates"]).succeeds();
    town.gt(["crew", "add", "ada"]).exits(2).complains(&["several rigs", "--rig"]);
    town.gt(["crew", "add", "api/ada", "--rig", "web"]).exits(2).complains(&["two rigs are named"]);
    town.gt(["crew", "add", "web/ada"]).succeeds();
    town.gt(["crew", "add", "ada", "--rig", "api"]).exits(6).complains(&["ada is reserved in the rig web"]);
    let id = town.json(["new", "Something", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    town.gt(["crew", "add", "web/toast"]).exits(6).complains(&["toast is reserved in the rig web"]);
    // Beads are for polecats.
    let other = town.json(["new", "Another", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let refused = town.gt(["sling", &other, "web/ada"]);
    assert_ne!(refused.code, Some(0), "{}", refused.transcript());
    town.gt(["polecat", "remove", "ada"]).exits(7).complains(&["web/ada is crew", "gt crew"]);
    town.gt(["crew", "remove", "toast"]).exits(7).complains(&["web/toast is no crew member"]);
    town.gt(["crew", "remove", "adam"]).exits(3).complains(&["no crew member \"adam\"", "did you mean ada?"]);
    town.gt(["crew", "remove", "ada"]).succeeds().says(&["web/ada: retired"]);
    town.gt(["crew", "add", "web/ada"]).exits(6).complains(&["reserved"]);
    town.gt(["crew", "attach", "ada"]).exits(3).complains(&["web/ada was removed"]);
    assert_eq!(town.json(["crew", "list"]), serde_json::json!([]));
}

#[test]
fn the_session_begins_at_attach_outlives_the_person_and_comes_back_to_the_same_worktree() {
    let (town, _project) = town("tmux");
    town.gt(["crew", "add", "ada"]).succeeds();
    town.gt(["attach", "ada"]).exits(3).complains(&["never had a session", "gt crew attach web/ada"]);
    let first = town.json(["crew", "attach", "ada"]);
    assert_eq!((first["started"].as_bool(), first["agent"].as_str()), (Some(true), Some("talks")));
    let terminal = Terminal::shell(&town);
    terminal.line("gt crew attach ada");
    terminal.wait("I am web/crew/ada in");
    terminal.line("hello there");
    terminal.wait("heard: hello there");
    terminal.keys(&["C-b", "d"]);
    terminal.wait("[detached");
    drop(terminal);
    let again = town.json(["crew", "attach", "ada"]);
    assert_eq!((again["started"].as_bool(), &again["session"]), (Some(false), &first["session"]));
    // The witness shows it and leaves it alone.
    let ticked = town.json(["tick"]);
    assert_eq!(ticked["remedies"], serde_json::json!([]), "{ticked}");
    assert_eq!(town.json(["crew", "list"])[0]["session"], first["session"]);
    town.gt(["status"]).succeeds().says(&["ada  talks"]);
    town.gt(["peek", "ada"]).succeeds().says(&["heard: hello there"]);
    town.gt(["why", "ada"]).succeeds().says(&["working: last sign of progress", "the agent lives"]);
    fs::write(ada(&town).join("draft.txt"), "half done").expect("writable");
    town.end_everything();
    town.gt(["tick"]).succeeds();
    assert_eq!(
        town.json(["crew", "list"])[0]["session"],
        serde_json::Value::Null,
        "nobody restarts a person's session"
    );
    town.gt(["why", "ada"]).succeeds().says(&["ended: its session ended", "nobody asked it to"]);
    town.gt(["doctor"]).says(&["web/ada is ended", "gt crew attach ada"]);
    town.gt(["attach", "ada"]).exits(3).complains(&["gt crew attach web/ada"]);
    let second = town.json(["crew", "attach", "ada"]);
    assert_eq!(second["started"].as_bool(), Some(true));
    assert_ne!(second["session"], first["session"]);
    assert_eq!(fs::read_to_string(ada(&town).join("draft.txt")).expect("it is there"), "half done");
    promises::hold(&town);
}

/// Whoever comes back after an hour finds the conversation; who wants none of it says so.
#[test]
fn a_session_that_is_over_goes_on_in_its_conversation() {
    for runtime in ["process", "tmux"] {
        let (town, _project) = town(runtime);
        town.work_with_conversations("");
        town.gt(["crew", "add", "ada"]).succeeds();
        let before = gt::clock::rfc3339(gt::clock::Clock::System.now() - std::time::Duration::from_secs(3_600));
        let attach = |words: &[&str], now: Option<&str>| {
            let command = town.command(["crew", "attach", "ada", "--json"]);
            let command = words.iter().fold(command, |command, word| command.arg(word));
            now.into_iter().fold(command, |command, now| command.variable("GT_CLOCK", now)).run().succeeds().data()
        };
        let told = || -> Vec<String> {
            let files = fs::read_dir(town.sandbox.join("home/conversations")).into_iter().flatten().flatten();
            files.map(|file| fs::read_to_string(file.path()).expect("readable")).collect()
        };
        assert_eq!(attach(&[], Some(&before))["resumed"], false);
        wait_until("the agent to be told", || told().len() == 1);
        town.end_everything();
        town.gt(["tick"]).succeeds();
        let again = attach(&[], Some(&before));
        assert_eq!((&again["started"], &again["resumed"]), (&true.into(), &true.into()), "{runtime}: {again}");
        wait_until("the agent to be told again", || told()[0].matches("\n=== --resume").count() == 1);
        assert!(told()[0].contains("Your session was started again, in the same worktree"), "{}", told()[0]);
        town.end_everything();
        town.gt(["tick"]).succeeds();
        assert_eq!(attach(&["--fresh"], None)["resumed"], false);
        wait_until("another conversation", || told().len() == 2);
    }
}

/// What it may write, and what its verbs do: all of them, outside.
#[test]
fn the_agent_of_crew_is_in_the_sandbox_where_its_rig_wants_that() {
    if !crate::sandbox::has_sandboxes() {
        return;
    }
    for runtime in ["process", "tmux"] {
        let (town, _project) = town(runtime);
        let out = town.sandbox.join("out");
        fs::create_dir(&out).expect("writable");
        town.work_with("tries");
        let orders = r#"
            can write sh -c 'echo a >a.txt && git add a.txt && git commit -qm mine && git rebase -q HEAD~1'
            can branch git branch crew/aside
            cannot target git update-ref refs/heads/main HEAD
            cannot other-branch git branch feature
            cannot hook sh -c 'echo x >"$(git rev-parse --git-path hooks)/pre-commit"'
            cannot config git config core.fsmonitor /bin/false
            cannot home sh -c 'echo x >"$HOME/.profile"'
            cannot ledger sh -c 'echo x >>"$GT_TOWN/town.toml"'
            can prime sh -c 'gt prime | grep -q ada'
            can new gt new "Found by crew" --rig web
            can settings gt config set capacity 7
            can other gt crew add bob --rig web
            can queue gt queue add
            cannot elsewhere gt --town /tmp status
        "#;
        fs::write(town.sandbox.join("home/orders.sh"), orders).expect("writable");
        town.gt(["config", "set", "rigs.web.sandbox", "on"]).succeeds();
        town.gt(["config", "set", "rigs.web.sandbox_writes", &format!("[\"{}\"]", out.display())]).succeeds();
        town.gt(["crew", "add", "ada"]).succeeds();
        let head = git(&town, &ada(&town), &["rev-parse", "main"]);
        town.gt(["crew", "attach", "ada"]).succeeds();
        assert_eq!(crate::sandbox::reported(&town).trim(), "", "{runtime}");
        assert_eq!(git(&town, &ada(&town), &["log", "-1", "--format=%s"]), "mine");
        assert_eq!(git(&town, &ada(&town), &["rev-parse", "main"]), head);
        assert!(town.gt(["list"]).succeeds().stdout.contains("Found by crew"));
        assert_eq!(town.json(["config", "get", "capacity"])["value"], 7);
        promises::hold(&town);
    }
}

#[test]
fn the_agent_is_the_persons_choice_at_the_making_or_at_the_start() {
    let (town, _project) = town("process");
    talks(&town, "other", "the other one is");
    talks(&town, "third", "the third is");
    town.gt(["crew", "add", "ada", "--agent", "nosuch"]).exits(3).complains(&["nosuch"]);
    assert!(!ada(&town).exists(), "nothing is made for a mistake");
    town.gt(["crew", "add", "ada", "--agent", "other"]).succeeds();
    assert_eq!(town.json(["crew", "list"])[0]["agent"], "other");
    assert_eq!(town.json(["crew", "attach", "ada"])["agent"], "other");
    town.end_everything();
    assert_eq!(town.json(["crew", "attach", "ada", "--agent", "talks"])["agent"], "talks");
    town.gt(["crew", "add", "bea"]).succeeds();
    assert_eq!(town.json(["crew", "attach", "bea"])["agent"], "third", "the town's");
}

#[test]
fn crew_acts_in_its_own_name_and_may_use_every_verb() {
    let (town, _project) = town("process");
    town.work_with("idles");
    town.gt(["crew", "add", "ada"]).succeeds();
    let here = |arguments: &[&str]| town.command(arguments).current_dir(ada(&town)).run();
    let primed = here(&["prime"]).succeeds();
    primed.says(&["crew in the rig web", "crew/ada", "./test.sh", "gt queue add"]);
    here(&["new", "From ada"]).succeeds();
    assert_eq!(town.git(&["log", "-1", "--format=%(trailers:key=Actor,valueonly)"]).trim(), "web/crew/ada");
    let id = town.json(["list"])[0]["id"].as_str().expect("an id").to_owned();
    here(&["sling", &id, "web/toast"]).succeeds();
    here(&["unsling", &id]).succeeds();
    here(&["bead", "note", &id, "seen"]).succeeds();
    here(&["close", &id, "--reason", "not needed"]).succeeds();
    here(&["done"]).exits(3).complains(&["a person's own", "gt queue add"]);
    here(&["hook", "--next"]).exits(7).complains(&["crew member is a person's own"]);
    // In its session too.
    let session = |arguments: &[&str]| town.command(arguments).variable("GT_WORKER", "web/crew/ada").run();
    session(&["new", "From the session", "--rig", "web"]).succeeds();
    assert_eq!(town.git(&["log", "-1", "--format=%an"]), "web/crew/ada");
}

#[test]
fn what_crew_commits_lands_through_the_merge_queue() {
    let (town, project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let here = |arguments: &[&str]| town.command(arguments).current_dir(ada(&town)).run();
    town.gt(["queue", "add"]).exits(2).complains(&["no branch was named"]);
    here(&["queue", "add"]).exits(7).complains(&["no commit beyond main"]);
    commit(&town, "one.txt");
    here(&["queue", "add"]).succeeds().says(&["1 commit"]);
    let bead = town.json(["queue", "list"])[0]["bead"].as_str().expect("one waits").to_owned();
    assert_eq!(town.json(["queue", "list"])[0]["worker"], "web/crew/ada");
    // A newer commit takes the place of the older one, also when the person hands it in from elsewhere.
    commit(&town, "two.txt");
    town.gt(["queue", "add", "crew/ada"]).succeeds().says(&[&bead, "2 commits"]);
    town.gt(["refinery", "run", "web"]).succeeds();
    town.gt(["show", &bead]).succeeds().says(&["closed", "merged"]);
    project.git(&["cat-file", "-e", "main:two.txt"]);
    // What is sent back is told, and nobody else takes it.
    fs::write(ada(&town).join("greeting.txt"), "").expect("writable");
    git(&town, &ada(&town), &["commit", "--quiet", "-am", "Break it"]);
    here(&["queue", "add"]).succeeds();
    town.gt(["refinery", "run", "web"]).succeeds();
    town.gt(["tick"]).succeeds();
    town.gt(["status"]).succeeds().says(&["crew/ada"]);
    assert_eq!(town.json(["queue", "list"]), serde_json::json!([]));
    promises::hold(&town);
}

#[test]
fn removing_keeps_everything() {
    let (town, _project) = town("tmux");
    town.gt(["crew", "add", "ada"]).succeeds();
    town.gt(["crew", "attach", "ada"]).succeeds();
    wait_until("the session", || town.gt(["peek", "ada"]).stdout.contains("I am"));
    let tip = commit(&town, "one.txt");
    git(&town, &ada(&town), &["checkout", "--quiet", "--detach"]);
    let loose = commit(&town, "loose.txt");
    git(&town, &ada(&town), &["checkout", "--quiet", "crew/ada"]);
    fs::write(ada(&town).join("draft.txt"), "half done").expect("writable");
    town.gt(["crew", "remove", "ada"]).succeeds().says(&["web/ada: retired", "kept in refs/gt/"]);
    assert!(!ada(&town).exists());
    let repo = town.root.join("rigs/web/.git");
    for commit in [&tip, &loose] {
        let refs = git(&town, &repo, &["for-each-ref", "--contains", commit, "--format=%(refname)"]);
        assert!(!refs.is_empty(), "{commit} is kept by a ref");
    }
    let kept = git(&town, &repo, &["for-each-ref", "--format=%(refname)", "refs/gt/snapshots"]);
    let snapshot = kept.lines().next_back().expect("a snapshot");
    assert_eq!(git(&town, &repo, &["show", &format!("{snapshot}:draft.txt")]), "half done");
    assert_eq!(town.json(["peek", "ada"])["live"], false);
    promises::hold(&town);
}

#[test]
fn a_worktree_that_was_deleted_by_hand_comes_back_with_the_branch_and_one_that_is_there_is_taken_over() {
    let (town, _project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let tip = commit(&town, "one.txt");
    fs::remove_dir_all(ada(&town)).expect("own folder");
    town.gt(["crew", "list"]).succeeds().says(&["its worktree is gone"]);
    town.gt(["crew", "attach", "ada"]).succeeds();
    assert_eq!(git(&town, &ada(&town), &["rev-parse", "crew/ada"]), tip);
    assert!(ada(&town).join("one.txt").exists());
    // Made by hand, before gt heard of it.
    let bea = town.root.join("rigs/web/crew/bea");
    let path = bea.to_str().expect("test paths are UTF-8");
    git(&town, &town.root.join("rigs/web/.git"), &["worktree", "add", "--quiet", "-b", "own", path]);
    fs::write(bea.join("draft.txt"), "half done").expect("writable");
    town.gt(["crew", "add", "bea"]).succeeds();
    assert_eq!(git(&town, &bea, &["branch", "--show-current"]), "own");
    assert!(bea.join("draft.txt").exists());
    // Something that is no worktree of the rig is nobody's to touch.
    let cleo = town.root.join("rigs/web/crew/cleo");
    fs::create_dir_all(&cleo).expect("writable");
    fs::write(cleo.join("file"), "x").expect("writable");
    town.gt(["crew", "add", "cleo"]).exits(6).complains(&["is in the way", "leaves it alone"]);
    assert!(cleo.join("file").exists());
}

#[test]
fn names_of_crew_are_completed() {
    let (town, _project) = town("process");
    town.gt(["crew", "add", "ada"]).succeeds();
    let complete = |line: &[&str]| {
        let words = ["--", "gt"].iter().chain(line);
        let index = line.len().to_string();
        let command = town.command(words).variable("COMPLETE", "fish").variable("_CLAP_COMPLETE_INDEX", index);
        command.run().stdout
    };
    assert!(complete(&["crew", "attach", "a"]).contains("ada\tcrew of web"));
    assert!(complete(&["attach", "web/"]).contains("web/ada"));
    assert!(!complete(&["polecat", "stop", ""]).contains("ada"));
}

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
