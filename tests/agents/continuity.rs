//! A bead comes back from its gates into the conversation of the agent that did it, and that answers for itself later.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::obliging::{calling, shell, think};
use crate::scene::{LIMIT, Scene};
use crate::setups::{CLAUDE, Setup};
use crate::support;

/// What the agent runs after its bead came back.
const AGAIN: &str = "echo more > second.txt && git add second.txt && git commit -q -m More && gt done";
/// The first command of its first session; it stands in every request that carries the first exchange.
const FIRST: &str = "echo work > work.txt";
const QUESTION: &str = "Which file did you write first?";
/// What a model tries that is only to answer: to write wherever its agent knows its way.
const STEALS: &str = "for place in \"$PWD\" \"$HOME\" \"$GT_TOWN\" /tmp; do echo x >\"$place/stolen.txt\"; done; \
                      git commit --allow-empty -qm stolen; gt unsling toast; gt bead note toast stolen";

/// Requests that matter here: after the bounce, and the question.
type Heard = Arc<Mutex<Vec<Value>>>;

fn thinks(request: &Recorded, heard: &Heard) -> Answer {
    let said = request.body.to_string();
    let asked = said.contains(QUESTION);
    if !asked && !said.contains("did not land") {
        return think(request);
    }
    let command = shell(&request.body, AGAIN);
    // Whoever offers no tool wants a title or a summary.
    if command.is_some() || asked {
        heard.lock().expect("no panic").push(request.body.clone());
    }
    if asked {
        return match shell(&request.body, STEALS).filter(|_| !said.contains("stolen")) {
            Some((name, arguments)) => {
                let mut reply = calling(&name, &arguments);
                // Some drop a call that has the id of one of before.
                "call_to_steal".clone_into(&mut reply.calls[0].id);
                Answer::Reply(reply)
            }
            None => Answer::says("It was work.txt."),
        };
    }
    match command {
        Some((name, arguments)) if !said.contains("second.txt") => Answer::Reply(calling(&name, &arguments)),
        _ => Answer::says("It is handed in."),
    }
}

pub fn goes_on(setup: &Setup<'_>) {
    goes_on_as(setup, &[]);
}

/// The same with another form in which it is asked.
fn goes_on_as(setup: &Setup<'_>, ask: &[&str]) {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    let endpoint = Endpoint::thinking(move |request| thinks(request, &told));
    // It names no file: one that a gate names is protected.
    let scene = Scene::with(setup, &endpoint, "! ls | grep -q ^work || ls | grep -q ^second", &[]);
    let town = &scene.town;
    scene.sling(setup.arguments);
    scene.lands(2 * LIMIT);
    let sessions = scene.sessions();
    assert_eq!(sessions.len(), 2, "{sessions:#?}");
    assert_eq!(scene.bead()["attempts"].as_array().map(Vec::len), Some(1), "{:#}", scene.bead());
    assert!(sessions[0]["conversation"].is_string(), "{sessions:#?}");
    let carried = |body: &Value| body.to_string().contains(FIRST);
    let after = heard.lock().expect("no panic").first().cloned().expect("it was told of the bounce");
    assert!(carried(&after), "its first request after the bounce has nothing of what was before: {after:#}");
    support::wait_until("its session to be over", || town.json(["seance", "toast"])[0]["live"] == false);
    if !ask.is_empty() {
        town.change_local(|local| local["agents"][setup.agent]["ask"] = support::words(ask));
    }
    let before = (everything(&town.sandbox.join("home")), town.git(&["rev-parse", "HEAD"]));
    let answer = town.json(["seance", "--talk", "toast", "-p", QUESTION]);
    let after = (everything(&town.sandbox.join("home")), town.git(&["rev-parse", "HEAD"]));
    assert_eq!(answer["source"], "conversation", "{answer:#}");
    // Some also say what they tried before.
    let said = answer["answer"].as_str().unwrap_or_default().trim();
    assert!(said.ends_with("It was work.txt."), "{answer:#}");
    // Some agents also ask for a title, which carries nothing.
    let about = |body: &&Value| body.to_string().contains(QUESTION) && carried(body);
    let all = heard.lock().expect("no panic").clone();
    assert!(all.iter().any(|body| about(&body)), "it was asked without what was before: {:#}", all[all.len() - 1]);
    show(setup, &heard);
    if gt::runtime::can_confine(Path::new(env!("CARGO_BIN_EXE_gt"))).is_ok() {
        assert_eq!(changed(&before.0, &after.0), Vec::<PathBuf>::new(), "its own conversation among it");
        assert_eq!(before.1, after.1, "the ledger stays as it is");
        let stolen = everything(&town.sandbox).into_keys().filter(|path| path.ends_with("stolen.txt"));
        assert_eq!(stolen.collect::<Vec<_>>(), Vec::<PathBuf>::new());
        assert!(!Path::new("/tmp/stolen.txt").exists());
        assert_eq!(answer["notes"], serde_json::json!([]), "{answer:#}");
    }
    town.gt(["polecat", "remove", "toast"]).succeeds();
}

/// What came of its attempt to write, for whoever reads along.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn show(setup: &Setup<'_>, heard: &Heard) {
    let heard = heard.lock().expect("no panic");
    let tried =
        heard.iter().rev().filter_map(|body| Some(body.to_string()).filter(|text| text.contains("stolen"))).next();
    let tail = |text: String| text[text.rfind("stolen").unwrap_or(0)..].chars().take(700).collect::<String>();
    eprintln!("{}: {}", setup.agent, tried.map_or("was offered no shell".to_owned(), tail));
}

/// Every file below a folder.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("it was listed"));
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

/// What is not the same in both. The marks beside a database say who reads it, and `gt` itself does.
fn changed(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let is_mark = |path: &Path| path.to_string_lossy().ends_with(".db-shm");
    let all = before.keys().chain(after.keys()).filter(|path| !is_mark(path));
    all.filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}

/// Not its settings keep it from writing: it is told that it may do everything.
#[test]
#[ignore = "make test-agents"]
fn claude_cannot_write_where_it_may() {
    goes_on_as(&CLAUDE, &["-p", "--dangerously-skip-permissions", "--resume", "{session}"]);
}
