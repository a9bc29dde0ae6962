//! The hooks that an agent is started with.

use super::*;

#[test]
fn hooks_stand_beside_what_a_file_holds_already() {
    let machine = Machine::with(&[("codex", "true"), ("copilot", "true"), ("pi", "true")]).signed_in();
    machine.write(
        "home/.codex/mine.config.toml",
        "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\ncommand = \"bell\"\n",
        0o600,
    );
    machine.write("home/.copilot/config.json", "{\"logged_in_users\": []}", 0o600);
    machine.write("home/.pi/agent/auth.json", "{}", 0o600);
    let catalogue = Catalogue::built_in();
    let wish = Wish { profile: Some("mine"), ..Wish::default() };
    let planned = |name: &str, wish: &Wish<'_>| {
        launch(&machine, catalogue.get(name).expect("built in"), wish, false).expect("installed")
    };
    let codex = planned("codex", &wish);
    let file = codex
        .files
        .iter()
        .find(|file| file.path.extension().is_some_and(|ending| ending == "toml"))
        .expect("a profile");
    let text: toml::Table = file.text.parse().expect("TOML");
    let stops = text["hooks"]["Stop"].as_array().expect("a list");
    let commands: Vec<&str> = stops.iter().filter_map(|stop| stop["hooks"][0]["command"].as_str()).collect();
    let ours = machine.shown(commands[1]);
    assert_eq!((commands[0], ours.as_str()), ("bell", "[M]/gt/gt session event stop --dir [M]/run --hand-over block"));
    assert!(codex.argv.iter().any(|word| word == "--dangerously-bypass-hook-trust"));
    // A file that the person's own sessions read too.
    let copilot = planned("copilot", &Wish::default());
    let file = copilot.files.last().expect("it has files");
    assert!(machine.shown(&file.path.display().to_string()).starts_with("[M]/home/.copilot/hooks/gt-web-toast-"));
    let text: serde_json::Value = serde_json::from_str(&file.text).expect("JSON");
    let command = text["hooks"]["agentStop"][0]["bash"].as_str().expect("a command");
    assert!(command.starts_with("[ \"$GT_SESSION\" != run ] || exec "), "{command}");
    let left = planted(
        catalogue.get("copilot").expect("built in"),
        &machine.caller,
        &machine.path("work/web/polecats/toast"),
        &machine.path("state"),
    );
    assert_eq!(left.as_slice(), std::slice::from_ref(&file.path));
    // A program of ours that the agent loads.
    let pi = planned("pi", &Wish::default());
    assert_eq!(machine.shown(&pi.argv[1..3].join(" ")), "-e [M]/run/gt-hooks.ts");
    let text = &pi.files.last().expect("it has files").text;
    assert!(text.contains("\"agent_settled\":[\"") && !text.contains("EVENTS"), "{text}");
}

#[test]
fn a_run_without_a_terminal_has_no_hooks() {
    let machine = Machine::with(&[("pi", "true")]);
    machine.write("home/.pi/agent/auth.json", "{}", 0o600);
    let plan = launch(&machine, Catalogue::built_in().get("pi").expect("built in"), &Wish::default(), true)
        .expect("installed");
    assert!(plan.argv.iter().all(|word| word != "-e") && plan.files.len() == 1, "{plan:?}");
}
