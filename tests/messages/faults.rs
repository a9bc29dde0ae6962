//! What becomes of a message when something breaks while it is typed: tmux, the agent, the work itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::scene::{Hooks, Manner, Scene};
use crate::support::wait_until;

fn prompts(scene: &Scene) -> Vec<String> {
    scene.told().into_iter().skip(1).map(|(_, text)| text).collect()
}

/// A tmux in front of the real one: a call of the kind that the file `strike` names fails once a text has been pasted,
/// so often as that says; with `after` it does first what it was asked for.
fn breakable_tmux(scene: &Scene) {
    let real = std::env::split_paths("/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
        .map(|folder| folder.join("tmux"))
        .find(|program| program.exists())
        .expect("tmux is installed");
    let text = format!(
        "#!/bin/sh\nreal='{}'; control='{}'\n{}",
        real.display(),
        scene.town.sandbox.join("control").display(),
        r#"kind=; for word; do case $word in
    load-buffer|paste-buffer|send-keys|display-message) kind=$word ;;
    capture-pane) [ "$kind" = display-message ] && kind=look || kind=capture-pane ;;
esac; done
[ "$kind" != paste-buffer ] || touch "$control/pasting"
if [ -e "$control/pasting" ] && read -r strike times after <"$control/strike" && [ "$strike" = "$kind" ]; then
    if [ "$times" -le 1 ]; then rm "$control/strike"; else echo "$strike $((times - 1)) $after" >"$control/strike"; fi
    [ -z "$after" ] || "$real" "$@"
    echo "it is struck" >&2; exit 1
fi 2>/dev/null
exec "$real" "$@"
"#
    );
    let path = scene.town.sandbox.join("bin/tmux");
    fs::write(&path, text).expect("the sandbox is writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("own file");
}

#[test]
fn nothing_is_pasted_twice_when_tmux_fails_after_a_paste() {
    let scene = Scene::new(&Manner::default());
    breakable_tmux(&scene);
    let strikes = [
        "paste-buffer 1",
        "paste-buffer 1 after",
        "capture-pane 1",
        "look 1",
        "look 4",
        "send-keys 1",
        "send-keys 1 after",
    ];
    for (number, strike) in strikes.into_iter().enumerate() {
        for text in [format!("Use it {number}"), format!("First {number}\nand a second line\n\nand a last one")] {
            let _ = fs::remove_file(scene.town.sandbox.join("control/pasting"));
            scene.set("strike", &format!("{strike}\n"));
            let said = scene.nudge(&["toast", &text, "--wait"]);
            assert!(
                ["accepted", "turn_done"].contains(&said["state"].as_str().unwrap_or_default()),
                "{strike}: {said}"
            );
            assert!(!scene.town.sandbox.join("control/strike").exists(), "{strike}: it did not come to that");
            assert_eq!(prompts(&scene).pop().as_ref(), Some(&text), "{strike}");
            assert_eq!(said["tries"], 1, "{strike}: {said}");
            scene.wait_for_state("toast", "turn_done");
        }
    }
    assert_eq!(prompts(&scene).len(), 2 * strikes.len(), "{:?}", prompts(&scene));
}

#[test]
fn without_hooks_nothing_is_pasted_twice_either() {
    let scene = Scene::new(&Manner { hooks: Hooks::None, ..Manner::default() });
    breakable_tmux(&scene);
    for strike in ["paste-buffer 1 after", "look 1", "send-keys 1 after"] {
        let _ = fs::remove_file(scene.town.sandbox.join("control/pasting"));
        scene.set("strike", &format!("{strike}\n"));
        let said = scene.nudge(&["toast", strike, "--wait"]);
        assert!(["accepted", "turn_done"].contains(&said["state"].as_str().unwrap_or_default()), "{strike}: {said}");
        scene.wait_for_state("toast", "turn_done");
    }
    assert_eq!(prompts(&scene), ["paste-buffer 1 after", "look 1", "send-keys 1 after"]);
}

#[test]
fn a_first_prompt_that_is_typed_is_submitted_though_tmux_fails() {
    for strike in ["capture-pane 1", "send-keys 1", "send-keys 3"] {
        let scene = Scene::idle_town(&Manner { is_told_first: true, ..Manner::default() });
        breakable_tmux(&scene);
        scene.set("strike", &format!("{strike}\n"));
        scene.sling("toast");
        scene.wait_until_told(1);
        assert!(!scene.town.sandbox.join("control/strike").exists(), "{strike}: it did not come to that");
        scene.nudge(&["toast", "Use it", "--wait"]);
        let told: Vec<String> = scene.told().into_iter().map(|(_, text)| text).collect();
        assert!(told.len() == 2 && told[0].contains("Your bead is") && told[1] == "Use it", "{strike}: {told:?}");
    }
}

#[test]
fn what_was_pasted_into_an_agent_that_dies_of_it_goes_to_the_next_session() {
    let scene = Scene::new(&Manner::default());
    let long = (0..2_000).map(|number| format!("{number:04} {}", "x".repeat(45))).collect::<Vec<_>>().join("\n");
    for text in ["Good news", &long] {
        let before = scene.town.json(["polecat", "show", "toast"])["sessions"][0]["session"].clone();
        scene.set("faint", "");
        scene.town.command(["nudge", "toast", "-"]).input(text).run().succeeds();
        wait_until("its end", || {
            let last = scene.town.json(["polecat", "show", "toast"])["sessions"][0].clone();
            last["session"] != before || last["end"].is_object()
        });
        scene.unset("faint");
        scene.town.gt(["tick"]).succeeds();
        let done = scene.wait_for_state("toast", "turn_done");
        let times = prompts(&scene).iter().filter(|told| *told == text).count();
        assert_eq!(times, 1, "{done}");
        let tries = done["tries"].as_u64().expect("a number");
        let reason = done["reason"].as_str().unwrap_or_default();
        assert_eq!(tries > 1, reason.contains("it was given"), "{done}");
    }
}

/// Has the worker commit something.
fn commit(scene: &Scene) {
    let folder = scene.town.root.join("rigs/web/polecats/toast");
    fs::write(folder.join("work.txt"), "work").expect("the worktree is there");
    for arguments in [&["add", "--all"][..], &["commit", "--quiet", "--message", "work"]] {
        let mut git = scene.town.program("git");
        assert!(git.current_dir(&folder).args(arguments).status().expect("git is there").success());
    }
}

#[test]
fn what_waits_when_a_worker_is_done_has_failed_and_its_mail_waits_for_the_next_bead() {
    let scene = Scene::new(&Manner { hooks: Hooks::HandOver, deaf: true, ..Manner::default() });
    scene.town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    commit(&scene);
    // It hands in at the end of its turn; then its stop hook asks what waits.
    let gt = scene.town.sandbox.join("control/done");
    let command = format!("{} done >'{}' 2>&1\n", crate::support::town::GT, gt.display());
    scene.set("hold", "");
    scene.nudge(&["toast", "first", "--wait"]);
    scene.set("works", &command);
    let late = scene.nudge(&["toast", "Use it", "--mode", "queue"]);
    let bead = late["bead"].as_str().expect("about its bead").to_owned();
    scene.unset("hold");
    wait_until("the bead to be handed in", || scene.town.json(["show", &bead])[0]["result"]["status"] == "submitted");
    let failed = || scene.messages("toast").into_iter().find(|one| one["id"] == late["id"]).expect("it is kept");
    wait_until("the message to be settled", || failed()["state"] == "failed");
    assert_eq!(failed()["reason"], format!("{bead} was handed in before it was told"));
    assert_eq!(prompts(&scene), ["first"]);
    wait_until("the session to end", || {
        scene.town.json(["polecat", "show", "toast"])["sessions"][0]["end"].is_object() || {
            scene.town.gt(["tick"]).succeeds();
            false
        }
    });
    scene.unset("works");
    // A letter is about no bead.
    scene.town.gt(["mail", "send", "toast", "The API moved"]).succeeds();
    scene.town.gt(["tick"]).succeeds();
    scene.sling("toast");
    scene.wait_for_state("toast", "turn_done");
    assert!(prompts(&scene).pop().is_some_and(|told| told.contains("The API moved")), "{:?}", scene.told());
}
