//! Agents that need a sign-in to somebody's server, or come from nowhere: played by stand-ins of their names that take
//! arguments, ask and refuse as their documents say, through the presets as they are.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::{TestTown, town::GT, wait_until};

/// Preset, program, the variable with its credential, and what takes the unattended mode away.
struct Named {
    preset: &'static str,
    program: &'static str,
    key: &'static str,
    attended: &'static str,
}

const AMP: Named = Named { preset: "amp", program: "amp", key: "AMP_API_KEY", attended: "files = []" };
const AUGGIE: Named = Named { preset: "auggie", program: "auggie", key: "AUGMENT_SESSION_AUTH", attended: "" };
const CURSOR: Named = Named {
    preset: "cursor",
    program: "cursor-agent",
    key: "CURSOR_API_KEY",
    attended: "permissions = { autonomous = [] }",
};
const CRUSH: Named = Named {
    preset: "crush",
    program: "crush",
    key: "ANTHROPIC_API_KEY",
    attended: "permissions = { autonomous = [] }",
};

impl Named {
    /// A town in which nobody is signed in.
    fn town(&self) -> TestTown {
        let town = TestTown::builder().build();
        self.play(&town);
        town
    }

    /// A town with its credential.
    fn signed_in(&self) -> TestTown {
        let town = TestTown::builder().variable(self.key, "a-key").build();
        self.play(&town);
        town
    }

    /// Puts the program of its name first in the PATH.
    fn play(&self, town: &TestTown) {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/agents/named");
        let stand_in = Path::new(GT).with_file_name("examples").join("stand_in");
        let control = town.sandbox.join("control");
        fs::create_dir(&control).expect("writable");
        let obliges = scripts.join("obliges.sh");
        fs::copy(&obliges, control.join("works")).expect("writable");
        let text = fs::read_to_string(scripts.join(self.program).with_extension("sh")).expect("it is there");
        let text = text.replace("@STAND_IN@", &stand_in.display().to_string());
        let text = text.replace("@CONTROL@", &control.display().to_string());
        let text = text.replace("@OBLIGES@", &obliges.display().to_string());
        let program = town.sandbox.join("bin").join(self.program);
        fs::write(&program, format!("#!/bin/sh\n{text}")).expect("writable");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("own file");
    }

    /// It is tried, does a bead and hears five messages.
    fn serves(&self) {
        let town = self.signed_in();
        let report = town.json(["agent", "test", self.preset]);
        for what in ["version", "credentials", "answers", "prompt", "unattended", "shell", "leaves nothing"] {
            assert_eq!(verdict(&report, what), "works", "{what}: {report:#}");
        }
        // Of some no sign of readiness is known.
        let rests = if verdict(&report, "ready") == "skipped" { "missing" } else { "works" };
        assert_eq!(verdict(&report, "rests"), rests, "{report:#}");
        let project = town.repo("web");
        town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
        let made = town.json(["new", "Some work", "--rig", "web"]);
        let id = made["id"].as_str().expect("an id");
        town.gt(["sling", id, "web/toast", "--agent", self.preset]).succeeds();
        wait_until("the bead to be merged", || town.json(["show", id])[0]["result"]["status"] == "closed");
        let shown = town.json(["show", id]);
        assert!(shown[0]["result"]["merge"]["landed"].is_string(), "{shown:#}");
        self.hears(&town);
        town.end_everything();
    }

    /// Five messages to one that has nothing to do: accepted is what it was told.
    fn hears(&self, town: &TestTown) {
        let made = town.json(["new", "Some talk", "--rig", "web"]);
        let id = made["id"].as_str().expect("an id");
        // It commits nothing and hands nothing in.
        fs::write(town.sandbox.join("control/works"), "exit 0\n").expect("own file");
        town.gt(["sling", id, "web/jam", "--agent", self.preset]).succeeds();
        for number in 0..5 {
            let text = format!("message {number}\nof two lines");
            let said = town.json(["nudge", "jam", &text]);
            let state = || {
                let all = town.json(["nudge", "jam", "--all"]);
                let all = all.as_array().expect("a list").clone();
                all.into_iter().find(|message| message["id"] == said["id"]).expect("it is recorded")["state"].clone()
            };
            wait_until("a message to be settled", || {
                ["accepted", "turn_done", "failed"].iter().any(|end| state() == *end)
            });
            assert_ne!(state(), "failed", "{}", town.gt(["peek", "jam"]).stdout);
            let told = fs::read_to_string(town.sandbox.join("control/told.jsonl")).expect("it was told");
            assert_eq!(told.matches(&format!("message {number}\\nof two lines")).count(), 1, "{told}");
        }
    }

    /// Without its credential nothing is started, and what is missing is said.
    fn refuses_strangers(&self, says: &str) {
        let town = self.town();
        let report = town.gt(["agent", "test", self.preset, "--json"]).exits(9);
        assert!(!report.stdout.contains("\"starts\""), "{}", report.stdout);
        report.says(&["credentials", says]);
        let project = town.repo("web");
        town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
        let made = town.json(["new", "Some work", "--rig", "web"]);
        let id = made["id"].as_str().expect("an id");
        town.gt(["sling", id, "--agent", self.preset]).exits(9).complains(&[says]);
        assert_eq!(town.json(["show", id])[0]["result"]["status"], "open");
    }

    /// With its unattended mode taken away, the test says that it asks.
    fn asks(&self) {
        let town = self.signed_in();
        let local = town.read("local.toml").unwrap_or_default();
        town.write("local.toml", &format!("{local}\n[agents.{}]\n{}\n", self.preset, self.attended));
        let report = town.gt(["agent", "test", self.preset, "--json", "--limit", "15s"]).exits(9);
        let report: Value = serde_json::from_str(&report.stdout).expect("a report");
        assert_eq!(verdict(&report["data"], "unattended"), "fails", "{report:#}");
    }
}

fn verdict(report: &Value, what: &str) -> String {
    let steps = report["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["what"] == what);
    step.and_then(|step| step["verdict"].as_str()).unwrap_or("missing").to_owned()
}

#[test]
fn amp_serves() {
    AMP.serves();
}

#[test]
fn auggie_serves() {
    AUGGIE.serves();
}

#[test]
fn cursor_serves() {
    CURSOR.serves();
}

#[test]
fn crush_serves() {
    CRUSH.serves();
}

#[test]
fn who_is_not_signed_in_is_told_before_anything_starts() {
    AMP.refuses_strangers("amp login");
    AUGGIE.refuses_strangers("auggie login");
    CURSOR.refuses_strangers("cursor-agent login");
    CRUSH.refuses_strangers("crush");
}

#[test]
fn an_agent_whose_unattended_mode_is_missing_is_caught_asking() {
    for named in [AMP, CURSOR, CRUSH] {
        named.asks();
    }
}
