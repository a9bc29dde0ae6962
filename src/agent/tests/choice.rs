//! Which agent is chosen, and what its program says of itself.

use super::*;

#[test]
fn a_missing_program_is_named_with_the_way_to_install_it() {
    let mut machine = Machine::with(&[]);
    machine.write("bin/claude", "not executable", 0o644);
    machine.set("PATH", &format!("{}:/nowhere", machine.path("bin").display()));
    let catalogue = Catalogue::built_in();
    let error =
        launch(&machine, catalogue.get("claude").expect("built in"), &Wish::default(), false).expect_err("none");
    let told = machine.shown(&format!("{error}\n{}", error.hints().join("\n")));
    assert_data_eq!(
        told,
        str![[r#"
the agent claude needs the program claude, which is in none of the 2 folders of PATH
To install it: npm install -g @anthropic-ai/claude-code (node 22 or newer), then run `claude` once and sign in.
`gt agent list` says which agents can work; `gt sling --agent` and `gt config set agent` choose one.
"#]]
    );
}

#[test]
fn the_choice_of_an_agent_says_its_reason() {
    let gt = Path::new("/nowhere/gt");
    let catalogue = Catalogue::built_in();
    let chosen = |machine: &Machine, gt: &Path| {
        let choice = choose(&detect(&catalogue, &machine.caller, gt));
        (choice.agent, machine.shown(&choice.reason), choice.usable)
    };
    let both = Machine::with(&[("claude", "exit 1"), ("codex", "exit 1")]);
    assert_eq!(chosen(&both, gt), ("claude".into(), "claude is installed in [M]/bin/claude".into(), true));
    let codex = Machine::with(&[("codex", "exit 1")]);
    assert_eq!(chosen(&codex, gt).0, "codex");
    let mut none = Machine::with(&[("gt", "true")]);
    let gt = none.path("bin/gt");
    assert_eq!(
        chosen(&none, &gt),
        ("builtin".into(), "no agent is installed and no key for a model is set".into(), false)
    );
    none.set("OPENAI_API_KEY", "k");
    assert_eq!(
        chosen(&none, &gt),
        ("builtin".into(), "OPENAI_API_KEY is set and no other agent can work".into(), true)
    );
}

#[test]
fn between_agents_of_its_own_a_town_has_to_choose() {
    let mut machine = Machine::with(&[("one", "true"), ("two", "true"), ("gt", "true")]);
    let gt = machine.path("bin/gt");
    let chosen = |machine: &Machine, text: &str| {
        let choice = choose(&detect(&Catalogue::new(&settings(text)), &machine.caller, &gt));
        (choice.agent, choice.usable, choice.undecided)
    };
    let one = "[mine]\ncommand = \"one\"\n";
    let broken = format!("{one}[broken]\ncommand = \"missing --now\"\n");
    assert_eq!(chosen(&machine, &broken), ("mine".into(), true, vec![]));
    let both = format!("{one}[a]\ncommand = \"two\"\n");
    assert_eq!(chosen(&machine, &both), ("a".into(), false, vec!["a".into(), "mine".into()]));
    machine.set("OPENAI_API_KEY", "k");
    assert_eq!(chosen(&machine, &both), ("builtin".into(), true, vec![]));
}

#[test]
fn a_version_is_asked_for_with_a_time_limit() {
    let machine = Machine::with(&[
        ("good", "echo warning >&2; echo; echo \"good 1.2 $1\""),
        ("bad", "echo oops; exit 3"),
        ("mute", "true"),
        ("late", "while :; do :; done"),
    ]);
    let catalogue = Catalogue::built_in();
    let claude = catalogue.get("claude").expect("built in");
    let ask = |name: &str, limit: u64| {
        let program = machine.path(&format!("bin/{name}"));
        version(claude, &program, &machine.caller, Duration::from_millis(limit))
            .map_err(|error| machine.shown(&error.to_string()))
    };
    assert_eq!(ask("good", 60_000), Ok("good 1.2 --version".to_owned()));
    assert_eq!(ask("bad", 60_000), Err("[M]/bin/bad did not say its version: it ended with status 3".to_owned()));
    assert_eq!(ask("mute", 60_000), Err("[M]/bin/mute did not say its version: it printed nothing".to_owned()));
    assert_eq!(ask("late", 100), Err("[M]/bin/late did not say its version within 0.1 s".to_owned()));
}
