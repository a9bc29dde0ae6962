//! `gt why`: no bead is in nobody's hands, and everybody can see whose.

use snapbox::{assert_data_eq, str};

use crate::support::TestTown;

const WHEN: &str = "2026-01-02T03:04:05Z";

#[track_caller]
fn new(town: &TestTown, title: &str, more: &[&str]) -> String {
    let arguments = [&["new", title, "--rig", "hq"], more].concat();
    town.json(arguments)["id"].as_str().expect("an id").to_owned()
}

fn hands(town: &TestTown, subject: &str) -> String {
    town.json(["why", subject])[0]["result"]["hands"].as_str().expect("a word").to_owned()
}

/// Writes the state of a bead as a verb of `gt` would have, and commits it.
fn becomes(town: &TestTown, id: &str, status: &str, more: &str) {
    let (prefix, suffix) = id.split_once('-').expect("an id");
    let path = format!("beads/{prefix}/{}/{id}.toml", &suffix[..2]);
    let text = town.read(&path).expect("projected");
    town.write(&path, &(text.replace("status = \"open\"", status) + more));
    town.git(&["commit", "-qam", "as a verb would"]);
}

const CLAIM: &str = "assignee = \"web/polecats/toast\"\nlease = \"abcdefgh2345\"\nhome = \"abcdefgh6789\"";

#[test]
fn open_beads_are_ready_or_wait_for_something_named() {
    let town = TestTown::builder().clock(WHEN).build();
    let first = new(&town, "Add login", &[]);
    let second = new(&town, "Pay by card", &["--needs", &first]);
    let mut normal = town.normaliser(&["hq"]);
    let text = town.gt(["why", &first, &second]).succeeds().stdout;
    assert_data_eq!(
        normal.apply(&text),
        str![[r#"
hq-ID1 Add login  ready: the next free worker gets it
  standing     ready
hq-ID2 Pay by card  waits for hq-ID1 (open)
  standing     waits for hq-ID1 (open)

"#]]
    );
    town.gt(["close", &first]).succeeds();
    assert_eq!((hands(&town, &first).as_str(), hands(&town, &second).as_str()), ("closed", "waiting"));
    town.gt(["why", &second]).succeeds().says(&["cancelled; remove or replace this need"]);
}

#[test]
fn a_hook_without_a_session_is_shown_as_that() {
    let (town, _project) = TestTown::with_rig();
    let id = town.json(["new", "Add login"])["id"].as_str().expect("an id").to_owned();
    becomes(&town, &id, &format!("status = \"hooked\"\n{CLAIM}"), "");
    assert_eq!(hands(&town, &id), "hooked-without-session");
    // The worker has no name in the rig, and the claim is another clone's: both are said.
    town.gt(["why", &id]).succeeds().says(&["unknown", "in the clone abcdefgh6789"]);
}

#[test]
fn a_submitted_bead_has_a_place_in_the_queue_and_what_cannot_be_found_is_unknown() {
    let (town, _project) = TestTown::with_rig();
    let id = town.json(["new", "Add login"])["id"].as_str().expect("an id").to_owned();
    let head = "1".repeat(40);
    let merge = format!(
        "\n[merge]\nbranch = \"b\"\nhead = \"{head}\"\nbase = \"{head}\"\ntarget = \"main\"\nsubmitted = {WHEN}\n\
         gates = [\"gates/web/11/x.toml\"]\n"
    );
    becomes(&town, &id, &format!("status = \"submitted\"\n{CLAIM}"), &merge);
    assert_eq!(hands(&town, &id), "queued");
    town.gt(["why", &id]).succeeds().says(&[
        "in the merge queue",
        "number 1 of 1",
        "unknown: nothing keeps the submitted 1111111111",
        "unknown: the evidence gates/web/11/x.toml is not in the ledger",
    ]);
}

#[test]
fn a_bead_that_was_tried_too_often_has_failed_or_is_escalated() {
    let town = TestTown::builder().clock(WHEN).build();
    let id = new(&town, "Add login", &[]);
    let attempts: String = (1..=3)
        .map(|number| format!("\n[[attempts]]\nnumber = {number}\noutcome = \"ended\"\nreason = \"it stopped\"\n"))
        .collect();
    becomes(&town, &id, "status = \"open\"", &attempts);
    assert_eq!(hands(&town, &id), "failed");
    town.gt(["why", &id]).succeeds().says(&["failed after 3 attempts", "3 count towards the limit", "it stopped"]);
    town.write(
        "mail/human/ml-abcdefgh.toml",
        &format!(
            "id = \"ml-abcdefgh\"\nfrom = \"mayor\"\nto = \"human\"\nsubject = \"It fails\"\nbead = \"{id}\"\n\
             kind = \"escalation\"\nseverity = \"high\"\ncreated = {WHEN}\n"
        ),
    );
    town.git(&["add", "--all"]);
    town.git(&["commit", "-qm", "mail"]);
    assert_eq!(hands(&town, &id), "escalated");
    town.gt(["why", &id]).succeeds().says(&["mayor told human", "It fails"]);
}
