//! Errors and screens name the thing, the reason and a next step that works.

use serde_json::Value;

use crate::support::{TestTown, wait_until};

fn bead(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    made["id"].as_str().expect("a new bead has an id").to_owned()
}

#[test]
fn a_broken_settings_file_is_told_once_with_what_to_do() {
    let (town, _project) = TestTown::with_rig();
    let sound = town.read("town.toml").expect("a town has settings");
    town.write("town.toml", &format!("{sound}capacity = = 3\n"));
    town.gt(["new", "Add login"]).exits(5).complains(&["town.toml:", "`gt config edit town`"]);
    let findings = town.command(["doctor", "--json"]).run().data();
    let findings = findings["findings"].as_array().expect("findings");
    let broken = |finding: &&Value| finding["what"].as_str().is_some_and(|what| what.contains("town.toml:"));
    let told: Vec<&Value> = findings.iter().filter(broken).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0]["next"][0].as_str().is_some_and(|step| step.contains("gt config edit town")), "{told:#?}");
    let status = town.gt(["status"]).succeeds().complains(&["mend the broken files"]);
    assert!(!status.stderr.contains("takes in what was edited"), "{}", status.transcript());
    let adopted = town.gt(["ledger", "adopt"]);
    assert_eq!(adopted.code, Some(5));
    adopted.says(&["refused town.toml:"]).complains(&["gt config edit town"]);
    town.write("town.toml", &sound);
    town.gt(["status"]).succeeds();
}

#[test]
fn a_mistyped_place_is_not_called_an_unknown_bead() {
    let (town, _project) = TestTown::with_rig();
    town.work_with("idles");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id, "wbe"]).exits(3).complains(&["no bead, rig or worker \"wbe\"", "did you mean web?"]);
    town.gt(["sling", &id, "nothing-like-it"]).exits(3).complains(&["no bead, rig or worker", "gt rig list"]);
    town.gt(["sling", "web-zzzzz"]).exits(3).complains(&["there is no bead \"web-zzzzz\""]);
    assert_eq!(town.json(["show", &id])[0]["result"]["status"], "open");
}

#[test]
fn a_role_that_no_worker_could_be_told_is_refused() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["new", "Fly", "--role", "pilot"]).exits(3).complains(&["no role \"pilot\"", "developer, tester"]);
    town.gt(["new", "Test", "--role", "testr"]).exits(3).complains(&["did you mean tester?"]);
    let id = bead(&town, "Fly");
    town.gt(["bead", "edit", &id, "--role", "pilot"]).exits(3).complains(&["templates/roles/pilot.md"]);
    town.write("templates/roles/pilot.md", "You fly.\n");
    town.gt(["bead", "edit", &id, "--role", "pilot"]).succeeds();
}

#[test]
fn an_agent_that_exits_at_once_is_told_with_what_it_said() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.work_with("exits");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id]).succeeds();
    let raised = || town.json(["escalation", "list"]);
    wait_until("somebody to be told", || {
        town.gt(["tick"]);
        raised().as_array().is_some_and(|all| !all.is_empty())
    });
    let letter = raised()[0].clone();
    let body = letter["body"].as_str().expect("a letter has a body");
    assert!(body.contains("its session said: no credentials"), "{body}");
    assert!(body.contains("gt polecat restart"), "{body}");
    let why = town.gt(["why", &id]).succeeds().says(&["escalated", "said last", "no credentials"]);
    why.complains(&["gt peek web/", "gt polecat restart web/", &format!("gt unsling {id}")]);
    let status = town.gt(["status"]).succeeds().complains(&[&format!("gt why {id}")]);
    assert!(!status.stderr.contains("the next tick sees to"), "{}", status.transcript());
}

#[test]
fn a_missing_agent_program_is_told_in_few_words() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "agents.mine.command", "no-such-program --now"]).succeeds();
    town.gt(["config", "set", "agent", "mine"]).succeeds();
    let id = bead(&town, "Add login");
    let ran = town.gt(["sling", &id]);
    let said = ran.transcript();
    assert_ne!(ran.code, Some(0), "{said}");
    assert!(said.contains("the agent mine needs the program no-such-program"), "{said}");
    assert!(said.contains("agents.mine.command") && !said.contains("NAME"), "{said}");
    assert!(!said.contains(":/usr/bin"), "it shows all of PATH\n{said}");
}
