//! A bead comes back from its gates into the conversation of the agent that did it, and that answers for itself later.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::obliging::{calling, shell, think};
use crate::support::{self, TestTown};
use crate::{KEY, Setup, town_for};

/// What the agent runs after its bead came back.
const AGAIN: &str = "echo more > second.txt && git add second.txt && git commit -q -m More && gt done";
/// The first command of its first session; it stands in every request that carries the first exchange.
const FIRST: &str = "echo work > work.txt";
const QUESTION: &str = "Which file did you write first?";

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
    match command {
        _ if asked => Answer::says("It was work.txt."),
        Some((name, arguments)) if !said.contains("second.txt") => Answer::Reply(calling(&name, &arguments)),
        _ => Answer::says("It is handed in."),
    }
}

fn goes_on(setup: &Setup<'_>) {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    let endpoint = Endpoint::thinking(move |request| thinks(request, &told));
    let town = town_for(setup, &endpoint);
    let project = town.repo("web");
    // It names no file: one that a gate names is protected.
    let gate = "! ls | grep -q ^work || ls | grep -q ^second";
    town.gt(["rig", "add", "web", project.url(), "--gate", gate]).succeeds();
    let id = town.json(["new", "Some work", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let mut command = town.command(["sling", &id, "web/toast", "--agent", setup.agent]);
    for argument in setup.arguments {
        command = command.arg(argument);
    }
    command.run().succeeds();
    support::wait_for("the bead to land", std::time::Duration::from_secs(240), || closed(&town, &id).then_some(()));
    let sessions = town.json(["polecat", "show", "toast"])["sessions"].clone();
    assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions:#}");
    assert!(sessions[0]["conversation"].is_string(), "{sessions:#}");
    let carried = |body: &Value| body.to_string().contains(FIRST);
    let after = heard.lock().expect("no panic").first().cloned().expect("it was told of the bounce");
    assert!(carried(&after), "its first request after the bounce has nothing of what was before: {after:#}");
    let answer = town.json(["seance", "--talk", "toast", "-p", QUESTION]);
    let said = answer["answer"].as_str().unwrap_or_default().trim();
    assert_eq!((answer["source"].as_str(), said), (Some("conversation"), "It was work.txt."), "{answer:#}");
    // Some agents also ask for a title, which carries nothing.
    let about = |body: &&Value| body.to_string().contains(QUESTION) && carried(body);
    assert!(heard.lock().expect("no panic").iter().any(|body| about(&body)), "it was asked without what was before");
    town.gt(["polecat", "remove", "toast"]).succeeds();
}

fn closed(town: &TestTown, id: &str) -> bool {
    let bead = town.json(["show", id])[0]["result"].clone();
    let tried = bead["attempts"].as_array().map_or(0, Vec::len);
    assert!(tried <= 1, "it was tried again and again: {bead:#}");
    bead["status"] == "closed"
}

#[test]
#[ignore = "make test-agents"]
fn claude_goes_on() {
    let variables = &[("ANTHROPIC_BASE_URL", "{url}"), ("ANTHROPIC_API_KEY", KEY)];
    goes_on(&Setup { agent: "claude", bin: "claude", variables, ..Setup::default() });
}

#[test]
#[ignore = "make test-agents"]
fn codex_goes_on() {
    let (variables, files) = (&[("OPENAI_API_KEY", KEY)], &[(".codex/config.toml", crate::CODEX)]);
    goes_on(&Setup { agent: "codex", bin: "codex", variables, files, ..Setup::default() });
}

#[test]
#[ignore = "make test-agents"]
fn pi_goes_on() {
    let (files, arguments) = (&[(".pi/agent/models.json", crate::PI)], &["--model", "ours/scripted"]);
    goes_on(&Setup { agent: "pi", bin: "pi", files, arguments, ..Setup::default() });
}
