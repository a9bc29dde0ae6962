//! A remote that refuses, is slow, or is gone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::scene::{Scene, beads, reason};
use crate::support::wait_until;

/// A hook of the remote.
fn hook(scene: &Scene, name: &str, text: &str) {
    let path = scene.target().join("hooks").join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("own file");
}

#[test]
fn what_the_remote_refuses_is_set_aside_with_its_words() {
    let scene = Scene::remote();
    let all = scene.submit_green(2);
    hook(&scene, "pre-receive", "echo no entry on fridays >&2; exit 1");
    let tip = scene.git(&["rev-parse", "main"]);
    let ran = scene.run();
    for bead in &all {
        assert!(reason(&ran, "set_aside", bead).contains("no entry on fridays"), "{ran:#}");
        assert!(scene.shown(bead)["merge"]["intent"].is_null(), "the intent is taken back");
    }
    assert_eq!(scene.git(&["rev-parse", "main"]), tip);
    let said = scene.escalations();
    assert!(said.iter().any(|said| said.contains("refuses the push")), "{said:?}");
    fs::remove_file(scene.target().join("hooks/pre-receive")).expect("own file");
    for bead in &all {
        scene.town.gt(["queue", "retry", bead]).succeeds();
    }
    let runs = scene.runs();
    assert_eq!(beads(&scene.run(), "landed"), all);
    assert_eq!(scene.runs(), runs, "the tree was gated already");
    scene.is_sound();
}

#[test]
fn a_remote_that_is_gone_holds_the_queue_and_nothing_is_lost() {
    let scene = Scene::remote();
    let all = scene.submit_green(1);
    let away = scene.target().with_extension("away");
    fs::rename(scene.target(), &away).expect("own folder");
    let ran = scene.run();
    assert!(ran["waiting"].as_str().is_some_and(|why| why.contains("cannot be read")), "{ran:#}");
    assert_eq!(scene.state(&all[0]), "submitted");
    fs::rename(&away, scene.target()).expect("own folder");
    scene.run();
    scene.all_merged(&all);
    scene.is_sound();
}

/// It vanishes while the gates run: the landing was begun, and whether it was made is known only when it is back.
#[test]
fn a_remote_that_goes_during_the_gates_leaves_a_landing_that_is_ended_later() {
    for took in [false, true] {
        let scene = Scene::remote();
        let (here, away) = (scene.target(), scene.target().with_extension("away"));
        scene.gates(&format!(
            "[[gates]]\nname = \"test\"\nrun = \"{}\"\n",
            scene.counting(&format!("mv '{}' '{}'", here.display(), away.display()))
        ));
        let all = scene.submit_green(2);
        let failed = scene.town.gt(["refinery", "run", "web", "--json"]);
        assert!(failed.stdout.contains("cannot be reached") || failed.stderr.contains("cannot be reached"));
        let intent = &scene.shown(&all[0])["merge"]["intent"];
        let new = intent["new"].as_str().expect("a landing is under way").to_owned();
        // Doctor and tick have no news either, and drop nothing.
        scene.town.gt(["tick"]).succeeds();
        assert_eq!(scene.shown(&all[0])["merge"]["intent"]["new"], new.as_str());
        fs::rename(&away, &here).expect("own folder");
        if took {
            // It had taken the push, and only the answer was lost.
            let rig = scene.town.root.join("rigs/web/.git");
            scene.git(&["fetch", "--quiet", rig.to_str().expect("UTF-8"), &format!("{new}:main")]);
        }
        let runs = scene.runs();
        scene.run();
        scene.all_merged(&all);
        assert_eq!(scene.runs(), runs, "the tree is not gated again");
        let merges = scene.git(&["rev-list", "--count", "--merges", "main"]);
        assert_eq!(merges, "2", "landed once each");
        scene.is_sound();
    }
}

#[test]
fn a_remote_that_does_not_answer_is_given_up_after_the_limit() {
    let scene = Scene::remote();
    let all = scene.submit_green(1);
    scene.town.gt(["config", "set", "network_limit", "1s"]).succeeds();
    hook(&scene, "pre-receive", "sleep 600");
    let start = Instant::now();
    let failed = scene.town.gt(["refinery", "run", "web", "--json"]);
    let said = format!("{}{}", failed.stdout, failed.stderr);
    assert!(said.contains("did not end within 1 s") || said.contains("set_aside"), "{said}");
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    fs::remove_file(scene.target().join("hooks/pre-receive")).expect("own file");
    wait_until("the receiving end to give up", || scene.town.processes().is_empty());
    scene.town.gt(["config", "set", "network_limit", "2m"]).succeeds();
    scene.run();
    scene.all_merged(&all);
    scene.is_sound();
}
