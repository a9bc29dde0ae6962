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

#[test]
fn a_bead_that_was_broken_by_hand_is_named_with_its_line() {
    let (town, _project) = TestTown::with_rig();
    let id = bead(&town, "Add login");
    let path = format!("beads/web/{}/{id}.toml", &id[4..6]);
    let sound = town.read(&path).expect("a bead is a file");
    for (edit, reason) in [
        (format!("{sound}title = [\n"), "TOML"),
        (sound.replace("status = \"open\"", "status = \"frob\""), "unknown status \"frob\""),
        (sound.replace(&id, "web-zzzzz"), "does not fit the path"),
        (format!("{sound}needs = [\"{id}\"]\n"), "itself"),
    ] {
        assert_ne!(edit, sound, "{reason}");
        town.write(&path, &edit);
        let status = town.gt(["status"]).succeeds().says(&["broken", &path]);
        let status = status.complains(&["mend the broken files at the lines named"]);
        town.gt(["ledger", "adopt"]).exits(5).says(&[&format!("refused {path}")]);
        town.gt(["show", &id]).succeeds().says(&["Add login"]);
        town.write(&path, &sound);
        let told = status.stdout.contains(reason) || reason == "TOML";
        assert!(told, "{}", status.transcript());
    }
    assert!(!town.gt(["status"]).succeeds().stdout.contains("broken"));
}

#[test]
fn the_story_of_a_bead_is_told_under_the_short_name_too() {
    let (town, _project) = TestTown::with_rig();
    let (login, logout) = (bead(&town, "Add login"), bead(&town, "Add logout"));
    town.gt(["bead", "note", &login, "hm"]).succeeds();
    let log = town.gt(["log", &login]).succeeds().says(&["Add login", "note"]);
    assert!(!log.stdout.contains(&logout), "{}", log.transcript());
    assert_eq!(log.stdout, town.gt(["bead", "log", &login]).succeeds().stdout);
    town.gt(["log", "web-zzzzz"]).exits(3).complains(&["there is no bead \"web-zzzzz\""]);
}

#[test]
fn what_is_in_the_way_of_a_delivery_is_said_once() {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.work_with("works");
    project.write("test.sh", "#!/bin/sh\n# mine\n");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id]).succeeds();
    wait_until("the bead to land", || town.json(["show", &id])[0]["result"]["status"] == "closed");
    let refused = town.gt(["rig", "take", "web"]).exits(7).complains(&["test.sh", "commit or move away"]);
    assert_eq!(refused.stderr.matches("test.sh").count(), 1, "{}", refused.transcript());
}

#[test]
fn an_agent_is_described_without_saying_anything_twice() {
    let (town, _project) = TestTown::with_rig();
    let shown = town.gt(["agent", "show", "builtin"]).succeeds().stdout;
    let gets = shown.lines().find(|line| line.contains("environment it gets")).expect("it gets some");
    assert_eq!(gets.matches("`GT_SCRIPT`").count(), 1, "{gets}");
    let hooks = shown.lines().find(|line| line.contains("  hooks  ")).expect("it has hooks");
    assert!(!hooks.contains(" : "), "{hooks}");
}

#[test]
fn the_next_step_for_a_bead_that_nobody_holds_is_one_that_works() {
    let (town, _project) = TestTown::with_rig();
    town.work_with("idles");
    let need = bead(&town, "Add login");
    let waits = town.json(["new", "Test login", "--rig", "web", "--needs", &need])["id"].clone();
    let waits = waits.as_str().expect("an id");
    let step = format!("`gt why {waits}`");
    town.gt(["sling", waits]).exits(7).complains(&["it is not ready: waits for", &step]);
    town.gt(["attach", &need]).exits(3).complains(&["nobody holds", &format!("`gt sling {need}`")]);
    town.gt(["close", &need]).succeeds();
    town.gt(["attach", &need]).exits(3).complains(&["it is closed", &format!("`gt show {need}`")]);
    town.gt(["show", &need]).succeeds();
    town.gt(["costs", "--since", "tomorrow"]).exits(2).complains(&["tomorrow", "write the day as 2026-11-20"]);
}
