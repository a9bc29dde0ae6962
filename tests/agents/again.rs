//! A bead comes back from its gates to an agent that cannot go on with a conversation: a new one finds the log, and lands it.

use crate::endpoint::{Answer, Endpoint, Recorded};
use crate::obliging::{is_answered, is_no_turn, runs, think};
use crate::scene::{LIMIT, Scene};
use crate::setups::Setup;

/// Red while there is no second file; what it says is in no command.
const GATE: &str = "! ls | grep -q ^work || ls | grep -q ^second || { echo RED-$((40+2)); false; }";
const LOG: &str = "RED-42";

fn thinks(request: &Recorded) -> Answer {
    if is_no_turn(request) {
        return think(request);
    }
    let said = request.body.to_string();
    let hands_in = |id: &str, file: &str| {
        runs(request, id, &format!("echo it > {file} && git add {file} && git commit -q -m {id} && gt done"))
    };
    match (said.contains(LOG), is_answered(&request.body)) {
        (true, _) if said.contains("second.txt") => Answer::says("It is handed in again."),
        (true, _) => hands_in("more", "second.txt"),
        (false, true) if said.contains("work.txt") => Answer::says("It is handed in."),
        (false, true) => hands_in("first", "work.txt"),
        (false, false) => runs(request, "prime", "gt prime"),
    }
}

/// Lets it hand in what is red; the one who comes after it knows why, and mends it.
pub fn does_it_again(setup: &Setup<'_>) {
    let endpoint = Endpoint::thinking(thinks);
    let scene = Scene::with(setup, &endpoint, GATE, &[]);
    scene.sling(setup.arguments);
    scene.lands(2 * LIMIT);
    let (bead, sessions) = (scene.bead(), scene.sessions());
    assert_eq!(bead["attempts"].as_array().map(Vec::len), Some(1), "{bead:#}");
    assert_eq!(bead["attempts"][0]["outcome"], "bounced", "{bead:#}");
    assert_eq!(sessions.len(), 2, "{sessions:#?}");
    assert_ne!(sessions[0]["conversation"], sessions[1]["conversation"], "{sessions:#?}");
    let told = endpoint.requests().into_iter().find(|request| request.body.to_string().contains(LOG));
    let told = told.expect("its model was asked with the log").body.to_string();
    assert!(
        !told.contains("work.txt &&"),
        "the new conversation begins with the log, and not with the old one: {told}"
    );
    for file in ["work.txt", "second.txt"] {
        assert_eq!(scene.landed(file), "it");
    }
    scene.town.gt(["polecat", "remove", "toast"]).succeeds();
}
