//! A real agent does a bead, from sling to the merge.

use std::path::Path;

use crate::endpoint::Endpoint;
use crate::obliging;
use crate::scene::{LIMIT, Scene, wait};
use crate::setups::Setup;
use crate::support::TestTown;
use crate::trying::listing;

/// Lets an agent work on a bead, and retires its worker; then the same in the sandbox, where this machine has one.
pub fn does_a_bead(setup: &Setup<'_>) {
    does_one(setup, "off");
    if gt::runtime::can_confine(Path::new(env!("CARGO_BIN_EXE_gt"))).is_ok() {
        does_one(setup, "on");
    }
}

#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn does_one(setup: &Setup<'_>, sandbox: &str) {
    let endpoint = Endpoint::thinking(obliging::think);
    let scene = Scene::new(setup, &endpoint);
    let town = &scene.town;
    town.gt(["config", "set", "sandbox", sandbox]).succeeds();
    scene.sling(setup.arguments);
    scene.lands(LIMIT);
    let session = &scene.sessions()[0];
    assert!(session["version"].is_string() && session["slot"] == 1, "{session}");
    assert!(session["conversation"].is_string(), "its own conversation is known: {session}");
    // The last of it is read when the session has ended.
    let used = || town.json(["costs", "--by", "agent"]);
    let shows = || format!("{:#}\n{:#?}\n{:#?}", used(), scene.sessions(), transcripts(town));
    wait("tokens", LIMIT / 4, shows, || used()["total"]["output"].as_u64() > Some(0));
    assert!(used()["total"]["replies"].as_u64() > Some(0), "{}", shows());
    town.gt(["polecat", "remove", "toast"]).succeeds();
    let left = listing(&town.sandbox.join("home"));
    let left: Vec<_> = left
        .iter()
        .filter(|(file, _)| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gt-")))
        .collect();
    assert!(left.is_empty(), "files of ours are left beside the person's: {left:?}");
    eprintln!("{}: its bead landed, sandbox {sandbox}", setup.agent);
}

/// Whatever looks like a transcript below the home folder.
fn transcripts(town: &TestTown) -> Vec<(std::path::PathBuf, String)> {
    let lines = |file: &Path| file.extension().is_some_and(|extension| extension == "jsonl");
    listing(&town.sandbox.join("home")).into_iter().filter(|(file, _)| lines(file)).collect()
}
