//! What every command has in common: where output goes, its shapes, its exit codes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::TestTown;
use crate::terminal::Terminal;

#[test]
fn the_version_and_the_help_need_no_town() {
    let town = TestTown::builder().empty();
    town.gt(["--version"]).succeeds().says(&[&format!("gt {}\n", env!("CARGO_PKG_VERSION"))]);
    for arguments in [&["help"][..], &["--help"], &["-h"]] {
        let help = town.gt(arguments).succeeds();
        assert_eq!(help.stderr, "", "help that was asked for is a result");
        help.says(&["Usage: gt", "\nStart:\n", "\n  init ", "Global options:"]);
    }
    town.gt(["help", "rig", "add"]).succeeds().says(&["Usage: gt rig add [OPTIONS] <NAME> <URL|PATH>"]);
    let alone = town.gt::<&str>([]).exits(2);
    assert_eq!(alone.stdout, "");
    assert!(alone.stderr.contains("Usage: gt"), "{}", alone.stderr);
}

#[test]
fn wrong_arguments_are_said_in_our_shape() {
    let town = TestTown::builder().empty();
    town.gt(["inti"]).exits(2).complains(&["error: unrecognized subcommand `inti`\n", "`init`?\n"]);
    town.gt(["rig", "lsit"]).exits(2).complains(&["hint: did you mean `list`?\n"]);
    town.gt(["init", "--nmae", "x"]).exits(2).complains(&["error: unexpected argument `--nmae` found\n", "`--name`"]);
    town.gt(["init", "--permissions", "perhaps"])
        .exits(2)
        .complains(&["error: invalid value `perhaps`", "autonomous, ask"]);
}

#[test]
fn errors_for_programs_are_one_object_on_stderr() {
    let town = TestTown::builder().empty();
    for (arguments, code, kind) in [(&["inti", "--json"][..], 2, "usage"), (&["--json", "rig", "list"], 3, "not-found")]
    {
        let ran = town.gt(arguments).exits(code);
        assert_eq!(ran.stdout, "");
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("one object");
        assert_eq!((error["schema"].as_str(), error["error"]["kind"].as_str()), (Some("gt.error/1"), Some(kind)));
        assert_eq!(error["error"]["retryable"], false);
        assert!(error["error"]["hints"].as_array().is_some_and(|hints| !hints.is_empty()), "{error}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (town, _project) = TestTown::with_rig();
    let mut child = town.program(crate::support::town::GT);
    child.args(["config", "list"]).current_dir(&town.root).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("the binary under test starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    let script = "gt config list | head -1; gt config list --json | head -c 1";
    let output = town.program("sh").args(["-c", script]).current_dir(&town.root).output().expect("sh is there");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_pipe_gets_everything_and_no_colours() {
    let town = TestTown::new();
    let list = town.command(["config", "list"]).variable("COLUMNS", "20").run().succeeds();
    assert!(list.stdout.contains("The ledger's branch, fixed at init."), "{}", list.stdout);
    assert!(!list.stdout.contains(['\u{1b}', '…']), "{}", list.stdout);
    let coloured = town.gt(["--color", "always", "config", "list"]).succeeds();
    assert!(coloured.stdout.contains("\u{1b}["), "{}", coloured.stdout);
    let error = town.gt(["--color", "always", "rig", "show", "web"]).exits(3);
    assert!(error.stderr.contains("\u{1b}["), "{}", error.stderr);
}

#[test]
fn a_terminal_gets_its_own_width_and_colours_unless_the_person_wants_none() {
    let town = TestTown::new();
    let terminal = Terminal::shell(&town);
    terminal.begin("unset COLUMNS; gt config list");
    let screen = terminal.ended(0);
    assert!(screen.contains('…'), "the last column gives way: {screen}");
    assert!(!terminal.colours().contains("\u{1b}[1m"), "NO_COLOR is honoured");
    terminal.begin("unset NO_COLOR; gt config list --set");
    terminal.ended(0);
    assert!(terminal.colours().contains("\u{1b}[1m"), "{}", terminal.colours());
}

#[test]
fn questions_are_asked_on_a_terminal() {
    let town = TestTown::new();
    let project = town.repo("web");
    project.write("Makefile", "test:\n\t./test.sh\n");
    project.commit("make");
    let terminal = Terminal::shell(&town);
    terminal.begin(&format!("gt rig add web {}", project.url()));
    terminal.wait("Use these? [Y/n]:");
    terminal.line("perhaps");
    terminal.wait("please answer yes or no");
    terminal.line("n");
    terminal.wait("Set-up, commands separated");
    terminal.line("");
    terminal.wait("Gates, commands separated");
    terminal.line("./test.sh; true");
    terminal.wait("Add the rig like this? [Y/n]:");
    terminal.line("");
    terminal.ended(0);
    let gates = town.json(["rig", "show", "web"])["gates"].clone();
    assert_eq!((gates[0]["run"].as_str(), gates[1]["run"].as_str()), (Some("./test.sh"), Some("true")));
}

#[test]
fn on_a_terminal_results_and_hints_stand_in_the_order_in_which_they_were_said() {
    let town = TestTown::builder().empty();
    let terminal = Terminal::shell(&town);
    terminal.begin(&format!("gt init --permissions ask {}", town.root.display()));
    let screen = terminal.ended(0);
    let made = screen.find("Made the town").expect("the result");
    let hint = screen.find("hint: `cd").expect("the hint");
    assert!(made < hint, "{screen}");
}

#[test]
fn a_no_on_a_terminal_leaves_nothing_behind() {
    let town = TestTown::new();
    let project = town.repo("web");
    project.write("Makefile", "test:\n\t./test.sh\n");
    project.commit("make");
    let terminal = Terminal::shell(&town);
    terminal.begin(&format!("gt rig add web {}", project.url()));
    terminal.wait("Use these?");
    terminal.line("n");
    terminal.wait("Set-up,");
    terminal.line("");
    terminal.wait("Gates,");
    terminal.line("");
    terminal.wait("Add the rig like this?");
    terminal.line("no");
    terminal.ended(7);
    assert_eq!(town.json(["rig", "list"]), serde_json::json!([]));
    assert!(!town.root.join("rigs/web").exists());
}

#[test]
fn a_worker_is_never_asked() {
    let town = TestTown::new();
    let project = town.repo("web");
    project.write("Makefile", "test:\n\t./test.sh\n");
    project.commit("make");
    let terminal = Terminal::shell(&town);
    terminal.begin(&format!("GT_SESSION=abcdefgh2345 gt rig add web {}", project.url()));
    let screen = terminal.ended(0);
    assert!(screen.contains("Use these? yes (nobody to ask)"), "{screen}");
}

#[test]
fn what_takes_long_is_shown_as_lines_where_there_is_no_terminal() {
    let town = TestTown::new();
    let project = town.repo("web");
    // The gate holds until the test has seen the line that says that it runs.
    let go = town.sandbox.join("go");
    let gate = format!("until [ -e '{}' ]; do sleep 0.05; done", go.display());
    let mut command = town.command(["rig", "add", "web", project.url(), "--gate", &gate]).into_command();
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the binary under test starts");
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let shown =
        stderr.lines().map_while(Result::ok).find(|line| line.starts_with("gate until") && line.ends_with("..."));
    std::fs::write(&go, "").expect("the sandbox is writable");
    assert!(child.wait().expect("it ends").success());
    assert!(shown.is_some(), "a gate that takes long is said to run");
}
