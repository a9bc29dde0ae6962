//! What the status lines of terminals say, and what that costs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{TestTown, wait_until};
use crate::terminal::Terminal;

/// A town in which every call of tmux is noted.
fn town() -> TestTown {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    let real = ["/usr/local/bin/tmux", "/usr/bin/tmux", "/bin/tmux", "/opt/homebrew/bin/tmux"];
    let real = real.into_iter().find(|path| Path::new(path).exists()).expect("tmux is installed");
    let calls = town.sandbox.join("calls");
    let noted = format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >>'{}'\nexec {real} \"$@\"\n", calls.display());
    let wrapper = town.sandbox.join("bin/tmux");
    fs::write(&wrapper, noted).expect("own file");
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).expect("own file");
    town
}

fn calls(town: &TestTown) -> Vec<String> {
    let file = town.sandbox.join("calls");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(&file);
    text.lines().map(str::to_owned).collect()
}

fn sling(town: &TestTown, title: &str) -> String {
    let id = town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, "web"]).succeeds();
    id
}

#[test]
fn a_tick_asks_tmux_one_question_however_many_sessions_there_are() {
    let town = town();
    for number in 0..4 {
        sling(&town, &format!("Bead {number}"));
    }
    town.gt(["tick"]).succeeds();
    calls(&town);
    town.gt(["tick"]).succeeds();
    let asked = calls(&town);
    let questions = asked.iter().filter(|call| call.contains("list-panes")).count();
    assert_eq!(questions, 1, "{asked:#?}");
    // Beside it, what nearly ran out is put up again for all in one call.
    assert!(asked.len() <= 2, "{asked:#?}");
}

#[test]
fn a_person_sees_worker_bead_state_and_unread_mail_and_how_the_town_is() {
    let town = town();
    let id = sling(&town, "Greet the world; politely");
    let worker = town.json(["hook", &id])["worker"].as_str().expect("a worker").replace("/polecats", "");
    town.gt(["tick"]).succeeds();
    let terminal = Terminal::shell(&town);
    terminal.line(&format!("gt attach {id}"));
    // The line is drawn after the terminal, whose agent was told the title too.
    let parts = [worker.as_str(), &id, "Greet the world; politely", "starting", "1 at work"];
    wait_until(&format!("{parts:?}"), || parts.iter().all(|part| line(&terminal).contains(part)));
    assert!(!line(&terminal).contains("mail"));
    for (subject, count) in [("The API moved", "1 mail"), ("And again", "2 mail")] {
        town.gt(["mail", "send", &worker, subject]).succeeds();
        town.gt(["tick"]).succeeds();
        wait_until(count, || line(&terminal).contains(count));
    }
    // What was read is not counted any more.
    let letters = town.json(["mail", "inbox", &worker]);
    let letter = letters[0]["id"].as_str().expect("an id");
    let here = town.root.join("rigs/web/polecats").join(worker.rsplit('/').next().expect("a name"));
    town.command(["mail", "read", letter]).current_dir(&here).run().succeeds();
    // A problem that somebody has to look at.
    town.gt(["escalate", "Which world?", "--bead", &id]).succeeds();
    town.gt(["tick"]).succeeds();
    wait_until("the rest", || ["1 mail", "1 problem"].iter().all(|part| line(&terminal).contains(part)));
}

/// What stands in the status line of the terminal.
fn line(terminal: &Terminal<'_>) -> String {
    terminal.screen().trim_end().lines().next_back().unwrap_or_default().to_owned()
}

/// What the children of a process did that it has waited for, in faults of memory: no process ends without one.
fn of_children(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let after_the_name = stat.rsplit(") ").next().expect("a state");
    after_the_name.split(' ').nth(8).expect("it has fifty fields").parse().expect("a number")
}

#[test]
fn the_status_lines_start_no_process() {
    let town = town();
    let ids: Vec<String> = (0..3).map(|number| sling(&town, &format!("Bead {number}"))).collect();
    town.gt(["tick"]).succeeds();
    let terminal = Terminal::shell(&town);
    terminal.line(&format!("gt attach {}", ids[0]));
    wait_until("the line", || line(&terminal).contains(&ids[0]));
    let session = town.json(["polecat", "list"])[0]["session"].as_str().expect("a session").to_owned();
    let launch = town.read(&format!(".git/gt/run/{session}/launch.toml")).expect("a launch file");
    let launch: toml::Table = launch.parse().expect("TOML");
    let socket = launch["tmux_socket"].as_str().expect("it has a terminal").to_owned();
    let tmux = |arguments: &[&str]| {
        let output = town.program("tmux").args(["-S", &socket]).args(arguments).output().expect("tmux runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let server = tmux(&["display-message", "-p", "#{pid}"]);
    let before = of_children(&server);
    for round in 0..20 {
        let said = format!("round {round} is drawn");
        tmux(&["set-option", "-g", "@gt_status", &said]);
        wait_until(&said, || line(&terminal).contains(&said));
    }
    assert_eq!(of_children(&server), before, "no process began and ended while the line was drawn twenty times");
    // A line with a command in it would have been noticed.
    tmux(&["set-option", "-g", "status-format[0]", "#(echo from a command)"]);
    wait_until("the command", || line(&terminal).contains("from a command"));
    wait_until("its process to be waited for", || of_children(&server) > before);
}
