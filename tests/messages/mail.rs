//! Letters.

use serde_json::Value;

use crate::scene::{Hooks, Manner, Scene};

fn ids(letters: &Value) -> Vec<String> {
    letters.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_letter_is_committed_and_shown_at_the_next_turn() {
    let scene = Scene::new(&Manner { hooks: Hooks::HandOver, ..Manner::default() });
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    let sent = scene.town.json(["mail", "send", "toast", "The API moved", "-m", "It is at /v2 now.\nSorry."]);
    let id = sent["id"].as_str().expect("an id").to_owned();
    let file = format!("mail/web/polecats/toast/{id}.toml");
    assert!(scene.town.git(&["show", &format!("HEAD:{file}")]).contains("It is at /v2 now."));
    scene.unset("hold");
    scene.wait_for_state("toast", "turn_done");
    let (via, text) = scene.told().pop().expect("told");
    assert_eq!(via, "hook");
    // The subject alone: a long inbox does not fill a context.
    assert!(
        text.contains("The API moved") && text.contains(&format!("gt mail read {id}")) && !text.contains("/v2"),
        "{text}"
    );
}

#[test]
fn where_no_hook_hands_it_over_a_letter_is_typed_at_the_end_of_the_turn() {
    let scene = Scene::new(&Manner { hooks: Hooks::None, ..Manner::default() });
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.town.gt(["mail", "send", "toast", "The API moved", "-m", "It is at /v2 now."]).succeeds();
    // It would take a message in the middle of its turn.
    scene.wait_for_reason("toast", "it works");
    scene.unset("hold");
    scene.wait_for_state("toast", "turn_done");
    let (via, text) = scene.told().pop().expect("told");
    assert!(via == "prompt" && text.starts_with("New mail: The API moved (read it with"), "{via}: {text}");
}

#[test]
fn a_mailbox_is_read_answered_searched_and_cleared() {
    let scene = Scene::idle_town(&Manner::default());
    let town = &scene.town;
    town.gt(["mail", "inbox"]).succeeds().complains(&["no letters"]);
    let id = town.json(["mail", "send", "human", "Lunch?", "-m", "At noon"])["id"].as_str().expect("an id").to_owned();
    let other = town.json(["mail", "send", "mayor", "Plans"])["id"].as_str().expect("an id").to_owned();
    town.gt(["mail", "inbox"]).succeeds().says(&[&id, "unread", "Lunch?"]);
    assert_eq!(ids(&town.json(["mail", "inbox"])), std::slice::from_ref(&id));
    assert_eq!(ids(&town.json(["mail", "inbox", "mayor"])), std::slice::from_ref(&other));
    town.gt(["mail", "read", &id[..6]]).succeeds().says(&["Lunch?", "At noon", "human"]);
    assert!(town.json(["mail", "inbox"])[0]["read"].is_string());
    assert!(town.json(["mail", "read", &other])["read"].is_null(), "it is not the reader's own");
    let answer = town.json(["mail", "reply", &id, "Gladly"]);
    assert_eq!(answer["subject"], "Re: Lunch?");
    assert_eq!(ids(&town.json(["mail", "search", "noon", "LUNCH"])), std::slice::from_ref(&id));
    assert_eq!(town.json(["mail", "search", "noon", "dinner"]), serde_json::json!([]));
    town.gt(["mail", "archive", &id]).succeeds();
    assert!(!ids(&town.json(["mail", "inbox"])).contains(&id));
    assert!(ids(&town.json(["mail", "inbox", "--all"])).contains(&id));
    town.gt(["mail", "read", "zzzz"]).exits(3).complains(&["there is no letter"]);
    town.gt(["mail", "send", "nobody", "Hello"]).exits(3).complains(&["nobody"]);
    town.gt(["mail", "send", "human", " "]).exits(2).complains(&["no subject"]);
}

#[test]
fn a_letter_whose_sender_was_killed_is_told_of_all_the_same() {
    let scene = Scene::new(&Manner::default());
    let killed = scene.town.command(["mail", "send", "toast", "Hello"]).variable("GT_CRASH", "mail.sent").run();
    assert_eq!(killed.code, None, "{killed:?}");
    assert_eq!(scene.messages("toast"), [Value::Null; 0]);
    // Only once the sender has surely gone.
    scene.town.gt(["tick"]).succeeds();
    assert_eq!(scene.messages("toast"), [Value::Null; 0]);
    let later = gt::clock::rfc3339(gt::clock::Clock::System.now() + std::time::Duration::from_secs(40));
    for _ in 0..2 {
        scene.tick_at(&later);
    }
    scene.wait_for_state("toast", "turn_done");
    let heard = scene.told().into_iter().filter(|(_, text)| text.contains("New mail: Hello")).count();
    assert_eq!((heard, scene.messages("toast").len()), (1, 1));
}

/// The lines of `gt prime` under its heading for mail.
fn primed_mail(primed: &str) -> Vec<String> {
    let part = primed.split_once("## Mail\n").map_or("", |(_, rest)| rest);
    let part = part.split_once("\n## ").map_or(part, |(part, _)| part);
    part.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn of_a_long_inbox_the_newest_subjects_go_into_a_context() {
    let scene = Scene::new(&Manner { hooks: Hooks::HandOver, ..Manner::default() });
    let town = &scene.town;
    scene.set("dialog", "");
    let body = "a line of the letter\n".repeat(2_000);
    let subject = |number: usize| format!("Letter {number} {}", "of many words ".repeat(11));
    let letters: Vec<String> = (0..30)
        .map(|number| {
            let at = gt::clock::rfc3339(gt::clock::Clock::System.now() + std::time::Duration::from_secs(number as u64));
            let send = town.command(["mail", "send", "toast", &subject(number), "-m", &body, "--json"]);
            let sent = send.variable("GT_CLOCK", &at).run().succeeds().data();
            sent["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let here = town.root.join("rigs/web/polecats/toast");
    let prime = || town.command(["prime"]).current_dir(&here).run().succeeds().stdout;
    let primed = prime();
    let lines = primed_mail(&primed);
    assert!(primed.len() <= 6_000 && !primed.contains("a line of the letter"), "{primed}");
    assert!(lines[0].starts_with("- Letter 29 of many words") && lines[0].contains(&letters[29]), "{lines:#?}");
    assert!((2..=9).contains(&lines.len()) && lines.iter().all(|line| line.len() < 200), "{lines:#?}");
    let rest = 30 - (lines.len() - 1);
    assert_eq!(lines.last(), Some(&format!("- and {rest} more unread: `gt mail inbox`")), "{lines:#?}");
    // What is read or put away is not told again.
    town.command(["mail", "read", &letters[29]]).current_dir(&here).run().succeeds();
    town.command(["mail", "archive", &letters[28]]).current_dir(&here).run().succeeds();
    let lines = primed_mail(&prime());
    assert!(lines[0].contains(&letters[27]), "{lines:#?}");
    // The same for the mayor and for crew, each its own.
    assert_eq!(primed_mail(&town.command(["prime"]).variable("GT_WORKER", "mayor").run().succeeds().stdout), [""; 0]);
    let id = town.json(["mail", "send", "mayor", "Plans"])["id"].as_str().expect("an id").to_owned();
    let mayors = town.command(["prime"]).variable("GT_WORKER", "mayor").run().succeeds().stdout;
    assert_eq!(primed_mail(&mayors), [format!("- Plans (from human): `gt mail read {id}`")]);
    town.gt(["crew", "add", "web/ada"]).succeeds();
    let id = town.json(["mail", "send", "web/ada", "Lunch"])["id"].as_str().expect("an id").to_owned();
    let ada = town.command(["prime"]).current_dir(town.root.join("rigs/web/crew/ada")).run().succeeds().stdout;
    assert_eq!(primed_mail(&ada), [format!("- Lunch (from human): `gt mail read {id}`")]);
}
