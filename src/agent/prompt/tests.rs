//! Renderings of every template, and what holds for any of them.

mod limits;
mod plan;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use snapbox::{assert_data_eq, str};

use super::*;
use crate::agent::AgentError;

fn toast() -> PrimeContext {
    PrimeContext {
        worker: "web/toast".into(),
        rig: "web".into(),
        role: "developer".into(),
        branch: "polecat/toast/web-x7k2m-1".into(),
        target: "origin/main".into(),
        attempt: 1,
        attempts: 3,
        bead: BeadContext {
            id: "web-x7k2m".into(),
            title: "Add login".into(),
            kind: "feature".into(),
            priority: 2,
            ..BeadContext::default()
        },
        ..PrimeContext::default()
    }
}

fn toast_again() -> PrimeContext {
    let bead = BeadContext {
        description: "People sign in with name and password.\nSee src/session.rs.".into(),
        acceptance: "POST /login answers 200 with a cookie, 401 otherwise.\nTests cover both.".into(),
        touches: vec!["src/session.rs".into(), "tests/**".into()],
        parent: Some("web-m3pqr: Accounts".into()),
        budget: Some("2 USD".into()),
        ..toast().bead
    };
    PrimeContext {
        attempt: 2,
        bead,
        needs: vec![
            NeedContext {
                id: "web-aaaaa".into(),
                title: "Store passwords".into(),
                landed: Some("1f3a9c02".into()),
                result: None,
            },
            NeedContext {
                id: "web-bbbbb".into(),
                title: "Choose a hash".into(),
                landed: None,
                result: Some("argon2id.\nReason: memory-hard.".into()),
            },
        ],
        earlier: vec![AttemptContext {
            number: 1,
            outcome: "bounced".into(),
            worker: Some("web/nux".into()),
            reason: "the gate test was red:\ntest login ... FAILED".into(),
            log: Some("/t/.git/gt/logs/gates/web/1.log".into()),
        }],
        notes: vec![NoteContext {
            by: "human".into(),
            at: "2026-11-20T08:00:00Z".into(),
            text: "no third party".into(),
        }],
        gates: vec![GateContext { name: "test".into(), run: "cargo test".into() }],
        ..toast()
    }
}

#[test]
fn prime_says_all_that_is_known() {
    assert_data_eq!(Prompts::built_in().prime(&toast_again()).expect("built in"), snapbox::file!["tests/prime.md"]);
}

#[test]
fn prime_leaves_out_what_is_not_there() {
    let text = Prompts::built_in().prime(&toast()).expect("built in");
    for heading in ["Done when", "Expected to change", "What came before", "Earlier attempts", "Notes", "budget"] {
        assert!(!text.contains(heading), "{heading}");
    }
    assert!(text.contains("`gt done`") && text.contains("Never push"), "{text}");
}

#[test]
fn the_first_prompt_is_enough_for_an_agent_that_never_primes() {
    assert_data_eq!(
        Prompts::built_in().first(&toast_again()).expect("built in"),
        str![[r#"
You are web/toast, developer in the rig web. Your bead is web-x7k2m: Add login (attempt 2 of 3).

Run `gt prime` now: it says what is to be done, how one sees that it is done, and what came before. Then do it, in this folder, without asking back.

People sign in with name and password.
See src/session.rs.

Done when: POST /login answers 200 with a cookie, 401 otherwise.
Tests cover both.

The last attempt (bounced): the gate test was red:
test login ... FAILED

Commit your work, never push, never stash. When it is committed and `cargo test` passes, run `gt done`. If nothing needs to change, run `gt done --no-change "REASON"`. If you cannot go on, run `gt escalate "WHAT IS IN THE WAY"`.

"#]]
    );
}

#[test]
fn the_mayor_is_told_its_town() {
    let rig =
        PlanRig { name: "web".into(), branch: "main".into(), gates: vec!["npm test".into()], ..PlanRig::default() };
    let mayor = MayorContext { town: "shop".into(), rigs: vec![rig], ..MayorContext::default() };
    let text = Prompts::built_in().mayor(&mayor).expect("built in");
    assert_data_eq!(
        text.lines().take(11).collect::<Vec<_>>().join("\n"),
        str![[r#"
# You are the mayor of the town shop

You talk with the person, turn goals into beads, and keep the picture. You write no code: workers do, each in its own worktree.

## The town

- web: target main, gates npm test

Roles: developer, tester, reviewer, architect, debugger, documenter, devops.

## Your verbs
"#]]
    );
    let none = MayorContext { town: "shop".into(), ..MayorContext::default() };
    let none = Prompts::built_in().mayor(&none).expect("built in");
    assert!(none.contains("no rig yet"), "{none}");
}

#[test]
fn work_on_a_conflict_has_its_own_template_in_place_of_the_role() {
    let paths = (1..=22).map(|number| format!("src/{number}.js")).collect();
    let prompts = Prompts::built_in();
    let shown = prompts.prime(&PrimeContext { conflict: paths, ..toast() }).expect("built in");
    let role = prompts.role("developer").expect("built in");
    assert!(!shown.contains(role.lines().next().expect("not empty")), "{shown}");
    for part in ["You bring two sides together.", "- src/20.js", "- and 2 more", "`git merge origin/main`"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("src/21.js"), "{shown}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    put(folder.path(), "conflict.md", "Mend {{ conflict[0] }}.");
    let own = PrimeContext { conflict: vec!["a.txt".into()], ..toast() };
    assert!(Prompts::of(folder.path()).prime(&own).expect("valid").contains("Mend a.txt."));
}

#[test]
fn every_role_is_short_and_says_what_to_hand_in() {
    let prompts = Prompts::built_in();
    let roles = prompts.roles().expect("built in");
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["developer", "tester", "reviewer", "architect", "debugger", "documenter", "devops"]);
    for role in roles {
        let text = prompts.role(&role.name).expect("built in");
        assert!(text.len() < 1_100 && text.contains("- Hand in: "), "{}", role.name);
        assert!(role.summary.starts_with("You ") && role.summary.ends_with('.'), "{}", role.summary);
    }
}

#[expect(clippy::disallowed_methods, reason = "a fixture need not survive a crash")]
fn put(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join("roles")).expect("writable");
    fs::write(folder.join(name), text).expect("writable");
}

#[test]
fn a_towns_own_templates_win_and_add_roles() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put(folder.path(), "first-prompt.md", "Hello {{ worker }}.");
    put(folder.path(), "roles/poet.md", "# You rhyme.\n\nMore.");
    let prompts = Prompts::of(folder.path());
    assert_eq!(prompts.first(&toast()).expect("valid"), "Hello web/toast.\n");
    let prime = prompts.prime(&PrimeContext { role: "poet".into(), ..toast() }).expect("valid");
    assert!(prime.contains("# You rhyme."), "{prime}");
    let roles = prompts.roles().expect("valid");
    assert_eq!(roles.last().map(|role| (role.name.as_str(), role.summary.as_str())), Some(("poet", "You rhyme.")));
}

#[test]
fn broken_templates_and_unknown_roles_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put(folder.path(), "first-prompt.md", "fine\n{{ missing }}");
    put(folder.path(), "conflict.md", "{% if %}");
    let prompts = Prompts::of(folder.path());
    let told = |result: Result<String, AgentError>| result.expect_err("broken").to_string();
    let missing = told(prompts.first(&toast()));
    assert!(missing.starts_with("the template first-prompt.md cannot be rendered: line 2: "), "{missing}");
    let syntax = told(prompts.prime(&PrimeContext { conflict: vec!["a".into()], ..toast() }));
    assert!(syntax.starts_with("the template conflict.md cannot be rendered: line 1: "), "{syntax}");
    for role in ["pirate", "../prime", ""] {
        let error = prompts.prime(&PrimeContext { role: role.into(), ..toast() }).expect_err("no such role");
        assert!(matches!(error, AgentError::UnknownRole { .. }), "{role}");
        assert!(error.hints()[0].starts_with("Known roles: developer, tester"), "{:?}", error.hints());
    }
}

#[test]
fn whoever_goes_on_is_told_what_happened_and_no_more() {
    let told =
        |prime: &PrimeContext, again| Prompts::built_in().resume(prime, "it was bounced.", again).expect("valid");
    let again = told(&toast_again(), true);
    for part in [
        "You go on with your bead web-x7k2m: Add login (attempt 2 of 3).",
        "What happened: it was bounced.",
        "Attempt 1 (bounced): the gate test was red:\ntest login ... FAILED",
        "Whole log: /t/.git/gt/logs/gates/web/1.log",
        "on the new branch polecat/toast/web-x7k2m-1",
        "- human, 2026-11-20T08:00:00Z: no third party",
        "`cargo test` passes, run `gt done`",
    ] {
        assert!(again.contains(part), "{part} is missing in\n{again}");
    }
    assert!(!again.contains("People sign in"), "it knows that already\n{again}");
    let same = told(&toast_again(), false);
    assert!(same.contains("the files are as they were left") && !same.contains("Attempt 1"), "{same}");
    let conflict = told(&PrimeContext { conflict: vec!["a.txt".into()], ..toast_again() }, true);
    assert!(conflict.contains("- a.txt") && conflict.contains("git merge origin/main"), "{conflict}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prime_and_first_prompt_keep_their_size_whatever_a_bead_says(
        description in "\\PC{0,3000}|(line\n){0,5000}",
        result in "[a-zé ]{0,4000}",
        needs in 0_usize..12,
        attempts in 0_usize..5,
        notes in 0_usize..30,
    ) {
        let mut context = toast();
        context.bead.acceptance.clone_from(&description);
        context.bead.description = description.clone();
        context.needs = vec![NeedContext { id: "web-aaaaa".into(), title: "Before".into(), landed: None, result: Some(result) }; needs];
        let attempt = AttemptContext { number: 1, outcome: "bounced".into(), worker: None, reason: description.clone(), log: None };
        context.earlier = vec![attempt; attempts];
        context.notes = vec![NoteContext { by: "human".into(), at: "now".into(), text: description }; notes];
        let prompts = Prompts::built_in();
        let prime = prompts.prime(&context).expect("built in");
        prop_assert!(prime.len() <= 6_000, "{}", prime.len());
        prop_assert!(prime.contains("`gt escalate"));
        let first = prompts.first(&context).expect("built in");
        prop_assert!(first.len() <= 4_000, "{}", first.len());
        prop_assert!(first.contains("run `gt done`"));
    }

    #[test]
    fn cutting_never_breaks_a_letter_nor_grows(text in "\\PC{0,200}", limit in 0_usize..220) {
        let remark = "\n[... 9999 bytes before: x]".len();
        prop_assert!(head(&text, limit, "x").len() <= limit + remark);
        prop_assert!(tail(&text, limit, "x").len() <= limit + remark);
    }
}
