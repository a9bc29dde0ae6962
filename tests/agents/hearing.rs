//! Twenty messages to a real agent, at rest and at work, of one line and of several: each is accepted, and then its
//! model was asked with it, or truthfully said to have failed.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::support::{Project, TestTown};
use crate::{Setup, obliging, town_for};

/// How long the model thinks about a message that keeps the agent at work.
const SLOW: Duration = Duration::from_millis(3_500);

/// How long one message may take until it is settled.
const LIMIT: Duration = Duration::from_secs(150);

fn converse(request: &Recorded) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default();
    if request.body.is_null() || path.ends_with("ountTokens") || path.ends_with("count_tokens") {
        return obliging::think(request);
    }
    let said = request.body.to_string();
    if said.rfind("DELIVERY-").is_some_and(|last| said[last..].chars().take(24).collect::<String>().contains("SLOWLY"))
    {
        std::thread::sleep(SLOW);
    }
    Answer::says("Fine.")
}

/// What was said, and what has become of it.
struct Line {
    id: i64,
    marker: String,
    at_work: bool,
    several: bool,
}

/// Lets an agent hear twenty messages and prints what became of them.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn hears(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(converse);
    let (town, _project) = begun(setup, &endpoint);
    let mut lines = Vec::new();
    for number in 0..10 {
        lines.push(said(&town, number, false, number % 2 == 1));
        settled(&town, &endpoint, &lines);
    }
    for pair in 0..5 {
        lines.push(said(&town, 10 + 2 * pair, false, false));
        // The one that keeps it at work.
        wait(&town, lines.last().expect("one"), &["accepted", "turn_done", "failed"]);
        lines.push(said(&town, 11 + 2 * pair, true, pair % 2 == 1));
        settled(&town, &endpoint, &lines);
    }
    let messages = messages(&town);
    let mut bad = Vec::new();
    for line in &lines {
        let message = messages.iter().find(|message| message["id"] == line.id).expect("it is recorded");
        let state = message["state"].as_str().unwrap_or_default();
        let heard = asked(&endpoint, &line.marker);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind =
            (if line.at_work { "at work" } else { "at rest" }, if line.several { "several lines" } else { "one line" });
        eprintln!(
            "  {} {:<8} {:<13} {:<9} tries {}  {}",
            line.marker,
            kind.0,
            kind.1,
            state,
            message["tries"],
            word(&message["reason"])
        );
        if (state == "failed") == heard || !["accepted", "turn_done", "failed"].contains(&state) {
            bad.push(format!("{}: {state}, and its model {} it", line.marker, if heard { "got" } else { "never got" }));
        }
    }
    let count = |wanted: bool, at_work: bool| {
        let fits = |line: &&Line| {
            let message = messages.iter().find(|message| message["id"] == line.id).expect("it is recorded");
            line.at_work == at_work && (message["state"] != "failed") == wanted
        };
        lines.iter().filter(fits).count()
    };
    eprintln!(
        "{}: at rest {} accepted, {} failed; at work {} accepted, {} failed",
        setup.agent,
        count(true, false),
        count(false, false),
        count(true, true),
        count(false, true)
    );
    assert!(bad.is_empty(), "{bad:#?}\n{}", town.gt(["peek", "toast"]).stdout);
    town.gt(["polecat", "stop", "toast"]).succeeds();
}

/// A town in which the agent was given something to do.
pub fn begun(setup: &Setup<'_>, endpoint: &Endpoint) -> (TestTown, Project) {
    let town = town_for(setup, endpoint);
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let id = town.json(["new", "Some work", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let mut command = town.command(["sling", &id, "web/toast", "--agent", setup.agent]);
    for argument in setup.arguments {
        command = command.arg(argument);
    }
    command.run().succeeds();
    (town, project)
}

fn said(town: &TestTown, number: usize, at_work: bool, several: bool) -> Line {
    let marker = format!("DELIVERY-{number:02}");
    let slow = if number >= 10 && !at_work { " SLOWLY" } else { "" };
    let rest = if several { "\n- with a second line: 'a' \"b\" $c\n\n- and a fourth" } else { ", say yes" };
    let said = town.json(["nudge", "toast", &format!("{marker}{slow} is here{rest}")]);
    Line { id: said["id"].as_i64().expect("a number"), marker, at_work, several }
}

pub fn messages(town: &TestTown) -> Vec<Value> {
    town.json(["nudge", "toast", "--all"]).as_array().cloned().unwrap_or_default()
}

/// Waits until the last message is settled, its model was asked with it, and the agent rests as far as it can be known.
fn settled(town: &TestTown, endpoint: &Endpoint, lines: &[Line]) {
    let line = lines.last().expect("one");
    wait(town, line, &["turn_done", "accepted", "failed"]);
    let over = |limit: Duration, done: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !done() && start.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    over(Duration::from_secs(40), &|| asked(endpoint, &line.marker));
    over(Duration::from_secs(4), &|| state_of(town, line) == "turn_done");
}

pub fn asked(endpoint: &Endpoint, marker: &str) -> bool {
    endpoint.requests().iter().any(|request| request.body.to_string().contains(marker))
}

fn state_of(town: &TestTown, line: &Line) -> String {
    let messages = messages(town);
    let message = messages.iter().find(|message| message["id"] == line.id).expect("it is recorded");
    message["state"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn wait(town: &TestTown, line: &Line, states: &[&str]) {
    let start = Instant::now();
    loop {
        let messages = messages(town);
        let message = messages.iter().find(|message| message["id"] == line.id).expect("it is recorded");
        if states.contains(&message["state"].as_str().unwrap_or_default()) {
            return;
        }
        assert!(start.elapsed() < LIMIT, "{message}\n{}", town.gt(["peek", "toast"]).stdout);
        std::thread::sleep(Duration::from_millis(200));
    }
}
