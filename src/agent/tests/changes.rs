//! What a town changes about presets.

use super::*;

#[test]
fn the_town_changes_presets_and_adds_its_own() {
    let text = "
[claude]
program = \"claude-beta\"
env = { EXTRA = \"1\" }
[cheap]
base = \"claude\"
pass = [\"MY_*\"]
[mine]
command = \"my-agent --flag\"
[broken]
base = \"nope\"
[odd]
interactive = [\"{promt}\"]
[typo]
porgram = \"x\"
";
    let catalogue = Catalogue::new(&settings(text));
    let claude = catalogue.get("claude").expect("valid");
    assert_eq!((claude.program.as_str(), claude.env.len()), ("claude-beta", 3));
    let cheap = catalogue.get("cheap").expect("valid");
    assert_eq!((cheap.name.as_str(), cheap.program.as_str(), cheap.pass.len()), ("cheap", "claude", 1));
    assert_eq!(catalogue.get("mine").expect("valid").program, "my-agent");
    let reason = |name: &str| catalogue.get(name).expect_err(name).to_string();
    assert!(reason("broken").contains("base is \"nope\", but the built-in agents are claude, codex, gemini, "));
    assert!(reason("odd").contains("unknown placeholder {promt}"));
    assert!(reason("typo").contains("unknown field `porgram`"));
    let unknown = catalogue.get("claud").expect_err("none");
    assert_eq!(unknown.hints(), ["Did you mean claude?"]);
    assert_eq!(catalogue.all().iter().map(|preset| preset.name.as_str()).collect::<Vec<_>>()[..2], ["cheap", "claude"]);
}

#[test]
fn every_field_of_a_preset_is_a_documented_setting() {
    for preset in Catalogue::built_in().all() {
        let table = toml::Table::try_from(preset).expect("a preset is TOML");
        for field in table.keys().filter(|field| !["name"].contains(&field.as_str())) {
            let path = format!("agents.x.{field}");
            let known = !matches!(schema::find(&path, schema::Places::town()), schema::Found::Unknown { .. });
            assert!(known, "{path} is no setting");
        }
    }
}
