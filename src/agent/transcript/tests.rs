//! One conversation in each shape: a prompt, a reply that calls a tool, its answer, a reply that ends the turn.

use std::path::Path;

use super::follow::follow_by;
use super::*;
use crate::agent::{Caller, Catalogue, TranscriptFormat};
use crate::clock::Timestamp;
use crate::model::Usage;
use crate::store::Record;

const CLAUDE: &str = include_str!("samples/claude.jsonl");
const CODEX: &str = include_str!("samples/codex.jsonl");
const GEMINI: &str = include_str!("samples/gemini.jsonl");
const QWEN: &str = include_str!("samples/qwen.jsonl");
const PI: &str = include_str!("samples/pi.jsonl");
const COPILOT: &str = include_str!("samples/copilot.jsonl");
const BUILTIN: &str = include_str!("samples/builtin.jsonl");

const LINES: [(TranscriptFormat, &str); 7] = [
    (TranscriptFormat::Claude, CLAUDE),
    (TranscriptFormat::Codex, CODEX),
    (TranscriptFormat::Gemini, GEMINI),
    (TranscriptFormat::Qwen, QWEN),
    (TranscriptFormat::Pi, PI),
    (TranscriptFormat::Copilot, COPILOT),
    (TranscriptFormat::Builtin, BUILTIN),
];

/// What real agents wrote down when their provider refused, from the prompt on: with limits and the end of them, a
/// conversation that is too long, and an answer that broke off.
const REFUSED: &[(TranscriptFormat, &str, &str)] = &[
    (TranscriptFormat::Codex, "failed", include_str!("samples/refused/codex-broken.jsonl")),
    (TranscriptFormat::Codex, "long", include_str!("samples/refused/codex-long.jsonl")),
    (TranscriptFormat::Codex, "limited", include_str!("samples/refused/codex-quota.jsonl")),
    (TranscriptFormat::Copilot, "failed", include_str!("samples/refused/copilot-broken.jsonl")),
    (TranscriptFormat::Copilot, "long", include_str!("samples/refused/copilot-long.jsonl")),
    (TranscriptFormat::Copilot, "limited until", include_str!("samples/refused/copilot-rate.jsonl")),
    (TranscriptFormat::Gemini, "failed", include_str!("samples/refused/gemini-broken.jsonl")),
    (TranscriptFormat::Gemini, "long", include_str!("samples/refused/gemini-long.jsonl")),
    (TranscriptFormat::Pi, "failed", include_str!("samples/refused/omp-broken.jsonl")),
    (TranscriptFormat::Pi, "limited", include_str!("samples/refused/omp-quota.jsonl")),
    (TranscriptFormat::Pi, "limited until", include_str!("samples/refused/omp-rate.jsonl")),
    (TranscriptFormat::Pi, "failed", include_str!("samples/refused/pi-broken.jsonl")),
    (TranscriptFormat::Pi, "long", include_str!("samples/refused/pi-long.jsonl")),
    (TranscriptFormat::Pi, "limited", include_str!("samples/refused/pi-quota.jsonl")),
    (TranscriptFormat::Pi, "limited until", include_str!("samples/refused/pi-rate.jsonl")),
    (TranscriptFormat::Qwen, "failed", include_str!("samples/refused/qwen-broken.jsonl")),
    (TranscriptFormat::Qwen, "long", include_str!("samples/refused/qwen-long.jsonl")),
    (TranscriptFormat::Qwen, "limited", include_str!("samples/refused/qwen-quota.jsonl")),
];

#[test]
fn what_real_agents_write_of_a_refusal_is_understood() {
    for (format, means, text) in REFUSED {
        let reading = read(*format, text);
        let limit = reading.limit.as_ref();
        let told = match (reading.exhausted, limit.map(|limit| limit.until.map(|until| until - limit.at))) {
            (Some(_), _) => "long",
            // It was to last twenty minutes.
            (None, Some(Some(rest))) if (1_195..=1_205).contains(&rest.num_seconds()) => "limited until",
            (None, Some(None)) => "limited",
            (None, Some(Some(rest))) => panic!("{format:?}: {rest}"),
            (None, None) if reading.failure.is_some() => "failed",
            (None, None) => "nothing",
        };
        assert_eq!(told, *means, "{format:?}: {text}");
    }
}

#[test]
fn a_compaction_that_no_hook_tells_of_is_seen() {
    let first = r#"{"$set":{"messages":[{"id":"s","type":"user"}],"lastUpdated":"2026-11-20T10:00:00.500Z"}}"#;
    let more = r#"{"$set":{"messages":[{"id":"x","type":"user"}]}}"#;
    assert_eq!(read(TranscriptFormat::Gemini, &format!("{first}\n")).compacted, None, "its first messages");
    let gemini = read(TranscriptFormat::Gemini, &format!("{GEMINI}{more}\n"));
    assert_eq!(gemini.compacted, Some(at("2026-11-20T10:00:09Z")));
    let message = |role: &str, text: &str, seconds: i64, seen: &str| {
        let content = format!(r#"[{{"type":"text","text":"{text}"}}]"#);
        serde_json::json!({"role": role, "content_json": content, "created_timestamp": 1_795_168_800 + seconds,
            "metadata_json": seen})
    };
    let past = r#"{"userVisible":true,"agentVisible":false}"#;
    let put = r#"{"userVisible":false,"agentVisible":true}"#;
    let messages = [
        message("user", "Fix the bug", 1, past),
        message("assistant", "Fine.", 2, past),
        message("user", "A summary.", 9, put),
        message("assistant", "Your context was compacted.", 9, put),
    ];
    let mut reading = Reading::since(at("2026-11-20T10:00:00Z"));
    goose::take_up(&mut reading, &Record::Null, &messages, at("2026-11-20T10:00:09Z"));
    assert_eq!(reading.compacted, Some(at("2026-11-20T10:00:09Z")));
    assert_eq!(reading.said.len(), 1, "a summary is nobody's word: {:?}", reading.said);
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn read(format: TranscriptFormat, text: &str) -> Reading {
    let mut reading = Reading::since(at("2026-11-20T10:00:00Z"));
    assert_eq!(read_lines(format, &mut reading, text.as_bytes()), text.len(), "{format:?} ends with a line break");
    reading
}

/// The first lines of a sample.
fn first(lines: usize, text: &str) -> String {
    text.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_shape_tells_the_same_conversation() {
    for (format, text) in LINES {
        let reading = read(format, text);
        assert_eq!(reading.conversation.as_deref(), Some("3f1c"), "{format:?}");
        assert_eq!(reading.turn, Turn::Ended { at: at("2026-11-20T10:00:09Z") }, "{format:?}");
        assert_eq!(reading.last, Some(at("2026-11-20T10:00:09Z")), "{format:?}");
        assert!(reading.tools.is_empty() && reading.failure.is_none() && reading.limit.is_none(), "{format:?}");
        let total = Usage { input: 200, output: 30, cache_read: 50, cache_write: 0 };
        assert_eq!(reading.total(), Count { tokens: total, replies: 2 }, "{format:?}");
        assert_eq!(reading.tokens.keys().collect::<Vec<_>>(), ["2026-11-20"], "{format:?}");
        assert_eq!(reading.tokens["2026-11-20"].keys().collect::<Vec<_>>(), ["big-1"], "{format:?}");
        if format != TranscriptFormat::Builtin {
            assert_eq!(reading.said.len(), 1, "{format:?}: {:?}", reading.said);
            assert!(reading.heard("Fix  the\nbug", at("2026-11-20T10:00:01Z")), "{format:?}");
            assert!(!reading.heard("Fix the bug", at("2026-11-20T10:00:02Z")), "{format:?}: it was before");
            assert!(!reading.heard("Fix the house", at("2026-11-20T10:00:00Z")), "{format:?}");
        }
        if !matches!(format, TranscriptFormat::Gemini) {
            assert_eq!(reading.folder.as_deref(), Some("/tree"), "{format:?}");
        }
    }
}

#[test]
fn while_a_tool_runs_the_turn_does() {
    for (format, text) in LINES.into_iter().filter(|(format, _)| *format != TranscriptFormat::Builtin) {
        let answered = text.lines().position(|line| line.contains("the answer")).expect("the tool answers");
        let reading = read(format, &first(answered, text));
        assert!(matches!(reading.turn, Turn::Running { .. }), "{format:?}: {:?}", reading.turn);
        let names: Vec<&str> = reading.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["run"], "{format:?}");
    }
}

#[test]
fn what_was_before_the_session_does_not_count() {
    for (format, text) in LINES {
        let mut reading = Reading::since(at("2026-11-20T10:00:08Z"));
        read_lines(format, &mut reading, text.as_bytes());
        let total = reading.total();
        assert_eq!((total.replies, total.tokens.total()), (1, 140), "{format:?}: {total:?}");
        assert_eq!(reading.said, [], "{format:?}");
        let mut later = Reading::since(at("2026-11-20T11:00:00Z"));
        read_lines(format, &mut later, text.as_bytes());
        assert_eq!((later.turn, later.last, later.total()), (Turn::Unknown, None, Count::default()), "{format:?}");
        assert_eq!(later.conversation.as_deref(), Some("3f1c"), "{format:?}");
    }
}

/// A folder with the transcript of a claude that was told `3f1c`.
struct Home {
    folder: tempfile::TempDir,
    caller: Caller,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().display().to_string();
        Self { caller: Caller { variables: [("HOME".to_owned(), home)].into(), root: false }, folder }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("writable");
        std::fs::write(&path, text).expect("writable");
        let file = std::fs::File::options().append(true).open(&path).expect("it was just written");
        file.set_modified(at("2026-11-20T10:00:10Z").into()).expect("its own");
    }

    /// What `look` makes of a session of this agent that works in `/tree`.
    fn with<T>(&self, agent: &str, conversation: Option<&str>, look: impl FnOnce(&Subject<'_>) -> T) -> T {
        let catalogue = Catalogue::built_in();
        look(&Subject {
            preset: catalogue.get(agent).expect("it is built in"),
            caller: &self.caller,
            worktree: Path::new("/tree"),
            state_dir: &self.folder.path().join("state"),
            log: &self.folder.path().join("s.log"),
            since: at("2026-11-20T10:00:00Z"),
            conversation,
        })
    }
}

#[test]
fn transcripts_are_found_by_conversation_or_by_folder() {
    let home = Home::new();
    home.write(".claude/projects/-tree/3f1c.jsonl", CLAUDE);
    home.write(".claude/projects/-tree/aaaa.jsonl", &CLAUDE.replace("3f1c", "aaaa"));
    home.write(".codex/sessions/2026/11/20/rollout-x-3f1c.jsonl", CODEX);
    home.write(".codex/sessions/2026/11/20/rollout-y-bbbb.jsonl", &CODEX.replace("/tree", "/other"));
    home.write(".gemini/tmp/tree/chats/session-a.jsonl", GEMINI);
    home.write(".gemini/tmp/tree/chats/session-b.jsonl", &GEMINI.replace("3f1c", "cccc"));
    home.write("s.audit.jsonl", BUILTIN);
    for (agent, conversation, file) in [
        ("claude", Some("3f1c"), Some("3f1c.jsonl")),
        ("claude", Some("none"), None),
        ("codex", None, Some("rollout-x-3f1c.jsonl")),
        ("codex", Some("3f1c"), Some("rollout-x-3f1c.jsonl")),
        ("gemini", Some("3f1c"), Some("session-a.jsonl")),
        ("gemini", Some("cccc"), Some("session-b.jsonl")),
        ("builtin", None, Some("s.audit.jsonl")),
        ("qwen", Some("3f1c"), None),
        ("aider", None, None),
    ] {
        let found = home.with(agent, conversation, locate);
        let name = found.and_then(|place| Some(place.path.file_name()?.to_str()?.to_owned()));
        assert_eq!(name.as_deref(), file, "{agent} {conversation:?}");
    }
}

#[test]
fn a_transcript_is_read_on_from_where_it_was_read_last() {
    let home = Home::new();
    let file = ".claude/projects/-tree/3f1c.jsonl";
    let look = |text: &str, before: Option<Followed>, most: u64| {
        home.write(file, text);
        home.with("claude", Some("3f1c"), |subject| {
            let place = Place { format: TranscriptFormat::Claude, path: home.folder.path().join(file) };
            follow_by(subject, &place, before, most).expect("readable")
        })
    };
    let whole = look(CLAUDE, None, 1 << 20);
    assert_eq!((whole.offset, whole.skipped), (CLAUDE.len() as u64, 0));
    // Whatever is cut off in the middle of a line is read when the line is whole.
    let mut followed = None;
    for length in [0, 1, 300, 301, CLAUDE.len() - 1, CLAUDE.len()] {
        let next = look(&CLAUDE[..length], followed, 1 << 20);
        assert!(next.offset <= length as u64);
        followed = Some(next);
    }
    assert_eq!(followed, Some(Followed { file: whole.file, ..whole.clone() }));
    // A shorter file is another one.
    let short = look(&first(2, CLAUDE), Some(whole.clone()), 1 << 20);
    assert_eq!((short.reading.total().replies, short.reading.said.len()), (0, 1));
    // Of too much at once the beginning is passed over, and said to be.
    let last = CLAUDE.lines().last().expect("it has lines").len() as u64 + 10;
    let cut = look(CLAUDE, None, last);
    assert_eq!((cut.skipped, cut.reading.turn), (CLAUDE.len() as u64 - last, whole.reading.turn));
    assert_eq!(cut.offset, CLAUDE.len() as u64);
}

#[test]
fn databases_tell_the_same_conversation() {
    let row = |text: &str| serde_json::from_str::<Record>(text).expect("JSON");
    let message = |id: &str, data: Value| serde_json::json!({"id": id, "data": data.to_string()});
    let tokens = serde_json::json!({"input": 100, "output": 10, "reasoning": 5, "cache": {"read": 25, "write": 0}});
    let reply = |created: i64, finish: &str| {
        serde_json::json!({"role": "assistant", "modelID": "big-1", "cost": 0.25, "tokens": tokens, "finish": finish,
            "time": {"created": created, "completed": created + 1_000}})
    };
    let part = |message: &str, data: Value| serde_json::json!({"message_id": message, "data": data.to_string()});
    let user = serde_json::json!({"role": "user", "time": {"created": 1_795_168_801_000_i64}});
    let messages = [
        message("a", user),
        message("b", reply(1_795_168_803_000, "tool-calls")),
        message("c", reply(1_795_168_808_000, "stop")),
    ];
    let parts = [
        part("a", serde_json::json!({"type": "text", "text": "Fix the bug"})),
        part("b", serde_json::json!({"type": "tool", "tool": "run", "callID": "c1", "state": {"status": "running"}})),
    ];
    let mut reading = Reading::since(at("2026-11-20T10:00:00Z"));
    opencode::take_up(&mut reading, &messages[..2], &parts);
    assert!(matches!(reading.turn, Turn::Running { .. }) && reading.tools.len() == 1, "{reading:?}");
    let mut reading = Reading::since(at("2026-11-20T10:00:00Z"));
    opencode::take_up(&mut reading, &messages, &parts);
    assert_eq!(reading.turn, Turn::Ended { at: at("2026-11-20T10:00:09Z") });
    assert_eq!((reading.total().tokens.total(), reading.total().replies), (280, 2));
    assert_eq!(reading.money["2026-11-20"], 0.5);
    assert!(reading.heard("Fix the bug", at("2026-11-20T10:00:01Z")));

    let session = row(r#"{"model_config_json":"{\"model_name\":\"big-1\"}","accumulated_input_tokens":250,
        "accumulated_output_tokens":30,"accumulated_cost":null}"#);
    let said = |role: &str, content: &str, at: i64| serde_json::json!({"role": role, "content_json": content, "created_timestamp": at});
    let messages = [
        said("user", r#"[{"type":"text","text":"Fix the bug"}]"#, 1_795_168_801),
        said("assistant", r#"[{"type":"toolRequest","id":"c1","toolCall":{"value":{"name":"run"}}}]"#, 1_795_168_803),
        said("user", r#"[{"type":"toolResponse","id":"c1"}]"#, 1_795_168_805),
        said("assistant", r#"[{"type":"text","text":"Done."}]"#, 1_795_168_809),
    ];
    let read = |messages: &[Record]| {
        let mut reading = Reading::since(at("2026-11-20T10:00:00Z"));
        goose::take_up(&mut reading, &session, messages, at("2026-11-20T10:00:09Z"));
        let replies: Vec<_> = messages.iter().filter(|row| row["role"] == "assistant").cloned().collect();
        goose::count(&mut reading, &replies, true);
        reading
    };
    assert_eq!(read(&messages[..2]).tools[0].name, "run");
    let reading = read(&messages);
    assert_eq!(reading.turn, Turn::Ended { at: at("2026-11-20T10:00:09Z") });
    assert_eq!((reading.total().tokens.total(), reading.total().replies), (280, 2));
    assert!(reading.heard("Fix the bug", at("2026-11-20T10:00:01Z")));
}

#[test]
fn failures_are_told_until_a_reply_follows() {
    let error = |text: &str| {
        format!(
            r#"{{"type":"assistant","isApiErrorMessage":true,"timestamp":"2026-11-20T10:01:00Z","message":{{"id":"e","model":"<synthetic>","content":[{{"type":"text","text":"{text}"}}]}}}}"#
        ) + "\n"
    };
    let limited =
        read(TranscriptFormat::Claude, &(CLAUDE.to_owned() + &error("Claude AI usage limit reached|1795190400")));
    assert_eq!(limited.limit.as_ref().and_then(|limit| limit.until), Some(at("2026-11-20T16:00:00Z")));
    assert_eq!(limited.turn, Turn::Ended { at: at("2026-11-20T10:01:00Z") });
    let full = read(TranscriptFormat::Claude, &(CLAUDE.to_owned() + &error("Prompt is too long")));
    assert_eq!(full.exhausted, Some(at("2026-11-20T10:01:00Z")));
    let over = read(TranscriptFormat::Claude, &(error("Prompt is too long") + CLAUDE));
    assert_eq!((over.exhausted, over.failure), (None, None));
    let window = r#"{"timestamp":"2026-11-20T10:01:00Z","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{"primary":{"used_percent":100.0,"resets_at":1795190400}}}}"#;
    let codex = read(TranscriptFormat::Codex, &format!("{CODEX}{window}\n"));
    assert_eq!(codex.limit.and_then(|limit| limit.until), Some(at("2026-11-20T16:00:00Z")));
    let aborted = r#"{"timestamp":"2026-11-20T10:01:00Z","type":"event_msg","payload":{"type":"turn_aborted"}}"#;
    let codex = read(TranscriptFormat::Codex, &format!("{CODEX}{aborted}\n"));
    assert_eq!(codex.turn, Turn::Aborted { at: at("2026-11-20T10:01:00Z") });
    let escape = r#"{"type":"user","timestamp":"2026-11-20T10:01:00Z","message":{"role":"user","content":[{"type":"text","text":"[Request interrupted by user]"}]}}"#;
    let claude = read(TranscriptFormat::Claude, &format!("{CLAUDE}{escape}\n"));
    assert_eq!(claude.turn, Turn::Aborted { at: at("2026-11-20T10:01:00Z") });
}

proptest::proptest! {
    /// Whatever stands in a file, it is read without a panic, whole lines only, and in any portions alike.
    #[test]
    fn garbage_is_passed_over(
        sample in 0..LINES.len(),
        noise in proptest::collection::vec((0..2_000_usize, proptest::collection::vec(0..=255_u8, 0..40)), 0..6),
        cuts in proptest::collection::vec(0..4_000_usize, 0..6),
    ) {
        let (format, text) = LINES[sample];
        let mut bytes = text.as_bytes().to_vec();
        for (place, noise) in noise {
            let place = place.min(bytes.len());
            bytes.splice(place..place, noise);
        }
        let mut whole = Reading::since(at("2026-11-20T10:00:00Z"));
        let used = read_lines(format, &mut whole, &bytes);
        proptest::prop_assert!(used == 0 || bytes[used - 1] == b'\n');
        let mut pieces = Reading::since(at("2026-11-20T10:00:00Z"));
        let mut offset = 0;
        let mut ends: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        ends.push(bytes.len());
        ends.sort_unstable();
        for end in ends {
            offset += read_lines(format, &mut pieces, &bytes[offset.min(end)..end]);
        }
        proptest::prop_assert_eq!(offset, used);
        proptest::prop_assert_eq!(pieces, whole);
    }
}
