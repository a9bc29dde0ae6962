//! Locks of git: what a killed process left goes by itself, what a living one holds stays.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::crowd;
use crate::support::{Ran, TestTown, history, wait_until};

const INDEX: &str = ".git/index.lock";
const BRANCH: &str = ".git/refs/heads/main.lock";

/// Kills a note at a commit point, and makes sure that it was killed.
fn die_at(town: &TestTown, point: &str, bead: &str) {
    let ran = town.command(["bead", "note", bead, "never finished"]).variable("GT_CRASH", point).run();
    assert_eq!(ran.code, None, "{}", ran.transcript());
}

fn note(town: &TestTown, bead: &str) -> Ran {
    town.gt(["bead", "note", bead, "a note"])
}

#[test]
fn locks_of_a_killed_transaction_go() {
    let (town, ids) = crowd::town(1);
    for point in ["ledger.logged", "ledger.written", "ledger.locked", "ledger.swapped", "ledger.files", "ledger.staged"]
    {
        die_at(&town, point, &ids[0]);
        // As if it had died inside of the swap.
        fs::write(town.root.join(BRANCH), "").expect("written");
        note(&town, &ids[0]).succeeds();
        assert!(!town.root.join(INDEX).exists() && !town.root.join(BRANCH).exists(), "after {point}");
        crowd::sound(&town);
    }
    assert_eq!(history::of(&town).findings, Vec::<String>::new());
}

#[test]
fn a_settled_town_after_a_kill_is_clean_without_a_change() {
    let (town, ids) = crowd::town(1);
    for point in ["ledger.locked", "ledger.swapped", "ledger.files", "ledger.staged"] {
        die_at(&town, point, &ids[0]);
        town.gt(["ledger", "settle"]).succeeds();
        assert!(!town.root.join(INDEX).exists(), "after {point}");
        crowd::sound(&town);
    }
}

#[test]
fn a_lock_of_the_branch_that_nobody_of_ours_left_is_named_and_stays() {
    let (town, ids) = crowd::town(1);
    let before = town.git(&["rev-parse", "HEAD"]);
    fs::write(town.root.join(BRANCH), "").expect("written");
    note(&town, &ids[0]).exits(8).complains(&["main.lock"]);
    assert!(town.root.join(BRANCH).exists());
    assert_eq!(town.git(&["rev-parse", "HEAD"]), before);
    fs::remove_file(town.root.join(BRANCH)).expect("it is there");
    note(&town, &ids[0]).succeeds();
    crowd::sound(&town);
}

#[test]
fn a_lock_of_the_index_that_nobody_of_ours_left_stays_and_stops_nothing() {
    let (town, ids) = crowd::town(1);
    fs::write(town.root.join(INDEX), "").expect("written");
    note(&town, &ids[0]).succeeds();
    assert!(town.root.join(INDEX).exists());
    fs::remove_file(town.root.join(INDEX)).expect("it is there");
    note(&town, &ids[0]).succeeds();
    crowd::sound(&town);
}

/// A process of ours was killed, and since then a living git works in the town.
#[test]
fn a_living_lock_is_not_taken_for_that_of_a_dead_process() {
    let (town, ids) = crowd::town(1);
    for (point, path) in [("ledger.written", INDEX), ("ledger.written", ".git/HEAD.lock"), ("ledger.written", BRANCH)] {
        die_at(&town, point, &ids[0]);
        let lock = town.root.join(path);
        fs::write(&lock, "").expect("written");
        // It holds its lock open, as git does while it writes.
        let mut holder = town.program("sh");
        holder.args(["-c", "exec 9>>\"$0\"; sleep 60"]).arg(&lock);
        let mut holder = holder.spawn().expect("a shell");
        wait_until("the holder to hold", || {
            let fd = format!("/proc/{}/fd/9", holder.id());
            fs::read_link(fd).is_ok_and(|target| target == lock)
        });
        let _ = note(&town, &ids[0]);
        assert!(lock.exists(), "{path} of a living process");
        holder.kill().expect("a child of ours");
        holder.wait().expect("a child of ours");
        fs::remove_file(&lock).expect("it is there");
        note(&town, &ids[0]).succeeds();
    }
    crowd::sound(&town);
}

#[test]
fn an_older_lock_than_the_dead_process_stays() {
    let (town, ids) = crowd::town(1);
    let lock = town.root.join(BRANCH);
    fs::write(&lock, "").expect("written");
    let old = SystemTime::now() - Duration::from_secs(60);
    fs::File::options().write(true).open(&lock).and_then(|file| file.set_modified(old)).expect("own file");
    die_at(&town, "ledger.written", &ids[0]);
    note(&town, &ids[0]).exits(8).complains(&["main.lock"]);
    assert!(lock.exists());
}
