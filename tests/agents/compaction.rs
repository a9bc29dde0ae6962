//! After a real agent has compacted its conversation, its model knows the assignment again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gt::model::{Reply, Usage};

use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::obliging;
use crate::scene::{LIMIT, Scene, asked, shows, types, within};
use crate::setups::Setup;

/// Stands in the description of the bead, and so in what `gt prime` says.
const ASSIGNED: &str = "ASSIGNMENT-OF-THE-BEAD";
/// Is said after the compaction.
const AFTER: &str = "WHAT-IS-IT-NOW";
/// What is left of the conversation: every agent's own tags around it.
const SUMMARY: &str =
    "<summary><state_snapshot><overall_goal>All went well so far.</overall_goal></state_snapshot></summary>";

fn think(request: &Recorded, compacting: &AtomicBool) -> Answer {
    if obliging::is_no_turn(request) {
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
pub fn comes_back(setup: &Setup<'_>, command: &str) {
    let compacting = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&compacting);
    let endpoint = Endpoint::thinking(move |request| think(request, &now));
    let scene = Scene::with(setup, &endpoint, "./test.sh", &["--description", ASSIGNED]);
    scene.sling(setup.arguments);
    scene.wait("its first prompt", LIMIT, || asked(&endpoint, "gt prime"));
    // Something long, or there is nothing to make shorter.
    let long =
        (0..700).map(|line| format!("line {line} of what it heard before and need not keep\n")).collect::<String>();
    for part in 0..3 {
        let marker = format!("PART-{part}-OF-IT");
        scene.says(&format!("{marker}\n{long}"));
        assert!(asked(&endpoint, &marker), "its turn is over, and its model was not asked:\n{}", scene.screen());
    }
    compacting.store(true, Ordering::SeqCst);
    let before = endpoint.requests().len();
    compact(&scene, command, || endpoint.requests().len() > before);
    // What its hooks do not tell, the next look at its transcript does.
    let knows = || {
        let after = endpoint.requests().split_off(before);
        // Some agents also ask for a title, which carries nothing.
        let bodies = after.iter().map(|request| request.body.to_string());
        bodies.into_iter().any(|body| body.contains(AFTER) && body.contains(ASSIGNED))
    };
    scene.town.gt(["tick"]).succeeds();
    scene.says(&format!("{AFTER}, say so"));
    let knew = within(Duration::from_secs(10), knows);
    show(&scene, command, &endpoint.requests().split_off(before));
    assert!(knew, "it does not know its assignment:\n{}", scene.screen());
    scene.stop();
}

/// Types the command and waits until all of it is over.
fn compact(scene: &Scene<'_>, command: &str, has_asked: impl Fn() -> bool) {
    let keys = |keys: &[&str]| types(&scene.town, &scene.sessions()[0], "web/toast", keys);
    scene.stands_still();
    keys(&["-l", command]);
    // Some take an Enter that comes at once for a part of the text.
    scene.wait("the command in its line", LIMIT, || shows(&scene.screen(), command));
    scene.stands_still();
    keys(&["Enter"]);
    let asks = || scene.screen().contains("Are you sure");
    scene.wait("the compaction", LIMIT, || has_asked() || asks());
    if asks() {
        keys(&["Enter"]);
        scene.wait("the compaction", LIMIT, has_asked);
    }
    scene.stands_still();
}

#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn show(scene: &Scene<'_>, command: &str, after: &[Recorded]) {
    eprintln!("{}: after {command}", scene.setup.agent);
    for request in after {
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
    let run = scene.town.root.join(".git/gt/run");
    let folders = std::fs::read_dir(run).expect("there").flatten().map(|entry| entry.path().join("events.jsonl"));
    for line in folders.filter_map(|file| std::fs::read_to_string(file).ok()).collect::<String>().lines() {
        let sandbox = scene.town.sandbox.to_str().unwrap_or_default();
        eprintln!("   {}", line.replace('\\', "").replace(sandbox, ""));
    }
}
