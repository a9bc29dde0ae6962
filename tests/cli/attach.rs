//! `gt attach` and `gt peek`, in a real tmux and without one.

use std::fs;

use crate::support::{Project, TestTown, wait_until};
use crate::terminal::Terminal;

/// An agent that says that it is there, repeats what it is told, and waits.
const TALKS: &str = "#!/bin/sh\necho \"I am at $GT_BEAD\"\nwhile read -r line; do echo \"heard: $line\"; done\n";

fn town(runtime: &str) -> (TestTown, Project, String) {
    use std::os::unix::fs::PermissionsExt;
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", runtime]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    let agent = town.sandbox.join("bin/idles");
    let script = if runtime == "tmux" { TALKS.to_owned() } else { format!("{TALKS}exec sleep 3600\n") };
    fs::write(&agent, script).expect("own file");
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("own file");
    let id = town.json(["new", "Talk", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    (town, project, id)
}

fn sees(town: &TestTown, text: &str) {
    wait_until(text, || town.gt(["peek", "toast"]).stdout.contains(text));
}

#[test]
fn the_last_lines_of_a_session_are_seen_while_it_runs_and_after() {
    for runtime in ["tmux", "process"] {
        let (town, _project, id) = town(runtime);
        sees(&town, &format!("I am at {id}"));
        town.gt(["peek", &id, "-n", "5"]).succeeds().says(&["I am at"]);
        town.gt(["unsling", &id]).succeeds();
        let peeked = town.gt(["peek", "toast"]).succeeds().says(&["I am at"]);
        peeked.complains(&["no running session", "unslung"]);
        town.gt(["peek", &id]).succeeds().says(&["I am at"]);
        let json = town.json(["peek", "toast"]);
        assert_eq!(
            (json["live"].as_bool(), json["text"].as_str().map(|text| text.contains("I am at"))),
            (Some(false), Some(true))
        );
    }
}

#[test]
fn a_person_talks_to_a_worker_in_its_terminal_also_from_inside_another_tmux() {
    let (town, _project, id) = town("tmux");
    sees(&town, "I am at");
    town.gt(["attach", "toast"]).exits(2).complains(&["terminal", "gt peek"]);
    // The person's own tmux, in which they type.
    let socket = town.sandbox.join("own.sock");
    let tmux = |arguments: &[&str]| {
        let mut command = town.program("tmux");
        let output =
            command.arg("-f").arg("/dev/null").arg("-S").arg(&socket).args(arguments).output().expect("tmux runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let command = format!("{} --town '{}' attach {id}", crate::support::town::GT, town.root.display());
    tmux(&["new-session", "-d", "-x", "100", "-y", "30", &command]);
    wait_until("the worker's terminal inside the person's", || tmux(&["capture-pane", "-p"]).contains("I am at"));
    tmux(&["send-keys", "hello there", "Enter"]);
    sees(&town, "heard: hello there");
    tmux(&["kill-server"]);
    town.gt(["peek", "toast"]).succeeds();
    assert_eq!(town.json(["peek", "toast"])["live"], true, "the session outlives the person's terminal");
}

#[test]
fn attaching_without_a_terminal_follows_the_log_until_the_end() {
    let (town, _project, id) = town("process");
    sees(&town, "I am at");
    let out = town.sandbox.join("followed");
    let mut follower = town.command(["attach", "toast"]).into_command();
    let mut follower =
        follower.stdout(fs::File::create(&out).expect("writable")).spawn().expect("the binary under test starts");
    wait_until("the log", || fs::read_to_string(&out).is_ok_and(|text| text.contains("I am at")));
    town.gt(["unsling", &id]).succeeds();
    assert!(follower.wait().expect("a child of ours").success());
}

#[test]
fn a_session_that_does_not_run_says_how_it_ended() {
    let (town, _project, id) = town("process");
    sees(&town, "I am at");
    town.end_everything();
    town.gt(["attach", "toast"]).exits(3).complains(&["web/toast has no running session", "gt peek", "sessions"]);
    town.gt(["polecat", "restart", "toast"]).succeeds();
    town.gt(["unsling", &id]).succeeds();
    town.gt(["attach", "toast"]).exits(3).complains(&["unslung", "ago"]);
    town.gt(["attach", "nobody"]).exits(3).complains(&["nobody"]);
    let other = town.json(["new", "Nobody's", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["attach", &other]).exits(3).complains(&["nobody holds", "gt sling"]);
}

#[test]
fn a_missing_tmux_or_a_dead_server_is_said_and_the_next_start_mends_it() {
    let (town, _project, id) = town("tmux");
    sees(&town, "I am at");
    // A PATH with everything but tmux.
    let bare = town.sandbox.join("no-tmux");
    fs::create_dir(&bare).expect("writable");
    for program in ["git", "sh", "env"] {
        let found =
            ["/usr/bin", "/bin", "/usr/local/bin"].iter().map(|folder| std::path::Path::new(folder).join(program));
        let found = found.into_iter().find(|path| path.exists()).expect("it is installed");
        std::os::unix::fs::symlink(found, bare.join(program)).expect("writable");
    }
    let without = |arguments: &[&str]| town.command(arguments).variable("PATH", &bare).run();
    without(&["attach", "toast"]).exits(9).complains(&["tmux is not installed", "apt-get install tmux"]);
    town.end_everything();
    town.gt(["attach", "toast"]).exits(3).complains(&["no running session"]);
    town.gt(["peek", "toast"]).succeeds().says(&["I am at"]);
    town.gt(["polecat", "list"]).succeeds().says(&[&id]);
    without(&["polecat", "restart", "toast"]).exits(9).complains(&["tmux is not installed"]);
    town.gt(["polecat", "restart", "toast"]).succeeds();
    sees(&town, "I am at");
}

#[test]
fn a_terminal_in_which_nothing_can_be_drawn_is_named() {
    let (town, _project, _id) = town("tmux");
    sees(&town, "I am at");
    let terminal = Terminal::shell(&town);
    for (term, verb) in [("dumb", "gt attach toast"), ("", "gt attach toast"), ("dumb", "gt mayor attach")] {
        terminal.begin(&format!("TERM={term} {verb}"));
        let screen = terminal.ended(2);
        assert!(screen.contains(&format!("TERM is \"{term}\"")) && screen.contains("gt peek"), "{screen}");
    }
}
