//! `gt bead` and its short forms: what a person can say about work.

use std::fs;

use snapbox::{assert_data_eq, str};

use crate::support::TestTown;

/// A town whose clock stands still, with nothing in it.
fn town() -> TestTown {
    TestTown::builder().clock("2026-01-02T03:04:05Z").build()
}

/// A new bead of the town itself; its id.
#[track_caller]
fn new(town: &TestTown, title: &str, more: &[&str]) -> String {
    let arguments = [&["new", title, "--rig", "hq"], more].concat();
    town.json(arguments)["id"].as_str().expect("an id").to_owned()
}

/// The ids of a list.
fn ids(rows: &serde_json::Value) -> Vec<String> {
    let id = |row: &serde_json::Value| row["id"].as_str().expect("an id").to_owned();
    rows.as_array().expect("rows").iter().map(id).collect()
}

fn bead(town: &TestTown, id: &str) -> serde_json::Value {
    town.json(["show", id])[0]["result"].clone()
}

#[test]
fn a_bead_is_shown_with_everything_around_it() {
    let town = town();
    let epic = new(&town, "Accounts", &["-k", "epic", "-p", "0"]);
    let login = new(&town, "Add login", &["--parent", &epic, "-a", "A test logs in.", "-l", "auth", "-p", "1"]);
    let logout = new(&town, "Pay by card", &["--needs", &login, "-d", "Cards of every kind."]);
    town.gt(["bead", "note", &login, "The form", "is there."]).succeeds();
    let mut normal = town.normaliser(&["hq"]);
    let text = town.gt(["show", &login, &logout]).succeeds().stdout;
    assert_data_eq!(
        normal.apply(&text),
        str![[r#"
hq-ID1 Add login  open
  stands       ready
  is           a task for a developer, priority 1
  created      2026-01-02T03:04:05Z  0s ago
  part of      hq-ID2 Accounts  open
  labels       auth

Acceptance
  A test logs in.

Needed by
  hq-ID3 Pay by card  open

Notes
  human  2026-01-02T03:04:05Z  0s ago
    The form is there.

hq-ID3 Pay by card  open
  stands       waits for hq-ID1 (open)
  is           a task for a developer, priority 2
  created      2026-01-02T03:04:05Z  0s ago

Description
  Cards of every kind.

Needs
  hq-ID1 Add login  open


"#]]
    );
    assert_eq!(bead(&town, &login)["acceptance"], "A test logs in.");
}

#[test]
fn a_list_shows_what_fits_and_says_what_it_left_out() {
    let town = town();
    let bug = new(&town, "Login fails", &["-p", "0", "-k", "bug", "-l", "auth"]);
    let test = new(&town, "Try the login", &["-p", "1", "--role", "tester", "-l", "auth", "-l", "web"]);
    let done = new(&town, "Write a page", &["-p", "2"]);
    town.gt(["close", &done, "--as", "done"]).succeeds();
    let mut normal = town.normaliser(&["hq"]);
    assert_data_eq!(
        normal.apply(&town.gt(["list"]).succeeds().stdout),
        str![[r#"
BEAD      STATE  P  KIND  WHO        TITLE
hq-ID1  open   0  bug   developer  Login fails  [auth]
hq-ID2  open   1  task  tester     Try the login  [auth web]

"#]]
    );
    let cases: [(&[&str], &[&String]); 9] = [
        (&["--all"], &[&bug, &test, &done]),
        (&["--status", "closed"], &[&done]),
        (&["--label", "auth", "--label", "web"], &[&test]),
        (&["--role", "tester"], &[&test]),
        (&["--kind", "bug"], &[&bug]),
        (&["LOGIN"], &[&bug, &test]),
        (&["--rig", "hq", "--role", "reviewer"], &[]),
        (&["--limit", "1"], &[&bug]),
        (&["--limit", "0"], &[&bug, &test]),
    ];
    for (filter, expected) in cases {
        let rows = town.json([&["list"], filter].concat());
        assert_eq!(ids(&rows).iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let cut = town.gt(["list", "--limit", "1"]).succeeds();
    cut.complains(&["1 of 2 are shown"]);
    let envelope = town.gt(["list", "--limit", "1", "--json"]).succeeds().json();
    assert_eq!(
        (&envelope["total"], &envelope["returned"], &envelope["truncated"]),
        (&2.into(), &1.into(), &true.into())
    );
}

#[test]
fn a_filter_that_nothing_has_is_an_error_that_names_the_nearest() {
    let town = town();
    let id = new(&town, "Login fails", &["-l", "auth"]);
    town.gt(["list", "--label", "auht"]).exits(3).complains(&["no bead has the label \"auht\"", "did you mean auth?"]);
    town.gt(["list", "--role", "testr"]).exits(3).complains(&["did you mean tester?"]);
    town.gt(["list", "--status", "opne"]).exits(2).complains(&["opne", "did you mean `open`?"]);
    town.gt(["list", "--kind", "fature"]).exits(2).complains(&["did you mean `feature`?"]);
    town.gt(["list", "--assignee", "toast"]).exits(3).complains(&["there is no worker \"toast\""]);
    town.gt(["list", "--rig", "web"]).exits(3).complains(&["web"]);
    let wrong = format!("{}zz", &id[..id.len() - 2]);
    town.gt(["list", "--parent", &wrong]).exits(3).complains(&["there is no bead"]);
    town.gt(["ready", "--role", "testr"]).exits(3).complains(&["did you mean tester?"]);
}

#[test]
fn ready_is_what_may_start_and_explain_accounts_for_the_rest() {
    let town = town();
    let first = new(&town, "Add login", &["-p", "0"]);
    let second = new(&town, "Pay by card", &["-p", "1", "--needs", &first]);
    let epic = new(&town, "Print tickets", &["-p", "2", "-k", "epic", "--needs", &second]);
    let child = new(&town, "Find a printer", &["-p", "3", "--parent", &epic]);
    let later = new(&town, "Send letters", &["-p", "4", "--defer-until", "2026-02-01T00:00:00Z"]);
    assert_eq!(ids(&town.json(["ready"])), [first.as_str()]);
    let mut normal = town.normaliser(&["hq"]);
    assert_data_eq!(
        normal.apply(&town.gt(["ready", "--explain"]).succeeds().stdout),
        str![[r#"
BEAD      TITLE           STANDS
hq-ID1  Add login       ready
hq-ID2  Pay by card     waits for hq-ID1 (open)
hq-ID3  Print tickets   an epic: 1 of 1 children are not closed; also waits for hq-ID2 (open)
hq-ID4  Find a printer  held up by hq-ID3, which waits for hq-ID2 (open)
hq-ID5  Send letters    deferred until 2026-02-01T00:00:00Z

"#]]
    );
    town.gt(["close", &first, "--as", "done"]).succeeds();
    assert_eq!(ids(&town.json(["ready"])), [second.as_str()]);
    town.gt(["close", &second, "--as", "done"]).succeeds();
    assert_eq!(ids(&town.json(["ready"])), [child.as_str()]);
    town.gt(["bead", "edit", &later, "--defer-until", "none"]).succeeds();
    assert_eq!(ids(&town.json(["ready"])), [child.as_str(), later.as_str()]);
}

#[test]
fn a_cancelled_need_is_shown_and_not_silently_passed() {
    let town = town();
    let first = new(&town, "Add login", &[]);
    let second = new(&town, "Pay by card", &["--needs", &first]);
    town.gt(["close", &first, "-m", "not wanted"]).succeeds();
    assert_eq!(ids(&town.json(["ready"])), Vec::<String>::new());
    town.gt(["ready", "--explain"]).succeeds().says(&["cancelled; remove or replace this need"]);
    town.gt(["bead", "dep", "remove", &second, &first]).succeeds();
    assert_eq!(ids(&town.json(["ready"])), [second]);
}

#[test]
fn a_cycle_is_refused_with_its_path() {
    let town = town();
    let [a, b, c] = ["Add login", "Pay by card", "Print tickets"].map(|title| new(&town, title, &[]));
    town.gt(["bead", "dep", "add", &b, &a]).succeeds().says(&["needs"]);
    town.gt(["bead", "dep", "add", &c, &b]).succeeds();
    let refused = town.gt(["bead", "dep", "add", &a, &c]).exits(5);
    refused.complains(&[&format!("{a} needs {c}, {c} needs {b}, {b} needs {a}")]);
    assert_eq!(bead(&town, &a)["needs"], serde_json::json!([]));
    town.gt(["bead", "dep", "add", &a, &a]).exits(5);
    let epic = new(&town, "Accounts", &["-k", "epic"]);
    town.gt(["new", "A child that waits for its epic", "--rig", "hq", "--parent", &epic, "--needs", &epic]).exits(5);
    town.gt(["bead", "edit", &epic, "--parent", &epic]).exits(5);
}

#[test]
fn what_is_not_there_cannot_be_removed() {
    let town = town();
    let [a, b] = ["Add login", "Pay by card"].map(|title| new(&town, title, &["-l", "auth"]));
    town.gt(["bead", "dep", "remove", &a, &b]).exits(3).complains(&["does not need", "it needs nothing"]);
    town.gt(["bead", "edit", &a, "--unlabel", "web"]).exits(3).complains(&["no label \"web\"", "auth"]);
    assert_eq!(town.json(["bead", "dep", "add", &a, &b])["changed"].as_array().map(Vec::len), Some(1));
    let again = town.json(["bead", "dep", "add", &a, &b]);
    assert_eq!((&again["changed"], &again["unchanged"]), (&serde_json::json!([]), &serde_json::json!([b])));
}

#[test]
fn unknown_and_ambiguous_ids_name_what_was_perhaps_meant() {
    let town = town();
    let [a, b] = ["Add login", "Pay by card"].map(|title| new(&town, title, &[]));
    let wrong = format!("{}{}", &a[..a.len() - 1], if a.ends_with('2') { '3' } else { '2' });
    town.gt(["show", &wrong]).exits(3).complains(&["there is no bead", &format!("did you mean {a}: Add login?")]);
    town.gt(["show", "hq-"]).exits(4).complains(&["beginning of several ids", &a, &b, "Pay by card"]);
    assert_eq!(bead(&town, &a[3..])["title"], "Add login");
    let both = town.gt(["show", &a, "nothing", "--json"]).exits(3);
    let rows = both.data();
    assert_eq!((&rows[0]["ok"], &rows[1]["ok"]), (&true.into(), &false.into()));
    assert_eq!(rows[1]["error"]["kind"], "not-found");
}

#[test]
fn the_same_work_is_named_when_it_comes_again() {
    let town = town();
    let first = new(&town, "Add a login form", &[]);
    let again = town.gt(["new", "add a Login form", "--rig", "hq"]).succeeds();
    again.complains(&[&first, "looks like the same work"]);
}

#[test]
fn notes_come_from_arguments_and_pipes_and_have_a_limit() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    town.gt(["bead", "note", &id, "one"]).succeeds();
    town.command(["bead", "note", &id]).input("two\nlines\n").run().succeeds();
    town.command(["bead", "note", &id, "-"])
        .input(&"x".repeat(8_001))
        .run()
        .exits(5)
        .complains(&["8001 bytes", "8000"]);
    town.command(["bead", "note", &id]).input("  \n").run().exits(2).complains(&["the note is empty"]);
    let notes = bead(&town, &id)["notes"].clone();
    assert_eq!(notes[1]["text"], "two\nlines");
    assert_eq!(notes.as_array().map(Vec::len), Some(2));
    let by = town.command(["bead", "note", &id, "mine"]).variable("GT_WORKER", "web/polecats/toast").run().succeeds();
    by.says(&["web/polecats/toast"]);
    assert_eq!(town.git(&["log", "-1", "--format=%an"]), "web/polecats/toast");
}

#[test]
fn closing_and_reopening_leave_a_trace() {
    let town = town();
    let [a, b] = ["Add login", "Pay by card"].map(|title| new(&town, title, &[]));
    town.gt(["close", &a, "--as", "duplicate"]).exits(2).complains(&["--of OTHER"]);
    town.gt(["close", &a, "--of", &b]).exits(2).complains(&["--of is for duplicates"]);
    town.gt(["close", &a, "--as", "duplicate", "--of", &a]).exits(2).complains(&["cannot double itself"]);
    town.gt(["close", &a, "--as", "duplicate", "--of", &b, "-m", "see there"]).succeeds();
    let closed = bead(&town, &a);
    assert_eq!((&closed["closed_as"], &closed["related"]), (&"duplicate".into(), &serde_json::json!([b])));
    assert_eq!(closed["notes"][0]["text"], format!("The same work as {b}. see there"));
    let again = town.gt(["bead", "close", &a, &b]).exits(6);
    again.complains(&["is closed as duplicate"]).says(&["closed as cancelled"]);
    town.gt(["bead", "reopen", &a]).exits(2);
    town.gt(["bead", "reopen", &a, "-m", "it is not the same"]).succeeds();
    let open = bead(&town, &a);
    assert_eq!((&open["status"], &open["attempts"][0]["outcome"]), (&"open".into(), &"reopened".into()));
    town.gt(["bead", "reopen", &a, "-m", "again"]).exits(6).complains(&["it is open"]);
}

#[test]
fn the_graph_is_a_tree_or_another_language() {
    let town = town();
    let epic = new(&town, "Accounts", &["-k", "epic"]);
    let login = new(&town, "Add \"login\"", &["--parent", &epic]);
    new(&town, "Pay by card", &["--parent", &epic, "--needs", &login]);
    let tree = town.gt(["bead", "graph"]).succeeds().stdout;
    assert!(tree.contains("Accounts") && tree.contains("─ needs "), "{tree}");
    town.gt(["bead", "graph", &login]).succeeds().says(&["Add \"login\""]);
    town.gt(["bead", "graph", "--format", "dot"]).succeeds().says(&["digraph beads", "Add \\\"login\\\"", "->"]);
    town.gt(["bead", "graph", "--format", "mermaid"]).succeeds().says(&["graph LR", "-->"]);
}

#[test]
fn fields_are_edited_by_options() {
    let town = town();
    let id = new(&town, "Add login", &["-l", "auth", "-l", "old"]);
    let options = ["-t", "Add a login", "-d", "why", "-a", "how", "-k", "feature", "-p", "1", "--role", "tester"];
    let more = ["--label", "web", "--unlabel", "old", "--touches", "src/**", "--budget", "2h, 300k tokens"];
    town.gt([&["bead", "edit", &id], &options[..], &more[..]].concat())
        .succeeds()
        .says(&["changed title, description"]);
    let edited = bead(&town, &id);
    assert_eq!(
        (&edited["title"], &edited["kind"], &edited["priority"]),
        (&"Add a login".into(), &"feature".into(), &1.into())
    );
    assert_eq!(
        (&edited["labels"], &edited["touches"]),
        (&serde_json::json!(["auth", "web"]), &serde_json::json!(["src/**"]))
    );
    let before = town.git(&["rev-parse", "HEAD"]);
    town.gt(["bead", "edit", &id, "-t", "Add a login"]).succeeds().says(&["nothing was changed"]);
    assert_eq!(town.git(&["rev-parse", "HEAD"]), before);
    town.gt(["bead", "edit", &id, "--budget", "none", "--touches", "none"]).succeeds();
    assert_eq!(bead(&town, &id)["budget"], serde_json::Value::Null);
    town.gt(["bead", "edit", &id, "-p", "9"]).exits(2);
    town.gt(["bead", "edit", &id, "--defer-until", "tomorrow"]).exits(2).complains(&["is no time", "2030-01-31"]);
}

/// An editor that runs `script` on the file.
fn editor(town: &TestTown, script: &str) -> String {
    let path = town.sandbox.join("bin/editor");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("writable");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own file");
    path.display().to_string()
}

#[test]
fn an_editor_changes_the_file_and_what_is_wrong_is_refused_and_kept() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    let edit = |script: &str| {
        let editor = editor(&town, script);
        town.command(["bead", "edit", &id]).variable("EDITOR", editor).run()
    };
    edit(r#"sed -i 's/Add login/Add a login/' "$1""#).succeeds().says(&["changed title"]);
    assert_eq!(bead(&town, &id)["title"], "Add a login");
    edit("true").succeeds().says(&["nothing was changed"]);

    let broken = edit(r#"echo 'kind = ' >> "$1""#).exits(5);
    let broken =
        broken.complains(&[&format!("beads/hq/{}/{id}.toml:", &id[3..5]), "not TOML", "your text is kept in "]);
    let kept = broken.stderr.split("your text is kept in ").nth(1).expect("a path").trim().to_owned();
    assert!(fs::read_to_string(&kept).expect("it is kept").contains("kind = \n"), "{kept}");

    edit(r#"sed -i 's/"open"/"opne"/' "$1""#).exits(5).complains(&["unknown status \"opne\"", "nearest is \"open\""]);
    let closed =
        r#"sed -i 's/^status = "open"/status = "closed"\nclosed_as = "done"\nclosed = 2026-01-01T00:00:00Z/' "$1""#;
    edit(closed).exits(5).complains(&["status is not changed by an edit", "gt bead close"]);
    assert_eq!(bead(&town, &id)["status"], "open");
}

#[test]
fn a_file_that_a_pipe_brings_is_an_edit_too() {
    let town = town();
    let id = new(&town, "Add login", &[]);
    let text = town.read(&format!("beads/hq/{}/{id}.toml", &id[3..5])).expect("projected");
    let edited = text.replace("Add login", "Add a login") + "\nmood = \"good\"\n";
    town.command(["bead", "edit", &id, "--file", "-"]).input(&edited).run().succeeds().says(&["title, other keys"]);
    assert_eq!(bead(&town, &id)["mood"], "good");
}

#[test]
fn outside_of_a_town_every_verb_says_so() {
    let town = TestTown::builder().empty();
    let verbs: [&[&str]; 7] =
        [&["list"], &["ready"], &["show", "x"], &["log"], &["feed"], &["why", "x"], &["ledger", "status"]];
    for arguments in verbs {
        town.command(arguments).current_dir(&town.sandbox).run().exits(3).complains(&["is not in a town", "gt init"]);
    }
}

/// `gt ready` asks the index first, `gt ready --explain` accounts for every bead: they agree.
#[test]
fn the_quick_and_the_thorough_way_to_what_is_ready_agree() {
    let town = town();
    let first = new(&town, "Add login", &["-p", "0"]);
    let epic = new(&town, "Accounts", &["-k", "epic", "-p", "1", "--needs", &first]);
    let free = new(&town, "Tickets", &["-k", "epic", "-p", "1"]);
    let below = new(&town, "Print them", &["-k", "epic", "-p", "1", "--parent", &free]);
    for (title, parent) in [("Pay by card", &epic), ("Find a printer", &free), ("Buy ink", &below)] {
        new(&town, title, &["-p", "2", "--parent", parent]);
    }
    new(&town, "Send letters", &["-p", "3", "--defer-until", "2026-02-01T00:00:00Z"]);
    let agree = || {
        let explained = town.json(["ready", "--explain"]);
        let rows = explained.as_array().expect("rows").iter().filter(|row| row["standing"] == "ready");
        let thorough: Vec<String> = rows.map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
        assert_eq!(ids(&town.json(["ready"])), thorough);
        thorough.len()
    };
    assert_eq!(agree(), 3);
    town.gt(["close", &first, "--as", "done"]).succeeds();
    assert_eq!(agree(), 3);
    town.gt(["close", &epic]).succeeds();
    agree();
}
