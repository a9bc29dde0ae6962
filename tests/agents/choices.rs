//! Model and effort that a sling chooses reach the endpoint of a real agent, and what is counted is what it was told.

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::obliging;
use crate::scene::{LIMIT, Scene, wait};
use crate::setups::Setup;
use gt::model::{Reply, Usage};

/// What each reply costs, in every format.
const INPUT: u64 = 1_000;
const OUTPUT: u64 = 50;
const CACHED: u64 = 200;

fn think(request: &Recorded) -> Answer {
    if obliging::is_no_turn(request) {
        return obliging::think(request);
    }
    let usage = Usage { input: INPUT, output: OUTPUT, cache_read: CACHED, ..Usage::default() };
    Answer::Reply(Reply { usage, ..says("Fine.") })
}

/// A sling with these choices; `shows` is what a request of its model must have in it.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn are_heard(setup: &Setup<'_>, chosen: &[&str], shows: &[&str]) {
    let endpoint = Endpoint::thinking(think);
    let scene = Scene::new(setup, &endpoint);
    scene.sling(chosen);
    let prompted = || endpoint.requests().into_iter().filter(|request| request.body.to_string().contains("gt prime"));
    let told = |request: &Recorded| {
        let all = format!("{} {}", request.path, request.body);
        shows.iter().all(|wanted| all.contains(wanted))
    };
    let bodies = || format!("{:#?}", prompted().map(|one| shape(&one.body)).collect::<Vec<_>>());
    wait(&format!("{shows:?} in a request"), LIMIT, bodies, || prompted().any(|request| told(&request)));
    // One reply at a time; what else an agent asks, such as a title, it may count or not.
    let used = || scene.town.json(["costs", "--by", "agent"]);
    scene.wait("the tokens", LIMIT, || used()["total"]["replies"].as_u64() > Some(0));
    let used = used();
    let count = |name: &str| used["total"][name].as_u64().unwrap_or_default();
    let replies = count("replies");
    eprintln!("{}: {shows:?} heard; {}", setup.agent, used["total"]);
    assert_eq!(count("output"), replies * OUTPUT, "{used:#}");
    assert_eq!(count("input") + count("cache_read"), replies * (INPUT + cached(setup.agent)), "{used:#}");
    scene.stop();
}

/// Chat completions and Messages tell of the cache on top, Responses and Gemini within or not at all.
fn cached(agent: &str) -> u64 {
    if matches!(agent, "codex" | "gemini") { 0 } else { CACHED }
}

/// A body without its long texts.
fn shape(body: &Value) -> Value {
    match body {
        Value::Object(fields) => {
            let short = fields
                .iter()
                .filter(|(name, _)| !["messages", "input", "contents", "tools", "system"].contains(&name.as_str()));
            short.map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        other => other.clone(),
    }
}
