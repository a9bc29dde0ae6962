//! The machine goes down: what was said to be done is there in its next life.
//!
//! A power cut is played by taking away, or emptying, what was written and not synced, and by giving the journal the
//! name of another life of the machine.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::crowd;
use crate::support::TestTown;

const JOURNAL: &str = ".git/gt/journal";
const BRANCH: &str = ".git/refs/heads/main";

/// The files of loose objects.
fn loose(town: &TestTown) -> BTreeSet<PathBuf> {
    let folder = |number: u8| fs::read_dir(town.root.join(format!(".git/objects/{number:02x}"))).into_iter().flatten();
    (0..=u8::MAX).flat_map(folder).map(|entry| entry.expect("an entry").path()).collect()
}

/// Every second file is lost, the others are empty.
fn lose(files: impl IntoIterator<Item = PathBuf>) {
    for (number, file) in files.into_iter().enumerate() {
        fs::remove_file(&file).expect("it is there");
        if number % 2 == 0 {
            File::create(&file).expect("made");
        }
    }
}

fn journal(town: &TestTown) -> File {
    File::options().read(true).write(true).open(town.root.join(JOURNAL)).expect("a journal")
}

/// The machine has started anew.
fn restart(town: &TestTown) {
    journal(town).write_all_at(b"another life", 0).expect("written");
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(town.root.join(format!(".git/gt/index.db{ending}")));
    }
}

fn tips(town: &TestTown) -> String {
    town.git(&["rev-list", "HEAD"])
}

#[test]
fn what_the_disk_lost_comes_back() {
    let (town, ids) = crowd::town(2);
    let before = loose(&town);
    for id in &ids {
        town.gt(["bead", "note", id, "kept"]).succeeds();
    }
    let made = crowd::make(&town, "Made shortly before");
    let history = tips(&town);
    lose(loose(&town).difference(&before).cloned());
    fs::write(town.root.join(BRANCH), "").expect("written");
    fs::write(town.root.join(".git/index"), "").expect("written");
    restart(&town);
    town.gt(["show", &made]).succeeds().says(&["Made shortly before"]);
    assert_eq!(tips(&town), history);
    town.git(&["fsck", "--strict", "--full"]);
    town.gt(["bead", "note", &made, "afterwards"]).succeeds();
    crowd::sound(&town);
}

#[test]
fn what_nobody_was_told_of_may_be_gone_and_takes_nothing_with_it() {
    let (town, ids) = crowd::town(1);
    town.gt(["bead", "note", &ids[0], "said to be there"]).succeeds();
    let (history, before) = (tips(&town), loose(&town));
    town.gt(["bead", "note", &ids[0], "half written"]).succeeds();
    // Of its record in the journal only the beginning came to the disk.
    let file = journal(&town);
    let mut end = [0; 8];
    file.read_exact_at(&mut end, 37).expect("a header");
    let end = u64::from_str_radix(std::str::from_utf8(&end).expect("digits"), 16).expect("a number");
    file.write_all_at(&[0; 40], end - 40).expect("written");
    lose(loose(&town).difference(&before).cloned());
    restart(&town);
    town.gt(["show", &ids[0]]).succeeds().says(&["said to be there"]);
    assert_eq!(tips(&town), history);
    town.gt(["bead", "note", &ids[0], "afterwards"]).succeeds();
    town.git(&["fsck", "--strict", "--full"]);
}

#[test]
fn a_branch_that_can_be_read_is_left_where_a_person_put_it() {
    let (town, ids) = crowd::town(1);
    town.gt(["bead", "note", &ids[0], "taken back"]).succeeds();
    town.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let history = tips(&town);
    restart(&town);
    town.gt(["show", &ids[0]]).succeeds();
    assert_eq!(tips(&town), history);
}

#[test]
fn what_is_packed_leaves_the_journal() {
    let (town, ids) = crowd::town(3);
    for id in &ids {
        town.gt(["bead", "note", id, "packed"]).succeeds();
    }
    town.gt(["ledger", "pack"]).succeeds();
    let mut header = [0; 46];
    journal(&town).read_exact_at(&mut header, 0).expect("a header");
    assert_eq!(&header[36..], b" 0000002e\n", "nothing is left in it");
    town.gt(["bead", "note", &ids[0], "after packing"]).succeeds();
    let history = tips(&town);
    lose(loose(&town));
    restart(&town);
    town.gt(["show", &ids[0]]).succeeds().says(&["after packing"]);
    assert_eq!(tips(&town), history);
    town.git(&["fsck", "--strict", "--full"]);
}

#[test]
fn a_full_journal_stops_nothing() {
    let (town, ids) = crowd::town(1);
    let file = journal(&town);
    file.write_all_at(b"00fffff0", 37).expect("written");
    town.gt(["bead", "note", &ids[0], "synced by itself"]).succeeds();
    let mut end = [0; 8];
    file.read_exact_at(&mut end, 37).expect("a header");
    assert_eq!(&end, b"00fffff0");
    crowd::sound(&town);
}
