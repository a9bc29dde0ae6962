//! `gt config`: settings read, changed and edited.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::TestTown;

/// An editor that replaces one word by another.
fn editor(town: &TestTown, name: &str, from: &str, to: &str) -> String {
    let path = town.sandbox.join("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\nsed -i.bak 's/{from}/{to}/' \"$1\"\n")).expect("the sandbox is writable");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("own file");
    name.to_owned()
}

#[test]
fn a_setting_has_a_default_a_value_and_a_place() {
    let town = TestTown::new();
    town.gt(["config", "get", "capacity"]).succeeds().says(&["4\n"]);
    town.gt(["config", "set", "capacity", "7"]).succeeds().says(&["capacity is 7, in town.toml"]);
    let row = town.json(["config", "get", "capacity"]);
    assert_eq!((row["value"].as_i64(), row["file"].as_str()), (Some(7), Some("town.toml")));
    assert_eq!(town.git(&["log", "-1", "--format=%s"]), "config set capacity 7");
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    let before = town.git(&["rev-parse", "HEAD"]);
    town.gt(["config", "set", "capacity", "7"]).succeeds().says(&["was already 7"]);
    assert_eq!(town.git(&["rev-parse", "HEAD"]), before);
    town.gt(["config", "unset", "capacity"]).succeeds().says(&["capacity is 4"]);
    let set = town.json(["config", "list", "--set"]);
    let keys: Vec<_> =
        set.as_array().expect("rows").iter().map(|row| row["key"].as_str().unwrap_or_default()).collect();
    assert_eq!(keys, ["name", "branch", "home"]);
}

#[test]
fn this_machine_has_the_last_word_and_is_not_committed() {
    let town = TestTown::new();
    let before = town.git(&["rev-parse", "HEAD"]);
    town.gt(["config", "set", "capacity", "2", "--local"]).succeeds().says(&["capacity is 2, in local.toml"]);
    town.gt(["config", "set", "capacity", "9"]).succeeds().says(&["capacity is 2, in town.toml"]);
    assert_ne!(town.git(&["rev-parse", "HEAD"]), before);
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    assert!(town.read("local.toml").expect("a town").contains("home = "));
}

#[test]
fn a_rig_has_settings_of_its_own() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "rigs.web.setup", "npm ci", "npm run build"]).succeeds();
    assert_eq!(
        town.json(["config", "get", "setup", "--rig", "web"])["value"],
        serde_json::json!(["npm ci", "npm run build"])
    );
    town.gt(["config", "get", "rigs.web.setup"]).succeeds().says(&["npm ci\nnpm run build\n"]);
    town.gt(["config", "set", "gates.test.limit", "90s", "--rig", "web"]).succeeds();
    assert_eq!(town.json(["rig", "show", "web"])["gates"][0]["limit"], "90s");
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    let (town, _project) = TestTown::with_rig();
    let before = (town.git(&["rev-parse", "HEAD"]), town.read("town.toml"), town.read("local.toml"));
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["get", "capasity"], 5, &["\"capasity\"", "did you mean `capacity`"]),
        (&["set", "capacity", "many"], 5, &["capacity cannot be many", "whole number"]),
        (&["set", "permissions", "never"], 5, &["autonomous, ask"]),
        (&["set", "branch", "other"], 5, &["branch cannot be changed", "fixed when the town is made"]),
        (&["set", "rigs.web.prefix", "abc"], 5, &["prefix cannot be changed"]),
        (&["set", "rigs.wob.parked", "true"], 3, &["there is no rig \"wob\""]),
        (&["set", "setup", "x"], 5, &["rigs.d/NAME.toml"]),
        (&["unset", "capacity"], 5, &["not set in town.toml"]),
        (&["get", "capacity", "--rig", "wob"], 3, &["there is no rig"]),
        (&["edit", "wob"], 3, &["there is no rig"]),
    ];
    for (arguments, code, words) in cases {
        town.gt([&["config"], *arguments].concat()).exits(*code).complains(words);
    }
    assert_eq!((town.git(&["rev-parse", "HEAD"]), town.read("town.toml"), town.read("local.toml")), before);
}

#[test]
fn changes_by_hand_count_at_once_and_are_taken_in_with_the_next_change() {
    let (town, _project) = TestTown::with_rig();
    town.write("town.toml", &(town.read("town.toml").expect("a town") + "capacity = 3   # for now\n"));
    town.gt(["config", "get", "capacity"]).succeeds().says(&["3\n"]);
    town.gt(["config", "set", "attempts", "2"]).succeeds();
    let text = town.read("town.toml").expect("a town");
    assert!(text.contains("capacity = 3   # for now\n") && text.contains("attempts = 2\n"), "{text}");
    assert_eq!(town.git(&["show", "HEAD:town.toml"]), text.trim_end());

    town.write("rigs.d/web.toml", &(String::from("# mine\n") + &town.read("rigs.d/web.toml").expect("a rig")));
    town.gt(["rig", "park", "web"]).succeeds();
    let text = town.read("rigs.d/web.toml").expect("a rig");
    assert!(text.starts_with("# mine\n") && text.contains("parked = true"), "{text}");
    assert_eq!(town.git(&["show", "HEAD:rigs.d/web.toml"]), text.trim_end());
    assert_eq!(town.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_broken_file_is_not_changed() {
    let town = TestTown::new();
    let text = town.read("town.toml").expect("a town") + "capasity = 3\n";
    town.write("town.toml", &text);
    town.gt(["config", "set", "attempts", "2"]).exits(5).complains(&["town.toml:4:", "did you mean `capacity`"]);
    assert_eq!(town.read("town.toml"), Some(text));
}

#[test]
fn a_file_is_edited_and_checked() {
    let (town, _project) = TestTown::with_rig();
    let edit = |file: &str, editor: &str| town.command(["config", "edit", file]).variable("EDITOR", editor).run();
    let gate = editor(&town, "quicker", "test.sh", "test.sh --quick");
    edit("web", &gate).succeeds().says(&["Changed rigs.d/web.toml"]);
    assert_eq!(town.json(["rig", "show", "web"])["gates"][0]["run"], "./test.sh --quick");
    assert_eq!(town.git(&["log", "-1", "--format=%s"]), "config edit rigs.d/web.toml");
    assert_eq!(town.git(&["status", "--porcelain"]), "");

    let before = town.git(&["rev-parse", "HEAD"]);
    edit("town", "true").succeeds().says(&["Nothing was changed in town.toml"]);
    edit("web", &editor(&town, "typo", "^prefix", "prefxi")).exits(5).complains(&["rigs.d/web.toml:", "prefix"]);
    edit("rigs.d/web.toml", &editor(&town, "prefix", "prefix = .web.", "prefix = \"shop\""))
        .exits(5)
        .complains(&["prefix cannot"]);
    edit("web", "false").exits(9).complains(&["the editor `false` ended with"]);
    edit("web", "").exits(2).complains(&["no editor is set", "gt config set"]);
    assert_eq!(town.git(&["rev-parse", "HEAD"]), before);
}

#[test]
fn a_file_that_was_broken_by_hand_can_be_mended_in_the_editor() {
    let (town, _project) = TestTown::with_rig();
    let good = town.read("rigs.d/web.toml").expect("a rig");
    town.write("rigs.d/web.toml", &good.replace("prefix", "prefxi"));
    let mend = editor(&town, "mend", "prefxi", "prefix");
    let edit = || town.command(["config", "edit", "web"]).variable("EDITOR", &mend).run();
    edit().succeeds().says(&["Changed rigs.d/web.toml"]);
    assert_eq!(town.read("rigs.d/web.toml"), Some(good.clone()));
    assert_eq!(town.git(&["status", "--porcelain"]), "");

    // What the person wrote by hand and saw in the editor is taken in with the rest.
    town.write("rigs.d/web.toml", &(String::from("# mine\n") + &good.replace("prefix", "prefxi")));
    edit().succeeds();
    assert_eq!(town.git(&["show", "HEAD:rigs.d/web.toml"]), format!("# mine\n{good}").trim_end());
    assert_eq!(town.git(&["status", "--porcelain"]), "");
}
