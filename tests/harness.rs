//! The built-in agent from its prompt to a commit: a real git worktree, the scripted model, and both kinds of endpoint on
//! loopback.

#[path = "support/endpoint.rs"]
mod endpoint;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use endpoint::{Answer, Endpoint};
use gt::harness::{HarnessOptions, Limits, Reason, run_unattended};
use gt::model::scripted::{Script, Scripted};
use gt::model::{Model, Subject, from_variables};
use serde_json::{Value, json};

/// Reads, writes, tests, repairs and commits, as a real model would.
const SCRIPT: &str = r##"
[[reply]]
role = "developer"
title = "Greet *"

[[reply.step]]
text = "I look at what is there."
call = [{ tool = "list_dir", arguments = {} }, { tool = "read_file", arguments = { path = "greet.sh" } }]

[[reply.step]]
text = "The greeting is wrong. I change it and run the test."
[[reply.step.call]]
tool = "edit_file"
arguments = { path = "greet.sh", old = "echo helo", new = "echo \"hello $1\"" }
[[reply.step.call]]
tool = "shell"
arguments = { command = "sh test.sh", seconds = 30 }

[[reply.step]]
text = "A file for the next one, and a try to leave the worktree."
[[reply.step.call]]
tool = "write_file"
arguments = { path = "docs/greeting.md", content = "# Greeting\n\nSay hello.\n" }
[[reply.step.call]]
tool = "write_file"
arguments = { path = "../outside.txt", content = "x" }
[[reply.step.call]]
tool = "write_file"
arguments = { path = "docs/x", contents = "x" }

[[reply.step]]
[[reply.step.call]]
tool = "shell"
arguments = { command = "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1; git add -A && git commit -q -m 'Greet by name' && git log --format=%s -1" }

[[reply.step]]
text = "The greeting takes a name now."
"##;

/// A worktree cut from a bare repository, as gt has them, in a folder that goes with it.
struct Worktree {
    folder: tempfile::TempDir,
    dir: PathBuf,
}

impl Worktree {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("rig/polecats/toast");
        let seed = folder.path().join("seed");
        std::fs::create_dir(&seed).expect("a folder");
        std::fs::write(seed.join("greet.sh"), "#!/bin/sh\necho helo\n").expect("a file");
        std::fs::write(seed.join("test.sh"), "[ \"$(sh greet.sh ada)\" = 'hello ada' ] && echo passed\n")
            .expect("a file");
        let bare = folder.path().join("rig/.git");
        git(&seed, &["init", "-q", "-b", "main"]);
        git(&seed, &["add", "-A"]);
        git(&seed, &["commit", "-q", "-m", "Begin"]);
        git(&seed, &["clone", "-q", "--bare", ".", bare.to_str().expect("UTF-8")]);
        let path = dir.to_str().expect("UTF-8");
        git(&bare, &["worktree", "add", "-q", "-b", "polecat/toast/1", path, "main"]);
        git(&dir, &["config", "user.name", "toast"]);
        git(&dir, &["config", "user.email", "toast@example.org"]);
        Self { folder, dir }
    }

    fn audit(&self) -> PathBuf {
        self.folder.path().join("logs/s1.audit.jsonl")
    }

    fn records(&self, kind: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.audit()).expect("an audit log");
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        records.filter(|record| record["kind"] == kind).collect()
    }

    fn options(&self, model: Arc<dyn Model>) -> HarnessOptions {
        HarnessOptions {
            prompt: Some("Make greet.sh greet by name.".into()),
            system: "You are a developer.".into(),
            subject: Subject::new("developer", "Greet by name"),
            cwd: self.dir.clone(),
            model,
            limits: Limits::default(),
            audit: Some(self.audit()),
            told: None,
            session: "s1".into(),
            interactive: false,
        }
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=seed", "-c", "user.email=seed@example.org"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn script() -> Script {
    Script::parse("script.toml".as_ref(), SCRIPT).expect("the script is right")
}

fn behind(endpoint: &Endpoint, format: &str) -> Arc<dyn Model> {
    let base = endpoint.base();
    let model =
        from_variables(Some(&format!("{format}/m-1")), &|name| name.ends_with("_BASE_URL").then(|| base.clone()));
    Arc::from(model.expect("the address is right"))
}

/// Runs a whole session and checks what it left behind.
fn greets_by_name(model: Arc<dyn Model>) {
    let tree = Worktree::new();
    let paper = Paper::default();
    let ended = run_unattended(tree.options(model), Box::new(paper.clone())).expect("a session");
    let screen = String::from_utf8(paper.0.lock().expect("no writer panics").clone()).expect("text");
    assert!(matches!(ended.reason, Reason::Stopped), "{}\n{screen}", ended.reason);
    assert_eq!(ended.turns, 5);

    assert_eq!(git(&tree.dir, &["log", "--format=%an: %s"]), "toast: Greet by name\nseed: Begin");
    assert_eq!(git(&tree.dir, &["status", "--porcelain"]), "");
    assert_eq!(git(&tree.dir, &["show", "HEAD:greet.sh"]), "#!/bin/sh\necho \"hello $1\"");
    assert_eq!(git(&tree.dir, &["show", "HEAD:docs/greeting.md"]), "# Greeting\n\nSay hello.");
    assert!(!tree.dir.join("../outside.txt").exists());

    let outcomes: Vec<_> =
        tree.records("tool").iter().map(|record| (record["tool"].clone(), record["outcome"].clone())).collect();
    let outcomes: Vec<_> =
        outcomes.iter().map(|(tool, outcome)| format!("{tool} {outcome}").replace('"', "")).collect();
    assert_eq!(
        outcomes,
        [
            "list_dir ok",
            "read_file ok",
            "edit_file ok",
            "shell ok",
            "write_file ok",
            "write_file refused",
            "write_file arguments",
            "shell ok"
        ]
    );
    assert!(screen.contains("* shell sh test.sh\n  | passed\n  | [exit status 0]\n"), "{screen}");
    assert!(screen.contains("argument `contents` is unknown; the arguments are path, content"), "{screen}");
    assert_eq!(tree.records("model").len(), 5);
    assert!(tree.records("model").iter().all(|record| record["usage"]["input"].as_u64() > Some(0)));
    let end = tree.records("end");
    assert_eq!((end.len(), end[0]["turn"].as_u64(), end[0]["session"].as_str()), (1, Some(5), Some("s1")));
}

#[test]
fn the_script_of_the_reference_can_be_played() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/built-in-agent.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let script = Script::parse("example.toml".as_ref(), example).expect("the example is right");
    let subject = Subject::new("developer", "add a login");
    assert_eq!(script.step(&subject, "a login page", 0).expect("a step").calls.len(), 2);
    assert_eq!(script.step(&subject, "a login page", 1).expect("a step").text, "Done.");
}

#[test]
fn the_tools_of_the_reference_are_those_there_are() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/built-in-agent.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let endpoint = Endpoint::answering([Answer::says("Nothing to do.")]);
    let tree = Worktree::new();
    run_unattended(tree.options(behind(&endpoint, "anthropic")), Box::new(Paper::default())).expect("a session");
    for tool in endpoint.requests()[0].body["tools"].as_array().expect("tools are sent") {
        let name = tool["name"].as_str().expect("a name");
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).expect(name);
        let arguments = tool["input_schema"]["properties"].as_object().expect("arguments");
        assert!(arguments.keys().all(|argument| row.contains(&format!("`{argument}`"))), "{row}");
    }
}

#[test]
fn with_the_scripted_model() {
    greets_by_name(Arc::new(Scripted::new(script())));
}

#[test]
fn with_chat_completions() {
    greets_by_name(behind(&Endpoint::playing(script()), "openai"));
}

#[test]
fn with_messages() {
    greets_by_name(behind(&Endpoint::playing(script()), "anthropic"));
}

#[test]
fn wrong_arguments_go_back_to_the_model_in_its_format() {
    for format in ["openai", "anthropic"] {
        let mut wrong = endpoint::calls_of(&[("shell", json!({})), ("fly", json!({"to": "moon"}))]);
        wrong.calls[0].arguments = "{\"command\": ".into();
        let endpoint = Endpoint::answering([Answer::Reply(wrong), Answer::says("I see.")]);
        let tree = Worktree::new();
        let ended =
            run_unattended(tree.options(behind(&endpoint, format)), Box::new(Paper::default())).expect("a session");
        assert!(matches!(ended.reason, Reason::Stopped), "{}", ended.reason);
        let second = endpoint.requests()[1].body["messages"].to_string();
        assert!(second.contains("the arguments are not JSON"), "{second}");
        assert!(second.contains("there is no tool `fly`; the tools are read_file"), "{second}");
    }
}

#[test]
fn a_refused_key_ends_it_with_what_to_check() {
    let endpoint = Endpoint::answering([Answer::status(401, "invalid key")]);
    let tree = Worktree::new();
    let ended =
        run_unattended(tree.options(behind(&endpoint, "openai")), Box::new(Paper::default())).expect("a session");
    let failure = ended.failure().expect("it is no success");
    assert_eq!(failure.kind.exit_code(), 9);
    assert!(failure.to_string().contains("invalid key; check OPENAI_API_KEY"), "{failure}");
    assert!(tree.records("end")[0]["reason"].as_str().is_some_and(|reason| reason.contains("401")));
}

#[test]
fn a_limit_of_hours_is_in_the_log_with_its_end() {
    let endpoint = Endpoint::answering([Answer::limited("7200")]);
    let tree = Worktree::new();
    let ended =
        run_unattended(tree.options(behind(&endpoint, "anthropic")), Box::new(Paper::default())).expect("a session");
    assert_eq!(ended.failure().expect("it is no success").kind.exit_code(), 8);
    assert!(tree.records("end")[0]["until"].is_string());
}
