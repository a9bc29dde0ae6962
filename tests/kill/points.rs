//! Commands that die at the commit points which the program itself names.

use std::process::Command;

use crate::scene::{GREEN, RED, Scene, gt};
use crate::support::kill::Drill;
use crate::support::{TestTown, wait_until};

const LEDGER: &[&str] =
    &["ledger.logged", "ledger.written", "ledger.locked", "ledger.swapped", "ledger.files", "ledger.staged"];

/// Kills `command` at the points, and each time lets the town converge from there.
#[track_caller]
fn drill(scene: &Scene, command: &dyn Fn(&TestTown) -> Command, points: &[&str]) {
    let points: Vec<&str> = LEDGER.iter().chain(points).copied().collect();
    kill_at(scene, command, &points, &|| {});
}

/// The same where a worker had left something that it had not committed.
#[track_caller]
fn drill_at(scene: &Scene, command: &dyn Fn(&TestTown) -> Command, points: &[&str], blob: &str) {
    kill_at(scene, command, points, &|| assert!(scene.has(blob), "what was not committed is lost"));
}

#[track_caller]
fn kill_at(scene: &Scene, command: &dyn Fn(&TestTown) -> Command, points: &[&str], check: &dyn Fn()) {
    let drill = Drill { town: &scene.town, command, recover: &|_| scene.converges(), check: &|_| check() };
    let tally = drill.at_commit_points(points);
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

/// The tick finds a dead session and restarts it; a pass that dies while it has the right to tick keeps nobody from it.
#[test]
fn restarting() {
    let scene = Scene::hooked(&[GREEN]);
    let blob = scene.leave(&scene.beads[0]);
    let command = |town: &TestTown| gt(town, &["tick"]);
    let points = ["restart.ended", "launch.prepared", "launch.recorded", "launch.started"];
    drill_at(&scene, &command, &points, &blob);
}

/// The tick takes a bead back from a worker that never came to its end, and gives it to another one.
#[test]
fn releasing() {
    let scene = Scene::hooked(&[GREEN]);
    let blob = scene.leave(&scene.beads[0]);
    scene.exhaust(&scene.beads[0]);
    let command = |town: &TestTown| gt(town, &["tick"]);
    let points: Vec<&str> = LEDGER.iter().copied().chain(["release.pinned", "launch.started"]).collect();
    drill_at(&scene, &command, &points, &blob);
}

/// A worker hands over to a fresh session of itself; what it noted is there however far it came.
#[test]
fn handing_off() {
    let scene = Scene::hooked(&[GREEN]);
    let bead = scene.beads[0].clone();
    let (folder, blob) = (scene.worktree(&bead), scene.leave(&bead));
    let command = |town: &TestTown| town.command(["handoff", "the rest is left"]).current_dir(&folder).into_command();
    drill_at(&scene, &command, &["handoff.noted"], &blob);
}

/// The town is brought up after everything was lost; the worker goes on in its conversation, or begins anew.
#[test]
fn restoring() {
    let scene = Scene::open(1);
    let bead = scene.beads[0].clone();
    scene.town.work_with_conversations("");
    scene.town.gt(["sling", &bead, &format!("web/w-{}", &bead[4..])]).succeeds();
    wait_until("the agent to begin", || !scene.pids("sleep 3600").is_empty());
    let blob = scene.leave(&bead);
    scene.town.end_everything();
    scene.town.work_with_conversations(&format!(". {}\n", scene.town.agent("mends").display()));
    let command = |town: &TestTown| gt(town, &["up", "--restore"]);
    let points = ["restart.ended", "launch.prepared", "launch.recorded", "launch.started"];
    drill_at(&scene, &command, &points, &blob);
}

#[test]
fn unslinging() {
    let scene = Scene::hooked(&[GREEN]);
    let bead = scene.beads[0].clone();
    let blob = scene.leave(&bead);
    let command = |town: &TestTown| gt(town, &["unsling", &bead]);
    let points: Vec<&str> =
        LEDGER.iter().copied().chain(["unsling.ended", "unsling.pinned", "unsling.released"]).collect();
    drill_at(&scene, &command, &points, &blob);
}

#[test]
fn rejecting() {
    let scene = Scene::submitted(&[GREEN]);
    let bead = scene.beads[0].clone();
    let command = |town: &TestTown| gt(town, &["queue", "reject", &bead, "not like this"]);
    drill(&scene, &command, &["reject.recorded"]);
}
