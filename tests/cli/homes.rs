//! What the person has in the home folder is the same before and after a bead with each agent.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{TestTown, town, wait_until};

/// Content, mode and time of change of every file; folders have no content.
type Home = BTreeMap<PathBuf, (Option<Vec<u8>>, u32, i64)>;

fn everything(home: &Path) -> Home {
    let mut found = Home::new();
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there").flatten() {
            let (path, facts) = (entry.path(), entry.metadata().expect("it is there"));
            let is_folder = facts.is_dir();
            let content = (!is_folder).then(|| fs::read(&path).expect("readable"));
            // What lies in a folder changes its time.
            let changed = if is_folder { 0 } else { facts.mtime_nsec() };
            found.insert(path.strip_prefix(home).expect("below it").to_path_buf(), (content, facts.mode(), changed));
            folders.extend(is_folder.then_some(path));
        }
    }
    found
}

const KEY: &str = "a-key-of-the-person";

/// Somebody who has a key for every agent and has set each of them up.
fn person() -> TestTown {
    let script = "[[reply]]\n[[reply.step]]\n[[reply.step.call]]\ntool = \"shell\"\narguments = { command = \"gt prime \
                  >/dev/null && echo work >$GT_BEAD.txt && git add $GT_BEAD.txt && git commit -q -m Work && gt done\" }\n\
                  [[reply.step]]\ntext = \"It is handed in.\"\n";
    let keys = ["ANTHROPIC_API_KEY", "CODEX_API_KEY", "GEMINI_API_KEY", "COPILOT_GITHUB_TOKEN", "OPENAI_API_KEY"];
    let others = ["GOOSE_PROVIDER", "AMP_API_KEY", "AUGMENT_SESSION_AUTH", "CURSOR_API_KEY"];
    let builder = keys.into_iter().chain(others).fold(TestTown::builder(), |town, key| town.variable(key, KEY));
    let town = builder.build();
    let home = town.sandbox.join("home");
    fs::write(town.sandbox.join("script.toml"), script).expect("writable");
    let approved =
        format!("{{\"hasCompletedOnboarding\": true, \"customApiKeyResponses\": {{\"approved\": [\"{KEY}\"]}}}}");
    fs::write(home.join(".claude.json"), approved).expect("writable");
    for folder in
        [".claude", ".codex", ".gemini", ".copilot", ".qwen", ".pi/agent", ".omp/agent", ".augment", ".cursor"]
    {
        settings(&home.join(folder));
    }
    for name in ["opencode", "goose", "amp", "crush"] {
        settings(&home.join(".config").join(name));
        settings(&home.join(".local/share").join(name));
    }
    fs::write(home.join(".aider.conf.yml"), "dark-mode: true\n").expect("writable");
    town
}

/// A person's settings of an agent, in the names that agents give them.
fn settings(folder: &Path) {
    fs::create_dir_all(folder.join("hooks")).expect("writable");
    for name in ["settings.json", "config.json", "hooks.json"] {
        fs::write(folder.join(name), "{\"mine\": true}\n").expect("writable");
    }
    fs::write(folder.join("config.toml"), "model = \"mine\"\n").expect("writable");
    fs::write(folder.join("config.yaml"), "mine: true\n").expect("writable");
}

/// Each agent's program is one that does its bead; those that are typed to have a terminal that takes it.
fn installed(town: &TestTown) -> Vec<String> {
    let listed = town.json(["agent", "list"]);
    let mut names: Vec<String> =
        listed.as_array().expect("rows").iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect();
    names.retain(|name| name != "command");
    let play = town.agent("anybody");
    for name in &names {
        let preset = town.json(["agent", "show", name])["preset"].clone();
        let program = preset["program"].as_str().expect("a program").to_owned();
        match preset["prompt"].as_str() {
            Some("typed") => typed(town, name, &program),
            _ if name == "builtin" => {}
            _ => drop(fs::copy(&play, town.sandbox.join("bin").join(&program)).expect("writable")),
        }
        open_to_all(town, name, &preset);
    }
    names
}

/// A terminal that does with its first prompt what the other one does.
fn typed(town: &TestTown, name: &str, program: &str) {
    let control = town.sandbox.join("control").join(name);
    fs::create_dir_all(&control).expect("writable");
    fs::copy(town.sandbox.join("bin/anybody"), control.join("works")).expect("writable");
    let ready = if name == "crush" { "Yolo mode!" } else { "> " };
    fs::write(control.join("ready"), ready).expect("writable");
    let stand_in = Path::new(town::GT).with_file_name("examples").join("stand_in");
    let text = format!(
        "#!/bin/sh\n[ \"$*\" != --version ] || {{ echo 1.2.3; exit; }}\nexec {} --control {} --settings none --deaf false \
         --start-ms 0\n",
        stand_in.display(),
        control.display()
    );
    let path = town.sandbox.join("bin").join(program);
    fs::copy(town.sandbox.join("bin/anybody"), &path).expect("for its mode");
    fs::write(path, text).expect("writable");
}

/// The folder of a test lies where others may write, which some refuse.
fn open_to_all(town: &TestTown, name: &str, preset: &Value) {
    let mut files = preset["files"].as_array().cloned().unwrap_or_default();
    if files.iter().all(|file| file["private"] != true) {
        return;
    }
    for file in &mut files {
        let fields = file.as_object_mut().expect("a table");
        fields.retain(|_, value| !value.is_null());
        fields.insert("private".to_owned(), false.into());
    }
    let table = toml::Value::try_from(&files).expect("a preset is TOML");
    let local = town.read("local.toml").unwrap_or_default();
    town.write("local.toml", &format!("{local}\n[agents.{name}]\nfiles = {table}\n"));
}

#[test]
fn nothing_of_a_persons_home_is_changed_by_a_bead_with_any_agent() {
    let town = person();
    let names = installed(&town);
    assert_eq!(names.len(), 15, "{names:?}");
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let home = town.sandbox.join("home");
    let before = everything(&home);
    let mut planted = Vec::new();
    for name in &names {
        let made = town.json(["new", &format!("Work for {name}"), "--rig", "web"]);
        let id = made["id"].as_str().expect("an id");
        let script = town.sandbox.join("script.toml");
        let place = format!("web/{name}");
        town.command(["sling", id, &place, "--agent", name]).variable("GT_SCRIPT", script).run().succeeds();
        wait_until("the bead to be merged", || town.json(["show", id])[0]["result"]["status"] == "closed");
        let mut during = everything(&home);
        // What is ours lies beside the person's and says so by its name.
        during.retain(|path, _| {
            let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gt-"));
            let ours = named && !before.contains_key(path);
            planted.extend(ours.then(|| name.clone()));
            !ours
        });
        assert_eq!(changed(&before, &during), Vec::<&PathBuf>::new(), "{name}");
        town.gt(["polecat", "remove", name]).succeeds();
        let after = everything(&home);
        assert_eq!(changed(&before, &after), Vec::<&PathBuf>::new(), "{name} after its worker was removed");
    }
    assert_eq!(planted, ["codex", "copilot"], "those that leave no other way");
    assert_eq!(project.git(&["status", "--porcelain", "--ignored"]), "", "nothing of any agent came into the project");
}

fn changed<'a>(before: &'a Home, after: &'a Home) -> Vec<&'a PathBuf> {
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let paths: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    paths.into_iter().filter(differs).collect()
}

#[test]
fn what_lies_beside_a_persons_settings_goes_with_the_rig_too() {
    let town = person();
    installed(&town);
    let home = town.sandbox.join("home");
    let before = everything(&home);
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    for agent in ["codex", "copilot"] {
        let made = town.json(["new", agent, "--rig", "web"]);
        let id = made["id"].as_str().expect("an id");
        town.gt(["sling", id, &format!("web/{agent}"), "--agent", agent]).succeeds();
        wait_until("the bead to be merged", || town.json(["show", id])[0]["result"]["status"] == "closed");
    }
    assert_eq!(changed(&before, &everything(&home)).len(), 2);
    town.gt(["polecat", "stop", "codex"]).succeeds();
    town.gt(["polecat", "stop", "copilot"]).succeeds();
    town.gt(["rig", "remove", "web"]).succeeds();
    assert_eq!(changed(&before, &everything(&home)), Vec::<&PathBuf>::new());
    assert!(!town.root.join(".git/gt/agents/web").exists() || files(&town.root.join(".git/gt/agents/web")) == 0);
}

/// How many files lie in a folder, however deep.
fn files(folder: &Path) -> usize {
    everything(folder).values().filter(|(content, ..)| content.is_some()).count()
}
