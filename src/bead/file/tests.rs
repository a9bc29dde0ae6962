use proptest::prelude::*;

use crate::bead::sample::{any_bead, at, bead, claim, id, merge, text, worker};
use crate::bead::{Attempt, AttemptOutcome, Bead, Closing, Note, Resolution, State};
use crate::id::Actor;

fn parse(bead: &Bead) -> Result<Bead, super::FileError> {
    Bead::parse(&bead.id.path(), &bead.render())
}

proptest! {
    #[test]
    fn a_bead_survives_its_file(bead in any_bead()) {
        let rendered = bead.render();
        let read = Bead::parse(&bead.id.path(), &rendered).map_err(|error| TestCaseError::fail(format!("{error}\n{rendered}")))?;
        prop_assert_eq!(&read, &bead);
        prop_assert_eq!(read.render(), rendered);
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in text()) {
        let _ = Bead::parse("beads/web/ab/web-abcde.toml", &text);
    }

    #[test]
    fn json_has_the_same_title(bead in any_bead()) {
        let value = serde_json::to_value(&bead).expect("every bead is JSON");
        prop_assert_eq!(value["title"].as_str(), Some(bead.title.as_str()));
        prop_assert_eq!(value["notes"].as_array().map(Vec::len), Some(bead.notes.len()));
    }
}

#[test]
fn the_file_reads_well() {
    let mut bead = bead("x7k2m");
    bead.title = "Add login".to_owned();
    bead.description = "Say 'who' you are.\nA \"path\\with\" odd signs.\n".to_owned();
    bead.state = State::Submitted(claim("toast"));
    bead.labels = ["auth", "web"].map(str::to_owned).into();
    bead.needs = [id("abcde")].into();
    bead.merge = Some(merge());
    bead.extra = toml::toml! {
        colour = "red"
        [tracker]
        number = 7
    };
    let mut attempt = Attempt::new(1, AttemptOutcome::Bounced, "gate `cargo test` failed");
    attempt.worker = Some(worker("nux"));
    bead.attempts.push(attempt);
    bead.notes.push(Note::new(at(5), Actor::Human, "one\ntwo"));
    snapbox::assert_data_eq!(bead.render(), snapbox::file!["snapshots/bead.toml"].raw());
}

#[test]
fn a_closed_bead_says_as_what_and_when() {
    let mut bead = bead("abcde");
    bead.state = State::Closed(Closing { resolution: Resolution::Merged, at: at(0) });
    let text = bead.render();
    assert!(
        text.contains("status = \"closed\"\nclosed_as = \"merged\"\nclosed = \"2027-01-15T08:00:00Z\"\n"),
        "{text}"
    );
}

#[test]
fn changes_of_neighbouring_fields_stand_apart() {
    let mut bead = bead("abcde");
    bead.parent = Some(id("pqrst"));
    let text = bead.render();
    for key in ["title", "kind", "priority", "role", "parent", "created"] {
        assert!(text.contains(&format!("\n\n{key} = ")), "{key} in\n{text}");
    }
}

#[test]
fn an_old_file_loads() {
    let bead = Bead::parse("beads/web/ab/web-abcde.toml", "title = \"Old\"\ncreated = 2026-01-31T12:00:00.5+01:00\n")
        .expect("missing keys have defaults");
    assert_eq!((bead.id.clone(), bead.priority, bead.state.clone()), (id("abcde"), 2, State::Open));
    assert_eq!(crate::clock::rfc3339(bead.created), "2026-01-31T11:00:00Z");
    assert_eq!(parse(&bead), Ok(bead));
}

#[test]
fn an_editor_with_dos_line_ends_does_no_harm() {
    let text = "id = \"web-abcde\"\r\ntitle = \"Dos\"\r\n\r\ndescription = '''\r\none\r\ntwo'''\r\n";
    let bead = Bead::parse("beads/web/ab/web-abcde.toml", text).expect("valid");
    assert_eq!(parse(&bead), Ok(bead));
}

#[test]
fn faults_name_file_line_and_reason() {
    let cases = [
        ("title = \"x\"\nstatus = ", Some(2), "not TOML"),
        ("title = \"x\"\ntitle = \"y\"", Some(2), "duplicate key"),
        ("id = \"web-zzzzz\"\ntitle = \"x\"", Some(1), "its file is beads/web/zz/web-zzzzz.toml"),
        ("id = \"web-1\"\ntitle = \"x\"", Some(1), "4 to 12 characters"),
        ("id = \"web-abcde\"", None, "title is missing"),
        ("title = 3", Some(1), "title must be a string, not an integer"),
        ("title = \"x\"\n\nstatus = \"hoked\"", Some(3), "nearest is \"hooked\""),
        ("title = \"x\"\nstatus = \"zzzzzzz\"", Some(2), "known are open, hooked, submitted, closed"),
        ("title = \"x\"\nstatus = \"closed\"", Some(2), "closed_as and closed are missing"),
        ("title = \"x\"\nstatus = \"closed\"\nclosed = \"2026-01-01T00:00:00Z\"", Some(2), "closed_as is missing"),
        (
            "title = \"x\"\nstatus = \"hooked\"\nassignee = \"web/polecats/toast\"\nhome = \"homehome\"",
            Some(2),
            "lease is missing",
        ),
        ("title = \"x\"\nstatus = \"open\"\nlease = \"leaselease\"", Some(3), "the status is open, but lease is there"),
        ("title = \"x\"\nassignee = \"toast\"", Some(2), "rig/polecats/name"),
        ("title = \"x\"\npriority = 9", Some(2), "a whole number from 0 to 4, not 9"),
        ("title = \"x\"\npriority = 99999999999999999999999", Some(2), "priority"),
        ("title = \"x\"\nneeds = [\n  \"web-abcde\",\n  \"oops\",\n]", Some(4), "not a bead id"),
        ("title = \"x\"\nneeds = \"web-abcde\"", Some(2), "an array of strings"),
        ("title = \"x\"\ncreated = \"yesterday\"", Some(2), "a time such as"),
        ("title = \"x\"\n[merge]\nbranch = \"b\"", Some(2), "merge.head is missing"),
        ("title = \"x\"\n[[notes]]\nby = \"human\"", Some(2), "notes[0].text is missing"),
        ("title = \"x\"\n[[attempts]]\noutcome = \"bounce\"", Some(3), "nearest is \"bounced\""),
    ];
    for (text, line, reason) in cases {
        let error = Bead::parse("beads/web/ab/web-abcde.toml", text).expect_err(text);
        assert_eq!((error.path.as_str(), error.line), ("beads/web/ab/web-abcde.toml", line), "{text}: {error}");
        assert!(error.reason.contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_submitted_bead_without_its_merge_is_broken() {
    let mut bead = bead("abcde");
    bead.state = State::Submitted(claim("toast"));
    let error = parse(&bead).expect_err("nothing to merge");
    assert!(error.to_string().starts_with("beads/web/ab/web-abcde.toml:5: "), "{error}");
}

#[test]
fn json_is_flat_and_shows_unknown_keys() {
    let mut bead = bead("abcde");
    bead.state = State::Hooked(claim("toast"));
    bead.extra = toml::toml! { due = 2026-01-31T12:00:00Z };
    let value = serde_json::to_value(&bead).expect("JSON");
    assert_eq!((&value["status"], &value["assignee"]), (&"hooked".into(), &"web/polecats/toast".into()));
    assert_eq!((&value["closed_as"], &value["due"]), (&serde_json::Value::Null, &"2026-01-31T12:00:00Z".into()));
}
