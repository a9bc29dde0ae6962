//! Workers: their hooks, taking beads back, handing off, stopping, restarting, retiring. Nothing that they did is lost.

mod endings;

use std::fs;
use std::path::PathBuf;
use std::process::Child;

use serde_json::Value;

use crate::support::kill::{Drill, Victim};
use crate::support::{Project, TestTown, promises, wait_until};

/// A town whose workers start and never do anything, without terminals and without a tick of its own.
fn quiet_town() -> (TestTown, Project) {
    let (town, project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    (town, project)
}

fn bead(town: &TestTown, title: &str) -> String {
    let made = town.json(["new", title, "--rig", "web"]);
    made["id"].as_str().expect("a new bead has an id").to_owned()
}

/// Slings a bead to a worker with this name and returns the bead.
fn slung(town: &TestTown, worker: &str) -> String {
    let id = bead(town, &format!("Something for {worker}"));
    town.gt(["sling", &id, &format!("web/{worker}")]).succeeds();
    id
}

fn worktree(town: &TestTown, worker: &str) -> PathBuf {
    town.root.join("rigs/web/polecats").join(worker)
}

fn git_in(town: &TestTown, worker: &str, arguments: &[&str]) -> String {
    let output = town.program("git").arg("-C").arg(worktree(town, worker)).args(arguments).output().expect("git runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Commits a file in the worktree, as the agent would.
fn commits(town: &TestTown, worker: &str, file: &str) -> String {
    fs::write(worktree(town, worker).join(file), "work\n").expect("the worktree is there");
    git_in(town, worker, &["add", "--all"]);
    git_in(town, worker, &["commit", "--quiet", "--message", file]);
    git_in(town, worker, &["rev-parse", "HEAD"])
}

fn shown(town: &TestTown, id: &str) -> Value {
    town.json(["show", id])[0]["result"].clone()
}

fn status(town: &TestTown, id: &str) -> String {
    shown(town, id)["status"].as_str().unwrap_or_default().to_owned()
}

/// What a session's agent shows when it calls `gt`.
struct Agent {
    variables: Vec<(String, String)>,
    folder: PathBuf,
}

impl Agent {
    fn of(town: &TestTown, worker: &str) -> Self {
        let shown = town.json(["polecat", "show", worker]);
        let session = shown["sessions"][0]["session"].as_str().expect("it has a session").to_owned();
        let launch = town.read(&format!(".git/gt/run/{session}/launch.toml")).expect("a launch file");
        let launch: toml::Table = launch.parse().expect("TOML");
        let variables = launch["env"].as_table().expect("an environment").iter();
        let variables = variables.filter(|(name, _)| name.starts_with("GT_"));
        let mut variables: Vec<(String, String)> =
            variables.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect();
        variables.push(("GT_SESSION".to_owned(), session));
        Self { variables, folder: worktree(town, worker) }
    }

    fn gt(&self, town: &TestTown, arguments: &[&str]) -> crate::support::Ran {
        let mut command = town.command(arguments).current_dir(&self.folder);
        for (name, value) in &self.variables {
            command = command.variable(name, value);
        }
        command.run()
    }
}

#[test]
fn a_hook_shows_what_is_on_it() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    town.gt(["hook", "toast"]).succeeds().says(&["web/toast", &id, "Something for toast"]);
    town.gt(["hook", &id]).succeeds().says(&["web/toast"]);
    town.command(["hook"]).current_dir(worktree(&town, "toast")).run().succeeds().says(&[&id]);
    town.gt(["hook"]).exits(2).complains(&["no worker stands here"]);
    town.gt(["hook", "nobody"]).exits(3).complains(&["nobody", "gt polecat list"]);
    town.gt(["unsling", &id]).succeeds();
    town.gt(["hook", "toast"]).succeeds().says(&["nothing is hooked"]);
    town.gt(["hook", &id]).exits(3).complains(&["nobody holds", "gt sling"]);
}

#[test]
fn a_worker_takes_the_next_bead_only_with_its_work_committed() {
    let (town, _project) = quiet_town();
    let first = slung(&town, "toast");
    let second = bead(&town, "The next thing");
    let here = worktree(&town, "toast");
    let next = |arguments: &[&str]| town.command([&["hook", "--next"], arguments].concat()).current_dir(&here).run();
    next(&[]).exits(6).complains(&[&first, "gt prime"]);
    town.gt(["hook", "--next"]).exits(2).complains(&["no worker stands here"]);
    town.gt(["unsling", &first]).succeeds();
    town.gt(["close", &first, "--as", "cancelled"]).succeeds();
    fs::write(here.join("half.txt"), "half").expect("the worktree is there");
    next(&[]).exits(7).complains(&["uncommitted", "half.txt"]);
    assert_eq!(status(&town, &second), "open");
    fs::remove_file(here.join("half.txt")).expect("own file");
    next(&["--role", "tester"]).exits(3).complains(&["nothing is ready for a tester", "gt ready --explain"]);
    next(&[]).succeeds().says(&[&second, "web/toast"]);
    assert_eq!(status(&town, &second), "hooked");
    promises::hold(&town);
}

#[test]
fn many_workers_take_the_next_bead_at_once_and_none_is_given_twice() {
    const WORKERS: usize = 8;
    let (town, _project) = quiet_town();
    town.gt(["config", "set", "capacity", "20"]).succeeds();
    for index in 0..WORKERS {
        let id = slung(&town, &format!("worker-{index}"));
        town.gt(["unsling", &id]).succeeds();
        town.gt(["close", &id, "--as", "cancelled"]).succeeds();
    }
    let beads: Vec<String> = (0..WORKERS - 2).map(|index| bead(&town, &format!("Thing {index}"))).collect();
    let start = |index: usize| -> Child {
        town.command(["hook", "--next"]).current_dir(worktree(&town, &format!("worker-{index}"))).start()
    };
    let running: Vec<Child> = (0..WORKERS).map(start).collect();
    let codes: Vec<Option<i32>> =
        running.into_iter().map(|mut child| child.wait().expect("a child of ours").code()).collect();
    let count = |code| codes.iter().filter(|found| **found == Some(code)).count();
    assert_eq!((count(0), count(3)), (WORKERS - 2, 2), "{codes:?}");
    assert!(beads.iter().all(|id| status(&town, id) == "hooked"));
    promises::hold(&town);
}

#[test]
fn what_is_taken_back_is_kept_and_stays_open() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let head = commits(&town, "toast", "done.txt");
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    town.gt(["unsling", &id, "--reason", "I want it differently"]).succeeds().says(&[&id, "web/toast"]);
    let bead = shown(&town, &id);
    assert_eq!((bead["status"].as_str(), bead["prefer"].as_str()), (Some("open"), Some("web/polecats/toast")));
    let attempt = &bead["attempts"][0];
    assert_eq!((attempt["outcome"].as_str(), attempt["head"].as_str()), (Some("released"), Some(head.as_str())));
    assert_eq!(attempt["reason"], "I want it differently");
    let kept = town.json(["polecat", "show", "toast"])["snapshots"][0]["commit"].clone();
    let kept = kept.as_str().expect("what was not committed is kept");
    assert_eq!(git_in(&town, "toast", &["show", &format!("{kept}:half.txt")]), "half");
    wait_until("the session to be over", || town.processes().is_empty());
    town.gt(["tick"]).succeeds();
    assert_eq!(status(&town, &id), "open", "the tick does not start again what a person took back");
    town.gt(["unsling", &id]).exits(6).complains(&["nobody holds", &id]);
    town.gt(["unsling", "nothing-here"]).exits(3);
    promises::hold(&town);
}

#[test]
fn a_worker_may_not_take_beads_back() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let agent = Agent::of(&town, "toast");
    for arguments in [&["unsling", id.as_str()][..], &["polecat", "stop", "toast"], &["polecat", "remove", "toast"]] {
        agent.gt(&town, arguments).exits(7).complains(&["for a person or the mayor", "gt escalate"]);
    }
    assert_eq!(status(&town, &id), "hooked");
}

/// Every verb with which a worker changes something about beads, and what of it makes it fit for the bead `id`.
fn verbs_of_a_worker(id: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["done"],
        vec!["done", "--no-change", "nothing to do"],
        vec!["handoff", "x"],
        vec!["escalate", "x"],
        vec!["escalate", "x", "--bead", id],
        vec!["prime"],
        vec!["bead", "note", id, "x"],
        vec!["bead", "edit", id, "--title", "x"],
        vec!["bead", "dep", "add", id, id],
    ]
}

#[test]
fn an_old_session_has_no_say_about_what_was_taken_back() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let agent = Agent::of(&town, "toast");
    commits(&town, "toast", "done.txt");
    let (elsewhere, valid) = ("is not hooked to web/polecats/toast any more", "is not valid any more");
    let situations: [(&[&str], &str); 3] = [
        (&["unsling", &id], elsewhere),
        (&["sling", &id, "web/toast"], valid),
        (&["sling", &id, "web/muffin"], elsewhere),
    ];
    for (command, reason) in situations {
        if command[0] == "sling" && status(&town, &id) == "hooked" {
            town.gt(["unsling", &id]).succeeds();
        }
        town.gt(command).succeeds();
        let before = town.git(&["rev-parse", "HEAD"]);
        for verb in verbs_of_a_worker(&id) {
            agent.gt(&town, &verb).exits(6).complains(&[&id, reason, "the commits in this worktree are kept"]);
        }
        agent.gt(&town, &["bead", "close", &id]).exits(7).complains(&["may not do that"]);
        assert_eq!(town.git(&["rev-parse", "HEAD"]), before, "after {command:?} nothing it says is written");
    }
    agent.gt(&town, &["new", "Something else"]).succeeds();
    assert_eq!(status(&town, &id), "hooked", "what is new is nobody's, and harms nothing");
    town.gt(["hook", "muffin"]).succeeds().says(&[&id]);
    promises::hold(&town);
}

#[test]
fn done_is_refused_with_uncommitted_files_and_may_be_said_twice() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let agent = Agent::of(&town, "toast");
    agent.gt(&town, &["done"]).exits(7).complains(&["no commit", "--no-change"]);
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    agent.gt(&town, &["done"]).exits(7).complains(&["half.txt", "--commit"]);
    agent.gt(&town, &["done", "--commit", "All of it"]).succeeds().says(&[&id]);
    agent.gt(&town, &["done"]).succeeds().says(&["in the merge queue already"]);
    wait_until("the session to end by itself", || town.processes().is_empty());
    town.gt(["refinery", "run", "web"]).succeeds().says(&["landed"]);
    assert_eq!(status(&town, &id), "closed");
    agent.gt(&town, &["done"]).exits(6).complains(&[&id, "closed"]);
    promises::hold(&town);
}

#[test]
fn a_problem_goes_up_and_the_bead_stays_on_the_hook() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let agent = Agent::of(&town, "toast");
    let text = "The service does not answer\ntried it three times";
    agent.gt(&town, &["escalate", text, "--severity", "high"]).succeeds().says(&["human", "does not answer"]);
    assert_eq!(status(&town, &id), "hooked");
    town.gt(["escalate", "The machine is slow"]).succeeds();
    town.gt(["escalate", " "]).exits(2);
    let list = town.json(["escalation", "list"]);
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    assert_eq!((list[0]["severity"].as_str(), list[0]["bead"].as_str()), (Some("high"), Some(id.as_str())));
    assert!(list[0]["body"].as_str().expect("a letter").contains("tried it three times"));
    assert_eq!(list[0]["from"], "web/polecats/toast");
    town.gt(["escalation", "ack", &id]).succeeds().says(&["acknowledged"]);
    town.gt(["escalation", "ack", list[0]["id"].as_str().expect("an id")]).succeeds().says(&["already"]);
    assert_eq!(town.json(["escalation", "list"]).as_array().map(Vec::len), Some(1));
    assert_eq!(town.json(["escalation", "list", "--all"]).as_array().map(Vec::len), Some(2));
    town.gt(["escalation", "ack", "ml-nowhere"]).exits(3).complains(&["gt escalation list"]);
}

#[test]
fn a_handoff_goes_on_in_a_fresh_session_in_the_same_worktree() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let agent = Agent::of(&town, "toast");
    let head = commits(&town, "toast", "done.txt");
    fs::write(worktree(&town, "toast").join("half.txt"), "half").expect("the worktree is there");
    let first = town.json(["polecat", "show", "toast"])["sessions"][0]["session"].clone();
    agent.gt(&town, &["handoff", "half.txt is half done"]).succeeds().says(&[&id, "fresh one"]);
    wait_until("the fresh session", || {
        let sessions = town.json(["polecat", "show", "toast"])["sessions"].clone();
        sessions[0]["session"] != first && sessions[0]["end"].is_null() && sessions[1]["end"].is_object()
    });
    assert_eq!(git_in(&town, "toast", &["rev-parse", "HEAD"]), head);
    assert!(worktree(&town, "toast").join("half.txt").exists());
    let bead = shown(&town, &id);
    assert_eq!(bead["status"], "hooked");
    assert!(bead["notes"][0]["text"].as_str().expect("a note").contains("half.txt is half done"));
    assert_eq!(bead["attempts"].as_array().map_or(0, Vec::len), 0);
    town.gt(["handoff", "x"]).exits(2).complains(&["no worker stands here"]);
}

#[test]
fn a_hook_of_the_agent_gives_it_its_assignment_back() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let agent = Agent::of(&town, "toast");
    agent.gt(&town, &["bead", "note", &id, "half of it is done"]).succeeds();
    let tells = |payload: &str, kind: &str| {
        let command = town.command(["session", "event", kind]).current_dir(&agent.folder).input(payload);
        agent.variables.iter().fold(command, |command, (name, value)| command.variable(name, value)).run().succeeds()
    };
    for source in ["startup", "resume", "compact"] {
        let payload = format!(r#"{{"hook_event_name":"SessionStart","source":"{source}"}}"#);
        let said: Value = serde_json::from_str(&tells(&payload, "start").stdout).expect("JSON");
        let context = said["hookSpecificOutput"]["additionalContext"].as_str().expect("a context");
        for part in ["need not run it again", &id, "Something for toast", "half of it is done", "gt done"] {
            assert!(context.contains(part), "{part:?} is missing in\n{context}");
        }
        assert!(context.len() < 6_144, "{}", context.len());
    }
    for kind in ["compact", "prompt", "end"] {
        assert_eq!(tells("{}", kind).stdout, "", "{kind}");
    }
    town.gt(["unsling", &id]).succeeds();
    assert_eq!(tells(r#"{"source":"startup"}"#, "start").stdout, "", "it has no assignment any more");
    let mayor = town.command(["prime"]).variable("GT_WORKER", "mayor").run().succeeds();
    mayor.says(&["You are the mayor", "web", "gt mayor plan"]);
}

#[test]
fn a_worker_that_somebody_is_busy_with_is_left_alone_by_the_tick() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    let lock = gt::store::FileLock::try_acquire(&town.root.join(".git/gt/locks/worker-web-toast.lock"));
    let lock = lock.expect("a lock").expect("nobody else has it");
    kill_sessions(&town);
    assert_eq!(town.json(["tick"])["remedies"], serde_json::json!([]), "whoever has the lock ended the session");
    assert_eq!(status(&town, &id), "hooked");
    drop(lock);
    town.gt(["tick"]).succeeds().says(&["restarted on", &id]);
    promises::hold(&town);
}

#[test]
fn what_was_said_about_a_bead_is_over_when_it_is_taken_back() {
    let (town, _project) = quiet_town();
    let id = slung(&town, "toast");
    town.gt(["escalate", "It stands still", "--bead", &id]).succeeds();
    town.gt(["escalate", "The machine is slow"]).succeeds();
    town.gt(["unsling", &id]).succeeds();
    let left = town.json(["escalation", "list"]);
    assert_eq!((left.as_array().map(Vec::len), left[0]["subject"].as_str()), (Some(1), Some("The machine is slow")));
    assert_eq!(town.json(["why", &id])[0]["result"]["hands"], "ready");
}

#[test]
fn a_sentence_becomes_no_bead_when_nobody_could_work_on_it() {
    let (town, _project) = quiet_town();
    town.gt(["sling", "Something new", "web", "--agent", "nobody-has-this"]).exits(3).complains(&["nobody-has-this"]);
    assert_eq!(town.json(["list"]), serde_json::json!([]));
}

/// Ends every process of the town's sessions, as a person with `kill -9` would, and waits until none is left.
fn kill_sessions(town: &TestTown) {
    for process in town.processes() {
        if let Some(id) = rustix::process::Pid::from_raw(process.id) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    }
    wait_until("the session to be over", || town.processes().is_empty());
}
