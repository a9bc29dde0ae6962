//! Model and effort that a sling chooses reach the endpoint of a real agent, and what is counted is what it was told.

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::{Setup, obliging, town_for};
use gt::model::{Reply, Usage};

/// What each reply costs, in every format.
const INPUT: u64 = 1_000;
const OUTPUT: u64 = 50;
const CACHED: u64 = 200;

fn think(request: &Recorded) -> Answer {
    if request.body.is_null() || request.path.ends_with("ountTokens") || request.path.contains("count_tokens") {
        return obliging::think(request);
    }
    let usage = Usage { input: INPUT, output: OUTPUT, cache_read: CACHED, ..Usage::default() };
    Answer::Reply(Reply { usage, ..says("Fine.") })
}

/// A sling with these choices; `shows` is what a request of its model must have in it.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn are_heard(setup: &Setup<'_>, chosen: &[&str], shows: &[&str]) {
    let endpoint = Endpoint::thinking(think);
    let town = town_for(setup, &endpoint);
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let id = town.json(["new", "Some work", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let mut sling = town.command(["sling", &id, "web/toast", "--agent", setup.agent]);
    for argument in chosen {
        sling = sling.arg(argument);
    }
    sling.run().succeeds();
    let asked = || -> Vec<Recorded> {
        let about = |request: &Recorded| request.body.to_string().contains("gt prime");
        endpoint.requests().into_iter().filter(about).collect()
    };
    let limit = std::time::Duration::from_secs(90);
    crate::support::wait_for("its first prompt", limit, || (!asked().is_empty()).then_some(()));
    let told = |request: &Recorded| {
        let all = format!("{} {}", request.path, request.body);
        shows.iter().all(|wanted| all.contains(wanted))
    };
    let start = std::time::Instant::now();
    while !asked().iter().any(told) {
        let bodies: Vec<_> = asked().iter().map(|one| shape(&one.body)).collect();
        assert!(start.elapsed() < limit, "{shows:?} is missing in {bodies:#?}");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    // One reply at a time; what else an agent asks, such as a title, it may count or not.
    let counted = || {
        let used = town.json(["costs", "--by", "agent"]);
        (used["total"]["replies"].as_u64() > Some(0)).then_some(used)
    };
    let used = crate::support::wait_for("the tokens to be counted", limit, counted);
    let count = |name: &str| used["total"][name].as_u64().unwrap_or_default();
    let replies = count("replies");
    eprintln!("{}: {shows:?} heard; {}", setup.agent, used["total"]);
    assert_eq!(count("output"), replies * OUTPUT, "{used:#}");
    assert_eq!(count("input") + count("cache_read"), replies * (INPUT + cached(setup.agent)), "{used:#}");
    town.gt(["polecat", "stop", "toast"]).succeeds();
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
