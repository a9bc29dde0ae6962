//! Sessions of crew: begun at attach, gone on with, in the sandbox, with the agent of the person's choice.

use super::*;

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
