//! Real agents against a model of ours on loopback: `make test-agents`, which installs them first.
//!
//! `GT_TEST_AGENTS` is the folder with one folder for each; each has a HOME of its own, nobody is signed in anywhere.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

mod again;
mod choices;
mod compaction;
mod continuity;
mod crew;
#[path = "../support/endpoint.rs"]
mod endpoint;
mod handing;
mod hearing;
mod obliging;
mod profiles;
mod refusals;
mod scene;
mod setups;
mod stopping;
#[path = "../support/mod.rs"]
mod support;
mod trying;
mod working;

use setups::{AIDER, BUILTIN, CLAUDE, CLAUDE_OF_A_PERSON, CODEX, COPILOT, GEMINI, GOOSE, OMP, OPENCODE, PI, QWEN};

/// What is asked of agents, by the names of the tests.
mod asked {
    pub use crate::again::does_it_again;
    pub use crate::continuity::goes_on;
    pub use crate::crew::accompanies;
    pub use crate::handing::hands_off;
    pub use crate::hearing::hears;
    pub use crate::profiles::{claude_home, codex_profile};
    pub use crate::refusals::is_refused;
    pub use crate::stopping::stops;
    pub use crate::trying::{is_tried, is_tried_in_the_sandbox};
    pub use crate::working::does_a_bead;
}

macro_rules! tests {
    ($setup:ident: $($test:ident)*) => {$(
        #[test]
        #[ignore = "make test-agents"]
        fn $test() {
            crate::asked::$test(&crate::$setup);
        }
    )*};
}

/// For each agent its tests: what is asked of all, and what it can besides; what was chosen reaches its model, here named
/// with what shows it in a request.
macro_rules! agents {
    ($($name:ident: $setup:ident $(, $chosen:tt shows $shows:tt)? $(, compacts by $command:literal)?
       $(, can $($more:ident)*)?;)*) => {$(
        mod $name {
            tests! { $setup: is_tried is_tried_in_the_sandbox hears stops is_refused $($($more)*)? }

            $(#[test]
            #[ignore = "make test-agents"]
            fn hears_of_choices() {
                crate::choices::are_heard(&crate::$setup, &$chosen, &$shows);
            })?

            $(#[test]
            #[ignore = "make test-agents"]
            fn compacts() {
                crate::compaction::comes_back(&crate::$setup, $command);
            })?
        }
    )*};
}

agents! {
    claude: CLAUDE,
        ["--model", "claude-opus-4-6", "--effort", "low"] shows ["claude-opus-4-6", "\"effort\":\"low\""],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies claude_home;
    claude_of_a_person: CLAUDE_OF_A_PERSON,
        ["--model", "claude-sonnet-4-6", "--effort", "high"] shows ["claude-sonnet-4-6", "\"effort\":\"high\""],
        compacts by "/compact", can does_a_bead;
    codex: CODEX,
        ["--model", "gpt-5-mini", "--effort", "high"] shows ["gpt-5-mini", "\"effort\":\"high\""],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies codex_profile;
    gemini: GEMINI,
        ["--model", "gemini-2.5-flash"] shows ["gemini-2.5-flash"],
        compacts by "/compress", can does_a_bead goes_on hands_off accompanies;
    qwen: QWEN,
        ["--model", "chosen"] shows ["\"model\":\"chosen\""],
        compacts by "/compress", can does_a_bead goes_on hands_off accompanies;
    opencode: OPENCODE,
        ["--model", "ours/scripted"] shows ["\"model\":\"scripted\""],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies;
    pi: PI,
        ["--model", "ours/scripted", "--effort", "high"] shows ["\"model\":\"scripted\"", "\"reasoning_effort\":\"high\""],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies;
    omp: OMP,
        ["--model", "ours/scripted", "--effort", "high"] shows ["\"model\":\"scripted\"", "\"reasoning_effort\":\"high\""],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies;
    goose: GOOSE,
        ["--model", "gpt-4.1"] shows ["gpt-4.1"],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies;
    copilot: COPILOT,
        ["--model", "chosen", "--effort", "high"] shows ["\"model\":\"chosen\"", "\"reasoning_effort\":\"high\""],
        compacts by "/compact", can does_a_bead goes_on hands_off accompanies;
    builtin: BUILTIN,
        ["--model", "openai/chosen"] shows ["\"model\":\"chosen\""],
        can does_a_bead does_it_again hands_off;
    aider: AIDER;
}

#[test]
#[ignore = "make test-agents"]
fn amp() {
    trying::is_no_stranger("amp", "amp login");
}

#[test]
#[ignore = "make test-agents"]
fn auggie() {
    trying::is_no_stranger("auggie", "auggie login");
}
