//! A real agent hands itself off: `gt handoff` is called as its tool, and the fresh session knows what the note says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::obliging::{is_answered, is_no_turn, runs, shell, think};
use crate::scene::{LIMIT, Scene};
use crate::setups::Setup;

/// What the first session does. The note stands in no command as it is.
const BEGINS: &str = "echo half > half.txt && printf 'half.txt is written, KEPT-%d is left' 42 | gt handoff -";
const NOTE: &str = "KEPT-42";
const ENDS: &str =
    "cat half.txt > whole.txt && echo more >> whole.txt && git add --all && git commit -q -m Whole && gt done";

fn thinks(request: &Recorded, has_begun: &AtomicBool) -> Answer {
    if is_no_turn(request) {
        return think(request);
    }
    let said = request.body.to_string();
    if said.contains(NOTE) {
        return if said.contains("whole.txt") { Answer::says("It is handed in.") } else { runs(request, "ends", ENDS) };
    }
    if is_answered(&request.body) {
        return Answer::says("I wait.");
    }
    // Whoever offers no tool wants a title or a summary.
    if shell(&request.body, BEGINS).is_some() && !has_begun.swap(true, Ordering::SeqCst) {
        return runs(request, "begins", BEGINS);
    }
    runs(request, "prime", "gt prime")
}

/// Lets an agent begin, hand itself off and end.
#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
pub fn hands_off(setup: &Setup<'_>) {
    let has_begun = Arc::new(AtomicBool::new(false));
    let endpoint = Endpoint::thinking(move |request| thinks(request, &has_begun));
    let scene = Scene::with(setup, &endpoint, "./test.sh", &[]);
    scene.sling(setup.arguments);
    scene.lands(2 * LIMIT);
    let sessions = scene.sessions();
    assert_eq!(sessions.len(), 2, "{sessions:#?}");
    assert!(sessions.iter().all(|session| session["conversation"].is_string()), "{sessions:#?}");
    assert_ne!(sessions[0]["conversation"], sessions[1]["conversation"], "{sessions:#?}");
    let bead = scene.bead();
    assert_eq!(bead["attempts"].as_array().map_or(0, Vec::len), 0, "it counts as nothing: {bead:#}");
    // What the first one said and did is not in the second.
    let knows =
        endpoint.requests().into_iter().map(|request| request.body.to_string()).find(|body| body.contains(NOTE));
    let knows = knows.expect("its model was asked with the note");
    assert!(!knows.contains("KEPT-%"), "it goes on in the conversation that was to end: {knows}");
    assert_eq!(scene.landed("whole.txt"), "half\nmore", "in the same worktree");
    eprintln!("{}: handed off, and the fresh session knew it", setup.agent);
    scene.town.gt(["polecat", "remove", "toast"]).succeeds();
}
