//! Commands that die at the commit points which the program itself names.

use std::process::Command;

use crate::scene::{GREEN, RED, Scene, gt};
use crate::support::TestTown;
use crate::support::kill::Drill;

const LEDGER: &[&str] = &["ledger.written", "ledger.locked", "ledger.swapped", "ledger.files", "ledger.staged"];

/// Kills `command` at the points, and each time lets the town converge from there.
#[track_caller]
fn drill(scene: &Scene, command: &dyn Fn(&TestTown) -> Command, points: &[&str]) {
    let (recover, check) = (|_: &TestTown| scene.converges(), |_: &TestTown| {});
    let drill = Drill { town: &scene.town, command, recover: &recover, check: &check };
    let points: Vec<&str> = LEDGER.iter().chain(points).copied().collect();
    let tally = drill.at_commit_points(&points);
    assert!(tally.killed >= points.len(), "some of {points:?} are never passed: {tally:?}");
}

#[test]
fn sling() {
    let scene = Scene::open(1);
    let bead = scene.beads[0].clone();
    let command = |town: &TestTown| gt(town, &["sling", &bead, "web"]);
    drill(&scene, &command, &["sling.hooked", "launch.prepared", "launch.recorded", "launch.started"]);
}

#[test]
fn done() {
    let scene = Scene::hooked(&[GREEN]);
    let folder = scene.worktree(&scene.beads[0]);
    let command = |town: &TestTown| town.command(["done"]).current_dir(&folder).into_command();
    drill(&scene, &command, &["done.pinned", "done.submitted"]);
}

#[test]
fn landing() {
    let scene = Scene::submitted(&[GREEN]);
    let command = |town: &TestTown| gt(town, &["refinery", "run", "web"]);
    drill(&scene, &command, &["gate.kept", "gate.recorded", "land.intent", "land.swapped", "land.closed"]);
}

#[test]
fn bouncing() {
    let scene = Scene::submitted(&[RED]);
    let command = |town: &TestTown| gt(town, &["refinery", "run", "web"]);
    drill(&scene, &command, &["gate.kept", "gate.recorded", "bounce.recorded"]);
}
