//! From any state that a kill left, ticks alone lead to everything landed.

use std::time::{Duration, Instant};

use gt::bead::{Bead, Resolution, State, Status};

use super::{Project, TestTown, history, promises};

/// How many ticks may be needed: one to repair, one that finds what a repair set free, one in reserve.
const TICKS: usize = 3;

/// How long what a tick set going may take to come to rest.
const REST: Duration = Duration::from_secs(60);

/// Ticks until every bead of the town is closed; fails the test when ticks do not lead there, or when the end is not
/// as promised: all of it in the target, green, delivered, once, and nothing left over.
#[track_caller]
pub fn all_landed(town: &TestTown, project: &Project) {
    for _ in 0..TICKS {
        tick(town);
        if open_beads(town).is_empty() {
            break;
        }
    }
    let open = open_beads(town);
    assert!(open.is_empty(), "{TICKS} ticks leave {}\n{}", tell(&open), circumstances(town));
    at_rest(town, project);
}

/// One tick, and everything that it set going comes to rest.
#[track_caller]
pub fn tick(town: &TestTown) {
    town.gt(["tick"]).succeeds();
    rest(town);
}

/// Waits until no process of the test is left but the tmux server and what lives in it.
#[track_caller]
pub fn rest(town: &TestTown) {
    let start = Instant::now();
    loop {
        // Beside a terminal whose program has ended, tmux keeps the `cat` that wrote its log.
        let idles = |line: &str| line.starts_with("tmux ") || line == "cat";
        let at_work: Vec<_> = town.processes().into_iter().filter(|process| !idles(&process.line)).collect();
        if at_work.is_empty() {
            return;
        }
        assert!(start.elapsed() < REST, "this does not end: {at_work:#?}\n{}", circumstances(town));
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// Checks a town whose work is done.
#[track_caller]
pub fn at_rest(town: &TestTown, project: &Project) {
    promises::hold(town);
    let history = history::of(town);
    assert_eq!(history.findings, Vec::<String>::new(), "{}", circumstances(town));
    let merged: Vec<&Bead> = history.beads.values().filter(|bead| is_merged(bead)).collect();
    let target = town.root.join("rigs/web/.git");
    let git = |arguments: &[&str]| {
        let output = town.program("git").current_dir(&target).args(arguments).output().expect("git is there");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let subjects = git(&["log", "--format=%(trailers:key=Bead,valueonly)", "refs/heads/main"]);
    for bead in &merged {
        let times = subjects.lines().filter(|id| *id == bead.id.as_str()).count();
        assert_eq!(times, 1, "{} landed {times} times\n{}", bead.id, circumstances(town));
    }
    assert_eq!(project.tip("main"), git(&["rev-parse", "refs/heads/main"]), "not delivered\n{}", circumstances(town));
    assert_eq!(project.status(), "");
    assert!(project.is_green());
    assert_eq!(gt::git::stale::find(&target), Vec::new(), "locks of git are left over");
    assert_eq!(gt::git::stale::find(&town.root.join(".git")), Vec::new(), "locks of git are left over");
    assert_eq!(leftovers(town), Vec::<String>::new(), "of runs that are over");
}

/// Run folders of gates and set-ups, and what no process will ever rename into its place.
fn leftovers(town: &TestTown) -> Vec<String> {
    let runs = gt::runtime::runs(&town.root.join(".git/gt/run")).expect("readable");
    let over = runs.into_iter().filter(|run| run.command.is_some() || run.observed.is_live());
    over.map(|run| format!("{} {:?}", run.session, run.observed)).collect()
}

fn is_merged(bead: &Bead) -> bool {
    matches!(&bead.state, State::Closed(closing) if closing.resolution == Resolution::Merged)
}

fn open_beads(town: &TestTown) -> Vec<Bead> {
    history::of(town).beads.into_values().filter(|bead| bead.status() != Status::Closed).collect()
}

fn tell(beads: &[Bead]) -> String {
    beads.iter().map(|bead| format!("{}: {}\n{}", bead.id, bead.state.describe(), bead.render())).collect()
}

/// What one wants to see when a town is not as it should be.
pub fn circumstances(town: &TestTown) -> String {
    let tick = town.gt(["tick"]).transcript();
    let feed = town.gt(["feed"]).transcript();
    let ids: Vec<String> = open_beads(town).iter().map(|bead| bead.id.to_string()).collect();
    let why: String = ids.iter().map(|id| town.gt(["why", id]).transcript()).collect();
    let log = town.git(&["log", "--format=%h %an: %s", "-30"]);
    format!(
        "--- another tick\n{tick}\n--- why\n{why}\n--- feed\n{feed}\n--- log\n{log}\n--- processes\n{:#?}",
        town.processes()
    )
}
