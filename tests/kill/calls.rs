//! Commands that die between any two system calls which change state.
//!
//! What comes next in life is a tick, or the same command again; either leads to everything landed.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scene::{GREEN, RED, Scene, gt};
use crate::support::kill::{Drill, Victim};
use crate::support::{TestTown, promises};

/// How many points of each command and victim are tried, unless more are asked for.
const POINTS: usize = 5;

/// Kills `command` at system calls, and each time lets the town converge: by ticks alone, or with the same command
/// again before.
#[track_caller]
fn drill(scene: &Scene, command: &dyn Fn(&TestTown) -> Command) {
    for victim in [Victim::Itself, Victim::Family] {
        let turn = AtomicUsize::new(0);
        let recover = |town: &TestTown| {
            if turn.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                // It may have nothing left to do, and say so.
                let _ = command(town).output().expect("the binary under test starts");
            }
            scene.converges();
        };
        let drill = Drill { town: &scene.town, command, recover: &recover, check: &|_| {} };
        drill.at_system_calls(victim, POINTS);
    }
}

/// The titles of all beads, from their files.
fn titles(town: &TestTown) -> Vec<String> {
    let paths = town.git(&["ls-files", "beads"]);
    let title = |path: &str| {
        let text = town.read(path).expect("a projected file is there");
        toml::from_str::<toml::Table>(&text).expect("a bead is TOML")["title"].as_str().map(str::to_owned)
    };
    paths.lines().filter_map(title).collect()
}

/// Kills a command that changes nothing but the ledger; what comes next is another one on the same ledger. `check` is
/// what is true of either outcome.
#[track_caller]
fn drill_ledger(scene: &Scene, command: &dyn Fn(&TestTown) -> Command, check: &dyn Fn(&TestTown)) {
    let recover = |town: &TestTown| drop(town.gt(["new", "Another one", "--rig", "web"]).succeeds());
    let check = |town: &TestTown| {
        promises::hold(town);
        assert!(titles(town).iter().any(|title| title == "Another one"), "{:?}", titles(town));
        check(town);
    };
    let drill = Drill { town: &scene.town, command, recover: &recover, check: &check };
    let tallies = [(Victim::Itself, POINTS * 4), (Victim::Family, POINTS)];
    for (victim, most) in tallies {
        drill.at_system_calls(victim, most);
    }
}

#[test]
fn create() {
    let scene = Scene::open(0);
    drill_ledger(&scene, &|town| gt(town, &["new", "Add login", "--rig", "web"]), &|town| {
        let titles = titles(town);
        assert!(titles.iter().filter(|title| *title == "Add login").count() <= 1, "{titles:?}");
    });
}

#[test]
fn note() {
    let scene = Scene::open(1);
    let bead = scene.beads[0].clone();
    drill_ledger(&scene, &|town| gt(town, &["bead", "note", &bead, "seen"]), &|town| {
        let shown = town.json(["show", &bead])[0]["result"].clone();
        let notes = shown["notes"].as_array().map_or(0, Vec::len);
        assert!(notes <= 1 && shown["status"] == "open", "{shown}");
    });
}

#[test]
fn close() {
    let scene = Scene::open(1);
    let bead = scene.beads[0].clone();
    drill_ledger(&scene, &|town| gt(town, &["close", &bead]), &|town| {
        let shown = town.json(["show", &bead])[0]["result"].clone();
        let (status, closed) = (shown["status"].as_str().unwrap_or_default(), !shown["closed_as"].is_null());
        assert!((status == "closed") == closed && ["open", "closed"].contains(&status), "{shown}");
    });
}

#[test]
fn rig_add() {
    let scene = Scene::without_rig();
    let command = |town: &TestTown| gt(town, &scene.rig_add());
    let recover = |town: &TestTown| {
        let again = command(town).output().expect("the binary under test starts");
        assert!(matches!(again.status.code(), Some(0 | 6)), "{again:?}");
    };
    let check = |_: &TestTown| scene.converges_with(&[scene.make("first")]);
    let drill = Drill { town: &scene.town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, POINTS);
    drill.at_system_calls(Victim::Family, POINTS);
}

#[test]
fn sling() {
    let scene = Scene::open(1);
    let bead = scene.beads[0].clone();
    drill(&scene, &|town| gt(town, &["sling", &bead, "web"]));
}

#[test]
fn done() {
    let scene = Scene::hooked(&[GREEN]);
    let folder = scene.worktree(&scene.beads[0]);
    drill(&scene, &|town| town.command(["done"]).current_dir(&folder).into_command());
}

#[test]
fn landing() {
    let scene = Scene::submitted(&[GREEN]);
    drill(&scene, &|town| gt(town, &["refinery", "run", "web"]));
}

#[test]
fn bouncing() {
    let scene = Scene::submitted(&[RED, GREEN]);
    drill(&scene, &|town| gt(town, &["refinery", "run", "web"]));
}

/// The tick finds a dead session and restarts it.
#[test]
fn tick_that_restarts() {
    let scene = Scene::hooked(&[GREEN, RED]);
    drill(&scene, &|town| gt(town, &["tick"]));
}

/// The tick finds work in the queue and sets the refinery going.
#[test]
fn tick_that_merges() {
    let scene = Scene::submitted(&[GREEN, RED]);
    scene.by_itself();
    drill(&scene, &|town| gt(town, &["tick"]));
}
