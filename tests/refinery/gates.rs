//! Gates: phases, order, retries, environment, and gates that misbehave.

use std::fs;

use crate::scene::{Scene, beads, reason};

/// What the documents of the ledger say of a gate, newest first is not promised.
fn documents(scene: &Scene, gate: &str) -> Vec<toml::Table> {
    let paths = scene.town.git(&["ls-files", "gates"]);
    let read = |path: &str| -> toml::Table {
        toml::from_str(&scene.town.read(path).expect("a projected document")).expect("a document is TOML")
    };
    paths.lines().map(read).filter(|document| document["gate"].as_str() == Some(gate)).collect()
}

#[test]
fn a_flaky_gate_is_tried_again_and_every_try_is_on_record() {
    let scene = Scene::new();
    let marks = scene.town.sandbox.join("marks");
    let flaky = format!("echo try >> '{0}'; echo flaked; test $(wc -l < '{0}') -ge 3", marks.display());
    scene.gates(&format!("[[gates]]\nname = \"flaky\"\nrun = \"{flaky}\"\nretries = 2\n"));
    let bead = scene.submit_green(1).remove(0);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [bead.as_str()]);
    let document = documents(&scene, "flaky").remove(0);
    let tries = document["tries"].as_array().expect("each try");
    let how: Vec<&str> = tries.iter().filter_map(|one| one["outcome"].as_str()).collect();
    assert_eq!(how, ["failed", "failed", "passed"]);
    for one in tries {
        let log = scene.town.root.join(".git/gt").join(one["log"].as_str().expect("a log"));
        assert_eq!(fs::read_to_string(log).expect("each try has its log"), "flaked\n");
    }
    scene.town.gt(["queue", "show", &bead]).succeeds().says(&["flaky"]);

    // Beyond its retries it is red, and the tries are there as well.
    fs::write(&marks, "").expect("own file");
    scene.gates(&format!("[[gates]]\nname = \"flaky\"\nrun = \"{flaky}\"\nretries = 1\n"));
    let bead = scene.submit("more", &[("more.txt", "x\n")]);
    let ran = scene.run();
    // Red on the bead's tree; then the base is gated, which is the third run and so green: the bead is to blame.
    assert_eq!(beads(&ran, "bounced"), [bead.as_str()]);
    let red = documents(&scene, "flaky").into_iter().find(|document| document["outcome"].as_str() == Some("failed"));
    assert_eq!(red.expect("a red document")["tries"].as_array().map(Vec::len), Some(2));
    scene.is_sound();
}

#[test]
fn an_advisory_gate_is_told_and_keeps_nothing_from_landing() {
    let scene = Scene::new();
    scene.gates(
        "[[gates]]\nname = \"lint\"\nrun = \"echo ugly; exit 3\"\nrequired = false\n\
         [[gates]]\nname = \"test\"\nrun = \"./test.sh\"\n",
    );
    let bead = scene.submit_green(1).remove(0);
    let ran = scene.town.gt(["refinery", "run", "web"]).succeeds();
    ran.says(&["landed"]).complains(&["lint", "advisory"]);
    assert_eq!(scene.state(&bead), "merged");
    let lint = documents(&scene, "lint").remove(0);
    assert_eq!((lint["exit"].as_integer(), lint["required"].as_bool()), (Some(3), Some(false)));
    scene.town.gt(["queue", "show", &bead]).succeeds().says(&["lint", "test"]);
    scene.is_sound();
}

#[test]
fn parallel_gates_meet_and_others_run_in_order_until_one_is_red() {
    let scene = Scene::new();
    let place = scene.town.sandbox.display().to_string();
    // Each of the two waits for the other: one after the other they would both run into the limit.
    let meet = |own: &str, other: &str| {
        format!("touch '{place}/{own}'; while ! [ -e '{place}/{other}' ]; do sleep 0.02; done")
    };
    let note = |name: &str| format!("echo {name} >> '{place}/order'");
    scene.gates(&format!(
        "[[gates]]\nname = \"one\"\nrun = \"{}\"\nparallel = true\nlimit = \"60s\"\n\
         [[gates]]\nname = \"two\"\nrun = \"{}\"\nparallel = true\nlimit = \"60s\"\n\
         [[gates]]\nname = \"three\"\nrun = \"{}; ./test.sh\"\n[[gates]]\nname = \"four\"\nrun = \"{}\"\n",
        meet("a", "b"),
        meet("b", "a"),
        note("three"),
        note("four"),
    ));
    scene.submit_green(1);
    let ran = scene.run();
    assert_eq!((beads(&ran, "landed").len(), ran["gates_run"].as_u64()), (1, Some(4)), "{ran:#}");
    let order = || fs::read_to_string(scene.town.sandbox.join("order")).expect("noted");
    assert_eq!(order(), "three\nfour\n");
    let bad = scene.submit_red("bad");
    let ran = scene.run();
    assert_eq!(beads(&ran, "bounced"), [bad.as_str()]);
    assert_eq!(order(), "three\nfour\nthree\n", "after a red gate no other one runs");
    scene.is_sound();
}

#[test]
fn the_gates_of_the_phase_before_see_the_commit_as_it_came() {
    let scene = Scene::unprotected();
    let seen = scene.town.sandbox.join("seen").display().to_string();
    let look = |phase: &str| format!("echo {phase} $(ls *.txt | sort | tr '\\n' ' ') >> '{seen}'");
    let gates = format!(
        "[[gates]]\nname = \"own\"\nphase = \"before\"\nrun = '''{}; ! [ -e dirty.txt ]'''\n\
         [[gates]]\nname = \"all\"\nrun = '''{}'''\n",
        look("before"),
        look("after"),
    );
    scene.gates(&gates);
    scene.merge("style", "squash");
    let one = scene.submit("one", &[("one.txt", "1\n")]);
    let dirty = scene.submit("dirty", &[("dirty.txt", "x\n")]);
    let two = scene.submit("two", &[("two.txt", "2\n")]);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [one.clone(), two]);
    assert!(reason(&ran, "bounced", &dirty).contains("gate own"), "{ran:#}");
    let seen = fs::read_to_string(&seen).expect("noted");
    for line in ["before greeting.txt one.txt\n", "before greeting.txt two.txt\n"] {
        assert_eq!(seen.matches(line).count(), 1, "{seen}");
    }
    assert!(seen.contains("before dirty.txt greeting.txt\n"), "{seen}");
    assert_eq!(seen.lines().filter(|line| line.starts_with("after")).count(), 1, "{seen}");
    assert!(seen.contains("after greeting.txt one.txt two.txt"), "{seen}");
    let gates = scene.shown(&one)["merge"]["gates"].as_array().map(Vec::len);
    assert_eq!(gates, Some(2), "the documents of both phases vouch for it");
    scene.is_sound();
}

#[test]
fn a_gate_has_its_environment_and_a_changed_definition_is_another_gate() {
    let scene = Scene::new();
    let gate = |value: &str| {
        format!(
            "[[gates]]\nname = \"test\"\nrun = '''{}'''\nenv = {{ LEVEL = \"{value}\" }}\n",
            scene.counting("env; test \"$LEVEL\" = high && test -n \"$GT_RIG\" && test -n \"$GT_BEAD\"")
        )
    };
    scene.gates(&gate("low"));
    let bead = scene.submit_green(1).remove(0);
    scene.run();
    assert_eq!(scene.state(&bead), "submitted", "the target is as red as the bead");
    scene.gates(&gate("high"));
    let before = scene.runs();
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [bead.as_str()]);
    assert_eq!(scene.runs(), before + 1);
    let log = documents(&scene, "test").iter().find(|one| one["outcome"].as_str() == Some("passed")).cloned();
    let log = log.expect("a green document")["log"].as_str().expect("a log").to_owned();
    let text = fs::read_to_string(scene.town.root.join(".git/gt").join(log)).expect("the log");
    for secret in ["GT_LEASE", "GT_CRASH", "SSH_AUTH_SOCK"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    scene.is_sound();
}

#[test]
fn a_gate_that_hangs_or_leaves_processes_behind_holds_nothing_up() {
    let scene = Scene::unprotected();
    scene.gates("[[gates]]\nname = \"hangs\"\nrun = \"echo before; [ -e quick.txt ] || sleep 3600\"\nlimit = \"1s\"\n");
    scene.branch("quick", &[("quick.txt", "x\n")]);
    scene.project.git(&["merge", "--quiet", "quick"]);
    let slow = scene.submit("slow", &[("quick.txt", "-")]);
    let ran = scene.run();
    let told = reason(&ran, "bounced", &slow);
    assert!(told.contains("gate hangs") && told.contains("1s"), "{told}");
    assert!(scene.shown(&slow)["attempts"][0]["reason"].as_str().is_some_and(|text| text.contains("before")));

    // One that goes into the background, twice forked and in a session of its own, with its output open.
    scene.gates(
        "[[gates]]\nname = \"forks\"\nrun = \"(setsid sh -c 'sleep 3600 & sleep 3600' &) ; sleep 3600 & echo ok\"\n",
    );
    let bead = scene.submit_green(1).remove(0);
    let ran = scene.run();
    assert_eq!(beads(&ran, "landed"), [bead.as_str()], "{ran:#}");
    scene.is_sound();
}

#[test]
fn megabytes_of_output_are_cut_in_the_log_and_the_end_is_kept() {
    let scene = Scene::unprotected();
    scene.gates(
        "[[gates]]\nname = \"loud\"\nrun = \"head -c 12000000 /dev/zero | tr '\\\\0' 'x'; echo; echo the end of it; \
         ! [ -e loud.txt ]\"\n",
    );
    let bead = scene.submit("loud", &[("loud.txt", "x\n")]);
    scene.run();
    let attempt = scene.shown(&bead)["attempts"][0].clone();
    assert!(attempt["reason"].as_str().is_some_and(|text| text.contains("the end of it") && text.len() < 8_000));
    let log = scene.town.root.join(".git/gt").join(attempt["log"].as_str().expect("a log"));
    let text = fs::read(log).expect("the log");
    assert!(text.len() < 5_000_000 && text.ends_with(b"the end of it\n"), "{} bytes", text.len());
    scene.is_sound();
}

#[test]
fn a_gate_that_writes_into_the_repository_lands_nothing_of_it() {
    let scene = Scene::unprotected();
    scene.gates("[[gates]]\nname = \"writes\"\nrun = \"[ ! -e junk ] && echo x > junk && ./test.sh\"\n");
    let all = scene.submit_green(1);
    scene.run();
    scene.all_merged(&all);
    assert!(!scene.has("junk"));
    // What it leaves beside tracked files is gone at its next run: the tree is exactly the commit's.
    let next = scene.submit("next", &[("next.txt", "x\n")]);
    scene.run();
    assert_eq!(scene.state(&next), "merged");

    for (name, writes) in [
        ("tracked", "echo changed > greeting.txt"),
        ("commits", "git -c user.name=x -c user.email=x@x commit --quiet --allow-empty --message x"),
        ("checkout", "git checkout --quiet --detach HEAD~1"),
    ] {
        scene.gates(&format!("[[gates]]\nname = \"{name}\"\nrun = \"if [ -e {name}.txt ]; then {writes}; fi\"\n"));
        let tip = scene.git(&["rev-parse", "main"]);
        let bead = scene.submit(name, &[(&format!("{name}.txt"), "x\n")]);
        let ran = scene.run();
        let told = reason(&ran, "bounced", &bead);
        assert!(told.contains(name) && told.contains("changed"), "{told}");
        assert_eq!(scene.git(&["rev-parse", "main"]), tip);
    }
    scene.is_sound();
}

#[test]
fn a_gate_that_moves_the_target_itself_is_found_out() {
    let scene = Scene::unprotected();
    // Gates run in a worktree of the rig's repository, so its branches are in their reach.
    let moves = "git -c user.name=x -c user.email=x@x commit --quiet --allow-empty -m sneaked; \
                 git update-ref refs/heads/main HEAD; git checkout --quiet --detach HEAD~1";
    scene.gates(&format!("[[gates]]\nname = \"moves\"\nrun = \"if [ -e moves.txt ]; then {moves}; fi\"\n"));
    let tip = scene.project.tip("main");
    let bead = scene.submit("moves", &[("moves.txt", "x\n")]);
    let ran = scene.run();
    assert!(reason(&ran, "bounced", &bead).contains("changed tracked files"), "{ran:#}");
    assert_eq!(scene.git(&["rev-parse", "main"]), tip, "it was put back");
}
