//! The checker of promises finds what it is there for.

use gt::bead::{Bead, Claim, Closing, Merge, Resolution, State};
use gt::clock::Timestamp;

use crate::support::{TestTown, promises};

const WHEN: &str = "2026-01-02T03:04:05Z";
const NOWHERE: &str = "1111111111111111111111111111111111111111";
const ELSEWHERE: &str = "2222222222222222222222222222222222222222";

fn when() -> Timestamp {
    WHEN.parse().expect("a time")
}

fn bead(id: &str) -> Bead {
    Bead::new(id.parse().expect("an id"), "Add login", when())
}

fn hooked(id: &str, worker: &str) -> Bead {
    let claim = Claim {
        assignee: worker.parse().expect("a worker"),
        lease: "abcdefgh2345".parse().expect("a lease"),
        home: "abcdefgh6789".parse().expect("a home"),
    };
    Bead { state: State::Hooked(claim), ..bead(id) }
}

fn merge(landed: Option<&str>, gates: &[&str]) -> Merge {
    Merge {
        landed: landed.map(str::to_owned),
        gates: gates.iter().map(|&path| path.to_owned()).collect(),
        ..Merge::new("polecat/toast/web-abcde-1", NOWHERE, NOWHERE, "main", when())
    }
}

/// A town whose ledger holds these beads, as a rig `web` with a real repository.
fn town_with(beads: &[Bead]) -> TestTown {
    let town = TestTown::new();
    let project = town.repo("web");
    let repository = town.root.join("rigs/web/.git");
    project.git(&["clone", "--quiet", "--bare", ".", repository.to_str().expect("test paths are UTF-8")]);
    town.write(
        "rigs.d/web.toml",
        "name = \"web\"\nprefix = \"web\"\nbranch = \"main\"\n[[gates]]\nname = \"t\"\nrun = \"true\"\n",
    );
    for bead in beads {
        town.write(&bead.id.path(), &bead.render());
    }
    town.git(&["add", "--all"]);
    town.git(&["commit", "--quiet", "--message", "by hand"]);
    town
}

fn broken(beads: &[Bead]) -> String {
    promises::broken(&town_with(beads)).join("\n")
}

#[test]
fn a_town_in_order_breaks_none() {
    assert_eq!(broken(&[bead("web-abcde"), hooked("web-bcdef", "web/polecats/toast")]), "");
}

#[test]
fn two_beads_of_one_worker_are_found() {
    let beads = [hooked("web-abcde", "web/polecats/toast"), hooked("web-bcdef", "web/polecats/toast")];
    assert!(broken(&beads).contains("web/polecats/toast holds web-abcde and web-bcdef"));
}

#[test]
fn a_merge_that_did_not_happen_is_found() {
    let closing = Closing { resolution: Resolution::Merged, at: when() };
    let closed = |merge| Bead { state: State::Closed(closing), merge, ..bead("web-abcde") };
    let table = [
        (closed(None), "merged without a record"),
        (closed(Some(merge(None, &[]))), "names no landed commit"),
        (closed(Some(merge(Some(NOWHERE), &[]))), "which is not in main"),
        // Its landed commit is not the one that was handed in, so that it was gated here.
        (closed(Some(merge(Some(ELSEWHERE), &[]))), "merged without evidence"),
        (closed(Some(merge(Some(ELSEWHERE), &["gates/web/11/x.toml"]))), "evidence that is not there"),
    ];
    for (bead, expected) in table {
        let found = broken(&[bead]);
        assert!(found.contains(expected), "{expected} is missing in {found}");
    }
}

#[test]
fn a_submission_without_a_pin_is_found() {
    let claim = hooked("web-abcde", "web/polecats/toast").claim().cloned().expect("it is hooked");
    let submitted = Bead { state: State::Submitted(claim), merge: Some(merge(None, &[])), ..bead("web-abcde") };
    assert!(broken(&[submitted]).contains("which no pin holds"));
}

#[test]
fn a_lost_commit_an_edit_and_a_broken_file_are_found() {
    let town = town_with(&[]);
    let repository = town.root.join("rigs/web/.git");
    let git = |arguments: &[&str]| {
        let output = town.program("git").current_dir(&repository).args(arguments).output().expect("git is there");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["config", "core.logAllRefUpdates", "always"]);
    let lost = git(&["commit-tree", "-m", "work", "main^{tree}"]);
    let (branch, main) = ("refs/heads/polecat/toast/web-abcde-1", git(&["rev-parse", "main"]));
    git(&["update-ref", branch, &lost]);
    assert_eq!(promises::broken(&town), Vec::<String>::new());
    git(&["update-ref", branch, &main]);
    let found = promises::broken(&town).join("\n");
    assert!(found.contains(&format!("{lost}, once a worker's tip")), "{found}");

    town.write("beads/web/ab/web-abcde.toml", "title = \n");
    assert!(promises::broken(&town).join("\n").contains("not what its tip says"));
    town.git(&["add", "--all"]);
    town.git(&["commit", "--quiet", "--message", "by hand"]);
    assert!(promises::broken(&town).join("\n").contains("a bead file is broken"));
}
