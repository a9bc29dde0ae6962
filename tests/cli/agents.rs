//! `gt agent list` and what `gt init` says of agents.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{GENEROUS, TestTown, wait_for, words};

/// Puts a program of this name into the `PATH` of the test.
fn install(town: &TestTown, name: &str) {
    let path = town.sandbox.join("bin").join(name);
    fs::write(&path, "#!/bin/sh\n").expect("the sandbox is writable");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("own file");
}

fn state_of(rows: &serde_json::Value, name: &str) -> (String, bool) {
    let row = rows.as_array().expect("rows").iter().find(|row| row["name"] == name).expect("the agent is listed");
    (row["state"].as_str().unwrap_or_default().to_owned(), row["default"].as_bool().unwrap_or_default())
}

#[test]
fn what_is_installed_is_found_and_chosen() {
    let town = TestTown::builder().empty();
    let rows = town.command(["agent", "list", "--json"]).current_dir(&town.sandbox).run().succeeds().data();
    assert_eq!(state_of(&rows, "codex"), ("missing".to_owned(), false));
    assert_eq!(state_of(&rows, "builtin"), ("missing".to_owned(), true));

    install(&town, "codex");
    let init = town.command(["init"]).arg(&town.root).current_dir(&town.sandbox).run().succeeds();
    let program = town.sandbox.join("bin/codex");
    init.says(&["codex", &program.display().to_string(), "works without asking"]);
    assert_eq!(state_of(&town.json(["agent", "list"]), "codex"), ("signed-out".to_owned(), true));
    fs::create_dir(town.sandbox.join("home/.codex")).expect("writable");
    fs::write(town.sandbox.join("home/.codex/auth.json"), "{}").expect("writable");
    assert_eq!(state_of(&town.json(["agent", "list"]), "codex"), ("usable".to_owned(), true));
    // Nobody chose, so that another machine may choose otherwise.
    assert!(!town.read("town.toml").expect("a town").contains("agent ="));
}

#[test]
fn without_any_agent_a_town_is_made_and_says_so() {
    let town = TestTown::builder().empty();
    let init = town.command(["init"]).arg(&town.root).current_dir(&town.sandbox).run().succeeds();
    init.complains(&["no agent can work yet", "gt agent list"]);
}

#[test]
fn an_agent_that_does_not_exist_makes_no_town() {
    let town = TestTown::builder().empty();
    let init = town.command(["init", "--agent", "cluade"]).arg(&town.root).current_dir(&town.sandbox).run();
    init.exits(3).complains(&["cluade", "did you mean claude"]);
    assert!(!town.root.exists());
}

#[test]
fn a_town_that_is_named_must_be_there() {
    let town = TestTown::new();
    town.command(["--town", "/nonexistent", "agent", "list"]).run().exits(3).complains(&["is not in a town"]);
}

#[test]
fn what_is_known_about_an_agent_is_shown() {
    let town = TestTown::new();
    install(&town, "codex");
    let shown = town.gt(["agent", "show", "codex"]).succeeds();
    shown.says(&[
        "Codex",
        &town.sandbox.join("bin/codex").display().to_string(),
        "--no-daemon",
        "  fork ",
        "CODEX_API_KEY",
    ]);
    let data = town.json(["agent", "show", "codex"]);
    assert!(data["missing"].as_str().is_some_and(|text| text.contains("has no credentials")), "{data}");
    assert_eq!(data["preset"]["hooks"]["format"], "codex");
    town.gt(["agent", "show", "codx"]).exits(3).complains(&["there is no agent", "did you mean codex"]);
}

#[test]
fn an_agent_of_ones_own_is_added_once_and_changed_at_will() {
    let town = TestTown::new();
    town.gt(["agent", "add", "mine", "nowhere-program --yes"]).succeeds().complains(&["not in PATH: nowhere-program"]);
    assert_eq!(town.json(["config", "get", "agents.mine.command"])["value"], "nowhere-program --yes");
    town.gt(["agent", "add", "mine", "other"]).exits(6).complains(&["there is an agent", "gt agent show mine"]);
    town.gt(["config", "agent", "set", "mine", "sh -c true"]).succeeds();
    assert_eq!(town.json(["config", "get", "agents.mine.command"])["value"], "sh -c true");
    town.gt(["agent", "add", "cheap", "--from", "claude"]).succeeds();
    assert_eq!(town.json(["agent", "show", "cheap"])["preset"]["title"], "Claude Code");
    town.gt(["agent", "add", "cheaper", "--from", "cheap"]).exits(5).complains(&["only those can be built on"]);
    town.gt(["agent", "add", "No Name", "x"]).exits(5).complains(&["cannot be the name"]);
    town.gt(["agent", "add", "x", "--from", "nobody"]).exits(3).complains(&["there is no agent"]);
}

/// A town with the script `obeys.sh` as the agent `mine`.
fn obeying(mode: &str) -> TestTown {
    let town = TestTown::new();
    let script = town.agent("obeys").display().to_string();
    let prompt = if mode == "hears" { "typed" } else { "argument" };
    let preset = format!(
        "\n[agents.mine]\ncommand = \"{script} {mode}\"\noneshot_command = \"{script} answer\"\nprompt = \"{prompt}\"\n\
         oneshot_prompt = \"stdin\"\nat_end = \"waits\"\nquit = \"/bye\"\n\
         screen = {{ ready = \"at your service\", waiting = \"May I\" }}\n"
    );
    let local = town.read("local.toml").unwrap_or_default();
    town.write("local.toml", &(local + &preset));
    town
}

/// Step by step: what was tried, and how it went.
fn verdicts(report: &serde_json::Value) -> Vec<String> {
    let text = |step: &serde_json::Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let steps = report["steps"].as_array().expect("steps");
    steps.iter().map(|step| format!("{}: {}", text(step, "what"), text(step, "verdict"))).collect()
}

#[test]
fn an_agent_is_tried_step_by_step_and_leaves_nothing() {
    let town = obeying("works");
    let report = town.json(["agent", "test", "mine"]);
    assert_eq!(
        verdicts(&report),
        [
            "version: skipped",
            "credentials: skipped",
            "first start: skipped",
            "sandbox: skipped",
            "answers: works",
            "starts: works",
            "ready: works",
            "prompt: works",
            "unattended: works",
            "shell: works",
            "rests: works",
            "ends: works",
            "leaves nothing: works"
        ]
    );
    let left = fs::read_dir(town.root.join(".git/gt/trials")).expect("it was made").count();
    assert_eq!(left, 0, "the scratch worktree is gone");
    assert_eq!(verdicts(&town.json(["agent", "test", "mine", "--dry-run"])).len(), 3);
}

#[test]
fn an_agent_is_tried_in_the_sandbox_where_that_is_asked_for() {
    if !crate::sandbox::has_sandboxes() {
        return;
    }
    let town = obeying("works");
    let script = town.agent("obeys").display().to_string();
    town.change_local(|local| {
        let strays = format!("echo x >>\"$HOME/strayed\"; echo x >>\"$GT_TOWN/town.toml\"; exec {script} works");
        local["agents"]["mine"]["command"] = toml_edit::value(strays);
        // A file of its own in a folder that is made with the session, as aider has one.
        local["agents"]["mine"]["writes"] = words(&["{run}/history.md"]);
    });
    let strayed = town.sandbox.join("home/strayed");
    let test = |more: &[&str]| verdicts(&town.json([&["agent", "test", "mine"], more].concat()));
    let all = |verdicts: &[String]| verdicts.iter().filter(|verdict| verdict.ends_with(": works")).count();
    let tried = test(&["--sandbox"]);
    assert!(tried.contains(&"sandbox: works".to_owned()) && all(&tried) == 10, "{tried:?}");
    town.gt(["config", "set", "sandbox", "on"]).succeeds();
    let before = town.read("town.toml");
    assert_eq!(test(&[]), tried);
    assert!(!strayed.exists(), "it wrote beside its worktree");
    assert_eq!(town.read("town.toml"), before);
    town.gt(["config", "set", "sandbox", "off"]).succeeds();
    test(&[]);
    assert!(strayed.exists(), "without a sandbox it does");
}

#[test]
fn a_first_prompt_is_typed_once_the_screen_shows_that_it_is_taken() {
    let town = obeying("hears");
    let report = town.json(["agent", "test", "mine"]);
    assert!(verdicts(&report).contains(&"unattended: works".to_owned()), "{report:#}");
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let id = town.json(["new", "Something", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let refused = town.gt(["sling", &id, "--agent", "mine"]).exits(7);
    refused.complains(&["takes its first prompt in a terminal only"]);
}

#[test]
fn an_agent_that_asks_or_dies_fails_with_its_screen() {
    for (mode, expected) in [("asks", "it asks before it acts"), ("dies", "it ended: with status 3")] {
        let town = obeying(mode);
        let ran = town.gt(["agent", "test", "mine", "--limit", "20s"]).exits(9);
        ran.says(&["unattended", expected, "its screen", "at your service"]);
    }
}

#[test]
fn what_an_agent_lacks_is_said_before_anything_is_changed() {
    let (town, _project) = TestTown::with_rig();
    install(&town, "codex");
    let id = town.json(["new", "Something", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let before = town.git(&["rev-parse", "HEAD"]);
    let ran = town.gt(["sling", &id, "--agent", "codex"]).exits(9);
    ran.complains(&["the agent codex has no credentials", "codex login", "preflight false"]);
    // What only this sling asks for is looked at as well.
    for words in [&id, "Something else"] {
        let sling = town.command(["sling", words, "web/toast", "--agent", "codex", "--profile", "deep"]);
        let ran = sling.variable("CODEX_API_KEY", "key").run().exits(3);
        ran.complains(&["the agent codex has no profile \"deep\"", "deep.config.toml"]);
    }
    assert_eq!(town.git(&["rev-parse", "HEAD"]), before, "nothing was hooked, and nothing made");
}

/// A town whose agent writes down its arguments and its environment, with an effort that the rig wants.
fn telling() -> TestTown {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    let script = town.sandbox.join("bin/tells");
    fs::write(&script, "#!/bin/sh\n(echo \"$*\"; env) >\"$TMPDIR/told\"\nexec sleep 3600\n").expect("writable");
    fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("own file");
    let command = format!("{} -m {{model}} -e {{effort}} {{extra}}", script.display());
    town.gt(["config", "agent", "set", "tells", &command]).succeeds();
    town.gt(["config", "set", "agent", "tells"]).succeeds();
    town.gt(["config", "set", "rigs.web.effort", "low"]).succeeds();
    town
}

#[test]
fn a_worker_sees_no_credential_that_is_not_its_agents_and_gets_what_its_role_is_to_have() {
    let town = telling();
    town.gt(["config", "set", "roles.tester.model", "deep"]).succeeds();
    town.gt(["config", "set", "roles.tester.extra_args", "[\"--of-the-role\"]"]).succeeds();
    let made = town.json(["new", "Check it", "--rig", "web", "--role", "tester"]);
    let id = made["id"].as_str().expect("an id");
    let mut command = town.command(["sling", id, "web/toast", "--profile", "careful"]);
    for name in ["GH_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "NPM_CONFIG__AUTHTOKEN"] {
        command = command.variable(name, "a-secret");
    }
    command.run().succeeds().complains(&["cannot be told a profile"]);
    let session = town.json(["polecat", "show", "toast"])["sessions"][0].clone();
    let recorded = |name: &str| session[name].clone();
    assert_eq!((recorded("model"), recorded("profile")), ("deep".into(), "careful".into()), "{session}");
    assert_eq!(recorded("extra_args"), serde_json::json!(["--of-the-role"]));
    let told = wait_for("the agent's words", GENEROUS, || told(&town, session["session"].as_str().expect("an id")));
    assert!(told.starts_with("-m deep -e low --of-the-role "), "{told}");
    assert!(!told.contains("a-secret"), "{told}");
}

#[test]
fn what_a_person_says_about_an_agent_reaches_it_and_is_recorded() {
    let town = telling();
    let mut slots = Vec::new();
    for worker in ["toast", "nux"] {
        let id = town.json(["new", worker, "--rig", "web"])["id"].as_str().expect("an id").to_owned();
        let place = format!("web/{worker}");
        town.gt(["sling", &id, &place, "--model", "big", "--extra-arg", "--x=1", "--extra-arg", "a b"]).succeeds();
        let shown = town.json(["polecat", "show", worker]);
        let session = &shown["sessions"][0];
        assert_eq!(session["model"], "big");
        assert_eq!(session["effort"], "low", "of the rig");
        assert_eq!(session["extra_args"], serde_json::json!(["--x=1", "a b"]));
        let name = session["session"].as_str().expect("an id").to_owned();
        let told = wait_for("the agent's words", GENEROUS, || told(&town, &name));
        assert!(told.starts_with("-m big -e low --x=1 a b "), "{told}");
        let variable = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
            line.unwrap_or_else(|| panic!("{name} is not set:\n{told}")).to_owned()
        };
        assert_eq!(session["slot"].to_string(), variable("GT_SLOT"));
        slots.push((variable("GT_SLOT"), variable("GT_PORT_BASE"), variable("GT_DB_SUFFIX")));
    }
    let slot = |number: &str, port: &str| (number.to_owned(), port.to_owned(), format!("_gt{number}"));
    assert_eq!(slots, [slot("1", "20000"), slot("2", "20100")]);
    town.gt(["polecat", "stop", "toast"]).succeeds();
    assert_eq!(fs::read_dir(temporary(&town)).expect("the other one's is there").count(), 1, "its folder went with it");
}

#[test]
fn a_file_beside_settings_that_are_elsewhere_goes_with_the_worker() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.work_with("idles");
    town.change_local(|local| {
        let agent = &mut local["agents"]["idles"];
        agent["config_folder"] = toml_edit::value("~/.idles");
        agent["config_variable"] = toml_edit::value("IDLES_HOME");
        agent["pass"] = words(&["IDLES_HOME"]);
        let mut file = toml_edit::InlineTable::new();
        file.insert("path", "{config}/{worker_profile}.toml".into());
        file.insert("text", "ours".into());
        agent["files"] = toml_edit::value(toml_edit::Array::from_iter([file]));
    });
    let elsewhere = town.sandbox.join("elsewhere");
    fs::create_dir(&elsewhere).expect("writable");
    let files = || fs::read_dir(&elsewhere).expect("it is there").count();
    let id = town.json(["new", "Something", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.command(["sling", &id, "web/toast"]).variable("IDLES_HOME", &elsewhere).run().succeeds();
    assert_eq!(files(), 1, "a profile of the worker's own");
    town.gt(["unsling", &id]).succeeds();
    town.gt(["polecat", "remove", "toast"]).succeeds();
    assert_eq!(files(), 0, "whoever removes the worker need not know where its settings were");
}

/// Where the temporary folders of a town's workers lie.
fn temporary(town: &TestTown) -> std::path::PathBuf {
    let entries = fs::read_dir(town.sandbox.join("tmp")).expect("the test's own").flatten();
    let mut folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
    folders.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gt-"))).expect("made")
}

fn told(town: &TestTown, session: &str) -> Option<String> {
    let text = fs::read_to_string(temporary(town).join(session).join("told")).ok()?;
    text.contains("GT_SLOT=").then_some(text)
}

#[test]
fn programs_are_shown_in_the_order_of_path() {
    let town = TestTown::new();
    install(&town, "git");
    install(&town, "gh");
    let data = town.json(["why"]);
    let programs = data["programs"].as_array().expect("programs");
    let git = programs.iter().find(|program| program["about"] == "git").expect("git");
    let places: Vec<_> = git["places"].as_array().expect("places").iter().filter_map(|place| place.as_str()).collect();
    assert_eq!(places[0], town.sandbox.join("bin/git").display().to_string());
    assert!(places.len() > 1, "the real one stands behind it: {places:?}");
    assert!(programs.iter().any(|program| program["about"] == "forge" && program["name"] == "gh"));
    assert!(programs.iter().any(|program| program["trouble"].as_str().is_some_and(|why| why.contains("no agent"))));
}
