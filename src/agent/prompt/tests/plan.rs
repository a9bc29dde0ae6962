//! What a planner is told.

use super::*;

const SCHEMA: &str = r#"{"type": "object"}"#;

fn plan() -> PlanContext {
    let rig = PlanRig {
        name: "web".into(),
        branch: "main".into(),
        gates: vec!["npm test".into()],
        tree: vec!["README.md".into(), "src/app.js".into()],
        readme: "# Web\nA shop.".into(),
    };
    PlanContext {
        goal: "Add login".into(),
        rigs: vec![rig],
        open_beads: vec!["web-aaaaa open: Fix the footer".into()],
        schema: SCHEMA.into(),
    }
}

#[test]
fn a_planner_gets_the_schema_the_rules_and_the_facts() {
    let text = Prompts::built_in().plan(&plan(), 60_000).expect("built in");
    assert!(text.contains(SCHEMA));
    let facts = &text[text.find("Rules:").expect("there are rules")..];
    assert_data_eq!(
        facts,
        str![[r#"
Rules:
- Each bead can land alone: after it, all gates pass. Never one bead for the code and another for its tests.
- `acceptance` is what a stranger can check: behaviour, commands and their results. Never empty, never "works".
- `description` says what and why, and names the files and functions that matter. The agent sees only its own bead.
- `needs` names beads of this plan by `key`, or open beads by their id, whose result must be there first. No cycles. As few as possible: what does not need each other runs at once.
- Two beads that change the same lines need each other, or are one bead. `touches` are the globs of paths that it will change.
- Do not plan again what an open bead covers: need it instead.
- As few beads as do the job, each small enough for one sitting. A small goal is one bead.
- `rig` is one of: web.
- `role` is one of those below; `developer` when in doubt.

Roles:
- developer: You write code that lands.
- tester: You find out whether it works, and prove it with tests that stay.
- reviewer: You read changes as the one who has to live with them, and say what must change.
- architect: You decide the shape of the solution, so that others can build it without guessing.
- debugger: You find the cause of a defect, and remove the cause.
- documenter: You write what a reader needs in order to do the thing.
- devops: You make building, testing, releasing and running dull.

## Rig web

Target branch main. Gates: npm test.

Files:
README.md
src/app.js

README:
# Web
A shop.

## Open beads

web-aaaaa open: Fix the footer

## Goal

Add login

"#]]
    );
}

#[test]
fn a_planner_of_a_large_repository_gets_less_of_it_and_is_told_so() {
    let mut large = plan();
    large.rigs[0].tree = (0..5_000).map(|number| format!("src/module_{number}/file.rs")).collect();
    large.rigs[0].readme = "A line of the README.\n".repeat(5_000);
    large.open_beads = (0..2_000).map(|number| format!("web-aaaaa open: number {number}")).collect();
    let prompts = Prompts::built_in();
    for limit in [8_000, 20_000, 60_000] {
        let text = prompts.plan(&large, limit).expect("built in");
        assert!(text.len() <= limit, "{} of {limit}", text.len());
        assert!(text.len() > limit / 2, "{} of {limit} could hold more", text.len());
        assert!(text.contains(" more]") && text.contains("more bytes]"), "{limit}");
        assert!(text.ends_with("## Goal\n\nAdd login\n"));
        assert_eq!(text, prompts.plan(&large, limit).expect("built in"));
    }
}

#[test]
fn a_plan_that_could_not_be_used_comes_back_with_the_reasons() {
    let repair = RepairContext {
        goal: "Add login".into(),
        answer: "Sure! {\"beads\": []}".into(),
        errors: vec!["beads is empty".into(), "line 1: text before the object".into()],
        schema: SCHEMA.into(),
    };
    let text = Prompts::built_in().plan_repair(&repair).expect("built in");
    assert_data_eq!(
        text.replace(SCHEMA, "[SCHEMA]"),
        str![[r#"
Your plan cannot be used as it is:

- beads is empty
- line 1: text before the object

Answer again with the whole plan, one JSON object and nothing else, that fits this schema:

[SCHEMA]

The goal was:

Add login

Your answer was:

Sure! {"beads": []}

"#]]
    );
}
