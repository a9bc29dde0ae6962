//! The refinery is killed at every step with a batch in its hands, and ticks alone bring it to its end.
//!
//! `GT_KILL` and `GT_SEEDS` ask for more, as for the drills of the other verbs.

use std::process::Command;

use crate::scene::Scene;
use crate::support::kill::{Drill, Victim};
use crate::support::{TestTown, converge, promises};

/// How many system calls of each victim are tried, unless more are asked for.
const POINTS: usize = 4;
const LEDGER: &[&str] =
    &["ledger.logged", "ledger.written", "ledger.locked", "ledger.swapped", "ledger.files", "ledger.staged"];
/// What ticks may take: one to repair, one that works, one in reserve.
const TICKS: usize = 3;

/// A batch in the queue, and what is to become of each bead.
struct Batch {
    scene: Scene,
    fates: Vec<(String, &'static str)>,
}

impl Batch {
    fn of(scene: Scene, fates: Vec<(String, &'static str)>) -> Self {
        scene.town.gt(["config", "set", "grace", "1s"]).succeeds();
        Self { scene, fates }
    }

    /// Four green ones.
    fn green(scene: Scene) -> Self {
        let fates = scene.submit_green(4).into_iter().map(|bead| (bead, "merged")).collect();
        Self::of(scene, fates)
    }

    /// Green ones around a red one, and one that conflicts.
    fn mixed(scene: Scene) -> Self {
        let mut fates: Vec<(String, &'static str)> = Vec::new();
        let mut add = |bead: String, fate| fates.push((bead, fate));
        add(scene.submit("one", &[("greeting.txt", "hello one\n")]), "merged");
        add(scene.submit_red("bad"), "open");
        add(scene.submit("two", &[("two.txt", "x\n")]), "merged");
        add(scene.submit("clash", &[("greeting.txt", "hello two\n")]), "open");
        Self::of(scene, fates)
    }

    fn command(&self, town: &TestTown) -> Command {
        // Each run is counted from here.
        let _ = std::fs::remove_file(town.sandbox.join("runs"));
        town.command(["refinery", "run", "web"]).into_command()
    }

    /// What the town does by itself.
    fn recover(&self, town: &TestTown) {
        let text = town.read("local.toml").unwrap_or_default();
        let mut local: toml_edit::DocumentMut = text.parse().expect("gt writes local.toml as TOML");
        local["auto_merge"] = toml_edit::value(true);
        town.write("local.toml", &local.to_string());
        converge::rest(town);
        for _ in 0..TICKS {
            converge::tick(town);
            if self
                .scene
                .queue()
                .iter()
                .all(|bead| self.fates.iter().any(|(id, fate)| id == bead && *fate == "submitted"))
            {
                break;
            }
        }
    }

    fn check(&self, town: &TestTown) {
        for (bead, fate) in &self.fates {
            assert_eq!(self.scene.state(bead), *fate, "{bead}: {}", converge::circumstances(town));
            let attempts = self.scene.shown(bead)["attempts"].as_array().map_or(0, Vec::len);
            assert_eq!(attempts, usize::from(*fate == "open"), "{bead} goes back once");
        }
        if self.scene.remote.is_none() {
            converge::at_rest(town, &self.scene.project);
        }
        let landed = self.scene.git(&["log", "--format=%(trailers:key=Bead,valueonly)", "main"]);
        for (bead, fate) in &self.fates {
            let times = landed.lines().filter(|line| line == bead).count();
            assert_eq!(times, usize::from(*fate == "merged"), "{bead} landed {times} times");
        }
        promises::hold(town);
    }

    #[track_caller]
    fn at_points(&self, points: &[&str]) {
        let (command, recover, _) = self.parts();
        let town = &self.scene.town;
        town.checkpoint();
        assert!(command(town).output().expect("it starts").status.success());
        let runs = self.scene.runs();
        town.restore();
        let check = |town: &TestTown| {
            self.check(town);
            // It may ask for less: a search that was killed does not go on to look for the mate of a pair.
            assert!(self.scene.runs() <= runs, "a kill buys no gate twice: {} for {runs}", self.scene.runs());
        };
        let drill = Drill { town, command: &command, recover: &recover, check: &check };
        let tally = drill.at_commit_points(points);
        assert!(tally.killed >= points.len(), "some of {points:?} are never passed: {tally:?}");
    }

    #[track_caller]
    fn at_system_calls(&self) {
        let (command, recover, check) = self.parts();
        let drill = Drill { town: &self.scene.town, command: &command, recover: &recover, check: &check };
        drill.at_system_calls(Victim::Itself, POINTS);
        drill.at_system_calls(Victim::Family, POINTS);
    }

    fn parts(&self) -> (impl Fn(&TestTown) -> Command, impl Fn(&TestTown), impl Fn(&TestTown)) {
        (|town: &TestTown| self.command(town), |town: &TestTown| self.recover(town), |town: &TestTown| self.check(town))
    }
}

#[test]
fn a_batch_between_intent_swap_and_close() {
    let points = [LEDGER, &["gate.kept", "land.intent", "land.swapped", "land.closed"]].concat();
    Batch::green(Scene::new()).at_points(&points);
}

#[test]
fn a_batch_between_intent_push_and_close() {
    Batch::green(Scene::remote()).at_points(&["land.intent", "land.swapped", "land.closed"]);
}

#[test]
fn a_red_batch_between_its_landings_and_bounces() {
    Batch::mixed(Scene::new()).at_points(&[
        "gate.kept",
        "land.intent",
        "land.swapped",
        "land.closed",
        "bounce.recorded",
    ]);
}

#[test]
fn a_batch_at_any_system_call() {
    Batch::mixed(Scene::new()).at_system_calls();
}

#[test]
fn a_batch_for_a_remote_at_any_system_call() {
    Batch::mixed(Scene::remote()).at_system_calls();
}

#[test]
fn an_offer_between_its_record_and_its_push() {
    let scene = Scene::remote();
    scene.merge("landing", "branch");
    let fates = scene.submit_green(2).into_iter().map(|bead| (bead, "submitted")).collect();
    let batch = Batch::of(scene, fates);
    let check = |town: &TestTown| {
        for (bead, fate) in &batch.fates {
            assert_eq!(batch.scene.state(bead), *fate);
            let offer = &batch.scene.shown(bead)["merge"]["offer"];
            let branch = offer["branch"].as_str().expect("it is offered");
            assert_eq!((branch, offer["pushed"].as_bool()), (format!("gt/{bead}").as_str(), Some(true)));
            assert_eq!(batch.scene.git(&["rev-parse", branch]), offer["commit"].as_str().expect("a commit"));
        }
        promises::hold(town);
    };
    let (command, recover, _) = batch.parts();
    let drill = Drill { town: &batch.scene.town, command: &command, recover: &recover, check: &check };
    let tally = drill.at_commit_points(&["offer.recorded", "offer.pushed"]);
    assert_eq!(tally.killed, 4, "{tally:?}");
}

/// The machine loses what git had not written out: the ledger knows of a landing whose commits are nowhere.
#[test]
fn a_landing_whose_commits_are_lost_is_made_anew() {
    let scene = Scene::new();
    let all = scene.submit_green(3);
    let killed = scene.town.command(["refinery", "run", "web"]).variable(gt::env::CRASH, "land.intent").run();
    assert_eq!(killed.code, None, "{}", killed.transcript());
    let lost = scene.shown(&all[0])["merge"]["intent"]["new"].as_str().expect("a landing is under way").to_owned();
    scene.git(&["worktree", "prune"]);
    std::fs::remove_dir_all(scene.town.root.join("rigs/web/refinery")).expect("the bench");
    scene.git(&["worktree", "prune", "--expire=now"]);
    scene.git(&["reflog", "expire", "--expire-unreachable=now", "--all"]);
    scene.git(&["-c", "gc.reflogExpireUnreachable=now", "gc", "--quiet", "--prune=now"]);
    let there = scene.town.program("git").current_dir(scene.target()).args(["cat-file", "-e", &lost]).status();
    assert!(!there.expect("git is there").success(), "the commit is gone");
    let ran = scene.run();
    assert_eq!(crate::scene::beads(&ran, "landed"), all);
    assert_eq!(scene.runs(), 1, "the tree was gated already");
    scene.is_sound();
}

/// Somebody puts the ledger back to where it was before the landing was closed, or begun.
#[test]
fn a_ledger_that_knows_less_than_git_catches_up() {
    for style in ["merge", "squash", "rebase"] {
        for back in [1, 2] {
            let scene = Scene::new();
            scene.merge("style", style);
            let all = scene.submit_green(3);
            scene.run();
            scene.town.git(&["reset", "--quiet", "--hard", &format!("HEAD~{back}")]);
            let runs = scene.runs();
            scene.run();
            for bead in &all {
                assert_eq!(scene.state(bead), "merged", "{style} {back}");
            }
            assert_eq!(scene.runs(), runs, "nothing is gated for that");
            assert_eq!(scene.git(&["rev-list", "--count", "--first-parent", "main"]), "4", "nothing landed twice");
        }
    }
}
