//! A real agent whose turn is broken off by an urgent message: while its model says nothing, while it writes, and while a
//! tool runs.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::obliging;
use crate::scene::{LIMIT, Scene, asked, within};
use crate::setups::Setup;

/// How long a turn takes that is not broken off.
const LONG: Duration = Duration::from_secs(80);

/// How long an urgent message may take until the agent has it: less than what it breaks off.
const SOON: Duration = Duration::from_secs(50);

/// How far a turn has got when it is broken off: into the middle of it.
const INTO: Duration = Duration::from_secs(4);

/// What the agent is at.
const TURNS: [&str; 3] = ["THINKS", "WRITES", "RUNS"];

fn converse(request: &Recorded) -> Answer {
    if obliging::is_no_turn(request) {
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
pub fn stops(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(converse);
    let scene = Scene::begun(setup, &endpoint);
    // One that is offered no tools runs none.
    let turns = if setup.agent == "aider" { &TURNS[..2] } else { &TURNS[..] };
    let bad: Vec<String> = turns.iter().filter_map(|turn| breaks_off(&scene, &endpoint, turn).err()).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    scene.stop();
}

#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn breaks_off(scene: &Scene<'_>, endpoint: &Endpoint, turn: &str) -> Result<(), String> {
    let (begin, urgent) = (format!("BEGIN-{turn}"), format!("URGENT-{turn}"));
    scene.town.gt(["nudge", "toast", &format!("{begin} and take your time"), "--wait=150s"]);
    scene.wait("the turn", LIMIT, || asked(endpoint, &begin));
    // The timeline of the test: nothing is waited for.
    std::thread::sleep(INTO);
    let begun = Instant::now();
    let said = scene.town.json(["nudge", "toast", &format!("{urgent} and only this"), "--mode", "interrupt"]);
    let message = || scene.messages().into_iter().find(|one| one["id"] == said["id"]).expect("it is recorded");
    let is = |states: &[&str]| states.contains(&message()["state"].as_str().unwrap_or_default());
    within(SOON, || is(&["accepted", "turn_done", "failed"]));
    let took = begun.elapsed();
    let has = within(SOON.saturating_sub(took), || asked(endpoint, &urgent));
    let state = message();
    let word = |name: &str| state[name].as_str().unwrap_or_default();
    eprintln!(
        "  {} {turn:<7} {:<9} after {:>4.1} s, its model {} it  {}",
        scene.setup.agent,
        word("state"),
        took.as_secs_f64(),
        if has { "has" } else { "has not" },
        word("reason")
    );
    if has && is(&["accepted", "turn_done"]) {
        return Ok(());
    }
    let shown = scene.screen();
    // What is left of it must not be taken for the next one's.
    within(LONG, || scene.screen().contains("Fine."));
    Err(format!("{turn}: {state}\n{shown}"))
}
