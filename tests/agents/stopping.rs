//! A real agent whose turn is broken off by an urgent message: while its model says nothing, while it writes, and while a
//! tool runs.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::Setup;
use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::hearing::{asked, begun, messages};
use crate::obliging;
use crate::support::wait_for;

/// How long a turn takes that is not broken off.
const LONG: Duration = Duration::from_secs(80);

/// How long an urgent message may take until the agent has it: less than what it breaks off.
const LIMIT: Duration = Duration::from_secs(50);

/// What the agent is at.
const TURNS: [&str; 3] = ["THINKS", "WRITES", "RUNS"];

fn converse(request: &Recorded) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default();
    if request.body.is_null() || path.ends_with("ountTokens") || path.ends_with("count_tokens") {
        return obliging::think(request);
    }
    let said = request.body.to_string();
    let last = |beginning: &str| TURNS.iter().filter_map(|turn| said.rfind(&format!("{beginning}-{turn}"))).max();
    let turn = last("BEGIN").filter(|begun| last("URGENT").is_none_or(|urgent| urgent < *begun));
    let is = |wanted: &str| turn.is_some_and(|turn| said[turn..].starts_with(&format!("BEGIN-{wanted}")));
    if is("THINKS") {
        std::thread::sleep(LONG);
    }
    if is("WRITES") {
        // Some break off what repeats itself.
        let words: String = (0..10 * LONG.as_secs()).map(|number| format!("{} ", number * 7919 % 10_007)).collect();
        return Answer::Slowly(says(&words), Duration::from_millis(500));
    }
    // Who offers no tool writes a title, or has none.
    match obliging::shell(&request.body, &format!("timeout {} tail -f /dev/null", LONG.as_secs()))
        .filter(|_| is("RUNS"))
    {
        Some((name, mut arguments)) => {
            if arguments.get("timeout").is_some() {
                arguments["timeout"] = json!(120_000);
            }
            Answer::Reply(obliging::calling(&name, &arguments))
        }
        None => Answer::says("Fine."),
    }
}

/// Breaks three turns off and prints how long it took until the agent had the message that did.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn stops(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(converse);
    let (town, _project) = begun(setup, &endpoint);
    let mut bad = Vec::new();
    // One that is offered no tools runs none.
    let turns = if setup.agent == "aider" { &TURNS[..2] } else { &TURNS[..] };
    for turn in turns {
        let (begin, urgent) = (format!("BEGIN-{turn}"), format!("URGENT-{turn}"));
        town.gt(["nudge", "toast", &format!("{begin} and take your time"), "--wait=150s"]);
        wait_for("the turn", Duration::from_secs(120), || asked(&endpoint, &begin).then_some(()));
        let begun = Instant::now();
        // Into the middle of it.
        std::thread::sleep(Duration::from_secs(4));
        let said = town.json(["nudge", "toast", &format!("{urgent} and only this"), "--mode", "interrupt"]);
        let settled = || messages(&town).into_iter().find(|one| one["id"] == said["id"]).expect("it is recorded");
        let over = |limit: Duration, done: &dyn Fn() -> bool| {
            while begun.elapsed() < limit && !done() {
                std::thread::sleep(Duration::from_millis(200));
            }
        };
        over(LIMIT, &|| ["accepted", "turn_done", "failed"].contains(&settled()["state"].as_str().unwrap_or_default()));
        let took = begun.elapsed().saturating_sub(Duration::from_secs(4));
        let state = settled();
        over(LIMIT, &|| asked(&endpoint, &urgent));
        let has = asked(&endpoint, &urgent);
        eprintln!(
            "  {} {turn:<7} {:<9} after {:>4.1} s, its model {} it  {}",
            setup.agent,
            state["state"].as_str().unwrap_or_default(),
            took.as_secs_f64(),
            if has { "has" } else { "has not" },
            state["reason"].as_str().unwrap_or_default()
        );
        if !has || !["accepted", "turn_done"].contains(&state["state"].as_str().unwrap_or_default()) {
            bad.push(format!("{turn}: {state}\n{}", town.gt(["peek", "toast"]).stdout));
            // What is left of it must not be taken for the next one's.
            over(LONG + Duration::from_secs(30), &|| town.gt(["peek", "toast"]).stdout.contains("Fine."));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    town.gt(["polecat", "stop", "toast"]).succeeds();
}
