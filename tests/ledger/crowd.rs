//! Many processes at once, and what each of them said.

use std::collections::BTreeMap;
use std::sync::Barrier;

use crate::support::random::Random;
use crate::support::{Ran, TestTown, history};

/// Runs each script in a thread of its own, all at once: the commands of a script one after the other, each a process.
pub fn run(town: &TestTown, scripts: &[Vec<Vec<String>>]) -> Vec<(Vec<String>, Ran)> {
    let start = Barrier::new(scripts.len());
    let one = |script: &Vec<Vec<String>>| {
        start.wait();
        script.iter().map(|command| (command.clone(), town.gt(command))).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let one = &one;
        let running: Vec<_> = scripts.iter().map(|script| scope.spawn(move || one(script))).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a script runs to its end")).collect()
    })
}

/// A town with the rig `web` in which nothing starts by itself, and these beads.
pub fn town(beads: usize) -> (TestTown, Vec<String>) {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    let ids = (0..beads).map(|number| make(&town, &format!("shared {number}"))).collect();
    (town, ids)
}

/// Makes a bead and returns its id.
pub fn make(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    made["id"].as_str().expect("a bead has an id").to_owned()
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|&word| word.to_owned()).collect()
}

/// A script of commands on `shared` beads, every text of which is its own.
pub fn script(random: &mut Random, number: usize, length: usize, shared: &[String]) -> Vec<Vec<String>> {
    let mut command = |step: usize| {
        let (bead, own) = (random.pick(shared).as_str(), format!("{number}-{step} of its own"));
        match random.below(10) {
            0..=3 => words(&["new", &format!("bead {own}"), "--rig", "web"]),
            4..=6 => words(&["bead", "note", bead, &format!("note {own}")]),
            7 => words(&["close", bead, "--as", "done", "--reason", &format!("closed {own}")]),
            8 => words(&["bead", "reopen", bead, "--reason", &format!("reopened {own}")]),
            _ => words(&["bead", "edit", bead, "--priority", ["0", "1", "3", "4"][step % 4]]),
        }
    };
    (0..length).map(&mut command).collect()
}

/// The words that no two commands share, and the verb of the commit that they make.
fn trace(command: &[String]) -> Option<(&'static str, &str)> {
    match (command[0].as_str(), command[1].as_str()) {
        ("new", title) => Some(("create", title)),
        ("bead", "note") => Some(("note", &command[3])),
        ("close", _) => Some(("close", &command[5])),
        _ => None,
    }
}

/// Fails unless the ledger holds each thing that was reported as done exactly once, and nothing that was refused.
#[track_caller]
pub fn check(town: &TestTown, said: &[(Vec<String>, Ran)]) {
    let history = history::of(town);
    assert_eq!(history.findings, Vec::<String>::new());
    let mut texts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for bead in history.beads.values() {
        *texts.entry(("create", bead.title.clone())).or_default() += 1;
        for note in &bead.notes {
            let verb = if note.text.starts_with("closed") { "close" } else { "note" };
            *texts.entry((verb, note.text.clone())).or_default() += 1;
        }
    }
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for (command, ran) in said {
        // Refusing is an answer; failing is not.
        assert!(matches!(ran.code, Some(0 | 6 | 7)), "`{}` failed\n{}", ran.line, ran.transcript());
        let Some((verb, text)) = trace(command) else { continue };
        let expected = usize::from(ran.code == Some(0));
        *done.entry(verb).or_default() += expected;
        let found = texts.get(&(verb, text.to_owned())).copied().unwrap_or(0);
        assert_eq!(found, expected, "`{}` ended with {:?}\n{}", ran.line, ran.code, ran.transcript());
    }
    for (verb, count) in done.into_iter().filter(|(verb, _)| *verb != "create") {
        assert_eq!(history.count(verb), count, "commits of {verb}");
    }
    sound(town);
}

/// Fails unless the folder is clean, the repository sound, and the index what it would be if it were made anew.
#[track_caller]
pub fn sound(town: &TestTown) {
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    town.git(&["fsck", "--strict", "--no-dangling"]);
    let answers = || {
        let lists: [&[&str]; 3] = [&["list", "--all"], &["ready", "--explain"], &["bead", "graph"]];
        lists.map(|list| town.json(list))
    };
    let before = answers();
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(town.root.join(format!(".git/gt/index.db{ending}")));
    }
    assert_eq!(before, answers(), "the index is not what it is when made anew");
}
