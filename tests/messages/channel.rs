//! Sessions without a screen: what is said goes through the agent's hooks alone, and where it has none it has failed.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Project, TestTown, wait_for, wait_until};

/// A worker without a terminal whose agent does nothing; its hooks are run by the test.
struct Silent {
    town: TestTown,
    _project: Project,
    hooks: Value,
}

impl Silent {
    fn new(hooks: &str) -> Self {
        let (town, project) = TestTown::with_rig();
        town.gt(["config", "set", "runtime", "process"]).succeeds();
        let program = town.agent("idles");
        let local = town.read("local.toml").unwrap_or_default();
        let agent = format!(
            "\nagent = \"silent\"\n\n[agents.silent]\ntitle = \"silent\"\nprogram = \"{}\"\nat_end = \"waits\"\n\
             interactive = [\"{{prompt}}\"]\n\n{hooks}",
            program.display()
        );
        town.write("local.toml", &(local + &agent));
        let made = town.json(["new", "Some work", "--rig", "web"]);
        town.gt(["sling", made["id"].as_str().expect("an id"), "web/toast"]).succeeds();
        let session = town.json(["polecat", "show", "toast"])["sessions"][0]["session"].clone();
        let run = town.root.join(".git/gt/run").join(session.as_str().expect("an id"));
        wait_until("the session to listen", || run.join("socket").exists() || run.join("pid").exists());
        let hooks = fs::read_to_string(run.join("hooks.json")).unwrap_or_else(|_| "null".to_owned());
        Self { town, _project: project, hooks: serde_json::from_str(&hooks).expect("JSON") }
    }

    /// Runs the command of a hook as an agent does; what it prints.
    fn hook(&self, event: &str, payload: &str) -> String {
        let command = self.hooks["hooks"][event][0]["hooks"][0]["command"].as_str().expect("a command");
        let mut shell = self.town.program("/bin/sh");
        let mut child =
            shell.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        child.stdin.take().expect("piped").write_all(payload.as_bytes()).expect("it reads");
        String::from_utf8(child.wait_with_output().expect("it ran").stdout).expect("text")
    }

    fn last(&self) -> Value {
        self.town.json(["nudge", "toast"])[0].clone()
    }

    fn wait_for_state(&self, state: &str) -> Value {
        wait_for(state, crate::support::GENEROUS, || Some(self.last()).filter(|last| last["state"] == state))
    }
}

#[test]
fn what_waits_is_handed_over_by_the_stop_hook_and_proven_by_the_next_event() {
    let silent = Silent::new(
        "[agents.silent.hooks]\nformat = \"claude\"\nfile = \"{run}/hooks.json\"\nhand_over = \"block\"\n\
         events = { start = \"SessionStart\", prompt = \"UserPromptSubmit\", tool = \"PreToolUse\", stop = \"Stop\" }\n",
    );
    silent.town.gt(["nudge", "toast", "Use it"]).succeeds();
    silent.town.gt(["mail", "send", "toast", "The API moved"]).succeeds();
    let waits = || silent.last()["reason"].as_str().unwrap_or_default().contains("at the end of the turn");
    wait_until("the session to know", waits);
    let told: Value = serde_json::from_str(&silent.hook("Stop", "{}")).expect("it goes on");
    let reason = told["reason"].as_str().expect("a text");
    assert!(told["decision"] == "block" && reason.starts_with("Use it\n\n"), "{told}");
    assert!(reason.contains("New mail: The API moved"), "{told}");
    assert_eq!(silent.last()["state"], "typed");
    silent.hook("PreToolUse", r#"{"tool_name":"Read"}"#);
    let accepted = silent.wait_for_state("accepted");
    assert_eq!(accepted["reason"], "the agent went on with it when it would have stopped");
    assert_eq!(silent.hook("Stop", "{}"), "", "nothing is told twice");
    silent.wait_for_state("turn_done");
    let states = silent.town.json(["nudge", "toast"]);
    assert!(states.as_array().expect("a list").iter().all(|one| one["tries"] == 1), "{states}");
}

#[test]
fn without_a_screen_and_a_hook_it_is_said_to_have_failed() {
    let silent = Silent::new("");
    silent.town.gt(["nudge", "toast", "Use it", "--wait=60s"]).exits(9).says(&["failed", "no terminal to type into"]);
}
