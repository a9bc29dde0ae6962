//! Targets that are red to begin with, move under the queue, or vanish.

use std::fs;
use std::process::Stdio;

use crate::scene::{Scene, beads};
use crate::support::wait_until;

/// Makes the target red, as a person does who commits without testing.
fn break_target(scene: &Scene) {
    scene.commit("break it", &[("tests/broken.sh", "exit 1\n")]);
}

#[test]
fn nobody_is_blamed_for_a_red_target_and_the_queue_resumes_when_it_is_green() {
    let scene = Scene::remote();
    let one = scene.submit_green(1).remove(0);
    let red = scene.submit_red("bad");
    break_target(&scene);
    for _ in 0..2 {
        let ran = scene.run();
        assert_eq!((beads(&ran, "landed").len(), beads(&ran, "bounced").len()), (0, 0), "{ran:#}");
        let why = ran["waiting"].as_str().expect("it says why");
        assert!(why.contains("the target main itself is red: gate test"), "{why}");
    }
    // The batch, a half, the base: once each, however often it is run.
    assert!(scene.runs() <= 3, "{} runs", scene.runs());
    let said = scene.escalations();
    assert_eq!(said.len(), 1, "it is said once: {said:?}");
    assert!(said[0].contains("the target main itself is red"), "{said:?}");
    scene.town.gt(["refinery", "status"]).succeeds().complains(&["itself is red"]);
    scene.town.gt(["why", &one]).succeeds();

    scene.commit("mend it", &[("tests/broken.sh", "-")]);
    let ran = scene.run();
    assert_eq!((beads(&ran, "landed"), beads(&ran, "bounced")), (vec![one], vec![red]));
    assert!(!scene.escalations().iter().any(|said| said.contains("itself")), "that is over");
    scene.is_sound();
}

#[test]
fn what_mends_a_red_target_lands_and_then_the_others() {
    let scene = Scene::remote();
    let one = scene.submit_green(1).remove(0);
    break_target(&scene);
    scene.run();
    assert_eq!(scene.state(&one), "submitted");
    // Submitted after it was found: each such bead is tried for whether it mends.
    scene.branch("mender", &[("tests/broken.sh", "exit 0\n")]);
    let added = scene.town.json(["queue", "add", "mender"]);
    let mender = added["bead"].as_str().expect("an id").to_owned();
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [mender, one]);
    scene.is_sound();
}

#[test]
fn a_person_who_moves_the_target_during_the_gates_costs_one_more_run() {
    for scene in [Scene::new(), Scene::remote()] {
        let sandbox = scene.town.sandbox.display().to_string();
        // The gate waits until the person has pushed.
        scene.gates(&format!(
            "[[gates]]\nname = \"test\"\nrun = '''{}'''\n",
            scene.counting(&format!(
                "touch '{sandbox}/begun'; while ! [ -e '{sandbox}/moved' ]; do sleep 0.02; done; ./test.sh"
            ))
        ));
        let all = scene.submit_green(2);
        let mut run = scene.town.command(["refinery", "run", "web"]).into_command();
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        wait_until("the gates to begin", || scene.town.sandbox.join("begun").exists());
        scene.commit("meanwhile", &[("meanwhile.txt", "x\n")]);
        let mine = scene.project.tip("main");
        fs::write(scene.town.sandbox.join("moved"), "").expect("writable");
        assert!(run.wait().expect("it ends").success());
        scene.run();
        scene.all_merged(&all);
        scene.git(&["merge-base", "--is-ancestor", &mine, "main"]);
        // A local rig lands in its own target, and takes the person's commit in by a run of its own.
        assert_eq!(scene.runs(), 2, "stacked anew and gated anew, once");
        let tree = scene.git(&["rev-parse", "main^{tree}"]);
        assert!(scene.town.git(&["ls-files", "gates"]).contains(&tree), "the tree that landed was gated");
        scene.is_sound();
    }
}

#[test]
fn a_target_that_is_forced_back_is_built_upon_where_it_is() {
    let scene = Scene::remote();
    let first = scene.project.tip("main");
    let all = scene.submit_green(1);
    scene.run();
    scene.all_merged(&all);
    scene.git(&["update-ref", "refs/heads/main", &first]);
    let next = scene.submit("next", &[("next.txt", "x\n")]);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [next.as_str()]);
    assert!(!scene.has("g0.txt") && scene.has("next.txt"));
}

#[test]
fn a_deleted_remote_target_is_noticed_and_not_made_anew() {
    let scene = Scene::remote();
    let all = scene.submit_green(1);
    scene.git(&["branch", "--move", "main", "trunk"]);
    for _ in 0..2 {
        let ran = scene.run();
        assert!(
            ran["waiting"].as_str().is_some_and(|why| why.contains("the branch main of") && why.contains("is gone"))
        );
    }
    assert_eq!((scene.git(&["branch", "--list", "main"]).as_str(), scene.runs()), ("", 0));
    let said = scene.escalations();
    assert!(said.len() == 1 && said[0].contains("is gone"), "{said:?}");
    scene.git(&["branch", "--move", "trunk", "main"]);
    scene.run();
    scene.all_merged(&all);
    assert_eq!(scene.escalations(), Vec::<String>::new());
    scene.is_sound();
}

#[test]
fn landing_goes_on_while_the_persons_own_branch_is_gone() {
    let scene = Scene::new();
    let all = scene.submit_green(1);
    scene.project.git(&["branch", "--move", "main", "trunk"]);
    let ran = scene.run();
    scene.all_merged(&all);
    assert!(ran["undelivered"].as_str().is_some_and(|why| why.contains("is gone")), "{ran:#}");
    assert_eq!(scene.project.git(&["branch", "--list", "main"]), "", "it is not made anew");
    assert_eq!(scene.escalations().len(), 1);
    scene.town.gt(["rig", "take", "web"]).exits(7).complains(&["is gone"]);
    scene.project.git(&["branch", "--move", "trunk", "main"]);
    scene.town.gt(["rig", "take", "web"]).succeeds();
    assert!(scene.project.read("g0.txt").is_some());
    assert_eq!(scene.escalations(), Vec::<String>::new());
    scene.is_sound();
}

/// Somebody deletes the rig's own target, in the repository that is ours.
#[test]
fn a_deleted_target_of_our_own_loses_nothing_that_landed() {
    let scene = Scene::new();
    let all = scene.submit_green(1);
    scene.project.write("g0.txt", "in the way\n");
    scene.run();
    scene.all_merged(&all);
    assert_ne!(scene.project.tip("main"), scene.git(&["rev-parse", "main"]), "it is not delivered");
    scene.git(&["update-ref", "-d", "refs/heads/main"]);
    fs::remove_file(scene.project.path.join("g0.txt")).expect("own file");
    let next = scene.submit("next", &[("next.txt", "x\n")]);
    scene.run();
    assert_eq!(scene.state(&next), "merged");
    scene.all_merged(&all);
    assert!(scene.has("g0.txt"), "what landed is still there");
    scene.is_sound();
}
