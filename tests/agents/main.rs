//! Real agents against a model of ours on loopback: `make test-agents`, which installs them first.
//!
//! `GT_TEST_AGENTS` is the folder with one folder for each; each has a HOME of its own, nobody is signed in anywhere.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

mod choices;
mod compaction;
mod continuity;
#[path = "../support/endpoint.rs"]
mod endpoint;
mod hearing;
mod obliging;
mod refusals;
mod stopping;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use endpoint::Endpoint;
use serde_json::Value;
use support::TestTown;

/// A key that opens nothing.
const KEY: &str = "sk-test-0123456789abcdefghijklmnopqrstuvwxyz";

/// How one agent is set up.
#[derive(Default)]
struct Setup<'a> {
    /// The preset.
    agent: &'a str,
    /// Where its program is, below the folder of all.
    bin: &'a str,
    /// Its environment; `{url}` is the endpoint.
    variables: &'a [(&'a str, &'a str)],
    /// Files in its HOME, with `{url}`.
    files: &'a [(&'a str, &'a str)],
    /// Further arguments of `gt agent test`.
    arguments: &'a [&'a str],
}

fn installed() -> PathBuf {
    let folder = std::env::var_os("GT_TEST_AGENTS").expect("`make test-agents` says where they are");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// A town for one agent, whose environment and home are as its set-up says.
fn town_for(setup: &Setup<'_>, endpoint: &Endpoint) -> TestTown {
    let filled = |text: &str| text.replace("{url}", &endpoint.base());
    let path = format!("{}:{}", installed().join(setup.bin).display(), installed().join("bin").display());
    let mut builder = TestTown::builder().behind(&path);
    for (name, value) in setup.variables {
        builder = builder.variable(name, &filled(value));
    }
    let town = builder.build();
    for (file, text) in setup.files {
        let place = town.sandbox.join("home").join(file);
        std::fs::create_dir_all(place.parent().expect("it has one")).expect("writable");
        std::fs::write(place, filled(text)).expect("writable");
    }
    town
}

/// Tries an agent and answers its report; what failed is printed with its screen.
fn tried(setup: &Setup<'_>) -> Value {
    let endpoint = Endpoint::thinking(obliging::think);
    let town = town_for(setup, &endpoint);
    let before = listing(&town.sandbox.join("home"));
    let mut command = town.command(["agent", "test", setup.agent, "--json", "--limit", "120s"]);
    for argument in setup.arguments {
        command = command.arg(argument);
    }
    let ran = command.run();
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let report = report["data"].clone();
    show(setup, &report, &endpoint);
    // The town's own tmux server stays.
    support::wait_until("all of the agent to be gone", || {
        town.processes().iter().all(|process| process.line.contains("tmux"))
    });
    // What the person had in their own settings is as it was.
    for (file, text) in before {
        let now = std::fs::read_to_string(town.sandbox.join("home").join(&file)).unwrap_or_default();
        assert!(now == text, "{} was changed:\n{now}", file.display());
    }
    report
}

/// Lets an agent work on a bead, from sling to the merge, and retires its worker; then the same in the sandbox, where
/// this machine has one.
fn slung(setup: &Setup<'_>) {
    slung_in(setup, "off");
    if gt::runtime::can_confine(Path::new(env!("CARGO_BIN_EXE_gt"))).is_ok() {
        slung_in(setup, "on");
    }
}

fn slung_in(setup: &Setup<'_>, sandbox: &str) {
    let endpoint = Endpoint::thinking(obliging::think);
    let town = town_for(setup, &endpoint);
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    town.gt(["config", "set", "sandbox", sandbox]).succeeds();
    let id = town.json(["new", "Some work", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    let mut command = town.command(["sling", &id, "web/toast", "--agent", setup.agent]);
    for argument in setup.arguments {
        command = command.arg(argument);
    }
    command.run().succeeds();
    let closed = || town.json(["show", &id])[0]["result"]["status"] == "closed";
    let start = std::time::Instant::now();
    while !closed() {
        assert!(start.elapsed().as_secs() < 120, "{}", why(&town, &id));
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    let session = town.json(["polecat", "show", "toast"])["sessions"][0].clone();
    assert!(session["version"].is_string() && session["slot"] == 1, "{session}");
    assert!(session["conversation"].is_string(), "its own conversation is known: {session}");
    let used = town.json(["costs", "--by", "agent"]);
    assert!(used["total"]["replies"].as_u64() > Some(0) && used["total"]["output"].as_u64() > Some(0), "{used}");
    town.gt(["polecat", "remove", "toast"]).succeeds();
    let left = listing(&town.sandbox.join("home"));
    let left: Vec<_> = left
        .iter()
        .filter(|(file, _)| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gt-")))
        .collect();
    assert!(left.is_empty(), "files of ours are left beside the person's: {left:?}");
}

/// How it stands with a bead that is not done, and what its worker shows.
fn why(town: &TestTown, id: &str) -> String {
    let why = town.gt(["why", id]).stdout;
    format!("{why}\n{}", town.gt(["peek", "toast"]).stdout)
}

/// The settings of a person, with their texts.
fn listing(home: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let (Ok(text), Ok(name)) = (std::fs::read_to_string(&path), path.strip_prefix(home)) {
                found.push((name.to_path_buf(), text));
            }
        }
    }
    found
}

#[allow(clippy::print_stderr, reason = "what a person wants to see of an opt-in test")]
fn show(setup: &Setup<'_>, report: &Value, endpoint: &Endpoint) {
    eprintln!("{} {}", setup.agent, report["version"].as_str().unwrap_or("of no version"));
    for step in report["steps"].as_array().into_iter().flatten() {
        let part = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
        eprintln!("  {:<8} {:<14} {:>6} ms  {}", part("verdict"), part("what"), step["took_ms"], part("says"));
    }
    if let Some(screen) = report["screen"].as_str() {
        eprintln!("{screen}");
        for request in endpoint.requests() {
            let body = request.body.to_string();
            eprintln!("{} {}", request.path, body.chars().take(300).collect::<String>());
        }
    }
}

/// Every step works but those that may not be claimed.
#[track_caller]
fn all_works(report: &Value) {
    let steps = report["steps"].as_array().expect("steps");
    let failed: Vec<&Value> = steps.iter().filter(|step| step["verdict"] == "fails").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let works = |what: &str| steps.iter().any(|step| step["what"] == what && step["verdict"] == "works");
    assert!(works("unattended") && works("leaves nothing"), "{steps:#?}");
}

/// For each agent a test of its own, one in which it does a bead, one in which it is told things, and one in which it
/// goes on with its conversation and answers from it.
macro_rules! agents {
    ($($name:ident, $bead:ident, $hears:ident, $stops:ident $(, $goes_on:ident)? |
     $refused:ident, $chooses:ident $chosen:tt $shows:tt $(, $compacts:ident $command:literal)?: $setup:expr;)*) => {$(
        #[test]
        #[ignore = "make test-agents"]
        fn $name() {
            all_works(&tried(&$setup));
        }

        #[test]
        #[ignore = "make test-agents"]
        fn $bead() {
            slung(&$setup);
        }

        #[test]
        #[ignore = "make test-agents"]
        fn $hears() {
            hearing::hears(&$setup);
        }

        #[test]
        #[ignore = "make test-agents"]
        fn $stops() {
            stopping::stops(&$setup);
        }

        $(#[test]
        #[ignore = "make test-agents"]
        fn $goes_on() {
            continuity::goes_on(&$setup);
        })?

        #[test]
        #[ignore = "make test-agents"]
        fn $refused() {
            refusals::refused(&$setup);
        }

        $(#[test]
        #[ignore = "make test-agents"]
        fn $compacts() {
            compaction::comes_back(&$setup, $command);
        })?

        #[test]
        #[ignore = "make test-agents"]
        fn $chooses() {
            choices::are_heard(&$setup, &$chosen, &$shows);
        }
    )*};
}

agents! {
    // A key, and no settings at all.
    claude, claude_does_a_bead, claude_hears, claude_stops, claude_goes_on |
        claude_is_refused, claude_hears_of_choices ["--model", "claude-opus-4-6", "--effort", "low"] ["claude-opus-4-6", "\"effort\":\"low\""], claude_compacts "/compact": Setup {
        agent: "claude",
        bin: "claude",
        variables: &[("ANTHROPIC_BASE_URL", "{url}"), ("ANTHROPIC_API_KEY", KEY)],
        ..Setup::default()
    };
    claude_of_a_person, claude_of_a_person_does_a_bead, claude_of_a_person_hears, claude_of_a_person_stops |
        claude_of_a_person_is_refused, claude_of_a_person_hears_of_choices ["--model", "claude-sonnet-4-6", "--effort", "high"] ["claude-sonnet-4-6", "\"effort\":\"high\""], claude_of_a_person_compacts "/compact": Setup {
        agent: "claude",
        bin: "claude",
        variables: &[("ANTHROPIC_BASE_URL", "{url}"), ("ANTHROPIC_AUTH_TOKEN", KEY)],
        files: &[(".claude/settings.json", "{\"theme\": \"dark\"}\n")],
        ..Setup::default()
    };
    codex, codex_does_a_bead, codex_hears, codex_stops, codex_goes_on |
        codex_is_refused, codex_hears_of_choices ["--model", "gpt-5-mini", "--effort", "high"] ["gpt-5-mini", "\"effort\":\"high\""], codex_compacts "/compact": Setup {
        agent: "codex",
        bin: "codex",
        variables: &[("OPENAI_API_KEY", KEY)],
        files: &[(".codex/config.toml", CODEX)],
        ..Setup::default()
    };
    gemini, gemini_does_a_bead, gemini_hears, gemini_stops, gemini_goes_on |
        gemini_is_refused, gemini_hears_of_choices ["--model", "gemini-2.5-flash"] ["gemini-2.5-flash"], gemini_compacts "/compress": Setup {
        agent: "gemini",
        bin: "gemini",
        variables: &[("GEMINI_API_KEY", KEY), ("GOOGLE_GEMINI_BASE_URL", "{url}")],
        arguments: &["--model", "gemini-2.5-pro"],
        ..Setup::default()
    };
    qwen, qwen_does_a_bead, qwen_hears, qwen_stops, qwen_goes_on |
        qwen_is_refused, qwen_hears_of_choices ["--model", "chosen"] ["\"model\":\"chosen\""], qwen_compacts "/compress": Setup {
        agent: "qwen",
        bin: "qwen",
        variables: &[("OPENAI_API_KEY", KEY), ("OPENAI_BASE_URL", "{url}/v1"), ("OPENAI_MODEL", "scripted")],
        ..Setup::default()
    };
    opencode, opencode_does_a_bead, opencode_hears, opencode_stops, opencode_goes_on |
        opencode_is_refused, opencode_hears_of_choices ["--model", "ours/scripted"] ["\"model\":\"scripted\""], opencode_compacts "/compact": Setup {
        agent: "opencode",
        bin: "opencode",
        files: &[(".config/opencode/opencode.json", OPENCODE)],
        arguments: &["--model", "ours/scripted"],
        ..Setup::default()
    };
    pi, pi_does_a_bead, pi_hears, pi_stops, pi_goes_on |
        pi_is_refused, pi_hears_of_choices ["--model", "ours/scripted", "--effort", "high"] ["\"model\":\"scripted\"", "\"reasoning_effort\":\"high\""], pi_compacts "/compact": Setup {
        agent: "pi",
        bin: "pi",
        files: &[(".pi/agent/models.json", PI)],
        arguments: &["--model", "ours/scripted"],
        ..Setup::default()
    };
    omp, omp_does_a_bead, omp_hears, omp_stops, omp_goes_on |
        omp_is_refused, omp_hears_of_choices ["--model", "ours/scripted", "--effort", "high"] ["\"model\":\"scripted\"", "\"reasoning_effort\":\"high\""], omp_compacts "/compact": Setup {
        agent: "omp",
        bin: "omp",
        files: &[(".omp/agent/models.json", PI)],
        arguments: &["--model", "ours/scripted"],
        ..Setup::default()
    };
    goose, goose_does_a_bead, goose_hears, goose_stops, goose_goes_on |
        goose_is_refused, goose_hears_of_choices ["--model", "gpt-4.1"] ["gpt-4.1"], goose_compacts "/compact": Setup {
        agent: "goose",
        bin: "goose",
        variables: &[
            ("GOOSE_PROVIDER", "openai"),
            ("GOOSE_MODEL", "gpt-4o"),
            ("OPENAI_HOST", "{url}"),
            ("OPENAI_API_KEY", KEY),
            ("GOOSE_DISABLE_KEYRING", "1"),
        ],
        ..Setup::default()
    };
    copilot, copilot_does_a_bead, copilot_hears, copilot_stops, copilot_goes_on |
        copilot_is_refused, copilot_hears_of_choices ["--model", "chosen", "--effort", "high"] ["\"model\":\"chosen\"", "\"reasoning_effort\":\"high\""], copilot_compacts "/compact": Setup {
        agent: "copilot",
        bin: "copilot",
        variables: &[
            ("COPILOT_OFFLINE", "true"),
            ("COPILOT_PROVIDER_BASE_URL", "{url}/v1"),
            ("COPILOT_PROVIDER_API_KEY", KEY),
            ("COPILOT_MODEL", "scripted"),
        ],
        ..Setup::default()
    };
    builtin, builtin_does_a_bead, builtin_hears, builtin_stops |
        builtin_is_refused, builtin_hears_of_choices ["--model", "openai/chosen"] ["\"model\":\"chosen\""]: Setup {
        agent: "builtin",
        bin: "bin",
        variables: &[("GT_MODEL", "openai/scripted"), ("OPENAI_BASE_URL", "{url}"), ("OPENAI_API_KEY", KEY)],
        ..Setup::default()
    };
}

/// It is offered no tools, so that it cannot hand a bead in.
const AIDER: Setup<'_> = Setup {
    agent: "aider",
    bin: "aider",
    variables: &[("OPENAI_API_KEY", KEY), ("OPENAI_API_BASE", "{url}/v1")],
    files: &[],
    arguments: &["--model", "openai/scripted"],
};

#[test]
#[ignore = "make test-agents"]
fn aider() {
    all_works(&tried(&AIDER));
}

#[test]
#[ignore = "make test-agents"]
fn aider_hears() {
    hearing::hears(&AIDER);
}

#[test]
#[ignore = "make test-agents"]
fn aider_stops() {
    stopping::stops(&AIDER);
}

#[test]
#[ignore = "make test-agents"]
fn aider_is_refused() {
    refusals::refused(&AIDER);
}

/// They need a sign-in to their makers' servers: what is missing is said, and nothing is started.
fn is_no_stranger(agent: &str, sign_in: &str) {
    let endpoint = Endpoint::thinking(obliging::think);
    let town = town_for(&Setup { agent, bin: agent, ..Setup::default() }, &endpoint);
    let ran = town.gt(["agent", "test", agent, "--json"]).exits(9);
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    let report = &report["data"];
    show(&Setup { agent, ..Setup::default() }, report, &endpoint);
    let step = |what: &str| {
        let steps = report["steps"].as_array().expect("steps");
        steps.iter().find(|step| step["what"] == what).map_or(Value::Null, Clone::clone)
    };
    assert!(report["version"].as_str().is_some_and(|version| version.starts_with("0.")), "{report:#}");
    assert_eq!(step("credentials")["verdict"], "fails", "{report:#}");
    assert!(step("credentials").to_string().contains(sign_in), "{report:#}");
    assert_eq!(step("starts"), Value::Null, "{report:#}");
    let project = town.repo("web");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let id = town.json(["new", "Some work", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id, "--agent", agent]).exits(9).complains(&[sign_in]);
    assert_eq!(town.json(["show", &id])[0]["result"]["status"], "open");
}

#[test]
#[ignore = "make test-agents"]
fn amp() {
    is_no_stranger("amp", "amp login");
}

#[test]
#[ignore = "make test-agents"]
fn auggie() {
    is_no_stranger("auggie", "auggie login");
}

/// A provider of the person's own, as codex wants it.
const CODEX: &str = "model = \"gpt-5\"\nmodel_provider = \"ours\"\n[model_providers.ours]\nname = \"ours\"\n\
                     base_url = \"{url}/v1\"\nwire_api = \"responses\"\nenv_key = \"OPENAI_API_KEY\"\n";

/// The same for opencode.
const OPENCODE: &str = "{\"$schema\": \"https://opencode.ai/config.json\", \"provider\": {\"ours\": {\"npm\": \
                        \"@ai-sdk/openai-compatible\", \"options\": {\"baseURL\": \"{url}/v1\", \"apiKey\": \"k\"}, \
                        \"models\": {\"scripted\": {}}}}}\n";

/// The same for pi and omp.
const PI: &str = "{\"providers\": {\"ours\": {\"baseUrl\": \"{url}/v1\", \"apiKey\": \"k\", \
                  \"api\": \"openai-completions\", \"models\": [{\"id\": \"scripted\", \"reasoning\": true}]}}}\n";
