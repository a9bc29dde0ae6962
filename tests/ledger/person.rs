//! A person who uses plain git in the town at the same time.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::crowd;
use crate::support::random::{Random, for_each_seed};
use crate::support::{Ran, TestTown, history};

fn git(town: &TestTown, arguments: &[&str]) -> Ran {
    let output = town.program("git").current_dir(&town.root).args(arguments).output().expect("git is there");
    Ran::new(format!("git {}", arguments.join(" ")), &output)
}

/// Writes a file and commits it in one of the ways that people do; whether it went through.
fn commit(town: &TestTown, random: &mut Random, number: usize) -> bool {
    let file = format!("memory/note-{}.md", random.below(3));
    town.write(&file, &format!("thought {number}\n"));
    let message = format!("thought {number}");
    match random.below(3) {
        0 => git(town, &["add", &file]).code == Some(0) && git(town, &["commit", "-qm", &message]).code == Some(0),
        1 => {
            // Only what git knows already.
            let _ = git(town, &["add", "-N", &file]);
            git(town, &["commit", "-qam", &message]).code == Some(0)
        }
        _ => git(town, &["add", "--all"]).code == Some(0) && git(town, &["commit", "-qm", &message]).code == Some(0),
    }
}

#[test]
fn a_persons_commits_in_between_put_nothing_back() {
    for_each_seed(1, |seed| {
        let mut random = Random::of(seed);
        let (town, shared) = crowd::town(3);
        let scripts: Vec<_> = (0..10).map(|number| crowd::script(&mut random, number, 6, &shared)).collect();
        let (said, thoughts) = std::thread::scope(|scope| {
            let writers = scope.spawn(|| crowd::run(&town, &scripts));
            let mut thoughts = Vec::new();
            let mut number = 0;
            while !writers.is_finished() {
                number += 1;
                if commit(&town, &mut random, number) {
                    thoughts.push(format!("thought {number}"));
                }
            }
            (writers.join().expect("the writers end"), thoughts)
        });
        // What the last of them left uncommitted.
        git(&town, &["add", "--all"]).succeeds();
        let _ = git(&town, &["commit", "-qm", "the rest"]);
        crowd::check(&town, &said);
        let subjects: Vec<String> = history::of(&town).events.into_iter().map(|event| event.subject).collect();
        for thought in &thoughts {
            let found = subjects.iter().filter(|subject| *subject == thought).count();
            assert_eq!(found, 1, "{thought} is there {found} times");
        }
        assert!(!thoughts.is_empty(), "the person never got through, so this tests nothing");
    });
}

/// `git commit -a` keeps the index locked for as long as the editor is open.
#[test]
fn an_open_editor_puts_nothing_back() {
    let (town, ids) = crowd::town(1);
    town.write("memory/thought.md", "one\n");
    git(&town, &["add", "--all"]).succeeds();
    git(&town, &["commit", "-qm", "a thought"]).succeeds();
    let editor = town.sandbox.join("bin/editor");
    let open = town.sandbox.join("editing");
    std::fs::write(
        &editor,
        format!("#!/bin/sh\n: >'{0}'\nwhile [ -e '{0}' ]; do sleep 0.02; done\necho edited >\"$1\"\n", open.display()),
    )
    .expect("written");
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own file");
    town.write("memory/thought.md", "two\n");
    let mut person = town.program("git");
    person.current_dir(&town.root).args(["commit", "-qa"]).env("GIT_EDITOR", &editor);
    let mut person = person.stderr(std::process::Stdio::null()).spawn().expect("git is there");
    crate::support::wait_until("the editor to open", || open.exists());
    assert!(town.root.join(".git/index.lock").exists(), "git holds the index");

    // Work goes on; only git's index cannot follow.
    let second = crowd::make(&town, "made while somebody edits");
    town.gt(["bead", "note", &ids[0], "while somebody edits"]).succeeds();
    assert!(town.root.join(".git/index.lock").exists(), "the lock of a living program stays");

    std::fs::remove_file(&open).expect("the editor is open");
    assert!(!person.wait().expect("a child of ours").success(), "the branch moved under this commit");
    let again = git(&town, &["commit", "-qam", "another thought"]);
    again.exits(1).complains(&["would put back", &second, "gt ledger settle"]);
    town.gt(["ledger", "settle"]).succeeds();
    git(&town, &["commit", "-qam", "another thought"]).succeeds();
    let history = history::of(&town);
    assert_eq!(history.findings, Vec::<String>::new());
    assert_eq!((history.count("note"), history.beads.len()), (1, 2));
    crowd::sound(&town);
}

/// The same for a moment only: whoever waits a little gets through.
#[test]
fn a_short_hold_of_the_index_only_delays() {
    let (town, ids) = crowd::town(2);
    let over = AtomicBool::new(false);
    let lock = town.root.join(".git/index.lock");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let taken = std::fs::OpenOptions::new().write(true).create_new(true).open(&lock);
                std::thread::sleep(std::time::Duration::from_millis(40));
                if taken.is_ok() {
                    std::fs::remove_file(&lock).expect("nobody else removes it");
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        let scripts: Vec<_> = (0..6)
            .map(|number| {
                let note = |step: usize| {
                    let text = format!("note {number}-{step} of its own");
                    ["bead", "note", ids[step % 2].as_str(), text.as_str()].map(str::to_owned).to_vec()
                };
                (0..3).map(note).collect()
            })
            .collect();
        let said = crowd::run(&town, &scripts);
        over.store(true, Ordering::Relaxed);
        assert!(said.iter().all(|(_, ran)| ran.code == Some(0)), "{said:#?}");
    });
    let history = history::of(&town);
    assert_eq!((history.findings.clone(), history.count("note")), (Vec::new(), 18));
    crowd::sound(&town);
}
