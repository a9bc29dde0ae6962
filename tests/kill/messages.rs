//! What is said to agents, with the sender or the session's own process killed at each of its commit points: each message
//! is accepted once, or it is said that it was given twice; what was never recorded is never heard.

use serde_json::Value;

use crate::support::kill::{Drill, Victim, unavailable};
use crate::support::{TestTown, wait_until};
use crate::talk::{Hooks, Manner, Scene};

/// How often one was told this.
fn heard(scene: &Scene, text: &str) -> usize {
    scene.told().iter().filter(|(_, told)| told.contains(text)).count()
}

/// The message with this text, if it was recorded.
fn recorded(scene: &Scene, worker: &str, text: &str) -> Option<Value> {
    scene.messages(worker).into_iter().find(|message| message["text"].as_str().unwrap_or_default().contains(text))
}

/// Ticks until everything that was said to a worker is settled.
fn settle(scene: &Scene, worker: &str) {
    let open = |message: &Value| ["queued", "typed"].contains(&message["state"].as_str().unwrap_or_default());
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(120);
    loop {
        scene.town.gt(["tick"]).succeeds();
        let messages = scene.messages(worker);
        if !messages.iter().any(open) {
            return;
        }
        assert!(std::time::Instant::now() < limit, "{messages:#?}\n{}", scene.town.gt(["why", worker]).stdout);
    }
}

/// Kills a command at each passage of the points and lets ticks settle what it left; `said` is a text of its own for
/// each. Answers how often it was killed.
fn kill_at(scene: &Scene, points: &[&str], workers: &[&str], command: &dyn Fn(&str) -> Vec<String>) -> usize {
    let mut killed = 0;
    for point in points {
        for passage in 1..=9 {
            let arguments = command(&format!("say {point} {passage}"));
            let text = arguments.last().expect("it ends with the text").clone();
            let ran = scene.town.command(&arguments).variable(gt::env::CRASH, format!("{point}:{passage}")).run();
            for worker in workers {
                settle(scene, worker);
                let message = recorded(scene, worker, &text);
                let state = message.as_ref().map(|message| message["state"].as_str().unwrap_or_default().to_owned());
                assert!(
                    matches!(state.as_deref(), None | Some("accepted" | "turn_done")),
                    "{point} {passage}: {message:?}"
                );
            }
            let messages = workers.iter().filter(|worker| recorded(scene, worker, &text).is_some()).count();
            assert_eq!(heard(scene, &text), messages, "{point} {passage}: {:?}", scene.told());
            if ran.code.is_some() {
                assert_eq!(messages, workers.len(), "{}", ran.transcript());
                break;
            }
            killed += 1;
        }
    }
    killed
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn nudges_and_broadcasts() {
    let scene = Scene::new(&Manner::default());
    scene.sling("nux");
    scene.wait_until_told(2);
    let points = ["message.said", "message.queued"];
    let nudge = |text: &str| words(&["nudge", "toast", &format!("nudged: {text}")]);
    assert_eq!(kill_at(&scene, &points, &["toast"], &nudge), 2);
    let broadcast = |text: &str| words(&["broadcast", &format!("to all: {text}")]);
    assert_eq!(kill_at(&scene, &points, &["toast", "nux"], &broadcast), 4);
}

#[test]
fn mail_and_its_announcement() {
    let scene = Scene::new(&Manner::default());
    let points = ["ledger.written", "ledger.locked", "ledger.swapped", "ledger.files", "ledger.staged", "mail.sent"];
    let later = gt::clock::rfc3339(gt::clock::Clock::System.now() + std::time::Duration::from_secs(3600));
    for point in points.into_iter().chain(["message.said", "message.queued"]) {
        let subject = format!("Hear {point}");
        let send = ["mail", "send", "toast", &subject];
        let ran = scene.town.command(send).variable(gt::env::CRASH, point).run();
        assert_eq!(ran.code, None, "{point} is passed");
        // Only once its sender has surely gone.
        scene.tick_at(&later);
        settle(&scene, "toast");
        let letters = scene.town.json(["mail", "search", &subject]).as_array().map_or(0, Vec::len);
        let said = scene.messages("toast").iter().filter(|one| one["text"].to_string().contains(&subject)).count();
        assert!(letters <= 1, "{point}: {letters} letters");
        assert_eq!((heard(&scene, &subject), said), (letters, letters), "{point}: {:?}", scene.messages("toast"));
    }
    assert_eq!(scene.town.json(["mail", "search", "Hear"]).as_array().map(Vec::len), Some(6));
}

/// The messages that tell the mayor of letters under this subject, and the letters.
pub fn announced(town: &TestTown, subject: &str) -> (usize, usize) {
    let texts = town.json(["nudge", "mayor"]);
    let said = texts.as_array().expect("a list").iter().filter(|one| one["text"].to_string().contains(subject));
    (said.count(), town.json(["mail", "search", subject]).as_array().map_or(0, Vec::len))
}

#[test]
fn a_letter_is_announced_once_wherever_its_sender_dies() {
    let town = TestTown::new();
    let later = gt::clock::rfc3339(gt::clock::Clock::System.now() + std::time::Duration::from_secs(3600));
    let command = |town: &TestTown| town.command(["mail", "send", "mayor", "The API moved"]).into_command();
    let recover = |town: &TestTown| {
        for _ in 0..2 {
            town.command(["tick"]).variable(gt::env::CLOCK, &later).run().succeeds();
        }
        town.end_everything();
    };
    let check = |town: &TestTown| {
        let (said, letters) = announced(town, "The API moved");
        assert!(letters <= 1 && said == letters, "{letters} letters, {said} messages");
    };
    let drill = Drill { town: &town, command: &command, recover: &recover, check: &check };
    drill.at_system_calls(Victim::Itself, 24);
}

#[test]
#[allow(clippy::print_stderr, reason = "what was skipped")]
fn what_was_said_survives_a_power_cut() {
    if let Some(reason) = unavailable() {
        return eprintln!("skipped: {reason}");
    }
    let town = TestTown::new();
    let log = town.sandbox.join("syncs");
    let mut traced = town.program("strace");
    traced.args(["-f", "-y", "-e", "trace=fsync,fdatasync", "-o"]).arg(&log).arg(crate::support::town::GT);
    let ran = traced.args(["mail", "send", "mayor", "Hello"]).current_dir(&town.root).output().expect("strace runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let syncs = std::fs::read_to_string(log).expect("strace wrote it");
    let of_state: Vec<&str> = syncs.lines().filter(|line| line.contains("state.db-wal")).collect();
    // That it is to be announced, before the letter; and the message, after it.
    assert!(of_state.len() >= 2, "{syncs}");
}

/// The sessions' own processes.
fn processes(scene: &Scene) -> Vec<i32> {
    let all = scene.town.processes().into_iter();
    all.filter(|process| process.line.contains("gt session exec") && !process.line.contains("tmux"))
        .map(|process| process.id)
        .collect()
}

/// The session's own process dies while it types; the tick restarts the worker, whose next session gets what is left.
fn typist(manner: &Manner, points: &[&str]) {
    for point in points {
        let scene = Scene::idle_town(manner);
        let made = scene.town.json(["new", "Some work", "--rig", "web"]);
        let bead = made["id"].as_str().expect("an id").to_owned();
        scene.town.command(["sling", &bead, "web/toast"]).variable(gt::env::CRASH, point).run().succeeds();
        scene.wait_until_told(1);
        scene.wait_until_shown("toast", "fine");
        let process = processes(&scene)[0];
        if *point == "message.handed" {
            scene.set("hold", "");
            scene.town.gt(["nudge", "toast", "first", "--wait"]).succeeds();
        }
        scene.town.gt(["nudge", "toast", "Use it"]).succeeds();
        if *point == "message.handed" {
            scene.unset("hold");
        }
        // The town notices at once and starts the next one.
        wait_until("the session to be killed", || !processes(&scene).contains(&process));
        settle(&scene, "toast");
        let message = recorded(&scene, "toast", "Use it").expect("it was recorded");
        let (told, tries) = (heard(&scene, "Use it"), message["tries"].as_u64().unwrap_or_default());
        let (state, reason) = (message["state"].as_str(), message["reason"].as_str().unwrap_or_default());
        assert!(matches!(state, Some("accepted" | "turn_done")), "{point}: {message}");
        assert!(told >= 1 && told <= tries as usize, "{point}: told {told} times: {message}");
        let said = if tries > 1 { format!("given {tries} times") } else { String::new() };
        assert!(reason.contains(&said) && (tries > 1 || !reason.contains("times")), "{point}: {message}");
        if let "message.taken" | "message.pasted" = *point {
            assert_eq!((told, tries), (1, 1), "{point}: {message}");
        }
    }
}

#[test]
fn typing_where_hooks_tell() {
    typist(
        &Manner::default(),
        &["message.taken", "message.pasted", "message.typed", "message.entered", "message.proven"],
    );
}

#[test]
fn typing_where_only_the_transcript_tells() {
    typist(&Manner { hooks: Hooks::None, writes: true, ..Manner::default() }, &["message.entered", "message.proven"]);
}

#[test]
fn handing_over() {
    typist(&Manner { hooks: Hooks::HandOver, deaf: true, ..Manner::default() }, &["message.handed"]);
}
