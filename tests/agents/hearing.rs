//! Twenty messages to a real agent, at rest and at work, of one line and of several: each is accepted, and then its
//! model was asked with it, or truthfully said to have failed.

use std::time::Duration;

use serde_json::Value;

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::obliging;
use crate::scene::{Scene, asked, within};
use crate::setups::Setup;

/// How long the model thinks about a message that keeps the agent at work.
const SLOW: Duration = Duration::from_millis(3_500);

/// How long one message may take until it is settled.
const SETTLED: Duration = Duration::from_secs(150);

fn converse(request: &Recorded) -> Answer {
    if obliging::is_no_turn(request) {
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

impl Line {
    fn said(scene: &Scene<'_>, number: usize, at_work: bool, several: bool) -> Self {
        let marker = format!("DELIVERY-{number:02}");
        let slow = if number >= 10 && !at_work { " SLOWLY" } else { "" };
        let rest = if several { "\n- with a second line: 'a' \"b\" $c\n\n- and a fourth" } else { ", say yes" };
        let said = scene.town.json(["nudge", "toast", &format!("{marker}{slow} is here{rest}")]);
        Self { id: said["id"].as_i64().expect("a number"), marker, at_work, several }
    }

    fn of(&self, messages: &[Value]) -> Value {
        messages.iter().find(|message| message["id"] == self.id).cloned().expect("it is recorded")
    }

    fn is(&self, scene: &Scene<'_>, states: &[&str]) -> bool {
        states.contains(&self.of(&scene.messages())["state"].as_str().unwrap_or_default())
    }

    fn kind(&self) -> String {
        let several = if self.several { "several lines" } else { "one line" };
        format!("{:<8} {several:<13}", if self.at_work { "at work" } else { "at rest" })
    }
}

/// Lets an agent hear twenty messages and prints what became of them.
pub fn hears(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(converse);
    let scene = Scene::begun(setup, &endpoint);
    let mut lines = Vec::new();
    for number in 0..10 {
        lines.push(Line::said(&scene, number, false, number % 2 == 1));
        settled(&scene, &endpoint, &lines);
    }
    for pair in 0..5 {
        lines.push(Line::said(&scene, 10 + 2 * pair, false, false));
        // The one that keeps it at work.
        wait(&scene, &lines);
        lines.push(Line::said(&scene, 11 + 2 * pair, true, pair % 2 == 1));
        settled(&scene, &endpoint, &lines);
    }
    let bad = judged(&scene, &endpoint, &lines);
    assert!(bad.is_empty(), "{bad:#?}\n{}", scene.screen());
    scene.stop();
}

/// What is not as it was said to be.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn judged(scene: &Scene<'_>, endpoint: &Endpoint, lines: &[Line]) -> Vec<String> {
    let messages = scene.messages();
    let mut bad = Vec::new();
    let mut accepted = [0, 0];
    for line in lines {
        let message = line.of(&messages);
        let word = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let (state, heard) = (word("state"), asked(endpoint, &line.marker));
        let (tries, reason) = (&message["tries"], word("reason"));
        eprintln!("  {} {} {state:<9} tries {tries}  {reason}", line.marker, line.kind());
        if (state == "failed") == heard || !["accepted", "turn_done", "failed"].contains(&state.as_str()) {
            bad.push(format!("{}: {state}, and its model {} it", line.marker, if heard { "got" } else { "never got" }));
        }
        accepted[usize::from(line.at_work)] += usize::from(state != "failed");
    }
    let all = |at_work: bool| lines.iter().filter(|line| line.at_work == at_work).count();
    let agent = scene.setup.agent;
    let [rest, work] = accepted;
    eprintln!("{agent}: accepted at rest {rest} of {}, at work {work} of {}", all(false), all(true));
    bad
}

/// Waits until the last message is settled, its model was asked with it, and the agent rests as far as it can be known.
fn settled(scene: &Scene<'_>, endpoint: &Endpoint, lines: &[Line]) {
    wait(scene, lines);
    let line = lines.last().expect("one");
    // What does not come is judged at the end.
    within(Duration::from_secs(40), || asked(endpoint, &line.marker));
    within(Duration::from_secs(4), || line.is(scene, &["turn_done"]));
}

#[track_caller]
fn wait(scene: &Scene<'_>, lines: &[Line]) {
    let line = lines.last().expect("one");
    scene.wait("what became of a message", SETTLED, || line.is(scene, &["accepted", "turn_done", "failed"]));
}
