//! What is found out before a start: credentials, first-start screens, a folder of the worker's own.

use snapbox::{assert_data_eq, str};

use super::*;

const KEY: &str = "sk-ant-0123456789-abcdefghijklmnopqrst";

/// What a start of the agent is refused for, with the hints; `Ok` when it is not.
fn verdict(machine: &Machine, agent: &str) -> Result<(), String> {
    let catalogue = Catalogue::built_in();
    let preset = catalogue.get(agent).expect("built in");
    launch(machine, preset, &Wish::default(), false)
        .map(|_| ())
        .map_err(|error| machine.shown(&format!("{error}\n{}", error.hints().join("\n"))))
}

#[test]
fn an_agent_without_credentials_is_not_started() {
    let mut machine = Machine::with(&[("codex", "true")]);
    assert_data_eq!(
        verdict(&machine, "codex").expect_err("nobody signed in"),
        str![[r#"
the agent codex has no credentials: CODEX_API_KEY is not set, and [M]/home/.codex/auth.json is not there
To sign in: run `codex login`, or set CODEX_API_KEY.
`gt config set agents.codex.preflight false` starts it without looking.
"#]]
    );
    machine.set("CODEX_API_KEY", "");
    assert!(verdict(&machine, "codex").is_err(), "an empty variable is none");
    machine.set("CODEX_API_KEY", "key");
    assert_eq!(verdict(&machine, "codex"), Ok(()));
    machine.set("CODEX_API_KEY", "");
    machine.write("home/.codex/config.toml", "model = \"x\"\n", 0o600);
    assert!(verdict(&machine, "codex").is_err(), "a configuration without a provider");
    machine.write("home/.codex/config.toml", "[model_providers.mine]\n", 0o600);
    assert_eq!(verdict(&machine, "codex"), Ok(()));
}

#[test]
fn credentials_that_cannot_be_read_are_named_with_owner_and_mode() {
    let machine = Machine::with(&[("codex", "true")]);
    let (owner, root) = (rustix::process::geteuid(), rustix::process::geteuid().is_root());
    // Root reads everything, so somebody else looks, to whom no more is closed than that file.
    fs::set_permissions(machine.folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    machine.write("home/.codex/auth.json", "{}", if root { 0o600 } else { 0o000 });
    let looks = || {
        if root {
            rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65_534)).expect("root may");
        }
        verdict(&machine, "codex").expect_err("it cannot be read")
    };
    let said = std::thread::scope(|scope| scope.spawn(looks).join().expect("it looks"));
    let (mode, reader) = if root { ("0600", 65_534) } else { ("0000", owner.as_raw()) };
    let facts = format!("it belongs to user {} with mode {mode}, and gt runs as user {reader}", owner.as_raw());
    assert!(said.contains(&format!(".codex/auth.json: {facts}")), "{said}");
}

#[test]
fn the_person_may_know_better() {
    let machine = Machine::with(&[("codex", "true")]);
    let catalogue = Catalogue::new(&settings("[codex]\npreflight = false\n"));
    let plan = launch(&machine, catalogue.get("codex").expect("valid"), &Wish::default(), false);
    assert!(plan.is_ok(), "{plan:?}");
}

#[test]
fn a_first_start_screen_that_only_the_person_can_answer_is_an_error() {
    let machine = Machine::with(&[("claude", "true")]);
    machine.write("home/.claude/.credentials.json", "{}", 0o600);
    assert_data_eq!(
        verdict(&machine, "claude").expect_err("nobody went through it"),
        str![[r#"
the agent claude would stop at a screen of its first start: first start: colours and sign-in; it ends with status 1 when it cannot reach its server
To answer it: run `claude` once yourself and finish its first screens, or set ANTHROPIC_API_KEY.
`gt config set agents.claude.preflight false` starts it without looking.
"#]]
    );
    machine.write("home/.claude.json", "{\"hasCompletedOnboarding\":true}", 0o600);
    assert_eq!(verdict(&machine, "claude"), Ok(()));
}

#[test]
fn with_a_key_alone_claude_gets_a_configuration_of_the_workers_own() {
    let mut machine = Machine::with(&[("claude", "true")]);
    machine.set("ANTHROPIC_API_KEY", KEY);
    let catalogue = Catalogue::built_in();
    let claude = catalogue.get("claude").expect("built in");
    let plan = launch(&machine, claude, &Wish::default(), false).expect("a key is enough");
    let own = machine.path("state/claude");
    assert_eq!(plan.env["CLAUDE_CONFIG_DIR"], own.display().to_string());
    let file = plan.files.iter().find(|file| file.path == own.join(".claude.json")).expect("it is planned");
    let text: serde_json::Value = serde_json::from_str(&file.text).expect("JSON");
    assert_eq!(text["customApiKeyResponses"]["approved"][0], KEY[KEY.len() - 20..]);
    // Whoever has been through the screens keeps the own configuration.
    let approved = format!(
        "{{\"hasCompletedOnboarding\":true,\"customApiKeyResponses\":{{\"approved\":[\"{}\"]}}}}",
        &KEY[KEY.len() - 20..]
    );
    machine.write("home/.claude.json", &approved, 0o600);
    let plan = launch(&machine, claude, &Wish::default(), false).expect("a key is enough");
    assert!(!plan.env.contains_key("CLAUDE_CONFIG_DIR") && plan.files.len() == 2, "{plan:?}");
}

#[test]
fn a_configuration_folder_of_the_persons_choice_is_left_alone() {
    let mut machine = Machine::with(&[("claude", "true")]);
    machine.set("ANTHROPIC_API_KEY", KEY);
    machine.set("CLAUDE_CONFIG_DIR", &machine.path("elsewhere").display().to_string());
    assert!(verdict(&machine, "claude").expect_err("nobody went through it there").contains("first start"));
}

#[test]
fn a_profile_of_the_persons_is_laid_under_ours() {
    let machine = Machine::with(&[("codex", "true")]).signed_in();
    let catalogue = Catalogue::built_in();
    let codex = catalogue.get("codex").expect("built in");
    let wish = Wish { profile: Some("deep"), extra: &["--search", "-c", "a=1"], ..Wish::default() };
    let missing = launch(&machine, codex, &wish, false).expect_err("there is no such profile");
    assert!(missing.to_string().contains("codex has no profile \"deep\""), "{missing}");
    machine.write(
        "home/.codex/deep.config.toml",
        "model = \"o9\"\n[projects.\"/x\"]\ntrust_level = \"trusted\"\n",
        0o600,
    );
    let plan = launch(&machine, codex, &wish, false).expect("there it is");
    let text: toml::Table = toml::from_str(&plan.files[1].text).expect("TOML");
    assert_eq!(text["model"].as_str(), Some("o9"));
    assert_eq!(text["projects"].as_table().map(toml::Table::len), Some(2));
    assert_eq!(plan.argv[6..], ["--search", "-c", "a=1", "Do it"]);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn what_an_agent_cannot_be_told_is_said() {
    let machine = Machine::with(&[("mine", "printf '<%s>' \"$@\"")]);
    let catalogue = Catalogue::new(&settings("[x]\ncommand = \"mine {model}\"\n"));
    let wish = Wish { model: Some("m"), effort: Some("high"), extra: &["a b", "c"], ..Wish::default() };
    let plan = launch(&machine, catalogue.get("x").expect("defined"), &wish, false).expect("installed");
    assert_eq!(plan.warnings, ["x cannot be told an effort: \"high\" has no effect"]);
    assert_eq!(run(&plan), "<m><a b><c><Do it>");
}

#[test]
fn what_only_another_form_can_be_told_is_said_too() {
    let mut machine = Machine::with(&[("crush", "true")]);
    machine.set("OPENAI_API_KEY", "key");
    let catalogue = Catalogue::built_in();
    let crush = catalogue.get("crush").expect("built in");
    let wish = Wish { model: Some("m"), ..Wish::default() };
    let warnings = |oneshot| launch(&machine, crush, &wish, oneshot).expect("installed").warnings;
    assert_eq!(warnings(false), ["crush cannot be told a model: \"m\" has no effect"]);
    assert!(warnings(true).is_empty());
}

#[test]
fn a_sign_of_a_dialog_that_is_no_regular_expression_is_said() {
    let text = "[x]\ncommand = \"mine\"\n[[x.dialogs]]\nabout = \"trust\"\nshows = \"[\"\n";
    let catalogue = Catalogue::new(&settings(text));
    let error = catalogue.get("x").expect_err("it cannot be found").to_string();
    assert!(error.contains("dialogs.shows is no regular expression"), "{error}");
}

#[test]
fn what_an_agent_writes_beside_its_worktree_is_never_the_home_folder() {
    let mut machine = Machine::with(&[("claude", "true"), ("codex", "true")]).signed_in();
    machine.set("CODEX_API_KEY", "key");
    let catalogue = Catalogue::built_in();
    for agent in ["claude", "codex"] {
        let plan = launch(&machine, catalogue.get(agent).expect("built in"), &Wish::default(), false).expect("ready");
        let home = machine.caller.home();
        assert!(plan.writes.iter().all(|place| !home.starts_with(&place.path)), "{:?}", plan.writes);
        assert!(plan.writes.iter().any(|place| place.path.starts_with(&home)), "{:?}", plan.writes);
    }
}

#[test]
fn credentials_of_others_do_not_pass() {
    let mut machine = Machine::with(&[("claude", "true"), ("codex", "true")]).signed_in();
    for name in [
        "OPENAI_API_KEY",
        "GEMINI_API_KEY",
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GITLAB_TOKEN",
        "NPM_CONFIG__AUTHTOKEN",
        "npm_config_//registry/:_authToken",
        "UV_PUBLISH_TOKEN",
        "PIP_PASSWORD",
        "BUNDLE_SECRET",
        "SSH_AUTH_SOCK",
        "AWS_SECRET_ACCESS_KEY",
        "CODEX_API_KEY",
    ] {
        machine.set(name, "secret");
    }
    machine.set("PIP_INDEX_URL", "passes");
    let catalogue = Catalogue::built_in();
    let env = |name: &str, machine: &Machine| {
        let preset = catalogue.get(name).expect("built in");
        launch(machine, preset, &Wish::default(), false).expect("installed").env
    };
    let secrets = |env: &BTreeMap<String, String>| -> Vec<String> {
        env.iter().filter(|(_, value)| *value == "secret").map(|(name, _)| name.clone()).collect()
    };
    let claude = env("claude", &machine);
    assert_eq!(secrets(&claude), Vec::<String>::new());
    assert_eq!(claude["PIP_INDEX_URL"], "passes");
    assert_eq!(secrets(&env("codex", &machine)), ["CODEX_API_KEY", "OPENAI_API_KEY"]);
    machine.set("CLAUDE_CODE_USE_BEDROCK", "1");
    assert_eq!(secrets(&env("claude", &machine)), ["AWS_SECRET_ACCESS_KEY"]);
}

#[test]
fn every_preset_can_be_planned_with_and_without_a_terminal() {
    let catalogue = Catalogue::built_in();
    for preset in catalogue.all().into_iter().filter(|preset| preset.name != "command") {
        let mut machine = Machine::with(&[(&preset.program, "true")]);
        let mut preset = preset.clone();
        // The folder of a test lies where everybody may write.
        preset.files.iter_mut().for_each(|file| file.private = false);
        let preset = &preset;
        machine.write("gt/gt", "#!/bin/sh\n", 0o755);
        for key in preset.keys.iter().chain(preset.credentials.iter().filter_map(|one| one.variable.as_ref())) {
            machine.set(key, KEY);
        }
        let wish = Wish { model: Some("the-model"), effort: Some("high"), prompt: "Say {this}", ..Wish::default() };
        for oneshot in [false, true] {
            if oneshot && preset.oneshot.is_none() {
                continue;
            }
            let plan =
                launch(&machine, preset, &wish, oneshot).unwrap_or_else(|error| panic!("{}: {error}", preset.name));
            let given = plan.argv.iter().any(|word| word == "Say {this}");
            assert_eq!(given, plan.delivery == Delivery::Argument, "{} {:?}", preset.name, plan.argv);
            let inside = plan.files.iter().find(|file| file.path.starts_with(&plan.cwd));
            assert!(inside.is_none(), "{} writes into the worktree: {inside:?}", preset.name);
            for file in plan.files.iter().filter(|file| file.path.extension().is_some_and(|end| end == "json")) {
                let json: Result<serde_json::Value, _> = serde_json::from_str(&file.text);
                assert!(json.is_ok(), "{}: {}", preset.name, file.text);
            }
            let is_json = |value: &str| serde_json::from_str::<serde_json::Value>(value).is_ok();
            let open = plan.env.values().find(|value| value.contains('{') && !is_json(value));
            assert_eq!(open, None, "{}", preset.name);
        }
    }
}

#[test]
fn settings_that_an_agent_would_refuse_are_an_error() {
    let mut machine = Machine::with(&[("gemini", "true")]);
    machine.set("GEMINI_API_KEY", KEY);
    fs::set_permissions(machine.path("run"), fs::Permissions::from_mode(0o777)).expect("ours");
    let said = verdict(&machine, "gemini").expect_err("others can write");
    assert!(said.starts_with("the agent gemini refuses settings in [M]/run/gemini-settings.json"), "{said}");
    assert!(said.contains("others can write to [M]/run\n"), "{said}");
}
