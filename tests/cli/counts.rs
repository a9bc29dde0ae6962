//! What an agent has used that keeps its conversations in a database: goose.

use rusqlite::Connection;
use serde_json::Value;

use crate::talking::Talking;

const TABLES: &str = "
    CREATE TABLE sessions (id TEXT PRIMARY KEY, working_dir TEXT, created_at TEXT, updated_at TEXT,
        accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER, accumulated_cost REAL,
        model_config_json TEXT);
    CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, role TEXT, content_json TEXT,
        created_timestamp INTEGER, metadata_json TEXT);";

/// What goose keeps of one conversation, written as it does.
struct Kept {
    database: Connection,
    conversation: String,
    /// Seconds since 1970.
    time: i64,
}

impl Kept {
    fn of(talking: &Talking) -> Self {
        let session = &talking.sessions()[0];
        let conversation = session["conversation"].as_str().expect("it is known").to_owned();
        let database = Connection::open(talking.town.sandbox.join("home/sessions.db")).expect("a database");
        database.execute_batch(TABLES).expect("fresh");
        let values = (&conversation, talking.worktree().display().to_string());
        let row = "INSERT INTO sessions VALUES (?1, ?2, datetime('now'), datetime('now'), 0, 0, NULL, '{}')";
        database.execute(row, values).expect("a row");
        Self { database, conversation, time: chrono::Utc::now().timestamp() }
    }

    /// The next of these many replies, and the running total of tokens after them.
    fn replies(&mut self, number: usize, input: i64) {
        for _ in 0..number {
            self.time += 1;
            self.writes("assistant", r#"{"userVisible":true}"#, self.time);
        }
        let update = "UPDATE sessions SET accumulated_input_tokens = ?1, updated_at = datetime('now', '+1 second')";
        self.database.execute(update, [input]).expect("a row");
    }

    fn writes(&self, role: &str, metadata: &str, time: i64) {
        let row = "INSERT INTO messages (session_id, role, content_json, created_timestamp, metadata_json)
            VALUES (?1, ?2, '[{\"type\":\"text\",\"text\":\"Fine.\"}]', ?3, ?4)";
        self.database.execute(row, (&self.conversation, role, time, metadata)).expect("a row");
    }

    /// As a compaction does: every row is written anew, and what only the model sees is put beside them.
    fn compacts(&self) {
        self.database.execute_batch("CREATE TEMP TABLE old AS SELECT * FROM messages ORDER BY id").expect("a copy");
        self.clears();
        let anew = "INSERT INTO messages (session_id, role, content_json, created_timestamp, metadata_json)
            SELECT session_id, role, content_json, created_timestamp, metadata_json FROM old ORDER BY id;
            DROP TABLE old";
        self.database.execute_batch(anew).expect("rows");
        self.writes("assistant", r#"{"userVisible":false}"#, self.time);
    }

    fn clears(&self) {
        self.database.execute_batch("DELETE FROM messages").expect("rows");
    }
}

fn talking() -> Talking {
    let talking = Talking::new("process");
    talking.town.change_local(|local| {
        let agent = &mut local["agents"]["recalls"];
        agent["config_folder"] = toml_edit::value("~");
        agent["transcript"]["format"] = toml_edit::value("goose");
        agent["transcript"]["path"] = toml_edit::value("{config}/sessions.db");
    });
    let id = talking.bead("Something long");
    talking.sling(&id);
    talking
}

/// Replies and tokens in all, and those of each session.
fn counted(talking: &Talking) -> (Value, Value) {
    talking.town.gt(["tick"]).succeeds();
    let used = talking.town.json(["costs", "--by", "session"]);
    (used["total"]["replies"].clone(), used["total"]["input"].clone())
}

#[test]
fn every_reply_counts_once_however_many_there_are_and_however_they_are_kept() {
    let talking = talking();
    let mut kept = Kept::of(&talking);
    kept.replies(450, 1_000);
    assert_eq!(counted(&talking), (450.into(), 1_000.into()), "more than one look takes");
    kept.replies(10, 1_500);
    assert_eq!(counted(&talking), (460.into(), 1_500.into()));
    kept.compacts();
    assert_eq!(counted(&talking), (460.into(), 1_500.into()), "they are the same, in other rows");
    kept.replies(5, 1_600);
    assert_eq!(counted(&talking), (465.into(), 1_600.into()));
    kept.replies(2, 1_700);
    kept.compacts();
    assert_eq!(counted(&talking), (467.into(), 1_700.into()), "two came before all became others");
    kept.clears();
    assert_eq!(counted(&talking), (467.into(), 1_700.into()), "what is gone was used all the same");
    kept.replies(3, 1_800);
    assert_eq!(counted(&talking), (470.into(), 1_800.into()));
}

#[test]
fn a_running_total_goes_on_in_the_session_that_goes_on_with_the_conversation() {
    let talking = talking();
    let mut kept = Kept::of(&talking);
    talking.told(&talking.sessions()[0], 1);
    kept.replies(4, 1_000);
    assert_eq!(counted(&talking), (4.into(), 1_000.into()));
    talking.strike();
    talking.town.gt(["tick"]).succeeds();
    talking.told(&talking.sessions()[0], 2);
    assert_eq!(talking.sessions().len(), 2);
    kept.time = kept.time.max(chrono::Utc::now().timestamp());
    kept.replies(2, 1_400);
    let used = || talking.town.json(["costs", "--by", "session"]);
    assert_eq!(counted(&talking).1, 1_400, "{:#}", used());
    let lines = used()["lines"].as_array().cloned().unwrap_or_default();
    let inputs: Vec<_> = lines.iter().map(|line| line["input"].as_u64().unwrap_or_default()).collect();
    assert!(inputs.contains(&1_000) && inputs.contains(&400), "{:#}", used());
}
