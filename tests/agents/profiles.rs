//! Settings of a person that are not in their usual place: a named profile, and a configuration folder elsewhere.

use crate::endpoint::Endpoint;
use crate::obliging;
use crate::scene::{LIMIT, Scene};
use crate::setups::{CODEX_PROVIDER, KEY, Setup};

/// A model and an effort, as a profile of codex names them.
const DEEP: &str = "model = \"gpt-5-of-the-profile\"\nmodel_reasoning_effort = \"high\"\n";
/// What a person of claude has to have been through, and has chosen.
const CLAUDE_STATE: &str = "{\"hasCompletedOnboarding\": true, \"theme\": \"dark\", \"customApiKeyResponses\": \
                            {\"approved\": [\"{tail}\"], \"rejected\": []}}\n";
const CLAUDE_SETTINGS: &str = "{\"model\": \"claude-of-the-folder\"}\n";

/// Every request about the bead shows all of this; there is one at least.
fn shows(endpoint: &Endpoint, wanted: &[&str]) {
    let about = |body: &String| body.contains("gt prime") && body.contains("gt done");
    let bodies: Vec<String> = endpoint.requests().iter().map(|one| one.body.to_string()).filter(about).collect();
    assert!(!bodies.is_empty(), "its model was asked");
    for (body, word) in bodies.iter().flat_map(|body| wanted.iter().map(move |word| (body, word))) {
        assert!(body.contains(word), "{word} is missing in {body}");
    }
}

/// A bead with `--profile`, and one with all of the settings in another folder.
pub fn codex_profile(setup: &Setup<'_>) {
    for elsewhere in [false, true] {
        let endpoint = Endpoint::thinking(obliging::think);
        let scene = Scene::new(setup, &endpoint);
        let home = scene.town.sandbox.join(if elsewhere { "elsewhere" } else { "home/.codex" });
        let write = |file: &str, text: &str| std::fs::write(home.join(file), text).expect("writable");
        std::fs::create_dir_all(&home).expect("writable");
        write("config.toml", &CODEX_PROVIDER.replace("{url}", &endpoint.base()));
        let sling = |profile: &str| {
            let sling = ["sling", &scene.id, "web/toast", "--agent", "codex", "--profile", profile];
            let mut command = scene.town.command(sling);
            if elsewhere {
                command = command.variable("CODEX_HOME", &home);
            }
            command.run()
        };
        // The codes of its own errors are not what is tested here.
        let refused = sling("deep");
        assert_ne!(refused.code, Some(0), "{}", refused.transcript());
        assert!(refused.stderr.contains("no profile \"deep\""), "{}", refused.transcript());
        assert_eq!(scene.bead()["status"], "open", "nothing was changed");
        write("deep.config.toml", DEEP);
        sling("deep").succeeds();
        scene.lands(LIMIT);
        shows(&endpoint, &["\"model\":\"gpt-5-of-the-profile\"", "\"effort\":\"high\""]);
        assert_eq!(scene.sessions()[0]["profile"], "deep", "{:#?}", scene.sessions());
        scene.town.gt(["polecat", "remove", "toast"]).succeeds();
        let left = std::fs::read_dir(&home).expect("it is there").flatten().map(|entry| entry.file_name());
        let ours: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("gt-")).collect();
        assert!(ours.is_empty(), "{ours:?}");
        assert_eq!(std::fs::read_to_string(home.join("deep.config.toml")).expect("it is there"), DEEP);
    }
}

/// A bead with the settings of a person in another folder, which `CLAUDE_CONFIG_DIR` names.
pub fn claude_home(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(obliging::think);
    let scene = Scene::new(setup, &endpoint);
    let folder = scene.town.sandbox.join("elsewhere");
    std::fs::create_dir_all(&folder).expect("writable");
    let state = CLAUDE_STATE.replace("{tail}", &KEY[KEY.len() - 20..]);
    std::fs::write(folder.join(".claude.json"), state).expect("writable");
    std::fs::write(folder.join("settings.json"), CLAUDE_SETTINGS).expect("writable");
    let sling = ["sling", &scene.id, "web/toast", "--agent", "claude"];
    scene.town.command(sling).variable("CLAUDE_CONFIG_DIR", &folder).run().succeeds();
    scene.lands(LIMIT);
    shows(&endpoint, &["\"model\":\"claude-of-the-folder\""]);
    assert!(scene.sessions()[0]["conversation"].is_string(), "{:#?}", scene.sessions());
    assert_eq!(std::fs::read_to_string(folder.join("settings.json")).expect("it is there"), CLAUDE_SETTINGS);
    assert!(folder.join("projects").is_dir(), "it wrote its conversation down there");
    scene.town.gt(["polecat", "remove", "toast"]).succeeds();
}
