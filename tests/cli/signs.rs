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
fn a_person_sees_bead_state_and_unread_mail_of_a_worker_and_how_the_town_is() {
    let town = town();
    let id = sling(&town, "Greet the world; politely");
    let worker = town.json(["show", &id]);
    town.gt(["tick"]).succeeds();
    let terminal = Terminal::shell(&town);
    terminal.line(&format!("gt attach {id}"));
    // The line is drawn after the terminal, whose agent was told the title too.
    let parts = [id.as_str(), "Greet the world; politely", "starting", "1 at work"];
    let seen = || terminal.screen();
    wait_until(&format!("{parts:?} of {worker}"), || parts.iter().all(|part| seen().contains(part)));
    // A problem that somebody has to look at.
    town.gt(["escalate", "Which world?", "--bead", &id]).succeeds();
    town.gt(["tick"]).succeeds();
    terminal.wait("1 problem");
}
