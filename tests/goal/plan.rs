//! `gt mayor plan`: what is asked, what is written, and what is refused.

use std::fs;

use gt::bead::Kind;
use gt::id::Actor;
use serde_json::json;

use crate::endpoint::{Answer, Endpoint, says};
use crate::scripted::{Scripted, draft, login, mayor, plan};
use crate::support::kill::Drill;
use crate::support::{GENEROUS, Project, TestTown, promises};
use crate::terminal::Terminal;

const GOAL: &str = "Add login with tests";

#[test]
fn a_plan_becomes_epic_beads_needs_and_convoy_in_one_commit_of_the_mayor() {
    let town = Scripted::new(&mayor(&login(), None));
    let before = town.town.git(&["rev-list", "--count", "HEAD"]);
    town.gt(&["mayor", "plan", GOAL]).exits(2).complains(&["nobody to ask", "`--yes`", "--dry-run"]);
    let shown =
        town.gt(&["mayor", "plan", GOAL, "--dry-run"]).succeeds().says(&["Login", "├─ form", "└─ test", "needs form"]);
    assert!(shown.stdout.contains("done when: ./test.sh passes"), "{}", shown.transcript());
    assert_eq!(town.town.git(&["rev-list", "--count", "HEAD"]), before, "a plan that was only shown");

    let planned = town.json(&["mayor", "plan", GOAL, "--yes"]);
    assert_eq!(town.town.git(&["rev-list", "--count", &format!("HEAD~{before}..")]), before);
    assert_eq!(town.town.git(&["log", "-1", "--format=%an"]), "mayor");
    let (form, test, epic) = (town.bead("Add a form"), town.bead("Test the form"), town.bead("Login"));
    assert_eq!((epic.kind, epic.description.as_str()), (Kind::Epic, "Add login with tests\n\nOne by one."));
    assert_eq!(
        (&test.needs, &test.parent, form.parent.as_ref()),
        (&[form.id.clone()].into(), &Some(epic.id.clone()), Some(&epic.id))
    );
    let convoy = town.convoy();
    assert_eq!(planned["written"]["convoy"], json!(convoy.id));
    assert_eq!((convoy.members, convoy.feed, convoy.goal.as_str()), ([form.id, test.id].into(), false, GOAL));
    town.gt(&["convoy", "list"]).succeeds().says(&["Login", "0/2"]);
    town.gt(&["convoy", "show", convoy.id.as_str().trim_start_matches("cv-")])
        .succeeds()
        .says(&["Add a form", "waits for"]);
    town.gt(&["convoy", "show", "cv-zzzzz"]).exits(3).complains(&["no convoy", "gt convoy list"]);
    promises::hold(&town.town);
    town.town.wait_until_quiet(GENEROUS);
}

#[test]
fn a_single_bead_needs_no_epic() {
    let town = Scripted::new(&mayor(&plan(&[draft("form", "Add a form", &[])]), None));
    town.gt(&["mayor", "plan", GOAL, "--yes"]).succeeds().says(&["Wrote 1 bead as the convoy"]);
    assert_eq!((town.beads().len(), town.convoy().epic), (1, None));
}

#[test]
fn a_plan_that_cannot_be_used_is_asked_for_once_more_with_what_is_wrong() {
    let circle = plan(&[draft("form", "Add a form", &["test"]), draft("test", "Test the form", &["form"])]);
    let repaired = mayor(&login(), Some("these beads need each other in a circle"));
    let town = Scripted::new(&format!("{repaired}{}", mayor(&circle, None)));
    town.gt(&["mayor", "plan", GOAL, "--yes"]).succeeds().complains(&["asking once more", "in a circle"]);
    assert_eq!(town.beads().len(), 3);
}

#[test]
fn a_plan_that_stays_wrong_is_kept_and_named() {
    let mut strange = draft("form", "Add a form", &[]);
    strange["rig"] = json!("wob");
    strange["role"] = json!("testr");
    let answer = plan(&[strange]);
    let table: [(&str, &[&str]); 3] = [
        (&answer, &["unknown rig \"wob\"", "nearest is \"web\"", "unknown role \"testr\""]),
        ("I would rather not.", &["no JSON object"]),
        (&login()[..80], &["ends in the middle"]),
    ];
    for (words, parts) in table {
        let town = Scripted::new(&mayor(words, None));
        let ran =
            town.gt(&["mayor", "plan", GOAL, "--yes"]).exits(9).complains(parts).complains(&["its words are kept in"]);
        let path = ran.stderr.split("kept in ").nth(1).and_then(|rest| rest.lines().next()).expect("a path");
        assert_eq!(fs::read_to_string(path).expect(path), words);
        assert!(town.beads().is_empty());
        promises::hold(&town.town);
    }
}

#[test]
fn likely_duplicates_of_open_beads_are_named() {
    let town = Scripted::new(&mayor(&login(), None));
    let id = town.json(&["new", "Add the form", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(&["mayor", "plan", GOAL, "--yes"]).succeeds().complains(&["likely the same as", &id]);
}

#[test]
fn on_a_terminal_the_person_decides() {
    let town = Scripted::new(&mayor(&login(), None));
    let script = town.town.sandbox.join("script.toml");
    let terminal = Terminal::shell(&town.town);
    terminal.line(&format!("export GT_SCRIPT={}", script.display()));
    terminal.begin("gt mayor plan 'Add login'");
    terminal.wait("Write these beads?");
    terminal.line("n");
    let screen = terminal.ended(7);
    assert!(screen.contains("nothing was written, as you said"), "{screen}");
    assert!(town.beads().is_empty());
    terminal.begin("gt mayor plan 'Add login'");
    terminal.wait("Write these beads?");
    terminal.line("");
    let screen = terminal.ended(0);
    assert!(screen.contains("Wrote 2 beads"), "{screen}");
    assert_eq!(town.beads().len(), 3);
}

#[test]
fn what_does_not_fit_is_said_before_anybody_is_asked() {
    let town = Scripted::new("");
    town.gt(&["mayor", "plan", "  ", "--yes"]).exits(2).complains(&["no goal"]);
    town.gt(&["mayor", "plan", GOAL, "--yes", "--rig", "wob"]).exits(3).complains(&["wob", "web"]);
    town.gt(&["rig", "park", "web"]).succeeds();
    town.gt(&["mayor", "plan", GOAL, "--yes", "--rig", "web"]).exits(7).complains(&["parked", "gt rig unpark web"]);
    town.gt(&["mayor", "plan", GOAL, "--yes"]).exits(3).complains(&["no rig to plan for"]);
    town.gt(&["rig", "unpark", "web"]).succeeds();
    // The script is empty: nobody knows what to say.
    town.gt(&["mayor", "plan", GOAL, "--yes"]).exits(3).complains(&["has no reply", "mayor"]);
    assert!(town.beads().is_empty());
}

/// A town whose planner is a program of the test's own.
fn with_planner(command: &str) -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    project.write("src/deep/file.txt", "x\n");
    project.commit("more");
    let local = town.read("local.toml").unwrap_or_default();
    let command = toml::Value::from(command);
    town.write("local.toml", &format!("{local}agent = \"own\"\n[agents.own]\ncommand = \"true\"\noneshot_command = {command}\noneshot_prompt = \"stdin\"\n"));
    (town, project)
}

#[test]
fn a_program_is_asked_with_the_prompt_as_argument_file_or_input() {
    let forms = [("argument", "printf '%s' {prompt}"), ("file", "cat {prompt_file}"), ("stdin", "cat")];
    for (delivery, reader) in forms {
        let (town, _project) = with_planner("");
        let answer = town.sandbox.join("answer.json");
        fs::write(&answer, login()).expect("writable");
        let seen = town.sandbox.join("seen.md");
        let line = format!(
            "{reader} >{}; echo thinking >&2; echo Here it is:; cat {}; pwd >{}.pwd",
            seen.display(),
            answer.display(),
            seen.display()
        );
        let local = town.read("local.toml").expect("it was written");
        let mut local: toml_edit::DocumentMut = local.parse().expect("TOML");
        local["agents"]["own"]["oneshot_command"] = toml_edit::value(line);
        local["agents"]["own"]["oneshot_prompt"] = toml_edit::value(delivery);
        town.write("local.toml", &local.to_string());
        town.gt(["new", "Mend the footer", "--rig", "web"]).succeeds();
        town.gt(["mayor", "plan", "Add login; it's `urgent`", "--yes"])
            .succeeds()
            .says(&["planned by own", "Wrote 2 beads"]);
        let prompt = fs::read_to_string(&seen).expect("the agent saw it");
        for part in [
            "Add login; it's `urgent`",
            "./test.sh",
            "src/deep/file.txt",
            "A small project",
            "Mend the footer",
            "documenter",
            "\"acceptance\"",
        ] {
            assert!(prompt.contains(part), "{delivery}: {part} is missing in {prompt}");
        }
        promises::hold(&town);
        town.wait_until_quiet(GENEROUS);
    }
}

#[test]
fn a_large_repository_is_told_within_the_limit() {
    let (town, project) = with_planner("");
    let answer = town.sandbox.join("answer.json");
    fs::write(&answer, login()).expect("writable");
    let seen = town.sandbox.join("seen.md");
    let mut local: toml_edit::DocumentMut = town.read("local.toml").expect("it was written").parse().expect("TOML");
    local["agents"]["own"]["oneshot_command"] =
        toml_edit::value(format!("cat >{}; cat {}", seen.display(), answer.display()));
    local["mayor"]["context"] = toml_edit::value(9_000);
    town.write("local.toml", &local.to_string());
    for number in 0..400 {
        project.write(&format!("lib/part{}/module_{number}.txt", number % 20), "x\n");
    }
    project.write("README.md", &"A line of the README.\n".repeat(4_000));
    project.commit("grow");
    town.gt(["mayor", "plan", GOAL, "--yes"]).succeeds();
    let prompt = fs::read_to_string(&seen).expect("the agent saw it");
    assert!(prompt.len() <= 9_000, "{} bytes", prompt.len());
    assert!(
        prompt.contains("lib/") && prompt.contains("more bytes]") && prompt.ends_with(&format!("{GOAL}\n")),
        "{prompt}"
    );
}

#[test]
fn a_program_that_fails_hangs_or_cannot_answer_is_named_and_leaves_nothing() {
    let (town, _project) = with_planner("echo no credentials >&2; exit 3");
    town.gt(["mayor", "plan", GOAL, "--yes"]).exits(9).complains(&[
        "own ended with status 3",
        "no credentials",
        "mayor.agent",
    ]);
    let (town, _project) = with_planner("sleep 3600 & setsid sleep 3600 & sleep 3600");
    town.gt(["config", "set", "mayor.limit", "1s"]).succeeds();
    town.gt(["mayor", "plan", GOAL, "--yes"]).exits(9).complains(&["did not answer within 1s", "mayor.limit"]);
    assert_eq!(town.processes(), vec![]);
    let (town, _project) = with_planner("true");
    town.gt(["mayor", "plan", GOAL, "--yes"]).exits(9).complains(&["own answered nothing"]);
    let local = town.read("local.toml").expect("it was written");
    town.write("local.toml", local.split("oneshot_command").next().expect("there is a beginning"));
    town.gt(["mayor", "plan", GOAL, "--yes"]).exits(7).complains(&["own cannot be run once", "mayor.agent"]);
    promises::hold(&town);
}

#[test]
fn trouble_with_a_model_keeps_its_kind_and_its_advice() {
    let table: Vec<(Vec<Answer>, i32, &[&str])> = vec![
        (vec![Answer::status(401, "bad key")], 9, &["refused access (401)", "bad key", "OPENAI_API_KEY"]),
        (vec![Answer::limited("100000")], 8, &["has reached a limit until", "slow down"]),
        (vec![Answer::Half(says(&login())), Answer::Half(says(&login()))], 9, &["broke off"]),
        (
            vec![Answer::Bytes(b"<html>".to_vec()), Answer::Bytes(b"<html>".to_vec())],
            9,
            &["something else than a reply"],
        ),
        (vec![Answer::status(404, "no such model")], 9, &["no such model", "check the name of the model"]),
        (vec![Answer::Half(says("x")), Answer::says(&login())], 0, &[]),
    ];
    let town = Scripted::new("");
    for (answers, code, parts) in table {
        let endpoint = Endpoint::answering(answers);
        let command = town.town.command(["mayor", "plan", GOAL, "--yes"]);
        let command = command.variable("OPENAI_BASE_URL", endpoint.base()).variable("OPENAI_API_KEY", "geheim");
        let ran = command.variable("GT_MODEL", "openai/own").run().exits(code).complains(parts);
        assert!(!ran.transcript().contains("geheim"), "{}", ran.transcript());
        let asked = &endpoint.requests()[0];
        assert!(
            asked.system().contains("Role: mayor") && asked.system().contains(&format!("Title: {GOAL}")),
            "{asked:?}"
        );
    }
    assert_eq!(town.beads().len(), 3);
}

#[test]
fn slinging_a_plan_feeds_its_convoy() {
    let town = Scripted::new(&format!("{}{}", mayor(&login(), None), crate::scripted::WORKS));
    town.gt(&["mayor", "plan", GOAL, "--yes", "--sling"]).succeeds();
    crate::support::wait_for("both beads to land", GENEROUS, || {
        ["Add a form", "Test the form"]
            .iter()
            .all(|title| town.state(title).starts_with("closed as merged"))
            .then_some(())
    });
    assert_eq!(town.bead("Add a form").attempts, vec![]);
    town.town.wait_until_quiet(GENEROUS);
    assert!(town.convoy().closed.is_some());
    promises::hold(&town.town);
    let author = town.town.git(&["log", "--format=%an", "--grep", "^plan"]);
    assert_eq!(author, Actor::Mayor.to_string());
}

#[test]
fn a_plan_that_is_killed_is_there_as_a_whole_or_not_at_all() {
    let town = Scripted::new(&mayor(&login(), None));
    let command = |_: &TestTown| town.command(&["mayor", "plan", GOAL, "--yes"]).into_command();
    let recover = |_: &TestTown| drop(town.gt(&["tick"]).succeeds());
    let check = |tested: &TestTown| {
        let beads = town.beads();
        assert!(beads.is_empty() || (beads.len() == 3 && town.convoy().members.len() == 2), "{beads:?}");
        promises::hold(tested);
        tested.wait_until_quiet(GENEROUS);
    };
    let drill = Drill { town: &town.town, command: &command, recover: &recover, check: &check };
    let tally = drill.at_commit_points(&["ledger.written", "ledger.locked", "ledger.swapped", "plan.written"]);
    assert_eq!(tally.killed, 4, "{tally:?}");
}
