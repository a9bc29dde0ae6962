//! A person's companion: its session ends, is started again, and goes on in the conversation that it had.

use std::time::Duration;

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::obliging::{is_no_turn, think};
use crate::scene::{LIMIT, asked, messages, says, shows, town_for, types, wait, within};
use crate::setups::Setup;
use crate::support::TestTown;

const TOLD: &str = "THE-DOOR-IS-BLUE";
const QUESTION: &str = "WHICH-DOOR-IS-IT";

fn thinks(request: &Recorded) -> Answer {
    if is_no_turn(request) { think(request) } else { Answer::says("Fine.") }
}

/// The session of ada, as it is joined or started; nobody is brought to its terminal.
fn attended(town: &TestTown, agent: &str) -> Value {
    town.json(["crew", "attach", "ada", "--agent", agent])
}

/// Tells a companion something, ends it by its own command, and asks the one that comes back.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn accompanies(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(thinks);
    let town = town_for(setup, &endpoint);
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    if let [_, model] = setup.arguments {
        town.gt(["config", "set", "roles.crew.model", model]).succeeds();
    }
    town.gt(["crew", "add", "ada"]).succeeds();
    let first = attended(&town, setup.agent);
    assert_eq!((&first["started"], &first["resumed"]), (&true.into(), &false.into()), "{first:#}");
    let shown = || format!("{:?}\n{}", messages(&town, "ada"), town.gt(["peek", "ada"]).stdout);
    wait("its first prompt", LIMIT, shown, || asked(&endpoint, "crew"));
    says(&town, "ada", &format!("{TOLD}, remember that"));
    assert!(asked(&endpoint, TOLD), "{}", shown());
    let had = conversation(&town, &first);
    // What ends sooner has not got to its conversation.
    let lived = || since(&row(&town, &first)["started"]) > 20;
    wait("some life", LIMIT, shown, lived);
    quits(&town, &first, setup.agent);
    let asked_before = endpoint.requests().len();
    let second = attended(&town, setup.agent);
    assert_eq!((&second["started"], &second["resumed"]), (&true.into(), &true.into()), "{second:#}");
    says(&town, "ada", QUESTION);
    let carried = |request: &Recorded| {
        let body = request.body.to_string();
        body.contains(QUESTION) && body.contains(TOLD)
    };
    let after = endpoint.requests().split_off(asked_before);
    assert!(after.iter().any(carried), "it was asked without what it was told: {}", shown());
    assert_eq!(conversation(&town, &second), had, "its conversation has one name");
    eprintln!("{}: its companion came back to the conversation {had}", setup.agent);
    town.gt(["crew", "remove", "ada"]).succeeds();
}

/// As a person ends it: by its own command.
fn quits(town: &TestTown, session: &Value, agent: &str) {
    let shown = || town.gt(["peek", "ada"]).stdout;
    let command = if ["codex", "gemini", "qwen", "pi"].contains(&agent) { "/quit" } else { "/exit" };
    types(town, session, "web/ada", &["-l", command]);
    wait("the command in its line", LIMIT, shown, || shows(&shown(), command));
    let ended = || town.json(["crew", "list"])[0]["session"].is_null();
    // Some take the first one for their menu of commands.
    let presses = || {
        types(town, session, "web/ada", &["Enter"]);
        within(Duration::from_secs(15), ended)
    };
    assert!(presses() || presses(), "it does not end:\n{}", shown());
    town.gt(["tick"]).succeeds();
}

/// What is recorded of a session of ada.
fn row(town: &TestTown, session: &Value) -> Value {
    let rows = town.json(["seance", "ada"]);
    let rows = rows.as_array().cloned().unwrap_or_default();
    rows.into_iter().find(|row| row["session"] == session["session"]).expect("it is recorded")
}

fn conversation(town: &TestTown, session: &Value) -> String {
    // Of an agent without hooks its transcript tells, which is looked at with every tick.
    town.gt(["tick"]).succeeds();
    row(town, session)["conversation"].as_str().expect("its conversation is known").to_owned()
}

/// How many seconds ago that was.
fn since(time: &Value) -> i64 {
    let time = time.as_str().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok()).expect("a time");
    (chrono::Utc::now() - time.to_utc()).num_seconds()
}
