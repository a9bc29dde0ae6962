//! What real agents do when their provider refuses: limits with and without an end, a conversation that is too long, an
//! answer that breaks off. What they show and write down is kept below `target/agents/captured`, and `gt why` is held
//! against it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::endpoint::{Answer, Endpoint, Recorded, says};
use crate::obliging;
use crate::scene::{Scene, installed, within};
use crate::setups::Setup;

/// How long an agent may try until it gives up; some wait as long as the provider says.
const LIMIT: Duration = Duration::from_secs(100);

/// What a provider says no with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum No {
    /// Too many requests, with the time after which to ask again.
    Rate,
    /// The account is used up.
    Quota,
    /// The conversation is too long.
    TooLong,
    /// An answer that breaks off in the middle.
    Broken,
}

impl No {
    const ALL: [Self; 4] = [Self::Broken, Self::TooLong, Self::Quota, Self::Rate];

    fn word(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Quota => "quota",
            Self::TooLong => "long",
            Self::Broken => "broken",
        }
    }

    fn marker(self) -> String {
        format!("REFUSE-{}-NOW", self.word())
    }
}

/// Which refusal the last message of a request asks for.
fn asked(request: &Recorded) -> Option<No> {
    let said = request.body.to_string();
    let place = |no: &No| said.rfind(&no.marker()).map(|place| (place, *no));
    No::ALL.iter().filter_map(place).max_by_key(|(place, _)| *place).map(|(_, no)| no)
}

fn think(request: &Recorded) -> Answer {
    if obliging::is_no_turn(request) {
        return obliging::think(request);
    }
    match asked(request) {
        None => Answer::says("Fine."),
        Some(No::Broken) => {
            Answer::Half(says("This answer has a beginning of some length, and no end at all, because"))
        }
        Some(no) => refusal(no, &request.path),
    }
}

/// In twenty minutes, whichever way it is said.
const SECONDS: i64 = 1_200;

fn refusal(no: No, path: &str) -> Answer {
    let path = path.split('?').next().unwrap_or_default();
    if path.ends_with("/messages") {
        anthropic(no)
    } else if path.contains("enerateContent") {
        gemini(no)
    } else {
        openai(no, path.ends_with("/responses"))
    }
}

fn anthropic(no: No) -> Answer {
    let body = |kind: &str, message: &str| json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"});
    let reset =
        (chrono::Utc::now() + chrono::Duration::seconds(SECONDS)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    match no {
        No::Rate => Answer::Status(
            429,
            vec![
                ("retry-after", SECONDS.to_string()),
                ("anthropic-ratelimit-input-tokens-limit", "50000".to_owned()),
                ("anthropic-ratelimit-input-tokens-remaining", "0".to_owned()),
                ("anthropic-ratelimit-input-tokens-reset", reset),
            ],
            body(
                "rate_limit_error",
                "This request would exceed your organization's rate limit of 50,000 input tokens per minute.",
            ),
        ),
        No::Quota => Answer::Status(
            400,
            vec![],
            body(
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
            ),
        ),
        _ => Answer::Status(
            400,
            vec![],
            body("invalid_request_error", "prompt is too long: 210384 tokens > 200000 maximum"),
        ),
    }
}

fn openai(no: No, responses: bool) -> Answer {
    let body = |kind: &str, code: &str, message: &str| json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    match no {
        No::Rate => Answer::Status(
            429,
            vec![
                ("retry-after", SECONDS.to_string()),
                ("retry-after-ms", (SECONDS * 1000).to_string()),
                ("x-ratelimit-remaining-tokens", "0".to_owned()),
                ("x-ratelimit-reset-tokens", "20m0s".to_owned()),
            ],
            body(
                "tokens",
                "rate_limit_exceeded",
                "Rate limit reached for scripted in organization org-1 on tokens per min (TPM): Limit 30000, Used 30000, Requested 1200. Please try again in 20m0s. Visit https://platform.openai.com/account/rate-limits to learn more.",
            ),
        ),
        No::Quota => Answer::Status(
            429,
            vec![],
            body(
                "insufficient_quota",
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
            ),
        ),
        _ if responses => {
            let message =
                "Your input exceeds the context window of this model. Please adjust your input and try again.";
            let failed = json!({"type": "response.failed", "sequence_number": 1, "response": {"id": "r", "object": "response",
                "status": "failed", "error": {"code": "context_length_exceeded", "message": message}, "output": []}});
            let made = json!({"type": "response.created", "sequence_number": 0, "response": {"id": "r", "status": "in_progress"}});
            let events = [made, failed]
                .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default()));
            Answer::Bytes(events.concat().into_bytes())
        }
        _ => Answer::Status(
            400,
            vec![],
            body(
                "invalid_request_error",
                "context_length_exceeded",
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 130512 tokens. Please reduce the length of the messages.",
            ),
        ),
    }
}

fn gemini(no: No) -> Answer {
    let error = |code: u16, status: &str, message: &str, details: Value| {
        Answer::Status(
            code,
            vec![],
            json!({"error": {"code": code, "message": message, "status": status, "details": details}}),
        )
    };
    let violation = |period: &str| {
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": format!("GenerateRequestsPer{period}PerProjectPerModel-FreeTier")}]})
    };
    let used = "You exceeded your current quota, please check your plan and billing details.";
    match no {
        No::Rate => error(
            429,
            "RESOURCE_EXHAUSTED",
            &format!("{used}\nPlease retry in {SECONDS}.5s."),
            json!([violation("Minute"), {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{SECONDS}s")}]),
        ),
        No::Quota => error(429, "RESOURCE_EXHAUSTED", used, json!([violation("Day")])),
        _ => error(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200384) exceeds the maximum number of tokens allowed (1048576).",
            json!([]),
        ),
    }
}

/// Provokes each refusal in a fresh session of the agent, and holds what `gt` makes of it against what is expected.
pub fn is_refused(setup: &Setup<'_>) {
    let wanted = std::env::var("GT_TEST_REFUSALS").unwrap_or_default();
    for no in No::ALL.into_iter().filter(|no| wanted.is_empty() || wanted.contains(no.word())) {
        refused_by(setup, no);
    }
}

#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn refused_by(setup: &Setup<'_>, no: No) {
    let endpoint = Endpoint::thinking(think);
    let scene = Scene::begun(setup, &endpoint);
    scene.wait("its first prompt", LIMIT, || endpoint.requests().iter().any(|request| !request.body.is_null()));
    scene.town.gt(["nudge", "toast", &format!("{}, say yes", no.marker())]).succeeds();
    let (wanted, mut first, mut judged) = (expected(setup.agent, no), None, String::new());
    // One that tries again has to be seen at it for a while.
    let patience = Duration::from_secs(if wanted == "working" { 20 } else { 3 });
    within(LIMIT, || {
        first = first.or((asks(&endpoint, no) > 0).then(Instant::now));
        judged = judged_now(&scene);
        first.is_some_and(|first| first.elapsed() > patience) && judged.starts_with(wanted)
    });
    let why = scene.town.json(["why", "toast"]);
    eprintln!("{} {}: asked {} times; {judged}", setup.agent, no.word(), asks(&endpoint, no));
    keep(&scene, no, &why);
    assert!(judged.starts_with(wanted), "{}: {wanted} was expected:\n{why:#}\n{}", no.word(), scene.screen());
    assert!(!tells_when(setup.agent, no) || in_twenty_minutes(&judged), "{judged}");
    scene.stop();
}

/// How `gt` is to judge an agent after a refusal. Those that try again work while they do.
fn expected(agent: &str, no: No) -> &'static str {
    match (no, agent) {
        (No::TooLong, _) => "out of context",
        (No::Rate, "codex" | "qwen" | "opencode" | "goose" | "aider") => "working",
        (No::Quota, "qwen" | "opencode" | "copilot" | "aider") => "working",
        (No::Rate | No::Quota, _) => "limited",
        (No::Broken, _) => "working",
    }
}

/// Whether it shows or writes down for how long it is refused.
fn tells_when(agent: &str, no: No) -> bool {
    no == No::Rate && matches!(agent, "gemini" | "pi" | "omp" | "copilot" | "builtin")
}

/// How it is judged, with the evidence.
fn judged_now(scene: &Scene<'_>) -> String {
    let why = scene.town.json(["why", "toast"]);
    let facts = why[0]["result"]["evidence"].as_array().cloned().unwrap_or_default();
    let session = facts.iter().find(|fact| fact["about"] == "session");
    session.and_then(|fact| fact["says"].as_str()).unwrap_or_default().to_owned()
}

/// Whether the time in it is the one that the provider named, give or take what an agent rounds.
fn in_twenty_minutes(judged: &str) -> bool {
    let time = judged
        .split_whitespace()
        .find_map(|word| chrono::DateTime::parse_from_rfc3339(word.trim_end_matches([';', '.', ','])).ok());
    let rest = time.map(|time| time.to_utc() - chrono::Utc::now());
    rest.is_some_and(|rest| (16 * 60..=SECONDS + 60).contains(&rest.num_seconds()))
}

fn asks(endpoint: &Endpoint, no: No) -> usize {
    endpoint.requests().iter().filter(|request| asked(request) == Some(no)).count()
}

/// Keeps what the agent showed and wrote down.
fn keep(scene: &Scene<'_>, no: No, why: &Value) {
    let folder = installed().join("captured");
    std::fs::create_dir_all(&folder).expect("writable");
    let name = |ending: &str| folder.join(format!("{}-{}.{ending}", scene.setup.agent, no.word()));
    std::fs::write(name("why.json"), format!("{why:#}")).expect("writable");
    let shown = scene.town.gt(["peek", "toast", "--lines", "60"]).stdout;
    std::fs::write(name("screen"), shown).expect("writable");
    copy(&scene.town.sandbox.join("home"), &name("home"));
    copy(&scene.town.root.join(".git/gt"), &name("gt"));
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let ran = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(ran.is_ok_and(|status| status.success()), "the home is copied");
}
