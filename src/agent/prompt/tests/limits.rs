//! How much a prompt may be.

use super::*;

#[test]
fn text_is_cut_at_a_line_and_says_what_is_missing() {
    assert_eq!(head("one\ntwo\nthree\n", 100, "x"), "one\ntwo\nthree");
    assert_eq!(head("one\ntwo\nthree", 9, "`gt show a`"), "one\ntwo\n[... 6 more bytes: `gt show a`]");
    assert_eq!(tail("one\ntwo\nthree", 9, "log"), "[... 8 bytes before: log]\nthree");
    assert_eq!(head("ééé", 3, ""), "é\n[... 4 more bytes]");
}

const LONG: &str = "a line of words that says little\n";

fn gates() -> Vec<GateContext> {
    vec![GateContext { name: "g".repeat(40), run: "x".repeat(400) }; 20]
}

fn mail() -> MailContext {
    let letter = |number: usize| LetterContext {
        id: format!("ml-letter{number}"),
        from: "web/polecats/toast".into(),
        subject: format!("letter {number} {}", "é".repeat(190)),
    };
    MailContext { letters: (0..200).map(letter).collect(), more: 0 }
}

fn remembered() -> Vec<RememberedContext> {
    (0..80).map(|number| RememberedContext { name: format!("town/note-{number}"), text: LONG.repeat(240) }).collect()
}

/// All that a bead may have, as long as it may be.
fn overfull(role: &str, conflict: usize) -> PrimeContext {
    let long = LONG.repeat(240);
    let title = "t".repeat(200);
    let need = |number: usize| NeedContext {
        id: format!("web-need{number}"),
        title: title.clone(),
        landed: Some("1f3a9c02".into()),
        result: Some(long.clone()),
    };
    let attempt = |number: u32| AttemptContext {
        number,
        outcome: "bounced".into(),
        worker: Some("web/toast".into()),
        reason: long.clone(),
        log: Some(format!("/home/somebody/with/a/long/path/gt/.git/gt/logs/gates/web/{}.log", "f".repeat(60))),
    };
    let note = |number: usize| NoteContext {
        by: "web/polecats/toast".into(),
        at: "2026-11-20T08:00:00Z".into(),
        text: format!("note {number}: {long}"),
    };
    PrimeContext {
        role: role.into(),
        bead: BeadContext {
            title: title.clone(),
            description: long.clone(),
            acceptance: long.clone(),
            touches: vec!["some/folder/**/*.rs".into(); 60],
            parent: Some(format!("web-paren: {title}")),
            budget: Some("2h 100 turns".into()),
            ..toast().bead
        },
        needs: (0..60).map(need).collect(),
        earlier: (1..=5).map(attempt).collect(),
        notes: (0..200).map(note).collect(),
        remembered: remembered(),
        mail: mail(),
        gates: gates(),
        conflict: vec!["src/some/file.rs".into(); conflict],
        ..toast()
    }
}

#[test]
fn every_role_is_primed_under_the_limit_and_what_is_left_out_is_said() {
    let prompts = Prompts::built_in();
    for role in prompts.role_names() {
        for conflict in [0, 90] {
            let text = prompts.prime(&overfull(role.as_str(), conflict)).expect("built in");
            assert!(text.len() <= 6_000, "{role} with {conflict}: {}\n{text}", text.len());
            for part in [
                "note 199: a line",
                "more: `gt show web-x7k2m`",
                "older ones",
                "`gt recall` shows",
                "- letter 0 é",
                "more unread: `gt mail inbox`",
                "gt done",
                "gt handoff",
            ] {
                assert!(text.contains(part), "{role}: {part} is missing in\n{text}");
            }
        }
        let again = prompts.resume(&overfull(role.as_str(), 90), "it was sent back.", true).expect("built in");
        assert!(again.len() <= 4_000 && again.contains("note 199: a line"), "{}\n{again}", again.len());
    }
}

#[test]
fn crew_and_the_mayor_are_primed_under_the_limit_and_what_is_left_out_is_said() {
    let prompts = Prompts::built_in();
    let crew = CrewContext {
        worker: "web/ada".into(),
        name: "ada".into(),
        rig: "web".into(),
        branch: "crew/ada".into(),
        target: "origin/main".into(),
        gates: gates(),
        remembered: remembered(),
        mail: mail(),
        ..CrewContext::default()
    };
    let text = prompts.crew(&crew).expect("built in");
    assert!(text.len() <= 4_000, "{}\n{text}", text.len());
    let rig = |number: usize| PlanRig {
        name: format!("rig-{number}"),
        branch: "main".into(),
        gates: vec!["x".repeat(400); 9],
        ..PlanRig::default()
    };
    let mayor = MayorContext {
        town: "shop".into(),
        rigs: (0..90).map(rig).collect(),
        remembered: remembered(),
        mail: mail(),
        ..MayorContext::default()
    };
    let of_the_mayor = prompts.mayor(&mayor).expect("built in");
    assert!(of_the_mayor.len() <= 6_000, "{}\n{of_the_mayor}", of_the_mayor.len());
    assert!(of_the_mayor.contains("more: `gt rig list`") && of_the_mayor.contains("Unknown is an answer."));
    for text in [text, of_the_mayor] {
        for part in ["`gt recall` shows", "- letter 0 é", "more unread: `gt mail inbox`", "`gt sling ID`"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
