//! What a worker is doing, as a real session in a real terminal shows it, held against a script.

use std::fs;
use std::io::Write;
use std::time::Duration;

use serde_json::Value;

use crate::support::{TestTown, wait_until};

/// A town with one worker whose agent does what the test says.
struct Play {
    town: TestTown,
    bead: String,
    lines: usize,
}

const EVENT: &str = "event_msg";

impl Play {
    fn new() -> Self {
        let (town, _project) = TestTown::with_rig();
        for (key, value) in [("auto_merge", "false"), ("restarts", "0"), ("attempts", "1")] {
            town.gt(["config", "set", key, value]).succeeds();
        }
        let script = town.agent("plays").display().to_string();
        let text = town.read("local.toml").unwrap_or_default();
        let settings = format!(
            "agent = \"plays\"\n{text}\n[agents.plays]\nprogram = \"{script}\"\nversion = [\"--version\"]\ninteractive = [\"{{prompt}}\"]\n\
             config_folder = \"~/plays\"\n[agents.plays.screen]\nready = \"(?m)^READY\"\nbusy = \"WORKING\"\n\
             waiting = \"MAY I\"\n[agents.plays.transcript]\nformat = \"codex\"\npath = \"{{config}}/*.jsonl\"\n"
        );
        town.write("local.toml", &settings);
        let bead = town.json(["new", "Add login", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
        Self { town, bead, lines: 0 }
    }

    fn sling(&self) {
        self.town.gt(["sling", &self.bead, "web/toast"]).succeeds();
    }

    /// Has the agent do these, and waits until it has.
    fn does(&mut self, lines: &[&str]) {
        let home = self.town.sandbox.join("home");
        let mut file = fs::File::options().append(true).create(true).open(home.join("play")).expect("writable");
        lines.iter().for_each(|line| writeln!(file, "{line}").expect("writable"));
        self.lines += lines.len();
        let done = || fs::read_to_string(home.join("played")).unwrap_or_default().trim().parse().unwrap_or(0);
        wait_until("the agent to do as it is told", || done() >= self.lines);
    }

    fn event(&mut self, payload: &str) {
        self.does(&[&format!("write {EVENT} {payload}")]);
    }

    /// How the worker is so many minutes from now.
    fn health_in(&self, minutes: u64) -> Value {
        let then = gt::clock::rfc3339(gt::clock::Clock::System.now() + Duration::from_secs(60 * minutes));
        let shown = self.town.command(["polecat", "show", "toast", "--json"]).variable("GT_CLOCK", &then).run();
        shown.succeeds().data()["now"].clone()
    }

    #[track_caller]
    fn is(&self, minutes: u64, health: &str, evidence: &str) {
        let mut now = self.health_in(minutes);
        // A terminal tells what it shows a moment later.
        for _ in 0..200 {
            if now["health"] == health {
                break;
            }
            now = self.health_in(minutes);
        }
        assert_eq!(now["health"], health, "in {minutes} minutes: {now}");
        assert!(now["evidence"].as_str().is_some_and(|said| said.contains(evidence)), "{evidence}: {now}");
        assert!(now["expires"].is_string(), "{now}");
    }
}

#[test]
fn state_follows_a_scripted_timeline() {
    let mut play = Play::new();
    play.sling();
    // It stands there with its prompt not taken, which is no work, however much of its screen it has drawn.
    play.is(0, "starting", "has begun nothing yet");
    play.is(6, "gupp", "nothing was begun");
    // A turn during which its screen looks as at rest, as while text streams.
    play.event(r#"{"type":"task_started"}"#);
    play.event(r#"{"type":"user_message","message":"Do it"}"#);
    play.is(0, "working", "last sign of progress");
    play.is(9, "working", "last sign of progress");
    // A tool that runs for long.
    play.does(&[r#"write response_item {"type":"function_call","name":"make","call_id":"c1"}"#]);
    play.is(30, "working", "its tool make runs for");
    play.is(62, "idle", "says its screen");
    // It asks on its screen, which no transcript tells.
    play.does(&["show MAY I"]);
    play.is(0, "waiting-for-permission", "says its screen");
    // The tool answers and the turn ends.
    play.does(&["show WORKING", r#"write response_item {"type":"function_call_output","call_id":"c1"}"#]);
    play.is(0, "working", "");
    play.does(&["show READY"]);
    play.event(r#"{"type":"task_complete"}"#);
    play.is(0, "working", "");
    play.is(3, "idle", "it stands at its prompt since 3m, says its transcript");
    // Its provider refuses, with a time.
    play.event(r#"{"type":"error","message":"You have hit your usage limit. Try again in 2 hours."}"#);
    play.is(3, "limited", "serves it again at");
    play.is(119, "limited", "serves it again at");
    play.is(123, "idle", "says its transcript; its last call failed: You have hit your usage limit");
    // It is served again; then its conversation has become too long.
    play.event(r#"{"type":"task_started"}"#);
    play.does(&[r#"write response_item {"type":"message","role":"assistant"}"#]);
    play.is(0, "working", "");
    play.event(r#"{"type":"error","message":"Codex ran out of room in the model's context window."}"#);
    play.event(r#"{"type":"task_complete"}"#);
    play.is(0, "out-of-context", "too long for its model");
    let why = play.town.gt(["why", "toast"]).succeeds();
    why.says(&[
        "sign",
        "the process table: the agent lives",
        "its transcript: the turn is over",
        "its screen: ",
        "to be judged anew in",
    ]);
    let shown = play.town.json(["polecat", "show", "toast"]);
    let session = &shown["sessions"][0];
    let id = session["session"].as_str().expect("an id");
    // Its own conversation is found in its transcript, and kept when it ends.
    play.town.gt(["tick"]).succeeds();
    let shown = play.town.json(["polecat", "show", "toast"]);
    let all = shown["sessions"].as_array().expect("a list");
    let session = all.iter().find(|session| session["session"] == id).expect("it was there");
    assert_eq!(session["conversation"], format!("plays-{id}"));
}

#[test]
fn the_end_of_a_session_is_taken_down_with_its_likely_cause() {
    let mut play = Play::new();
    play.sling();
    play.event(r#"{"type":"task_started"}"#);
    play.does(&[
        r#"write event_msg {"type":"token_count","info":{"total_token_usage":{"input_tokens":9,"output_tokens":1}}}"#,
    ]);
    play.town.gt(["tick"]).succeeds();
    play.does(&["show Segmentation fault"]);
    let home = play.town.sandbox.join("home");
    let mut file = fs::File::options().append(true).open(home.join("play")).expect("it is there");
    writeln!(file, "die 139").expect("writable");
    let session = || play.town.json(["polecat", "show", "toast"])["sessions"][0].clone();
    wait_until("the end to be taken down", || session()["ending"].is_object());
    let ending = session()["ending"].clone();
    assert_eq!(session()["end"]["status"], 139);
    assert_eq!(ending["facts"]["version"], "plays 7");
    assert_eq!((&ending["cause"], &ending["worked"]), (&Value::from("it crashed"), &Value::from(true)));
    let screen = ending["screen"].to_string();
    assert!(screen.contains("Segmentation fault"), "{screen}");
    assert!(play.town.gt(["why", "toast"]).succeeds().stdout.contains("likely cause: it crashed"));
    // Another one that ends at once is held against the one that went well.
    let local =
        play.town.read("local.toml").expect("settings").replace("[\"{prompt}\"]", "[\"--other\", \"{prompt}\"]");
    play.town.write("local.toml", &local);
    let program = play.town.sandbox.join("bin/plays");
    let script = fs::read_to_string(&program).expect("the agent");
    fs::write(&program, script.replace("plays 7", "plays 8")).expect("own file");
    fs::write(home.join("play"), "die 1\n").expect("writable");
    let first = session()["session"].clone();
    let bead = play.town.json(["new", "More", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    play.town.gt(["sling", &bead, "web/toast"]).succeeds();
    wait_until("its end to be taken down", || session()["session"] != first && session()["ending"].is_object());
    let ending = session()["ending"].clone();
    assert_eq!(ending["good"], first);
    assert_eq!(ending["changed"][0], "its version is plays 8, and was plays 7");
    assert_eq!(ending["changed"][1], "its arguments are `--other`, and were ``");
    assert!(ending["cause"].as_str().is_some_and(|cause| cause.starts_with("something changed")), "{ending}");
    play.town.gt(["polecat", "show", "toast"]).succeeds().says(&[
        "since its last good start: its version is plays 8, and was plays 7",
        "since its last good start: its arguments are",
    ]);
}

#[test]
fn a_stopped_agent_is_seen_continued_and_told_of() {
    let mut play = Play::new();
    play.sling();
    play.event(r#"{"type":"task_started"}"#);
    play.is(0, "working", "");
    let town = &play.town;
    let session = town.json(["polecat", "show", "toast"])["sessions"][0]["session"].clone();
    let file = town.root.join(".git/gt/run").join(session.as_str().expect("an id")).join("pid");
    let record: toml::Table = fs::read_to_string(file).expect("it runs").parse().expect("TOML");
    let pid = record["child"]["pid"].as_integer().expect("a number");
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        stat.rsplit(") ").next().expect("a state").chars().next()
    };
    let stop = || {
        assert!(town.program("kill").args(["-STOP", &pid.to_string()]).status().expect("kill runs").success());
        wait_until("it to be stopped", || state() == Some('T'));
    };
    let tick = |minutes: u64| {
        let then = gt::clock::rfc3339(gt::clock::Clock::System.now() + Duration::from_secs(60 * minutes));
        town.command(["tick", "--json"]).variable("GT_CLOCK", &then).run().succeeds().data()["remedies"].to_string()
    };
    stop();
    play.is(0, "stalled", &format!("its process {pid} is stopped by a signal"));
    town.gt(["why", "toast"]).succeeds().says(&[
        &format!("the agent lives, process {pid}, stopped by a signal"),
        &format!("`kill -CONT -- -{pid}` lets it go on"),
    ]);
    assert_eq!(tick(0), "[]", "somebody may be looking at it");
    assert_eq!(state(), Some('T'));
    let done = tick(3);
    assert!(done.contains("continued on"), "{done}");
    wait_until("it to go on", || state() != Some('T'));
    play.is(0, "working", "");
    stop();
    let done = tick(4);
    assert!(done.contains("escalated") && done.contains("stopped by a signal"), "{done}");
    assert_eq!(state(), Some('T'), "who stopped it again meant it");
}

#[test]
fn tokens_and_money_are_counted_from_transcripts() {
    let mut play = Play::new();
    play.sling();
    let used = |input: u64, output: u64| {
        format!(
            r#"{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{input},"cached_input_tokens":1000,"output_tokens":{output}}}}}}}"#
        )
    };
    play.event(r#"{"type":"task_started"}"#);
    play.does(&[r#"write turn_context {"model":"big-1"}"#]);
    play.event(&used(3_000, 500));
    play.event(&used(5_000, 1_000));
    let costs = |by: &str| play.town.json(["costs", "--by", by]);
    let by_bead = costs("bead");
    assert_eq!(by_bead["lines"][0]["what"], Value::from(play.bead.clone()));
    let line = &by_bead["lines"][0];
    assert_eq!((&line["input"], &line["cache_read"], &line["output"]), (&4_000.into(), &1_000.into(), &1_000.into()));
    assert_eq!((&line["replies"], &line["complete"]), (&2.into(), &false.into()));
    assert_eq!(by_bead["unpriced"], serde_json::json!(["big-1"]));
    let ran = play.town.gt(["costs"]).succeeds().says(&["unknown"]);
    assert!(ran.stderr.contains("no price is known of big-1"), "{ran:?}");
    for (key, price) in [("input", "2"), ("output", "10.5"), ("cache_read", "0.5")] {
        play.town.gt(["config", "set", &format!("prices.big-1.{key}"), price]).succeeds();
    }
    for by in ["session", "bead", "rig", "day", "agent", "model"] {
        let costs = costs(by);
        let total = &costs["total"];
        assert_eq!((total["dollars"].as_f64(), &total["complete"]), (Some(0.019), &true.into()), "{by}: {costs}");
        assert_eq!(costs["lines"].as_array().map(Vec::len), Some(1), "{by}: {costs}");
    }
    assert_eq!(play.town.json(["costs", "--since", "2999-01-01"])["lines"], serde_json::json!([]));
    // A budget counts the same tokens.
    play.town.gt(["bead", "edit", &play.bead, "--budget", "2 turns"]).succeeds();
    let spent = || play.town.gt(["why", "toast"]).stdout.contains("the budget of 2 turns is used up");
    wait_until("the budget to be used up", || play.town.gt(["tick"]).succeeds().code.is_some() && spent());
}
