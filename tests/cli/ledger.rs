//! `gt ledger`, `gt log` and `gt feed`: hand edits, the history, and plain git beside `gt`.

use std::fs;
use std::process::{Command, Stdio};

use snapbox::{assert_data_eq, str};

use crate::support::{GENEROUS, TestTown, wait_for};

fn town() -> TestTown {
    TestTown::builder().clock("2026-01-02T03:04:05Z").build()
}

#[track_caller]
fn new(town: &TestTown, title: &str, more: &[&str]) -> String {
    let arguments = [&["new", title, "--rig", "hq"], more].concat();
    town.json(arguments)["id"].as_str().expect("an id").to_owned()
}

/// The path of a bead's file in the town.
fn file(id: &str) -> String {
    format!("beads/hq/{}/{id}.toml", &id[3..5])
}

/// Changes a file as a person with an editor would.
#[track_caller]
fn by_hand(town: &TestTown, file: &str, from: &str, to: &str) {
    let text = town.read(file).expect("the file is there");
    assert!(text.contains(from), "{text}");
    town.write(file, &text.replace(from, to));
}

fn title(town: &TestTown, id: &str) -> String {
    town.json(["show", id])[0]["result"]["title"].as_str().expect("a title").to_owned()
}

#[test]
fn good_hand_edits_are_adopted_in_one_commit_though_others_are_refused() {
    let town = town();
    let [a, b, c] = ["Add login", "Pay by card", "Print tickets"].map(|title| new(&town, title, &[]));
    by_hand(&town, &file(&a), "Add login", "Add a login");
    by_hand(&town, &file(&b), "\"open\"", "\"opne\"");
    by_hand(&town, &file(&c), "title =", "title = =");
    town.write("my notes.txt", "buy milk\n");
    let before = town.git(&["rev-parse", "HEAD"]);
    let status = town.json(["ledger", "status"]);
    assert_eq!(status["edits"].as_array().map(Vec::len), Some(4));

    let adopted = town.gt(["ledger", "adopt"]).exits(5);
    adopted.says(&[
        &format!("adopted {}", file(&a)),
        "adopted my notes.txt",
        &format!("refused {}:5: unknown status \"opne\", nearest is \"open\"", file(&b)),
        &format!("refused {}:3: not TOML", file(&c)),
    ]);
    assert_eq!(town.git(&["rev-list", "--count", &format!("{before}..HEAD")]), "1");
    assert_eq!(title(&town, &a), "Add a login");
    // The others are as they were, in the ledger and in the folder.
    assert_eq!(title(&town, &b), "Pay by card");
    assert!(town.read(&file(&b)).expect("there").contains("opne"));

    let restored = town.gt(["ledger", "restore", &file(&b), &file(&c)]).succeeds();
    restored.complains(&["what was in it is kept in"]);
    assert_eq!(town.git(&["status", "--porcelain"]), "");
    let kept = town.root.join(".git/gt/replaced");
    assert_eq!(fs::read_dir(kept).expect("a folder").count(), 2);
    town.gt(["ledger", "adopt"]).succeeds().says(&["nothing was edited by hand"]);
}

#[test]
fn where_a_bead_stands_is_not_changed_by_hand() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    let path = file(&id);
    let closed = "status = \"closed\"\nclosed_as = \"done\"\nclosed = 2026-01-01T00:00:00Z";
    let claimed =
        "status = \"hooked\"\nassignee = \"web/polecats/toast\"\nlease = \"abcdefgh2345\"\nhome = \"abcdefgh6789\"";
    for (status, verb) in [(closed, "gt bead close"), (claimed, "gt sling")] {
        by_hand(&town, &path, "status = \"open\"", status);
        let refused = town.gt(["ledger", "adopt"]).exits(5);
        refused.says(&[&format!("{path}:5: status is not changed by hand")]).complains(&[verb]);
        town.gt(["ledger", "restore", &path]).succeeds();
    }
    let text = town.read(&path).expect("there");
    town.write(&path, &format!("{text}\n[[attempts]]\nnumber = 1\noutcome = \"ended\"\nreason = \"x\"\n"));
    town.gt(["ledger", "adopt"]).exits(5).says(&["attempts is not changed by hand"]);
    fs::remove_file(town.root.join(&path)).expect("there");
    town.gt(["ledger", "adopt"]).exits(5).says(&["a bead is closed, never removed"]);
    town.gt(["ledger", "restore", &path]).succeeds();
    assert_eq!(town.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_wrong_id_and_a_wrong_place_are_refused() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    let text = town.read(&file(&id)).expect("there");
    town.write("beads/hq/ab/hq-abcde.toml", &text);
    town.gt(["ledger", "adopt"]).exits(5).says(&["does not fit the path", &file(&id)]);
    town.write("beads/hq/ab/hq-abcde.toml", "title = \"By hand\"\n");
    town.write("beads/xy/ab/xy-abcde.toml", "title = \"Of no rig\"\n");
    let adopted = town.gt(["ledger", "adopt"]).exits(5);
    adopted.says(&["adopted beads/hq/ab/hq-abcde.toml", "no rig has the prefix xy"]);
    assert_eq!(title(&town, "hq-abcde"), "By hand");
}

#[test]
fn a_cycle_made_by_hand_is_refused_and_new_beads_may_need_each_other() {
    let town = town();
    let [a, b] = ["Add login", "Pay by card"].map(|title| new(&town, title, &[]));
    for (from, to) in [(&a, &b), (&b, &a)] {
        let text = town.read(&file(from)).expect("there");
        town.write(&file(from), &format!("needs = [\"{to}\"]\n{text}"));
    }
    let adopted = town.gt(["ledger", "adopt"]).exits(5);
    adopted.says(&["adopted beads/", "refused beads/", "it would wait for itself: "]);
    town.write("beads/hq/cd/hq-cdefg.toml", "title = \"One\"\nneeds = [\"hq-defgh\"]\n");
    town.write("beads/hq/de/hq-defgh.toml", "title = \"Two\"\n");
    town.write("beads/hq/ef/hq-efghj.toml", "title = \"Three\"\nneeds = [\"hq-fghjk\"]\n");
    let adopted = town.gt(["ledger", "adopt"]).exits(5);
    adopted
        .says(&["adopted beads/hq/cd/hq-cdefg.toml", "adopted beads/hq/de/hq-defgh.toml"])
        .says(&["refused beads/hq/ef/hq-efghj.toml: needs: there is no bead hq-fghjk"]);
}

#[test]
fn settings_are_checked_when_they_are_adopted() {
    let (town, _project) = TestTown::with_rig();
    let text = town.read("town.toml").expect("a town");
    town.write("town.toml", &format!("{text}\ncapasity = 3\n"));
    by_hand(&town, "rigs.d/web.toml", "prefix = \"web\"", "prefix = \"wob\"");
    let refused = town.gt(["ledger", "adopt"]).exits(5);
    refused.says(&["refused town.toml:", "capasity", "the prefix of web is web for ever"]).complains(&["capacity"]);
    town.gt(["ledger", "restore", "rigs.d/web.toml"]).succeeds();
    town.write("town.toml", &format!("{text}\ncapacity = 3\n"));
    town.gt(["ledger", "adopt", "town.toml"]).succeeds().says(&["adopted town.toml"]);
    fs::remove_file(town.root.join("rigs.d/web.toml")).expect("there");
    town.gt(["ledger", "adopt"]).exits(5).says(&["a rig is not removed by removing its file"]);
}

#[test]
fn a_broken_file_that_was_committed_blocks_no_other_and_can_be_mended() {
    let town = town();
    let [a, b] = ["Add login", "Pay by card"].map(|title| new(&town, title, &[]));
    let text = town.read(&file(&a)).expect("there");
    by_hand(&town, &file(&a), "\"open\"", "\"opne\"");
    town.git(&["commit", "-qam", "by hand"]);
    assert_eq!(town.json(["list"])[0]["id"], b);
    town.gt(["show", &a]).exits(10).complains(&[&format!("{}:5", file(&a)), "opne", "gt ledger adopt"]);
    assert_eq!(town.json(["ledger", "status"])["broken"].as_array().map(Vec::len), Some(1));
    town.write(&file(&a), &text);
    town.gt(["ledger", "adopt"]).succeeds();
    assert_eq!(title(&town, &a), "Add login");
}

#[test]
fn a_commit_with_a_stale_index_puts_no_other_bead_back() {
    let town = town();
    let [mine, other] = ["Add login", "Pay by card"].map(|title| new(&town, title, &[]));
    let index = town.root.join(".git/index");
    let stale = town.sandbox.join("stale index");
    fs::copy(&index, &stale).expect("there is an index");
    town.gt(["bead", "edit", &other, "-t", "Pay by bank"]).succeeds();
    let third = new(&town, "Print tickets", &[]);
    by_hand(&town, &file(&mine), "Add login", "Add a login");
    let commit = |arguments: &[&str]| {
        fs::copy(&stale, &index).expect("writable");
        let output = town.program("git").current_dir(&town.root).args(arguments).output().expect("git is there");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (committed, said) = commit(&["commit", "-qam", "mine"]);
    assert!(!committed && said.contains(&file(&third)) && said.contains("gt ledger settle"), "{said}");
    let (committed, said) = commit(&["commit", "-qm", "mine"]);
    assert!(!committed && said.contains(&file(&other)), "{said}");

    assert_eq!(town.json(["ledger", "status"])["behind_in_index"].as_array().map(Vec::len), Some(2));
    town.gt(["ledger", "settle"]).succeeds().says(&["are in step now", "edited by hand, and left so"]);
    town.git(&["commit", "-qam", "mine"]);
    let titles = [&mine, &other, &third].map(|id| title(&town, id));
    assert_eq!(titles, ["Add a login", "Pay by bank", "Print tickets"]);
    assert_eq!(town.git(&["status", "--porcelain"]), "");
}

#[test]
fn the_history_is_a_story() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    town.gt(["bead", "note", &id, "The form is there."]).succeeds();
    town.gt(["close", &id, "-m", "not wanted"]).succeeds();
    by_hand(&town, &file(&id), "Add login", "Add a login");
    town.git(&["commit", "-qam", "a better title"]);
    let rows = town.json(["log"]);
    assert_eq!((&rows[0]["actor"], &rows[0]["author"]), (&serde_json::Value::Null, &"Ada Person".into()));
    assert_eq!((&rows[1]["event"], &rows[1]["beads"][0]), (&"close".into(), &id.clone().into()));
    let mut normal = town.normaliser(&["hq"]);
    let text = town.gt(["bead", "log", &id]).succeeds().stdout;
    let text: String = text.lines().skip(2).map(|line| format!("{line}\n")).collect();
    assert_data_eq!(
        normal.apply(&text),
        str![[r#"
2026-01-02T03:04:05Z  human                   close hq-ID1 as cancelled: Add login
2026-01-02T03:04:05Z  human                   note hq-ID1: The form is there.
2026-01-02T03:04:05Z  human                   create hq-ID1: Add login

"#]]
    );
    let cut = town.gt(["log", "--limit", "2", "--json"]).succeeds().json();
    assert_eq!((&cut["total"], &cut["returned"]), (&5.into(), &2.into()));
    assert_eq!(town.json(["log", "--actor", "human"]).as_array().map(Vec::len), Some(4));
    assert_eq!(town.json(["log", "--actor", "mayor"]).as_array().map(Vec::len), Some(0));
    town.gt(["log", "--actor", "humn"]).exits(3).complains(&["did you mean human?"]);
}

#[test]
fn the_feed_goes_on_until_it_is_interrupted() {
    let town = town();
    new(&town, "Add login", &[]);
    let events = town.json(["feed"]);
    assert_eq!((&events[0]["kind"], &events[0]["text"]), (&"bead.created".into(), &"Add login".into()));

    let out = town.sandbox.join("feed.out");
    let mut command: Command = town.program(crate::support::town::GT);
    command.args(["feed", "--follow", "--json"]).current_dir(&town.root).stdin(Stdio::null());
    let mut follower =
        command.stdout(fs::File::create(&out).expect("writable")).stderr(Stdio::null()).spawn().expect("it starts");
    let lines = || fs::read_to_string(&out).unwrap_or_default().lines().count();
    wait_for("the first event", GENEROUS, || (lines() == 1).then_some(()));
    new(&town, "Pay by card", &[]);
    wait_for("the second event", GENEROUS, || (lines() == 2).then_some(()));
    let text = fs::read_to_string(&out).expect("there");
    let second: serde_json::Value = serde_json::from_str(text.lines().nth(1).expect("two lines")).expect("JSON");
    assert_eq!((&second["schema"], &second["data"]["text"]), (&"gt.event/1".into(), &"Pay by card".into()));

    let id = rustix::process::Pid::from_child(&follower);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it runs");
    assert_eq!(follower.wait().expect("our child").code(), Some(0));
}

#[test]
fn packing_leaves_everything_as_it_is() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    town.gt(["ledger", "pack"]).succeeds().says(&["packed"]);
    assert_eq!(title(&town, &id), "Add login");
    assert_eq!(town.git(&["status", "--porcelain"]), "");
}

/// Root ignores permissions, so that only a mount makes a folder read-only for it.
#[test]
fn a_town_that_cannot_be_written_can_be_read_and_says_why_it_cannot_be_changed() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    let script = format!(
        "mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}' && cd '{0}' || exit 77\n\
         gt show {id} && gt list --json && gt ready && gt log || exit 1\n\
         gt bead note {id} x; [ $? -eq 9 ] || exit 2\n\
         gt new x --rig hq; [ $? -eq 9 ] || exit 3\n",
        town.root.display()
    );
    let mut command = town.program("unshare");
    let output = command.args(["--mount", "--map-root-user", "sh", "-c", &script]).output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no `unshare` to make a folder read-only");
        return;
    };
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(77 | 1) if !said.contains("Add login") => {
            eprintln!("skipped: no folder can be made read-only here: {said}");
        }
        code => assert_eq!(code, Some(0), "{said}"),
    }
}

/// Git trusts times of a whole second; the index that a transaction writes must not make it trust them too much.
#[test]
fn a_quick_edit_of_the_same_length_is_still_seen_after_other_transactions() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    let path = town.root.join(file(&id));
    let times = fs::metadata(&path).and_then(|meta| meta.modified()).expect("there");
    let touch = |file: &std::path::Path, seconds: u64| {
        let opened = fs::OpenOptions::new().append(true).open(file).expect("writable");
        opened.set_modified(times + std::time::Duration::from_secs(seconds)).expect("own file");
    };
    by_hand(&town, &file(&id), "login", "logon");
    // As if all of it had happened within the second of the projection.
    touch(&path, 0);
    touch(&town.root.join(".git/index"), 0);
    assert_eq!(town.json(["ledger", "status"])["edits"].as_array().map(Vec::len), Some(1));
    new(&town, "Pay by card", &[]);
    touch(&town.root.join(".git/index"), 5);
    assert_eq!(town.json(["ledger", "status"])["edits"].as_array().map(Vec::len), Some(1));
}
