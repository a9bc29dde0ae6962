//! `gt init`: a town, or nothing.

use std::fs;

use crate::support::TestTown;
use crate::support::kill::{Drill, Victim};
use crate::terminal::Terminal;

#[test]
fn a_new_town_is_a_clean_repository_with_one_commit() {
    let town = TestTown::new();
    let git = |arguments: &[&str]| town.git(arguments);
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["log", "--format=%s"]), "init: the town town");
    assert_eq!(git(&["ls-files"]), ".gitignore\ntown.toml");
    assert!(!town.root.join(".gt-init").exists());
}

#[test]
fn it_is_also_called_install_and_takes_the_current_folder() {
    let town = TestTown::builder().empty();
    fs::create_dir(&town.root).expect("the sandbox is writable");
    let made =
        town.command(["install", "--name", "oz", "--permissions", "ask", "--json"]).current_dir(&town.root).run();
    let data = made.succeeds().data();
    assert_eq!((data["name"].as_str(), data["permissions"].as_str()), (Some("oz"), Some("ask")));
    assert!(town.root.join(".git").is_dir());
}

#[test]
fn a_folder_that_is_used_is_left_alone() {
    let town = TestTown::new();
    let again = town.gt(["init", town.root.to_str().expect("test paths are UTF-8")]);
    again.exits(6).complains(&["is a town already", "gt rig add"]);
    let inside = town.root.join("inner");
    town.gt(["init", inside.to_str().expect("test paths are UTF-8")]).exits(7).complains(&["cannot hold another"]);
    assert!(!inside.exists());

    let project = town.repo("web");
    town.gt(["init", project.url()]).exits(7).complains(&["is a git repository", "gt rig add NAME PATH"]);
    let below = project.path.join("town");
    town.gt(["init", below.to_str().expect("test paths are UTF-8")]).exits(7).complains(&["as untracked"]);
    assert_eq!(project.status(), "");

    let full = town.sandbox.join("full");
    fs::create_dir(&full).expect("the sandbox is writable");
    fs::write(full.join("notes.txt"), "mine").expect("the sandbox is writable");
    town.gt(["init", full.to_str().expect("test paths are UTF-8")])
        .exits(7)
        .complains(&["not empty: it has notes.txt"]);
    assert_eq!(fs::read_dir(&full).expect("a folder").count(), 1);
}

#[test]
fn a_killed_init_is_made_anew_by_the_next_one() {
    let town = TestTown::builder().empty();
    fs::create_dir(&town.root).expect("the sandbox is writable");
    let init = |town: &TestTown| {
        let mut command = town.program(crate::support::town::GT);
        command.args(["init", "--quiet"]).arg(&town.root).current_dir(&town.sandbox);
        command
    };
    let recover = |town: &TestTown| {
        let status = init(town).output().expect("the binary under test starts").status;
        // Killed after the last step: there is nothing left to do.
        assert!(status.success() || status.code() == Some(6), "{status}");
    };
    let check = |town: &TestTown| {
        assert_eq!(town.git(&["status", "--porcelain"]), "");
        assert_eq!(town.git(&["rev-list", "--count", "HEAD"]), "1");
    };
    let drill = Drill { town: &town, command: &init, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Family, 40);
    let tally = drill.at_commit_points(&["init.staged", "init.moved", "ledger.staged"]);
    assert!(tally.killed >= 5, "{tally:?}");
}

/// Once, where there is a choice and somebody to make it.
#[test]
fn on_a_terminal_the_agent_and_whether_it_asks_are_asked_for() {
    let town = TestTown::builder().empty();
    for agent in ["codex", "claude"] {
        let program = town.sandbox.join("bin").join(agent);
        fs::write(&program, "#!/bin/sh\necho 9.9.9\n").expect("the sandbox is writable");
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own file");
    }
    let terminal = Terminal::shell(&town);
    terminal.begin(&format!("OPENAI_API_KEY=x ANTHROPIC_API_KEY=x gt init {}", town.root.display()));
    let screen = terminal.wait("number [");
    assert!(
        screen.contains("Which agent shall work?") && screen.contains("codex") && screen.contains("claude"),
        "{screen}"
    );
    let number = |name: &str| {
        let line = screen.lines().find(|line| line.contains(name) && !line.contains("gt init")).expect("it is offered");
        line.chars().find(char::is_ascii_digit).expect("its number").to_string()
    };
    terminal.line(&number("codex"));
    terminal.wait("May agents work without asking?");
    terminal.line("2");
    let screen = terminal.ended(0);
    assert!(screen.contains("codex") && screen.contains("asks before it acts"), "{screen}");
    let text = town.read("town.toml").expect("a town");
    assert!(text.contains("agent = \"codex\"") && text.contains("permissions = \"ask\""), "{text}");
}
