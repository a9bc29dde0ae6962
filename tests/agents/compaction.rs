//! After a real agent has compacted its conversation, its model knows the assignment again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gt::model::{Reply, Usage};

use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::support::TestTown;
use crate::{Setup, obliging, town_for};

/// Stands in the description of the bead, and so in what `gt prime` says.
const ASSIGNED: &str = "ASSIGNMENT-OF-THE-BEAD";
/// Is said after the compaction.
const AFTER: &str = "WHAT-IS-IT-NOW";
/// What is left of the conversation: every agent's own tags around it.
const SUMMARY: &str =
    "<summary><state_snapshot><overall_goal>All went well so far.</overall_goal></state_snapshot></summary>";

fn think(request: &Recorded, compacting: &AtomicBool) -> Answer {
    if request.body.is_null() || request.path.ends_with("ountTokens") || request.path.contains("count_tokens") {
        return obliging::think(request);
    }
    let said = request.body.to_string();
    if compacting.load(Ordering::SeqCst) && !said.contains(AFTER) {
        return counted(request, SUMMARY);
    }
    counted(request, "Fine.")
}

/// With as many tokens as there are: some agents look whether it became less.
fn counted(request: &Recorded, text: &str) -> Answer {
    let input = request.body.to_string().len() as u64 / 4;
    Answer::Reply(Reply { usage: Usage { input, output: 5, ..Usage::default() }, ..says(text) })
}

/// Lets an agent work, compact by its own command, and be asked something.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn comes_back(setup: &Setup<'_>, command: &str) {
    let compacting = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&compacting);
    let endpoint = Endpoint::thinking(move |request| think(request, &now));
    let town = town_for(setup, &endpoint);
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let made = town.json(["new", "Some work", "--rig", "web", "--description", ASSIGNED]);
    let id = made["id"].as_str().expect("an id").to_owned();
    let mut sling = town.command(["sling", &id, "web/toast", "--agent", setup.agent]);
    for argument in setup.arguments {
        sling = sling.arg(argument);
    }
    sling.run().succeeds();
    let asked =
        |word: &str| endpoint.requests().into_iter().filter(|request| request.body.to_string().contains(word)).count();
    wait("its first prompt", &town, || asked("gt prime") > 0);
    // Something long, or there is nothing to make shorter.
    let long =
        (0..700).map(|line| format!("line {line} of what it heard before and need not keep\n")).collect::<String>();
    for part in 0..3 {
        let marker = format!("PART-{part}-OF-IT");
        town.gt(["nudge", "toast", &format!("{marker}\n{long}")]).succeeds();
        wait("a long message", &town, || asked(&marker) > 0);
        std::thread::sleep(Duration::from_secs(2));
    }
    std::thread::sleep(Duration::from_secs(3));
    compacting.store(true, Ordering::SeqCst);
    let before = endpoint.requests().len();
    tmux(&town, &["send-keys", "-t", "=web/toast:", "-l", command]);
    std::thread::sleep(Duration::from_secs(1));
    tmux(&town, &["send-keys", "-t", "=web/toast:", "Enter"]);
    std::thread::sleep(Duration::from_secs(2));
    if town.gt(["peek", "toast"]).stdout.contains("Are you sure") {
        tmux(&town, &["send-keys", "-t", "=web/toast:", "Enter"]);
    }
    wait("the compaction", &town, || endpoint.requests().len() > before);
    std::thread::sleep(Duration::from_secs(6));
    // What its hooks do not tell, the next look at its transcript does.
    town.gt(["tick"]).succeeds();
    let shown = town.gt(["peek", "toast"]).stdout;
    town.gt(["nudge", "toast", &format!("{AFTER}, say so")]).succeeds();
    wait("the message after it", &town, || asked(AFTER) > 0);
    std::thread::sleep(Duration::from_secs(4));
    let after: Vec<_> = endpoint.requests().split_off(before);
    eprintln!("{}: after {command}", setup.agent);
    for request in &after {
        let body = request.body.to_string();
        eprintln!(
            "   {:>7} bytes, assignment {}, summary {}, question {}, first of the old {}, tools {}",
            body.len(),
            body.matches(ASSIGNED).count(),
            body.contains("All went well"),
            body.contains(AFTER),
            body.contains("PART-0-OF-IT"),
            request.body["tools"].as_array().map_or(0, Vec::len),
        );
    }
    for line in events(&town).lines() {
        eprintln!(
            "   {}",
            line.chars()
                .filter(|c| *c != char::from(92))
                .collect::<String>()
                .replace(town.sandbox.to_str().unwrap_or_default(), "")
        );
    }
    // Some agents also ask for a title, which carries nothing.
    let bodies = after.iter().map(|request| request.body.to_string());
    let knows = bodies.into_iter().any(|body| body.contains(AFTER) && body.contains(ASSIGNED));
    assert!(knows, "it does not know its assignment:\n{shown}\n{}", town.gt(["peek", "toast"]).stdout);
    town.gt(["polecat", "stop", "toast"]).succeeds();
}

/// What its hooks told.
fn events(town: &TestTown) -> String {
    let run = town.root.join(".git/gt/run");
    let folders = std::fs::read_dir(run).expect("there").flatten().map(|entry| entry.path().join("events.jsonl"));
    folders.filter_map(|file| std::fs::read_to_string(file).ok()).collect()
}

#[track_caller]
fn wait(what: &str, town: &TestTown, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < Duration::from_secs(90),
            "{what} did not come\n{}",
            town.gt(["peek", "toast"]).stdout
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn tmux(town: &TestTown, words: &[&str]) {
    let session = town.json(["polecat", "show", "toast"])["sessions"][0]["session"].as_str().expect("one").to_owned();
    let launch = town.read(&format!(".git/gt/run/{session}/launch.toml")).expect("a launch file");
    let launch: toml::Table = launch.parse().expect("TOML");
    let socket = launch["tmux_socket"].as_str().expect("a socket");
    let ran = town.program("tmux").arg("-S").arg(socket).args(words).status();
    assert!(ran.is_ok_and(|status| status.success()), "{words:?}");
}
