//! Commands that are killed between any two system calls which change state, and what must hold afterwards.
//!
//! Each drill takes a sample of the points; `KILL_POINTS=all` takes all of them.

use std::process::Command;

use crate::support::kill::{Drill, Victim};
use crate::support::{TestTown, promises};

/// How many points of each command and victim are tried unless all are.
const POINTS: usize = 16;

fn gt(town: &TestTown, arguments: &[&str]) -> Command {
    town.command(arguments).into_command()
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

/// Makes a bead of the rig `web` and returns its id.
fn bead(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    made["id"].as_str().expect("a bead has an id").to_owned()
}

/// Runs a drill with both kinds of victims.
fn drill(
    town: &TestTown,
    command: &dyn Fn(&TestTown) -> Command,
    recover: &dyn Fn(&TestTown),
    check: &dyn Fn(&TestTown),
) {
    for victim in [Victim::Itself, Victim::Family] {
        Drill { town, command, recover, check }.at_system_calls(victim, POINTS);
    }
}

#[test]
fn a_bead_is_made_whole_or_not_at_all() {
    let (town, _project) = TestTown::with_rig();
    let command = |town: &TestTown| gt(town, &["new", "Add login", "--rig", "web"]);
    let recover = |town: &TestTown| drop(bead(town, "Another one"));
    let check = |town: &TestTown| {
        promises::hold(town);
        let titles = titles(town);
        assert!(titles.iter().filter(|title| *title == "Add login").count() <= 1, "{titles:?}");
        assert!(titles.iter().any(|title| title == "Another one"), "{titles:?}");
    };
    drill(&town, &command, &recover, &check);
}

#[test]
fn a_slung_bead_is_in_one_hand() {
    let (town, _project) = TestTown::with_rig();
    town.work_with("idles");
    let id = bead(&town, "Add login");
    let command = |town: &TestTown| gt(town, &["sling", &id, "web"]);
    let recover = |town: &TestTown| {
        let again = town.gt(["sling", &id, "web"]);
        if again.code != Some(0) {
            again.exits(6).complains(&["is hooked to web/polecats/"]);
        }
    };
    let check = |town: &TestTown| promises::hold(town);
    drill(&town, &command, &recover, &check);
}
