//! What comes back to a worker, how often, and with what in hand.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::scene::{Scene, beads};
use crate::support::wait_until;

/// Workers do `work` after they have kept what they were told as `prime-<attempt>`.
fn workers(scene: &Scene, work: &str) {
    let path = scene.town.sandbox.join("bin/mine");
    let keep = format!("gt prime > '{}/prime-'$GT_ATTEMPT", scene.town.sandbox.display());
    fs::write(&path, format!("#!/bin/sh\nset -eu\n{keep}\n{work}\ngt done\n")).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("own file");
    let text = scene.town.read("local.toml").unwrap_or_default();
    let mut local: toml_edit::DocumentMut = text.parse().expect("gt writes local.toml as TOML");
    local["agent"] = toml_edit::value("mine");
    local["agents"]["mine"]["command"] = toml_edit::value(path.display().to_string());
    local["grace"] = toml_edit::value("1s");
    scene.town.write("local.toml", &local.to_string());
}

/// A bead, or the one that came back, is slung and handed in.
fn work(scene: &Scene, bead: &str) {
    scene.town.gt(["sling", bead, "web"]).succeeds();
    wait_until("the work to be handed in", || scene.state(bead) == "submitted");
    wait_until("its session to end", || scene.town.processes().is_empty());
}

fn primed(scene: &Scene, attempt: u32) -> String {
    fs::read_to_string(scene.town.sandbox.join(format!("prime-{attempt}"))).expect("the worker was primed")
}

fn open(scene: &Scene, title: &str) -> String {
    scene.town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_red_bead_goes_back_with_its_history_and_after_three_attempts_to_a_person() {
    let scene = Scene::new();
    workers(
        &scene,
        "echo \"echo wrong $GT_ATTEMPT; exit 1\" > tests/wrong.sh; git add --all; git commit --quiet -m wrong",
    );
    let bead = open(&scene, "Add a test");
    for attempt in 1..=3 {
        work(&scene, &bead);
        assert_eq!(beads(&scene.run(), "bounced"), [bead.as_str()]);
        let shown = scene.shown(&bead);
        assert_eq!(shown["attempts"].as_array().map(Vec::len), Some(attempt), "{shown:#}");
        assert!(shown["prefer"].as_str().is_some_and(|worker| worker.starts_with("web/polecats/")), "{shown:#}");
    }
    let role = "You write code that lands.";
    assert!(primed(&scene, 1).contains(role) && !primed(&scene, 1).contains("Earlier attempts"));
    let third = primed(&scene, 3);
    for part in [role, "Attempt 1", "Attempt 2", "wrong 1", "wrong 2", "Whole log: /", "gate test is red"] {
        assert!(third.contains(part), "{part}: {third}");
    }
    let log = third.lines().find_map(|line| line.trim().strip_prefix("Whole log: ")).expect("a path");
    assert!(fs::read_to_string(log).expect("a worker can read it").contains("FAILED tests/wrong.sh"));

    // No fourth attempt begins by itself, and a person is told.
    scene.town.gt(["config", "set", "auto_merge", "true"]).succeeds();
    scene.town.gt(["tick"]).succeeds();
    wait_until("everything to end", || scene.town.processes().is_empty());
    assert_eq!(scene.state(&bead), "open");
    let said = scene.escalations();
    assert!(said.iter().any(|said| said.contains(&bead) && said.contains("failed after 3 attempts")), "{said:?}");
    scene.town.gt(["why", &bead]).succeeds().says(&["attempts"]);
    scene.is_sound();
}

#[test]
fn work_on_a_conflict_has_its_own_template_and_lands() {
    let scene = Scene::new();
    workers(
        &scene,
        "if [ $GT_ATTEMPT = 1 ]; then echo hello from the worker > greeting.txt; git commit --quiet --all -m greet\n\
         else git merge --quiet main || true; printf 'hello you\\nhello from the worker\\n' > greeting.txt\n\
         git commit --quiet --all -m both; fi",
    );
    let bead = open(&scene, "Greet");
    work(&scene, &bead);
    let other = scene.submit("other", &[("greeting.txt", "hello you\n")]);
    scene.town.gt(["queue", "bump", &other]).succeeds();
    let ran = scene.run();
    assert_eq!((beads(&ran, "landed"), beads(&ran, "bounced")), (vec![other], vec![bead.clone()]));
    work(&scene, &bead);
    let told = primed(&scene, 2);
    for part in ["You bring two sides together", "- greeting.txt", "git merge main", "On main these commits touch them"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("You write code that lands."), "{told}");
    assert_eq!(beads(&scene.run(), "landed"), [bead.as_str()]);
    assert_eq!(scene.git(&["show", "main:greeting.txt"]), "hello you\nhello from the worker");

    // A town's own template wins.
    scene.town.write("templates/conflict.md", "Peace for {{ conflict | join(', ') }}.");
    scene.town.gt(["ledger", "adopt"]);
    workers(&scene, "echo mine$GT_ATTEMPT > greeting.txt; git commit --quiet --all -m mine");
    let bead = open(&scene, "Greet again");
    work(&scene, &bead);
    let other = scene.submit("again", &[("greeting.txt", "hello all\n")]);
    scene.town.gt(["queue", "bump", &other]).succeeds();
    scene.run();
    work(&scene, &bead);
    assert!(primed(&scene, 2).contains("Peace for greeting.txt."), "{}", primed(&scene, 2));
    scene.town.gt(["queue", "reject", &bead, "enough"]).succeeds();
    scene.is_sound();
}
