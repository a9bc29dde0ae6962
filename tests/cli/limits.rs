//! Nothing goes on for ever: agents that say nothing, agents that never end, and logs.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::{GENEROUS, Ran, TestTown, wait_for, wait_until};

fn town_with(agent: &str) -> (TestTown, String) {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with(agent);
    let made = town.json(["new", "Add login", "--rig", "web"]);
    let id = made["id"].as_str().expect("a new bead has an id").to_owned();
    (town, id)
}

/// A tick so many minutes from now, which is not another process's at the same time.
fn tick_in(town: &TestTown, minutes: u64) -> Ran {
    let then = gt::clock::rfc3339(gt::clock::Clock::System.now() + Duration::from_secs(60 * minutes));
    wait_for("the right to tick", GENEROUS, || {
        let ran = town.command(["tick", "--json"]).variable("GT_CLOCK", &then).run().succeeds();
        (ran.data()["busy"] == false).then_some(ran)
    })
}

fn escalations(town: &TestTown) -> Vec<String> {
    let all = town.json(["escalation", "list"]);
    let all = all.as_array().expect("a list");
    all.iter().map(|letter| letter["subject"].as_str().expect("a subject").to_owned()).collect()
}

#[test]
fn an_agent_that_says_nothing_is_reminded_restarted_and_told_of() {
    let (town, id) = town_with("idles");
    town.gt(["sling", &id]).succeeds();
    tick_in(&town, 4);
    assert_eq!(escalations(&town), Vec::<String>::new());
    tick_in(&town, 6).says(&["reminded of"]);
    // The end of a session asks for one more tick, to whose clock the session after it is old already.
    let ticks = [9, 16, 23].map(|minutes| tick_in(&town, minutes).data()["remedies"].clone());
    let remedies = ticks.iter().flat_map(|ticked| ticked.as_array().expect("a list"));
    let words: Vec<&str> = remedies.map(|remedied| remedied["what"].as_str().expect("a sentence")).collect();
    let first = |what: &&str| what.split(' ').next().unwrap_or_default().to_owned();
    assert_eq!(words.iter().map(first).collect::<Vec<_>>(), ["restarted", "restarted", "escalated"], "{words:?}");
    let told = escalations(&town);
    assert!(told.len() == 1 && told[0].contains("nothing was begun"), "{told:?}");
    tick_in(&town, 30);
    assert_eq!(escalations(&town), told, "it is told once");
}

/// Promise 1: no change that nobody has committed gets older than the interval without a ref that keeps it.
#[test]
fn what_nobody_has_committed_is_kept_by_the_clock() {
    let (town, id) = town_with("idles");
    town.gt(["config", "set", "snapshot_interval", "2m"]).succeeds();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let folder = town.root.join("rigs/web/polecats/toast");
    let kept = |file: &str| {
        let git = |arguments: &[&str]| {
            let mut git = town.program("git");
            git.arg("-C").arg(town.root.join("rigs/web/.git")).args(arguments).output().expect("git runs")
        };
        let names = git(&["for-each-ref", "--format=%(refname)", "refs/gt/snapshots/toast"]).stdout;
        let shows = |name: &&str| git(&["cat-file", "-e", &format!("{name}:{file}")]).status.success();
        String::from_utf8_lossy(&names).lines().filter(shows).count()
    };
    tick_in(&town, 0);
    fs::write(folder.join("half.txt"), "half\n").expect("own file");
    tick_in(&town, 1);
    assert_eq!(kept("half.txt"), 0, "it is young");
    tick_in(&town, 3);
    assert_eq!(kept("half.txt"), 1);
    tick_in(&town, 4);
    assert_eq!(kept("half.txt"), 1, "nothing has changed, and it is not time");
    fs::write(folder.join("more.txt"), "more\n").expect("own file");
    tick_in(&town, 6);
    assert_eq!((kept("half.txt"), kept("more.txt")), (2, 1));
    assert_eq!(fs::read_to_string(folder.join("half.txt")).expect("it is untouched"), "half\n");
}

/// After a plain `gt sling` nobody else ticks: the session itself sees to it that somebody looks, as long as it lives.
#[test]
fn a_session_has_its_town_looked_after_while_nothing_else_happens() {
    let (town, id) = town_with("idles");
    town.gt(["config", "set", "snapshot_interval", "1s"]).succeeds();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    fs::write(town.root.join("rigs/web/polecats/toast/half.txt"), "half\n").expect("own file");
    wait_until("a snapshot that nobody asked for", || {
        let mut git = town.program("git");
        git.arg("-C").arg(town.root.join("rigs/web/.git")).args([
            "cat-file",
            "-e",
            "refs/gt/snapshots/toast/1:half.txt",
        ]);
        git.output().expect("git runs").status.success()
    });
}

/// An agent that does not understand why its work was not taken waits for ever: it is told the reason again.
#[test]
fn why_nothing_was_handed_in_is_noted_and_told_with_the_reminder() {
    let (town, id) = town_with("idles");
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let folder = town.root.join("rigs/web/polecats/toast");
    fs::write(folder.join("half.txt"), "half\n").expect("own file");
    town.command(["done"]).current_dir(&folder).run().exits(7).complains(&["half.txt"]);
    let reason = ["its last `gt done` handed nothing in", "uncommitted files", "half.txt"];
    town.gt(["why", &id]).succeeds().says(&reason);
    town.gt(["feed"]).succeeds().says(&["done.refused"]);
    tick_in(&town, 6).says(&["reminded of"]);
    let state = gt::store::StateDb::open(&town.root.join(".git/gt/state.db")).expect("it is there");
    let worker = "web/polecats/toast".parse().expect("a worker");
    let told: Vec<String> =
        state.messages_of(&worker, 9).expect("readable").into_iter().map(|it| it.what.text).collect();
    assert!(told.iter().any(|text| text.contains("was refused") && text.contains("half.txt")), "{told:?}");
    fs::remove_file(folder.join("half.txt")).expect("own file");
    town.command(["done", "--no-change", "nothing to do"]).current_dir(&folder).run().succeeds();
    assert!(!town.gt(["why", &id]).succeeds().stdout.contains("handed nothing in"));
}

#[test]
fn a_busy_agent_that_never_ends_is_reminded_and_then_told_of() {
    let (town, id) = town_with("busy");
    town.gt(["config", "set", "health.overtime", "1s"]).succeeds();
    town.gt(["sling", &id]).succeeds();
    wait_until("the reminder", || town.gt(["tick"]).succeeds().stdout.contains("reminded of"));
    assert_eq!(escalations(&town), Vec::<String>::new());
    town.gt(["status", "--explain"]).succeeds().says(&["busy with"]);
    tick_in(&town, 3).says(&["escalated"]);
    let told = escalations(&town);
    assert!(told.len() == 1 && told[0].contains("it is busy with"), "{told:?}");
    town.gt(["why", &id]).succeeds().says(&["escalated"]).complains(&["gt peek web/"]);
}

#[test]
fn a_budget_ends_the_built_in_agent_and_gets_no_second_start() {
    let (town, id) = town_with("idles");
    town.gt(["bead", "edit", &id, "--budget", "2 USD"]).exits(2).complains(&["time, tokens or turns", "300k tokens"]);
    town.gt(["bead", "edit", &id, "--budget", "3 turns"]).succeeds();
    let script = town.sandbox.join("script.toml");
    let endless =
        "[[reply]]\nrepeat = true\n[[reply.step]]\n[[reply.step.call]]\ntool = \"list_dir\"\narguments = {}\n";
    fs::write(&script, endless).expect("the sandbox is writable");
    let gt = |arguments: &[&str]| town.command(arguments).variable("GT_SCRIPT", &script).run();
    gt(&["sling", &id, "--agent", "builtin"]).succeeds();
    wait_until("somebody to be told", || {
        gt(&["tick"]);
        !escalations(&town).is_empty()
    });
    let told = escalations(&town);
    assert!(told.len() == 1 && told[0].contains("the budget of 3 turns is used up"), "{told:?}");
    let sessions = town.json(["polecat", "show", &id])["sessions"].as_array().expect("sessions").len();
    assert_eq!(sessions, 1, "it was started again");
}

fn age(path: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    let file = File::open(path).expect("it is there");
    file.set_times(FileTimes::new().set_modified(then)).expect("own file");
}

fn log(town: &TestTown, name: &str, bytes: usize) -> PathBuf {
    let path = town.root.join(".git/gt/logs").join(name);
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("writable");
    fs::write(&path, vec![b'x'; bytes]).expect("writable");
    path
}

#[test]
fn old_logs_go_and_those_of_open_work_stay() {
    let (town, id) = town_with("idles");
    town.gt(["sling", &id]).succeeds();
    let shown = town.json(["polecat", "show", &id]);
    let session = shown["sessions"][0]["session"].as_str().expect("a session").to_owned();
    let running = town.root.join(format!(".git/gt/logs/sessions/{session}.log"));
    let (old, young) = (log(&town, "sessions/oldoldoldold.log", 9), log(&town, "gates/web/abc-test.log", 9));
    let audit = log(&town, "sessions/oldoldoldold.audit.jsonl", 9);
    let told_of = log(&town, "gates/web/def-test.log", 9);
    town.gt(["escalate", "look at it\nthe log is .git/gt/logs/gates/web/def-test.log"]).succeeds();
    let (asked, lately) = (log(&town, "../seance/oldoldoldold/answer.md", 9), log(&town, "../seance/new/answer.md", 9));
    for path in [&running, &old, &audit, &told_of, &asked, &asked.with_file_name("")] {
        age(path, 31);
    }
    age(&young, 29);
    tick_in(&town, 61);
    let there = |path: &PathBuf| path.exists();
    assert_eq!([&old, &audit].map(there), [false, false]);
    assert_eq!([&running, &young, &told_of, &lately].map(there), [true; 4]);
    assert!(!asked.with_file_name("").exists(), "what was asked once and its answer go together");
    let big = log(&town, "gates/web/big-test.log", 2 << 20);
    age(&big, 2);
    town.gt(["config", "set", "logs.megabytes", "1"]).succeeds();
    tick_in(&town, 200);
    assert_eq!([&big, &young, &running].map(there), [false, false, true], "the oldest go first, until it fits");
}
