//! The model room against an endpoint on loopback: both formats, and every fault that an endpoint can have.

#[path = "support/endpoint.rs"]
mod endpoint;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use endpoint::{Answer, Endpoint, calls_of, says};
use gt::model::scripted::Script;
use gt::model::{Event, Message, Model, ModelError, Reply, Request, Stop, Subject, ToolSpec, complete, from_variables};
use serde_json::json;

const FORMATS: [&str; 2] = ["openai", "anthropic"];
const KEY: &str = "sk-very-secret";

fn model(format: &str, endpoint: &Endpoint) -> Box<dyn Model> {
    let base = endpoint.base();
    from_variables(Some(&format!("{format}/m-1")), &|name| match name {
        "OPENAI_BASE_URL" | "ANTHROPIC_BASE_URL" => Some(base.clone()),
        "OPENAI_API_KEY" | "ANTHROPIC_API_KEY" => Some(KEY.to_owned()),
        _ => None,
    })
    .expect("the address is right")
}

fn request() -> Request {
    Request {
        subject: Subject::new("developer", "Add login"),
        system: "You work.".into(),
        messages: vec![Message::user("Go.")],
        tools: vec![ToolSpec { name: "shell".into(), description: "runs".into(), schema: json!({"type": "object"}) }],
        max_tokens: 50,
        temperature: None,
    }
}

/// One turn; the events as words.
fn turn(model: &dyn Model) -> (Result<Reply, ModelError>, Vec<String>) {
    let mut heard = Vec::new();
    let result = model.turn(&request(), &mut |event| {
        heard.push(match event {
            Event::Text(text) => text.to_owned(),
            Event::Waiting { next_try, .. } => format!("<wait {next_try}>"),
            Event::Again => "<again>".to_owned(),
        });
        ControlFlow::Continue(())
    });
    (result, heard)
}

/// The error of an endpoint that only ever answers so.
fn error(format: &str, answers: Vec<Answer>) -> (ModelError, usize) {
    let endpoint = Endpoint::answering(answers);
    let error = turn(model(format, &endpoint).as_ref()).0.expect_err("this answer is no reply");
    assert!(!error.to_string().contains(KEY), "{error}");
    (error, endpoint.requests().len())
}

#[test]
fn text_and_tool_calls_in_both_formats() {
    for format in FORMATS {
        let calls = [("shell", json!({"command": "echo ünïcödé \"quoted\""})), ("read_file", json!({"path": "a b"}))];
        let both = Reply { text: "I look first, then I run.".into(), ..calls_of(&calls) };
        let endpoint = Endpoint::answering([Answer::Reply(both.clone()), Answer::says("Done.")]);
        let model = model(format, &endpoint);
        let (reply, heard) = turn(model.as_ref());
        assert_eq!(reply.expect("a reply"), both, "{format}");
        assert_eq!(heard.concat(), both.text);
        assert!(heard.len() > 2, "the text is told as it comes: {heard:?}");
        assert_eq!(turn(model.as_ref()).0.expect("a reply").stop, Stop::Done);
        assert_eq!(model.name(), format!("{format}/m-1"));
    }
}

#[test]
fn what_is_sent() {
    for (format, path, header, value) in [
        ("openai", "/v1/chat/completions", "authorization", format!("Bearer {KEY}")),
        ("anthropic", "/v1/messages", "x-api-key", KEY.to_owned()),
    ] {
        let endpoint = Endpoint::answering([Answer::says("x")]);
        turn(model(format, &endpoint).as_ref()).0.expect("a reply");
        let sent = endpoint.requests().remove(0);
        assert_eq!((sent.path.as_str(), sent.header(header)), (path, Some(value.as_str())));
        assert_eq!(sent.body["model"], "m-1");
        assert_eq!(sent.body["stream"], true);
        assert_eq!(sent.system(), "You work.\n\nRole: developer\nTitle: Add login\nAttempt: 1");
        assert_eq!(sent.body["max_tokens"], 50);
    }
}

#[test]
fn a_limit_is_waited_for() {
    for format in FORMATS {
        let endpoint = Endpoint::answering([Answer::limited("1"), Answer::says("Done.")]);
        let start = Instant::now();
        let (reply, heard) = turn(model(format, &endpoint).as_ref());
        assert_eq!(reply.expect("a reply").text, "Done.");
        assert!(start.elapsed() >= Duration::from_secs(1), "the endpoint said when to come back");
        assert_eq!(&heard[..2], ["<wait 2>", "<again>"]);
    }
}

#[test]
fn a_long_limit_is_told_at_once() {
    let (error, requests) = error("openai", vec![Answer::limited("3600")]);
    assert!(matches!(error, ModelError::Limited { .. }), "{error}");
    let ahead = error.limited_until().expect("it said until when") - chrono::Utc::now();
    assert!((3590..=3601).contains(&ahead.num_seconds()), "{ahead}");
    assert_eq!(requests, 1);
}

#[test]
fn an_outage_and_a_dropped_connection_are_waited_out() {
    let endpoint = Endpoint::answering([Answer::status(500, "oops"), Answer::HangUp, Answer::says("Done.")]);
    let (reply, heard) = turn(model("anthropic", &endpoint).as_ref());
    assert_eq!(reply.expect("a reply").text, "Done.");
    assert_eq!(&heard[..4], ["<wait 2>", "<again>", "<wait 3>", "<again>"]);
}

#[test]
fn a_reply_that_breaks_off_is_asked_for_once_more() {
    let check = |format: &str, broken: fn(Reply) -> Answer| {
        let long = calls_of(&[("shell", json!({"command": "rm something-that-is-long-enough-to-be-cut"}))]);
        let endpoint = Endpoint::answering([broken(long.clone()), Answer::says("Done.")]);
        assert_eq!(turn(model(format, &endpoint).as_ref()).0.expect("a reply").text, "Done.");
        let (error, requests) = error(format, vec![broken(long.clone()), broken(long.clone()), broken(long)]);
        assert!(matches!(error, ModelError::Cut { .. }), "{format}: {error}");
        assert_eq!(requests, 2, "{format}");
    };
    // At the same time, since each waits before it asks again.
    std::thread::scope(|scope| {
        for format in FORMATS {
            for broken in [Answer::Half, Answer::Short] {
                scope.spawn(move || check(format, broken));
            }
        }
    });
}

#[test]
fn access_that_is_refused_is_final_and_says_what_to_check() {
    for format in FORMATS {
        for status in [401, 403] {
            let (error, requests) = error(format, vec![Answer::status(status, &format!("bad key {KEY} given"))]);
            let text = error.to_string();
            assert!(
                text.contains(&format!("({status}): bad key [key] given; check {}", format.to_uppercase())),
                "{text}"
            );
            assert_eq!((requests, error.retryable()), (1, false));
        }
    }
}

#[test]
fn other_refusals_are_final() {
    for status in [400, 404, 422, 302] {
        let (error, requests) = error("openai", vec![Answer::status(status, "no such model")]);
        assert!(matches!(error, ModelError::Rejected { .. }), "{error}");
        assert!(error.to_string().contains("no such model") && requests == 1, "{error}");
    }
}

#[test]
fn nonsense_is_a_typed_error() {
    let table: [(&[u8], &str); 5] = [
        (b"\x00\xff\xfe\x80garbage\n", "not text"),
        (b"<html>Welcome to the captive portal</html>", "no stream of events"),
        (b"data: {\"choices\": [{\"delta\": \n\n", "not JSON"),
        (b"data: [1, 2]\n\n", "an event is no"),
        (b"", "no stream of events"),
    ];
    let check = |format: &str, bytes: &[u8], what: &str| {
        let (error, requests) = error(format, vec![Answer::Bytes(bytes.to_vec()), Answer::Bytes(bytes.to_vec())]);
        assert!(matches!(error, ModelError::Garbled { .. }), "{format} {what}: {error}");
        assert!(error.to_string().contains(what) && requests == 2, "{format} {what}: {error}");
    };
    std::thread::scope(|scope| {
        for (bytes, what) in table {
            for format in FORMATS {
                scope.spawn(move || check(format, bytes, what));
            }
        }
    });
}

#[test]
fn errors_inside_the_stream() {
    let fatal = b"data: {\"error\": {\"code\": \"bad_thing\", \"message\": \"it broke sk-very-secret\"}}\n\n";
    let fatal_whole = br#"{"error": {"code": "bad_thing", "message": "it broke"}}"#;
    for bytes in [fatal.to_vec(), fatal_whole.to_vec()] {
        let (error, requests) = error("openai", vec![Answer::Bytes(bytes)]);
        let right = matches!(&error, ModelError::Reported { code, passing: false, .. } if code == "bad_thing");
        assert!(right && requests == 1, "{error}");
    }
    let overloaded = b"event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"Overloaded\"}}\n\n";
    let endpoint = Endpoint::answering([Answer::Bytes(overloaded.to_vec()), Answer::says("Done.")]);
    assert_eq!(turn(model("anthropic", &endpoint).as_ref()).0.expect("a reply").text, "Done.");
}

#[test]
fn an_empty_reply_is_an_error() {
    for format in FORMATS {
        let (error, requests) = error(format, vec![Answer::says(""), Answer::says("  \n")]);
        assert!(matches!(error, ModelError::Empty { .. }) && requests == 2, "{error}");
    }
}

#[test]
fn nobody_listens() {
    let base = Endpoint::answering([]).base();
    let model = from_variables(Some("openai/m"), &|name| (name == "OPENAI_BASE_URL").then(|| base.clone()));
    let mut waits = 0;
    let result = model.expect("the address is right").turn(&request(), &mut |event| match event {
        Event::Waiting { reason, .. } => {
            waits += 1;
            assert!(matches!(reason, ModelError::Unreachable { .. }) && reason.to_string().contains(&base), "{reason}");
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(result, Err(ModelError::Interrupted)) && waits == 1);
}

#[test]
fn the_endpoint_plays_scripts_like_the_scripted_model() {
    let script = r#"
        [[reply]]
        role = "mayor"
        when = "Build a login"
        step = [{ text = "the plan" }]
        [[reply]]
        role = "developer"
        title = "Add *"
        step = [{ text = "I run.", call = [{ tool = "shell", arguments = { command = "ls" } }] }, { text = "Done." }]
    "#;
    for format in FORMATS {
        let endpoint = Endpoint::playing(Script::parse("s.toml".as_ref(), script).expect("the script is right"));
        let model = model(format, &endpoint);
        let subject = Subject::new("mayor", "Build a login");
        let plan = complete(model.as_ref(), subject, "Build a login\nnow", &mut |_| ControlFlow::Continue(()));
        assert_eq!(plan.expect("a plan").text, "the plan");
        let mut request = request();
        let first = model.turn(&request, &mut |_| ControlFlow::Continue(())).expect("a reply");
        assert_eq!((first.text.as_str(), first.calls[0].arguments.as_str()), ("I run.", r#"{"command":"ls"}"#));
        let id = first.calls[0].id.clone();
        request.messages.push(Message::Assistant { text: first.text, calls: first.calls });
        request.messages.push(Message::ToolResult { call: id, tool: "shell".into(), text: "a".into(), failed: false });
        assert_eq!(model.turn(&request, &mut |_| ControlFlow::Continue(())).expect("a reply").text, "Done.");
        request.subject.role = "tester".into();
        let error = model.turn(&request, &mut |_| ControlFlow::Continue(())).expect_err("nobody tests here");
        assert!(error.to_string().contains(r#"role "tester", title "Add login""#), "{error}");
    }
}

#[test]
fn a_whole_reply_is_what_says_gives() {
    let endpoint = Endpoint::answering([Answer::Reply(says("Hello."))]);
    assert_eq!(turn(model("openai", &endpoint).as_ref()).0.expect("a reply"), says("Hello."));
}
