//! Whole ways through with something that is not as it should be: work lands, or what is in the way is told.

use std::fs;

use serde_json::Value;

use crate::support::{GENEROUS, TestTown, promises, wait_until};

fn bead(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    made["id"].as_str().expect("a new bead has an id").to_owned()
}

fn shown(town: &TestTown, id: &str) -> Value {
    town.json(["show", id])[0]["result"].clone()
}

/// Waits until the bead is closed or was sent back, and answers how it stands.
fn settled(town: &TestTown, id: &str) -> Value {
    wait_until(&format!("{id} to be settled"), || {
        let bead = shown(town, id);
        let sent_back = bead["attempts"].as_array().is_some_and(|all| !all.is_empty());
        bead["status"] == "closed" || sent_back
    });
    shown(town, id)
}

#[test]
fn work_in_a_rig_with_a_submodule_is_tested_with_it_and_lands() {
    let town = TestTown::new();
    let library = town.repo("library");
    library.write("greeting", "hello from the library\n");
    library.commit("Greet");
    let project = town.repo("web");
    project.git(&["submodule", "add", "--quiet", library.url(), "lib"]);
    project.commit("Use the library");
    let gate = "grep hello lib/greeting && ./test.sh";
    town.gt(["rig", "add", "web", project.url(), "--gate", gate]).succeeds().says(&["green"]);
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.work_with("works");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id]).succeeds();
    assert_eq!(settled(&town, &id)["closed_as"], "merged");
    wait_until("the delivery", || project.read(&format!("{id}.txt")).is_some());
    // Its files come before its branch moves.
    wait_until("the person's checkout to be clean", || project.status().is_empty());
    promises::hold(&town);
}

#[test]
fn a_gate_that_changes_tracked_files_lets_nothing_land() {
    let town = TestTown::new();
    let project = town.repo("web");
    // Fine on the target; as soon as there is work, it "formats" what it was given.
    project.write("test.sh", "#!/bin/sh\nls web-*.txt >/dev/null 2>&1 && echo formatted >>test.sh\nexit 0\n");
    project.commit("Format while testing");
    town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "attempts", "1"]).succeeds();
    town.work_with("works");
    let before = project.tip("main");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id]).succeeds();
    let bead = settled(&town, &id);
    assert_eq!(bead["attempts"][0]["outcome"], "bounced", "{bead}");
    let reason = bead["attempts"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("changed") && reason.contains("test.sh"), "{reason}");
    assert_eq!(project.tip("main"), before);
    town.wait_until_quiet(GENEROUS);
    promises::hold(&town);
}

#[test]
fn a_stale_lease_is_refused_and_changes_nothing() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    let id = bead(&town, "Add login");
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let lease = shown(&town, &id)["lease"].as_str().expect("a hooked bead has a lease").to_owned();
    town.gt(["unsling", &id]).succeeds();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let before = shown(&town, &id);
    assert_ne!(before["lease"], Value::from(lease.clone()));
    let worktree = town.root.join("rigs/web/polecats/toast");
    fs::write(worktree.join("late.txt"), "late\n").expect("the worktree is there");
    for verb in
        [&["done", "--commit", "late"][..], &["bead", "note", &id, "late"], &["escalate", "late"], &["handoff", "late"]]
    {
        let ran = town
            .command(verb)
            .current_dir(&worktree)
            .variable("GT_LEASE", &lease)
            .variable("GT_WORKER", "web/polecats/toast")
            .variable("GT_BEAD", &id)
            .run();
        assert_ne!(ran.code, Some(0), "{}", ran.transcript());
        assert!(ran.stderr.contains("lease") || ran.stderr.contains("hook"), "{}", ran.transcript());
        assert!(ran.stderr.contains("hint: "), "it lacks the next step\n{}", ran.transcript());
    }
    assert_eq!(shown(&town, &id), before);
    assert!(worktree.join("late.txt").exists());
    promises::hold(&town);
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_told_to_a_person() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "agent", "builtin"]).succeeds();
    // The agent itself asks six times, for half a minute.
    town.gt(["config", "set", "restarts", "0"]).succeeds();
    let id = bead(&town, "Add login");
    let gt = |arguments: &[&str]| {
        // Nothing listens there: the port is a reserved one.
        let command = town.command(arguments).variable("OPENAI_API_KEY", "k").variable("GT_MODEL", "openai/gpt-5");
        command.variable("OPENAI_BASE_URL", "http://127.0.0.1:1/v1").run()
    };
    gt(&["sling", &id]).succeeds();
    let raised = || town.json(["escalation", "list"]);
    wait_until("somebody to be told", || {
        gt(&["tick"]);
        raised().as_array().is_some_and(|all| !all.is_empty())
    });
    let body = raised()[0]["body"].as_str().expect("a letter has a body").to_owned();
    assert!(body.contains("127.0.0.1:1"), "{body}");
    town.gt(["why", &id]).succeeds().says(&["escalated", "127.0.0.1:1"]).complains(&["gt polecat restart"]);
    assert_eq!(shown(&town, &id)["status"], "hooked");
    promises::hold(&town);
}

/// Lets the worker run these lines of `sh` in its worktree, and then wait.
fn work_by(town: &TestTown, lines: &str) {
    use std::os::unix::fs::PermissionsExt;
    town.work_with("idles");
    let agent = town.sandbox.join("bin/idles");
    fs::write(&agent, format!("#!/bin/sh\n{lines}\nexec sleep 3600\n")).expect("own file");
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("own file");
}

#[test]
fn a_submodule_that_cannot_be_had_is_said_once_with_its_reason_and_work_goes_on() {
    let town = TestTown::new();
    let library = town.repo("library");
    library.write("greeting", "hello\n");
    library.commit("Greet");
    let project = town.repo("web");
    project.git(&["submodule", "add", "--quiet", library.url(), "lib"]);
    project.commit("Use the library");
    fs::rename(&library.path, town.sandbox.join("elsewhere")).expect("own folder");
    let told = town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let told = told.complains(&["submodules could not be checked out: fatal: ", "`git submodule update --init`"]);
    assert!(!told.stderr.contains("Retry scheduled"), "{}", told.transcript());
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.work_with("works");
    let id = bead(&town, "Add login");
    let slung = town.gt(["sling", &id]).succeeds();
    assert_eq!(slung.stderr.matches("fatal: ").count(), 1, "{}", slung.transcript());
    assert_eq!(settled(&town, &id)["closed_as"], "merged");
    wait_until("the delivery", || project.read(&format!("{id}.txt")).is_some());
    promises::hold(&town);
}

#[test]
fn pointers_of_large_files_land_as_they_are_and_that_they_are_pointers_is_said() {
    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let town = TestTown::new();
    let project = town.repo("web");
    project.write("film.bin", POINTER);
    project.commit("A film");
    // Only now: the person's own git might know the filter.
    project.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    project.commit("Keep films elsewhere");
    let added = town.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
    let installed = town.program("git").args(["lfs", "version"]).output().is_ok_and(|output| output.status.success());
    assert_ne!(added.stderr.contains("git-lfs is not installed"), installed, "{}", added.transcript());
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    work_by(&town, "echo done >>notes.txt && git add notes.txt && git commit -qm 'Add notes' && gt done");
    let id = bead(&town, "Add notes");
    town.gt(["sling", &id]).succeeds();
    assert_eq!(settled(&town, &id)["closed_as"], "merged");
    wait_until("the delivery", || project.read("notes.txt").is_some());
    assert_eq!(project.git(&["show", "main:film.bin"]).trim(), POINTER.trim());
    // Its files come before its branch moves.
    wait_until("the person's checkout to be clean", || project.status().is_empty());
    promises::hold(&town);
}

#[test]
fn names_with_spaces_line_breaks_and_letters_of_any_kind_are_handed_in_landed_and_delivered() {
    let names = ["with spaces.txt", "line\nbreak.txt", "grüße ☃.txt", "-dash.txt", "quote\"s'.txt"];
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    names.iter().for_each(|name| project.write(name, "one\n"));
    project.commit("Odd names");
    town.gt(["rig", "take", "web"]).succeeds();
    let refused = town.sandbox.join("refused");
    // Dirty first: what is in the way is named. Then handed in, with one more of each name.
    let work = format!(
        "for file in ./*.txt; do echo two >>\"$file\"; cp \"$file\" \"$file.new\"; done\n\
         gt done 2>{} || {{ git add -A && git commit -qm 'Change all' && gt done; }}",
        refused.display()
    );
    work_by(&town, &work);
    let id = bead(&town, "Change all");
    town.gt(["sling", &id]).succeeds();
    assert_eq!(settled(&town, &id)["closed_as"], "merged");
    let told = fs::read_to_string(&refused).expect("it was refused first");
    assert!(told.contains("uncommitted files") && told.contains("with spaces.txt"), "{told}");
    for name in names {
        wait_until(name, || project.read(&format!("{name}.new")).as_deref() == Some("one\ntwo\n"));
        assert_eq!(project.read(name).as_deref(), Some("one\ntwo\n"), "{name:?}");
    }
    // Its files come before its branch moves.
    wait_until("the person's checkout to be clean", || project.status().is_empty());
    promises::hold(&town);
}
