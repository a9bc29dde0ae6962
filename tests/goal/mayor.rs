//! `gt mayor attach`: one session, started when it does not run.

use crate::scripted::Scripted;
use crate::support::{promises, wait_until};
use crate::terminal::Terminal;

const CHATS: &str = r#"
[[reply]]
role = "mayor"
repeat = true
step = [{ text = "I am the mayor, and I listen." }]
"#;

fn town(runtime: &str) -> Scripted {
    let town = Scripted::new(CHATS);
    let local = town.town.read("local.toml").expect("it was written");
    town.town.write("local.toml", &local.replace("\"process\"", &format!("{runtime:?}")));
    town
}

#[test]
fn a_person_talks_with_the_mayor_in_one_session_that_outlives_the_terminal() {
    let town = town("tmux");
    let first = town.json(&["mayor", "attach"]);
    assert_eq!((first["started"].as_bool(), first["agent"].as_str()), (Some(true), Some("builtin")));
    let again = town.json(&["mayor", "attach"]);
    assert_eq!((again["started"].as_bool(), &again["session"]), (Some(false), &first["session"]));
    town.gt(&["mayor", "attach"]).succeeds().says(&["The mayor runs"]).complains(&["tmux", "=mayor"]);
    let terminal = Terminal::shell(&town.town);
    terminal.line("gt mayor attach");
    terminal.wait("I am the mayor, and I listen.");
    terminal.line("hello");
    wait_until("a second answer", || terminal.screen().matches("I am the mayor").count() >= 2);
    drop(terminal);
    assert_eq!(town.json(&["mayor", "attach"])["session"], first["session"]);
    town.gt(&["tick"]).succeeds();
    assert_eq!(town.json(&["mayor", "attach"])["session"], first["session"], "a tick leaves the mayor alone");
    promises::hold(&town.town);
}

#[test]
fn a_mayor_that_was_killed_is_started_again() {
    let town = town("tmux");
    let first = town.json(&["mayor", "attach"]);
    town.town.end_everything();
    let second = town.json(&["mayor", "attach"]);
    assert_eq!(second["started"].as_bool(), Some(true));
    assert_ne!(second["session"], first["session"]);
    town.gt(&["tick"]).succeeds();
    assert_eq!(town.json(&["mayor", "attach"])["session"], second["session"]);
}

#[test]
fn what_the_mayor_writes_is_the_mayors() {
    let town = Scripted::new(
        r#"
[[reply]]
role = "mayor"
[[reply.step]]
[[reply.step.call]]
tool = "shell"
arguments = { command = "gt new 'Greet the world' --rig web && gt status" }
[[reply.step]]
text = "It is written down."
"#,
    );
    let attended = town.gt(&["mayor", "attach"]).succeeds().says(&["was started"]);
    attended.complains(&["no terminal here"]);
    wait_until("the mayor's bead", || !town.beads().is_empty());
    assert_eq!(town.town.git(&["log", "-1", "--format=%an", "--grep", "Greet the world"]), "mayor");
}
