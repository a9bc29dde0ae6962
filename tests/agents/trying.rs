//! `gt agent test` with a real agent, and with one that nobody signed in to.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::obliging;
use crate::scene::town_for;
use crate::setups::{Setup, plain};
use crate::support;

/// Every step works.
pub fn is_tried(setup: &Setup<'_>) {
    all_works(&tried(setup, &[]));
}

/// The same in the sandbox.
pub fn is_tried_in_the_sandbox(setup: &Setup<'_>) {
    all_works(&tried(setup, &["--sandbox"]));
}

/// Tries an agent and answers its report; what failed is printed with its screen.
fn tried(setup: &Setup<'_>, more: &[&str]) -> Value {
    let endpoint = Endpoint::thinking(obliging::think);
    let town = town_for(setup, &endpoint);
    let before = listing(&town.sandbox.join("home"));
    let arguments = ["agent", "test", setup.agent, "--json", "--limit", "120s"];
    let ran = town.gt([&arguments, setup.arguments, more].concat());
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

/// The settings of a person, with their texts.
pub fn listing(home: &Path) -> Vec<(PathBuf, String)> {
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

/// They need a sign-in to their makers' servers: what is missing is said, and nothing is started.
pub fn is_no_stranger(agent: &str, sign_in: &str) {
    let endpoint = Endpoint::thinking(obliging::think);
    let town = town_for(&plain(agent), &endpoint);
    let ran = town.gt(["agent", "test", agent, "--json"]).exits(9);
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    let report = &report["data"];
    show(&plain(agent), report, &endpoint);
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
