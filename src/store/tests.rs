//! Locks between real threads and processes, files that are really damaged.

mod locks;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::clock::Timestamp;
use crate::error::Kind;
use crate::id::{Actor, SessionId};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn time(seconds: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("it is in range")
}

#[test]
fn a_write_has_its_mode_and_leaves_nothing_else() {
    let folder = folder();
    let path = folder.path().join("secret");
    write_atomic(&path, b"one", 0o644).expect("the folder is the test's own");
    write_atomic(&path, b"two", 0o600).expect("the folder is the test's own");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"two");
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 1);
}

#[test]
fn a_write_that_fails_leaves_the_old_content_and_no_litter() {
    let folder = folder();
    let path = folder.path().join("taken");
    std::fs::create_dir(&path).expect("the folder is the test's own");
    assert!(write_atomic(&path, b"x", 0o600).is_err());
    assert!(write_atomic(&folder.path().join("none/there"), b"x", 0o600).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 1);
}

#[test]
fn a_process_is_known_by_its_start() {
    let own = ProcessId::current();
    assert!(own.is_alive());
    assert_eq!(own.to_string().parse(), Ok(own));
    let mut child = Command::new("sleep").arg("60").spawn().expect("the program is there");
    let id = ProcessId::of(child.id() as i32).expect("it runs");
    let reused = ProcessId { start_ticks: id.start_ticks + 1, ..id };
    assert!(id.is_alive() && !reused.is_alive());
    child.kill().expect("a child of the test");
    // A zombie from now until it is collected.
    let start = Instant::now();
    while id.is_alive() && start.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
    }
    assert!(!id.is_alive(), "a zombie counts as ended");
    child.wait().expect("a child of the test");
    assert_eq!(ProcessId::of(id.pid), None);
    for never in [0, 1, -1] {
        assert_eq!(ProcessId { pid: never, start_ticks: 0 }.raw(), None);
    }
}

fn session(name: &str, created: Timestamp) -> SessionRow {
    SessionRow {
        id: SessionId::random(),
        worker: name.parse().expect("it is well formed"),
        bead: Some("web-x7k2m".parse().expect("it is well formed")),
        lease: Some("abcdefgh23456789".parse().expect("it is well formed")),
        attempt: Some(2),
        role: Some("tester".parse().expect("it is well formed")),
        agent: "claude".to_owned(),
        with: SessionAgent::default(),
        runtime: "tmux".to_owned(),
        name: "web/toast".to_owned(),
        created,
        process: None,
        log: "/tmp/a log".into(),
        end: None,
    }
}

#[test]
fn no_two_sessions_that_run_have_the_same_slot() {
    let folder = folder();
    let path = folder.path().join("state.db");
    let begun: Vec<(SessionRow, u32)> = std::thread::scope(|scope| {
        let begin = |_| {
            scope.spawn(|| {
                let row = session("web/polecats/toast", time(0));
                let slot = StateDb::open(&path)
                    .expect("the state can be read and written")
                    .add_session(&row)
                    .expect("the state can be read and written");
                (row, slot)
            })
        };
        let running: Vec<_> = (0..8).map(begin).collect();
        running.into_iter().map(|thread| thread.join().expect("the thread ends well")).collect()
    });
    let mut slots: Vec<u32> = begun.iter().map(|(_, slot)| *slot).collect();
    slots.sort_unstable();
    assert_eq!(slots, (1..=8).collect::<Vec<_>>());
    let db = StateDb::open(&path).expect("the state can be read and written");
    let (third, _) = begun.iter().find(|(_, slot)| *slot == 3).expect("there is one");
    db.end_session(&third.id, &SessionEnd { at: time(1), status: None, reason: "done".to_owned() })
        .expect("the state can be read and written");
    assert_eq!(
        db.add_session(&session("mayor", time(2))).expect("the state can be read and written"),
        3,
        "the lowest that is free"
    );
    assert_eq!(db.add_session(&session("mayor", time(2))).expect("the state can be read and written"), 9);
}

#[test]
fn a_program_is_asked_for_its_version_again_when_its_file_changed() {
    let folder = folder();
    let db = StateDb::open(&folder.path().join("state.db")).expect("the state can be read and written");
    db.set_program_version("/bin/a", "1", "a 1").expect("the state can be read and written");
    assert_eq!(db.program_version("/bin/a", "1").expect("the state can be read and written").as_deref(), Some("a 1"));
    assert_eq!(db.program_version("/bin/a", "2").expect("the state can be read and written"), None);
    db.set_program_version("/bin/a", "2", "a 2").expect("the state can be read and written");
    assert_eq!(db.program_version("/bin/a", "2").expect("the state can be read and written").as_deref(), Some("a 2"));
}

#[test]
fn sessions_come_back_as_they_were() {
    let folder = folder();
    let path = folder.path().join("state.db");
    let db = StateDb::open(&path).expect("the state can be read and written");
    let first = session("web/polecats/toast", time(0));
    let tuning = Tuning {
        profile: Some("deep".to_owned()),
        model: Some("opus".to_owned()),
        effort: Some("high".to_owned()),
        extra_args: vec!["--flag".to_owned(), "a b".to_owned()],
    };
    let with =
        SessionAgent { tuning, conversation: Some("c".to_owned()), version: Some("1".to_owned()), slot: Some(2) };
    let first = SessionRow { with: SessionAgent { slot: Some(1), ..SessionAgent::default() }, ..first };
    let second = SessionRow {
        with,
        process: Some(ProcessId { pid: 7, start_ticks: 9 }),
        bead: None,
        lease: None,
        attempt: None,
        role: None,
        ..session("mayor", time(5))
    };
    db.add_session(&first).expect("the state can be read and written");
    db.add_session(&second).expect("the state can be read and written");
    assert_eq!(db.open_sessions().expect("the state can be read and written"), [first.clone(), second.clone()]);
    db.set_session_process(&first.id, ProcessId { pid: 4711, start_ticks: 12 })
        .expect("the state can be read and written");
    let end = SessionEnd { at: time(9), status: Some(137), reason: "stopped".to_owned() };
    assert!(db.end_session(&first.id, &end).expect("the state can be read and written"));
    let later = SessionEnd { at: time(10), status: None, reason: "lost".to_owned() };
    assert!(!db.end_session(&first.id, &later).expect("the state can be read and written"), "the first end stays");
    drop(db);
    let db = StateDb::open(&path).expect("the state can be read and written");
    let process = Some(ProcessId { pid: 4711, start_ticks: 12 });
    let ended = SessionRow { process, end: Some(end), ..first };
    assert_eq!(db.session(&ended.id).expect("the state can be read and written"), Some(ended.clone()));
    assert_eq!(db.open_sessions().expect("the state can be read and written"), [second]);
    assert_eq!(
        db.sessions_of_worker(&ended.worker, 5).expect("the state can be read and written"),
        std::slice::from_ref(&ended)
    );
    assert_eq!(
        db.sessions_of_bead(&"web-x7k2m".parse().expect("it is well formed"), 5)
            .expect("the state can be read and written"),
        [ended]
    );
    assert_eq!(db.session(&SessionId::random()).expect("the state can be read and written"), None);
}

fn event(kind: &str) -> NewEvent {
    NewEvent {
        at: time(1),
        kind: kind.to_owned(),
        actor: Actor::Human,
        bead: Some("web-x7k2m".parse().expect("it is well formed")),
        rig: Some("web".parse().expect("it is well formed")),
        text: "it's \"done\"; drop table events".to_owned(),
        json: Some(serde_json::json!({"a": [1, "ü"]})),
    }
}

#[test]
fn events_are_a_stream() {
    let folder = folder();
    let db = StateDb::open(&folder.path().join("state.db")).expect("the state can be read and written");
    let ids: Vec<i64> = ["a", "b", "c", "d"]
        .iter()
        .map(|kind| db.add_event(&event(kind)).expect("the state can be read and written"))
        .collect();
    assert!(ids.is_sorted());
    let kinds = |events: Vec<Event>| events.into_iter().map(|event| event.what.kind).collect::<Vec<_>>();
    assert_eq!(kinds(db.events_since(0, 2).expect("the state can be read and written")), ["a", "b"]);
    assert_eq!(kinds(db.events_since(ids[1], 9).expect("the state can be read and written")), ["c", "d"]);
    assert_eq!(kinds(db.last_events(3).expect("the state can be read and written")), ["b", "c", "d"]);
    let read = db.events_since(ids[2], 1).expect("the state can be read and written").remove(0);
    assert_eq!(read.what, event("d"));
    assert_eq!(db.trim_events(1).expect("the state can be read and written"), 3);
    assert!(db.add_event(&event("e")).expect("the state can be read and written") > ids[3], "ids are never reused");
}

#[test]
fn counters_survive_and_expire() {
    let folder = folder();
    let path = folder.path().join("state.db");
    let db = StateDb::open(&path).expect("the state can be read and written");
    assert_eq!(db.count("nudge:web-a", time(0), Some(time(60))).expect("the state can be read and written"), 1);
    assert_eq!(db.count("nudge:web-a", time(10), Some(time(70))).expect("the state can be read and written"), 2);
    assert_eq!(db.count("nudge:web-b", time(10), None).expect("the state can be read and written"), 1);
    drop(db);
    let db = StateDb::open(&path).expect("the state can be read and written");
    assert_eq!(
        db.counter("nudge:web-a", time(69)).expect("the state can be read and written").map(|counter| counter.value),
        Some(2)
    );
    assert_eq!(db.counter("nudge:web-a", time(70)).expect("the state can be read and written"), None, "it has expired");
    assert_eq!(db.counters("nudge:", time(70)).expect("the state can be read and written").len(), 1);
    assert_eq!(
        db.counters("nudge_", time(0)).expect("the state can be read and written").len(),
        0,
        "the beginning is no pattern"
    );
    assert_eq!(
        db.count("nudge:web-a", time(71), Some(time(99))).expect("the state can be read and written"),
        1,
        "it begins anew"
    );
    assert_eq!(db.trim_counters(time(200)).expect("the state can be read and written"), 1);
    assert!(db.reset_counter("nudge:web-b").expect("the state can be read and written"));
    assert!(!db.reset_counter("nudge:web-b").expect("the state can be read and written"));
}

#[test]
fn many_writers_lose_nothing() {
    let folder = folder();
    let path = folder.path().join("state.db");
    let writers: Vec<_> = (0..6)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                // Opening is part of it: all of them may create the tables.
                let db = StateDb::open(&path).expect("the state can be read and written");
                for _ in 0..10 {
                    db.count("all", time(0), None).expect("the state can be read and written");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("the thread ends well");
    }
    let db = StateDb::open(&path).expect("the state can be read and written");
    assert_eq!(
        db.counter("all", time(0)).expect("the state can be read and written").map(|counter| counter.value),
        Some(60)
    );
}

#[test]
fn a_damaged_database_is_kept_and_named() {
    let folder = folder();
    let path = folder.path().join("state.db");
    std::fs::write(&path, "this is not a database, it only plays one".repeat(100))
        .expect("the folder is the test's own");
    let error = StateDb::open(&path).expect_err("it is refused");
    let StoreError::Damaged { kept_as, .. } = &error else { panic!("{error}") };
    assert!(std::fs::read_to_string(kept_as).expect("it is there").starts_with("this is not"));
    assert!(error.to_string().contains("state.db") && error.kind() == Kind::Corrupt);
    StateDb::open(&path).expect("the state can be read and written");
}

#[test]
fn damage_inside_is_found_by_the_check() {
    let folder = folder();
    let path = folder.path().join("state.db");
    let db = StateDb::open(&path).expect("the state can be read and written");
    for _ in 0..200 {
        db.add_event(&event("a")).expect("the state can be read and written");
    }
    db.check().expect("the state can be read and written");
    // What was written last lies in the log beside the file until it is folded in.
    let folded = rusqlite::Connection::open(&path).expect("it is there");
    folded.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("it answers");
    drop(folded);
    let mut bytes = std::fs::read(&path).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3000].fill(0xab);
    std::fs::write(&path, bytes).expect("the folder is the test's own");
    let error = StateDb::open(&path).and_then(StateDb::check).expect_err("it is refused");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    StateDb::open(&path).expect("the state can be read and written").check().expect("it can be checked");
}

#[test]
fn a_newer_database_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("state.db");
    drop(StateDb::open(&path).expect("the state can be read and written"));
    let connection = rusqlite::Connection::open(&path).expect("it is there");
    connection.pragma_update(None, "user_version", 99).expect("writable");
    drop(connection);
    let error = StateDb::open(&path).expect_err("it is refused");
    assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error}");
}
