//! What is typed, and what keeps it from being typed.

use crate::scene::{Hooks, Manner, Scene};
use crate::support::wait_until;

fn prompts(scene: &Scene) -> Vec<String> {
    scene.told().into_iter().skip(1).map(|(_, text)| text).collect()
}

#[test]
fn accepted_means_that_the_agent_has_it() {
    for hooks in [Hooks::Tell, Hooks::None] {
        let scene = Scene::new(&Manner { hooks, ..Manner::default() });
        let said = scene.nudge(&["toast", "Use the new endpoint", "--wait"]);
        assert!(["accepted", "turn_done"].contains(&said["state"].as_str().unwrap_or_default()), "{said}");
        assert_eq!(prompts(&scene), ["Use the new endpoint"]);
        assert_eq!(said["tries"], 1, "{said}");
    }
}

#[test]
fn the_end_of_the_turn_is_told_too() {
    let scene = Scene::new(&Manner::default());
    scene.set("hold", "");
    scene.nudge(&["toast", "Do this", "--wait"]);
    assert_eq!(scene.wait_for_state("toast", "accepted")["reason"], "its prompt hook told of it");
    scene.unset("hold");
    scene.wait_for_state("toast", "turn_done");
}

#[test]
fn any_text_arrives_whole() {
    let scene = Scene::new(&Manner::default());
    let lines = "First line\n\n  second: 'a' \"b\" $c `d` \\n ; #{x} ü 🦀\nthird;";
    let long = (0..2_000).map(|number| format!("{number:04} {}", "x".repeat(45))).collect::<Vec<_>>().join("\n");
    assert!(long.len() > 100_000);
    let control = "a\u{1b}[201~b\u{3}\u{4}\u{7f}c\td";
    for text in [lines, &long, control] {
        let said =
            scene.town.command(["nudge", "toast", "-", "--wait=90s", "--json"]).input(text).run().succeeds().data();
        assert!(said["state"] != "queued" && said["state"] != "typed", "{said}");
    }
    assert_eq!(prompts(&scene), [lines.to_owned(), long, "a[201~bc\td".to_owned()]);
}

#[test]
fn a_lost_enter_is_pressed_again_and_nothing_is_pasted_twice() {
    for hooks in [Hooks::Tell, Hooks::None] {
        let scene = Scene::new(&Manner { hooks, ..Manner::default() });
        scene.set("swallow", "2");
        let said = scene.nudge(&["toast", "Go on", "--wait"]);
        assert!(["accepted", "turn_done"].contains(&said["state"].as_str().unwrap_or_default()), "{said}");
        assert_eq!(prompts(&scene), ["Go on"]);
    }
}

#[test]
fn what_the_agent_never_takes_has_failed_and_says_so() {
    let scene = Scene::new(&Manner::default());
    scene.set("swallow", "1000");
    let failed = scene.town.gt(["nudge", "toast", "Go on", "--wait=90s"]).exits(9);
    failed.says(&["failed", "Enter pressed 4 times"]);
    assert_eq!(prompts(&scene), [""; 0]);
    // It does not stand before the next one.
    scene.set("swallow", "0");
    scene.nudge(&["toast", "Another thing", "--wait"]);
    assert_eq!(prompts(&scene), ["Another thing"]);
}

#[test]
fn nothing_is_typed_into_a_question() {
    let scene = Scene::new(&Manner::default());
    scene.set("dialog", "");
    scene.wait_until_shown("toast", "Do you want to");
    let bead = scene.town.json(["hook", "toast"])["hooked"]["bead"].as_str().expect("it has one").to_owned();
    let waits = scene.town.gt(["nudge", &bead, "Good news", "--wait=1s"]).exits(8);
    waits.says(&["queued"]);
    scene.nudge(&["toast", "At once", "--mode", "interrupt"]);
    scene.wait_for_reason("toast", "waits for an answer");
    assert_eq!(scene.keys(), b"");
    scene.unset("dialog");
    wait_until("both", || prompts(&scene).len() == 2);
    scene.wait_for_state("toast", "turn_done");
    assert_eq!(prompts(&scene), ["At once", "Good news"]);
    assert_eq!(scene.keys(), b"");
}

#[test]
#[allow(clippy::print_stderr, reason = "what was skipped")]
fn nothing_is_typed_into_a_real_pager() {
    let scene = Scene::new(&Manner::default());
    if scene.town.program("less").arg("--version").output().is_err() {
        return eprintln!("skipped: this machine has no less");
    }
    let lines: String = (0..500).map(|number| format!("line {number:03}\n")).collect();
    scene.set("pager", &lines);
    // Its first screen ends with the name of the file: nothing in it says that this is a pager.
    scene.wait_until_shown("toast", "control/pager");
    let said = scene.nudge(&["toast", "Good news"]);
    scene.wait_for_reason("toast", "a pager or an editor is open");
    for (key, shown) in [("G", "(END)"), ("g", "line 030")] {
        scene.tmux(&["send-keys", "-t", "=web/toast:", key]);
        scene.wait_until_shown("toast", shown);
        let waits = scene.messages("toast").pop().expect("there is one");
        assert!(waits["state"] == "queued" && waits["tries"] == 0, "{waits}");
    }
    assert_eq!(prompts(&scene), [""; 0]);
    scene.tmux(&["send-keys", "-t", "=web/toast:", "q"]);
    let done = scene.wait_for_state("toast", "turn_done");
    assert!(done["id"] == said["id"] && done["tries"] == 1, "{done}");
    assert_eq!(prompts(&scene), ["Good news"]);
}

#[test]
fn nothing_is_typed_while_somebody_scrolls() {
    let scene = Scene::new(&Manner::default());
    scene.tmux(&["copy-mode", "-t", "=web/toast:"]);
    scene.nudge(&["toast", "Good news"]);
    scene.wait_for_reason("toast", "scrolls");
    scene.tmux(&["send-keys", "-t", "=web/toast:", "-X", "cancel"]);
    scene.wait_for_state("toast", "turn_done");
    assert_eq!(prompts(&scene), ["Good news"]);
}

#[test]
fn a_half_typed_line_of_a_person_is_left_alone() {
    let scene = Scene::new(&Manner::default());
    // A person at a terminal of their own: keys that come through a client.
    let attach = scene.town.command(["attach", "toast"]).into_command();
    let words: Vec<String> = std::iter::once(attach.get_program())
        .chain(attach.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let outer = scene.town.sandbox.join("outer.sock");
    let person = |words: &[&str]| {
        let mut command = scene.town.command(["--version"]).into_command();
        command = std::mem::replace(&mut command, std::process::Command::new("tmux"));
        let mut tmux = std::process::Command::new("tmux");
        for (name, value) in command.get_envs() {
            tmux.env(name, value.unwrap_or_default());
        }
        let done =
            tmux.arg("-S").arg(&outer).args(["-f", "/dev/null"]).args(words).current_dir(&scene.town.root).status();
        assert!(done.expect("tmux runs").success(), "{words:?}");
    };
    person(&["new-session", "-d", "-x", "100", "-y", "30", &format!("exec {}", words.join(" "))]);
    wait_until("the person to be there", || scene.tmux(&["list-clients"]).contains("web/toast"));
    // tmux counts keys by the second: these are to come in a later one than the start, and in that of a prompt.
    let second = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let before = second();
    wait_until("a later second", || second() > before);
    person(&["send-keys", "-l", "look here"]);
    scene.wait_until_shown("toast", "❯ look here");
    person(&["send-keys", "Enter", ";", "send-keys", "-l", "please loo"]);
    scene.wait_until_shown("toast", "❯ please loo");
    scene.nudge(&["toast", "Good news"]);
    scene.wait_for_reason("toast", "half-typed line");
    person(&["send-keys", "-l", "k here"]);
    person(&["send-keys", "Enter"]);
    scene.wait_for_state("toast", "turn_done");
    person(&["kill-server"]);
    assert_eq!(prompts(&scene), ["look here", "please look here", "Good news"]);
}

#[test]
fn two_at_once_arrive_one_after_the_other() {
    let scene = Scene::new(&Manner::default());
    let first = scene.nudge(&["toast", "one"]);
    let second = scene.nudge(&["toast", "two"]);
    assert!(first["id"].as_i64() < second["id"].as_i64());
    scene.wait_for_state("toast", "turn_done");
    assert_eq!(prompts(&scene), ["one", "two"]);
    let crowd: Vec<_> = (0..6).map(|_| scene.town.command(["nudge", "toast", "more"]).start()).collect();
    crowd.into_iter().for_each(|mut one| assert!(one.wait().expect("a child").success()));
    scene.wait_for_state("toast", "turn_done");
    assert_eq!(prompts(&scene)[2..], ["more"; 6]);
}

#[test]
fn an_agent_that_takes_nothing_while_it_works_is_left_alone_until_it_rests() {
    let scene = Scene::new(&Manner { deaf: true, ..Manner::default() });
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.set("flood", "");
    scene.nudge(&["toast", "second"]);
    scene.wait_for_reason("toast", "it works");
    assert_eq!(prompts(&scene), ["first"]);
    scene.unset("hold");
    scene.wait_for_state("toast", "turn_done");
    assert_eq!(prompts(&scene), ["first", "second"]);
}

#[test]
fn an_agent_that_queues_gets_it_while_it_works() {
    let scene = Scene::new(&Manner::default());
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.nudge(&["toast", "second"]);
    scene.wait_for_state("toast", "typed");
    scene.unset("hold");
    scene.wait_for_state("toast", "turn_done");
    assert_eq!(prompts(&scene), ["first", "second"]);
}

#[test]
fn an_interrupt_stops_the_turn() {
    let scene = Scene::new(&Manner { deaf: true, ..Manner::default() });
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.nudge(&["toast", "later", "--mode", "queue"]);
    let said = scene.nudge(&["toast", "stop that", "--mode", "interrupt", "--wait"]);
    assert_eq!(said["state"], "accepted", "{said}");
    assert_eq!(prompts(&scene), ["first", "stop that"]);
    scene.wait_until_shown("toast", "stopped");
    scene.unset("hold");
    wait_until("the other one", || prompts(&scene).len() == 3);
}

#[test]
fn a_slow_start_loses_nothing() {
    let scene = Scene::idle_town(&Manner { start_ms: 4_000, ..Manner::default() });
    scene.sling("toast");
    let said = scene.nudge(&["toast", "early", "--wait"]);
    assert!(["accepted", "turn_done"].contains(&said["state"].as_str().unwrap_or_default()), "{said}");
    assert_eq!(prompts(&scene), ["early"]);
}

#[test]
fn what_a_dead_agent_did_not_take_goes_to_the_next_session_or_has_failed() {
    let scene = Scene::new(&Manner::default());
    let bead = scene.town.json(["hook", "toast"])["hooked"]["bead"].as_str().expect("it has one").to_owned();
    scene.set("crash", "1");
    let first = scene.town.json(["polecat", "show", "toast"])["sessions"][0]["session"].clone();
    scene.nudge(&["toast", "Good news"]);
    // It is started anew by the pass at its end, or by this tick.
    wait_until("another session", || {
        scene.town.gt(["tick"]).succeeds();
        scene.town.json(["polecat", "show", "toast"])["sessions"][0]["session"] != first
    });
    scene.wait_for_state("toast", "turn_done");
    assert!(prompts(&scene).contains(&"Good news".to_owned()), "{:?}", scene.told());
    // Taken back: nobody will ever get it.
    scene.set("dialog", "");
    scene.nudge(&["toast", "Too late"]);
    scene.town.gt(["unsling", &bead]).succeeds();
    scene.town.gt(["tick"]).succeeds();
    let failed = scene.wait_for_state("toast", "failed");
    assert!(failed["reason"].as_str().unwrap_or_default().contains("not in this worker's hands"), "{failed}");
    scene.town.gt(["nudge", "toast", "Hello"]).exits(3).complains(&["has no running session", "gt mail send"]);
}

#[test]
fn an_agent_that_ends_at_every_prompt_is_given_up_whatever_it_calls_its_conversation() {
    let scene = Scene::new(&Manner::default());
    scene.town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    scene.set("crash", "1000");
    scene.nudge(&["toast", "Good news"]);
    let told = || scene.town.json(["escalation", "list"]).as_array().is_some_and(|told| !told.is_empty());
    wait_until("somebody to be told", || {
        scene.town.gt(["tick"]).succeeds();
        told()
    });
    let sessions = || scene.town.json(["polecat", "show", "toast"])["sessions"].as_array().expect("a list").len();
    // The first one; one that is excused, since its conversation seemed to go on; and two restarts.
    let before = sessions();
    assert!(before <= 4, "{before} sessions");
    scene.town.gt(["tick"]).succeeds();
    assert_eq!(sessions(), before);
}
