//! `gt run`: it lands what can land, says what did not and why, and always ends.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::scripted::{Scripted, WORKS, draft, login, mayor, plan};
use crate::support::{GENEROUS, TestTown, promises, wait_for, wait_until};
use crate::terminal::Terminal;

const GOAL: &str = "Add login with tests";

/// A form and a page at once, and a test that needs the form.
fn three() -> String {
    mayor(
        &plan(&[
            draft("form", "Add a form", &[]),
            draft("page", "Add a page", &[]),
            draft("test", "Test the form", &["form"]),
        ]),
        None,
    )
}

fn titles(value: &Value) -> Vec<String> {
    let rows = value.as_array().into_iter().flatten();
    rows.map(|row| row["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_goal_ends_as_merged_code() {
    let town = Scripted::new(&(three() + WORKS));
    // The person's newest commit is what the work starts from.
    town.project.write("newest.txt", "x\n");
    let newest = town.project.commit("the newest");
    let ran = town.gt(&["run", GOAL, "--rig", "web", "--workers", "2", "--yes"]).succeeds();
    let ran = ran.says(&["Wrote 3 beads", "Login: 3 of 3 landed", "landed  web-"]);
    ran.complains(&["slung", "submitted", "landed", "delivered"]);
    for title in ["Add a form", "Add a page", "Test the form"] {
        let bead = town.bead(title);
        assert_eq!(town.project.read(&format!("{}.txt", bead.id)).as_deref(), Some(format!("{title}\n").as_str()));
        assert_eq!(
            (bead.attempts, bead.merge.map(|merge| merge.base == newest || title == "Test the form")),
            (vec![], Some(true))
        );
    }
    assert!(town.project.is_green() && town.project.status().is_empty());
    assert!(town.state("Login").starts_with("closed as done") || town.state("Login").starts_with("closed as merged"));
    assert!(town.convoy().closed.is_some() && !town.convoy().feed);
    promises::hold(&town.town);
    let costs = town.gt(&["costs"]).succeeds().says(&["0.00"]);
    assert!(costs.stderr.contains("free, because it is played from a file: scripted/"), "{}", costs.transcript());
    assert!(!costs.stderr.contains("no price is known"), "{}", costs.transcript());
    town.gt(&["run", "--resume"]).exits(3).complains(&["no convoy to go on with"]);
    town.town.wait_until_quiet(GENEROUS);
}

#[test]
fn a_paused_queue_ends_the_run_with_the_reason_and_the_run_goes_on_after_it() {
    let town = Scripted::new(&(three() + WORKS));
    town.gt(&["queue", "pause", "web", "release", "day"]).succeeds();
    let ran = town.gt(&["run", GOAL, "--rig", "web", "--yes"]).exits(1);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("its queue is paused: release day"), "{}", ran.transcript());
    assert!(!said.contains("landed  web-"), "{}", ran.transcript());
    town.town.wait_until_quiet(GENEROUS);
    town.gt(&["queue", "resume", "web"]).succeeds();
    town.gt(&["run", "--resume"]).succeeds().says(&["Login: 3 of 3 landed"]);
    promises::hold(&town.town);
    town.town.wait_until_quiet(GENEROUS);
}

#[test]
fn at_most_so_many_work_at_once_and_data_says_what_landed() {
    let slow = WORKS.replace("echo $GT_TITLE", "ls $GT_TOWN/rigs/web/polecats >&2; echo $GT_TITLE");
    let town = Scripted::new(&(three() + &slow));
    let ran = town.json(&["run", GOAL, "--workers", "1", "--yes"]);
    assert_eq!(
        (titles(&ran["landed"]).len(), titles(&ran["left"]).len(), ran["stopped"].as_bool()),
        (3, 0, Some(false))
    );
    let polecats = fs::read_dir(town.town.root.join("rigs/web/polecats")).expect("a folder").count();
    assert_eq!(polecats, 1, "one worker did it all");
    promises::hold(&town.town);
}

#[test]
fn what_stays_red_is_given_up_and_said() {
    let breaks = r#"
[[reply]]
title = "Add a form"
[[reply.step]]
[[reply.step.call]]
tool = "shell"
arguments = { command = "echo exit 1 >tests/form-$GT_ATTEMPT.sh && git add --all && git commit --quiet -m form && gt done" }
[[reply.step]]
text = "It is handed in."
"#;
    let town = Scripted::new(&format!("{}{breaks}{WORKS}", three()));
    town.gt(&["config", "set", "attempts", "2"]).succeeds();
    let ran = town.gt(&["run", GOAL, "--yes"]).exits(1);
    let ran =
        ran.says(&["1 of 3 landed", "Add a page", "left    web-", "failed after 2 attempts", "gate", "waits for"]);
    let ran = ran.complains(&["bounced", "`gt run --resume cv-"]);
    assert!(ran.stdout.contains("Test the form: waits for web-"), "{}", ran.transcript());
    assert!(town.project.is_green());
    promises::hold(&town.town);
    // The person mends the bead, and the convoy goes on.
    town.play(&(three() + WORKS));
    town.gt(&["bead", "reopen", town.bead("Add a form").id.as_str(), "--reason", "try without the test"]).succeeds();
    let convoy = town.convoy().id;
    // The work of the first attempts is there still, and red: it is taken away by hand.
    town.play(&format!(
        "{}{}{WORKS}",
        three(),
        breaks.replace("echo exit 1 >tests/form-$GT_ATTEMPT.sh", "rm -f tests/form-*.sh; echo form >form.txt")
    ));
    town.gt(&["run", "--resume", convoy.as_str()]).succeeds().says(&["3 of 3 landed", "at attempt"]);
    promises::hold(&town.town);
}

/// Red at first; what its test says is in no command. Whoever finds it in the end of the gate's log mends it.
const MENDS: &str = r#"
[[reply]]
[[reply.step]]
[[reply.step.call]]
tool = "shell"
arguments = { command = '''
    if gt prime | grep -q RED-42; then echo exit 0 >tests/form.sh; else echo 'echo RED-$((40+2)); exit 1' >tests/form.sh; fi
    git add --all && git commit --quiet --message "Attempt $GT_ATTEMPT" && gt done
''' }
[[reply.step]]
text = "It is handed in."
"#;

#[test]
fn what_comes_back_from_its_gates_is_mended_by_a_fresh_run_of_the_built_in_agent() {
    let town = Scripted::new(MENDS);
    let id = town.json(&["new", "Add a form", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(&["sling", &id, "web/toast"]).succeeds();
    wait_until("it to land", || {
        town.gt(&["tick"]).succeeds();
        town.state("Add a form").contains("merged")
    });
    town.town.wait_until_quiet(GENEROUS);
    let bead = &town.json(&["show", &id])[0]["result"];
    let attempts: Vec<_> = bead["attempts"].as_array().into_iter().flatten().map(|one| &one["outcome"]).collect();
    assert_eq!(attempts, ["bounced"], "{bead:#}");
    let sessions = town.json(&["polecat", "show", "toast"])["sessions"].as_array().map(Vec::len);
    assert_eq!(sessions, Some(2), "the built-in agent goes on in no conversation: a fresh one finds the log");
    assert_eq!(town.project.git(&["show", "main:tests/form.sh"]), "exit 0");
    promises::hold(&town.town);
}

#[test]
fn an_agent_that_does_nothing_is_escalated_and_the_run_ends() {
    let town = Scripted::new(&three());
    let script = town.town.agent("exits").display().to_string();
    let local = town.town.read("local.toml").expect("it was written");
    let own = format!(
        "{}[mayor]\nagent = \"builtin\"\n[agents.exits]\ncommand = {script:?}\n",
        local.replace("agent = \"builtin\"", "agent = \"exits\"")
    );
    town.town.write("local.toml", &own);
    let ran = town.gt(&["run", GOAL, "--yes"]).exits(1);
    ran.says(&["0 of 3 landed", "escalated"]).complains(&["restarted", "escalated"]);
    promises::hold(&town.town);
}

#[test]
fn nothing_is_written_when_nobody_could_work() {
    let town = Scripted::new(&three());
    town.gt(&["config", "set", "roles.developer.agent", "codex"]).succeeds();
    town.gt(&["run", GOAL, "--yes"]).exits(9).complains(&["codex"]);
    town.gt(&["config", "unset", "roles.developer.agent"]).succeeds();
    town.gt(&["config", "set", "roles.tester.agent", "codex"]).succeeds();
    let mut tests = draft("test", "Test the form", &[]);
    tests["role"] = Value::from("tester");
    town.play(&mayor(&plan(&[tests]), None));
    town.gt(&["run", GOAL, "--yes"]).exits(9).complains(&["codex"]);
    town.gt(&["run", GOAL]).exits(2).complains(&["nobody to ask"]);
    assert!(town.beads().is_empty());
    town.gt(&["run"]).exits(2);
    town.gt(&["run", GOAL, "--resume"]).exits(2);
    town.gt(&["run", "--resume", "cv-zzzzz"]).exits(3).complains(&["no convoy"]);
}

#[test]
fn a_queue_that_a_person_wants_to_be_asked_about_is_worked_through_by_a_run() {
    let town = Scripted::new(&(mayor(&login(), None) + WORKS));
    town.gt(&["config", "set", "auto_merge", "false"]).succeeds();
    town.gt(&["run", GOAL, "--yes"]).succeeds().says(&["2 of 2 landed"]);
    promises::hold(&town.town);
}

/// `gt run` in the background, with its output in files.
struct Running<'a> {
    town: &'a Scripted,
    child: Child,
}

impl<'a> Running<'a> {
    fn start(town: &'a Scripted, arguments: &[&str]) -> Self {
        let file = |name: &str| fs::File::create(town.town.sandbox.join(name)).expect("writable");
        let mut command = town.command(arguments).into_command();
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        Self { town, child: command.spawn().expect("the binary under test starts") }
    }

    fn said(&self) -> String {
        ["out", "err"].map(|name| fs::read_to_string(self.town.town.sandbox.join(name)).unwrap_or_default()).concat()
    }

    fn wait(&self, text: &str) {
        wait_for(text, GENEROUS, || self.said().contains(text).then_some(()));
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.child.id().cast_signed()).expect("a child has an id");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Its exit code and all that it said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        wait_until("gt run to end", || {
            status = self.child.try_wait().expect("a child of ours");
            status.is_some()
        });
        (status.and_then(|status| status.code()), self.said())
    }
}

/// Workers of this script wait for a file before they hand in.
fn waiting(town: &TestTown) -> String {
    let gate = town.sandbox.join("go");
    WORKS.replace("&& gt done", &format!("&& until [ -e {} ]; do sleep 0.05; done && gt done", gate.display()))
}

#[test]
fn the_first_interrupt_starts_nothing_further_and_waits_and_a_resume_goes_on() {
    let town = Scripted::new("");
    town.play(&(three() + &waiting(&town.town)));
    let run = Running::start(&town, &["run", GOAL, "--workers", "1", "--yes"]);
    run.wait("slung");
    run.signal(rustix::process::Signal::INT);
    run.wait("still works on web-");
    run.wait("gt run --resume cv-");
    assert!(!town.convoy().feed);
    fs::write(town.town.sandbox.join("go"), "").expect("writable");
    let (code, said) = run.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 of 3 landed") && said.contains("goes on"), "{said}");
    promises::hold(&town.town);
    town.gt(&["run", "--resume", "--workers", "2"]).succeeds().says(&["3 of 3 landed"]);
    promises::hold(&town.town);
}

#[test]
fn the_second_interrupt_leaves_at_once_and_the_work_goes_on_without_it() {
    let town = Scripted::new("");
    town.play(&(mayor(&login(), None) + &waiting(&town.town)));
    let run = Running::start(&town, &["run", GOAL, "--yes"]);
    run.wait("slung");
    run.signal(rustix::process::Signal::INT);
    run.wait("still works on web-");
    run.signal(rustix::process::Signal::INT);
    let (code, said) = run.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("0 of 2 landed") && said.contains("left    web-"), "{said}");
    fs::write(town.town.sandbox.join("go"), "").expect("writable");
    wait_until("the work that was begun to land", || town.state("Add a form").starts_with("closed as merged"));
    assert_eq!(town.state("Test the form"), "open");
    town.gt(&["run", "--resume"]).succeeds().says(&["2 of 2 landed"]);
}

#[test]
fn a_polite_request_to_end_leaves_at_once_and_says_how_to_go_on() {
    let town = Scripted::new("");
    town.play(&(mayor(&login(), None) + &waiting(&town.town)));
    let run = Running::start(&town, &["run", GOAL, "--yes"]);
    run.wait("slung");
    run.signal(rustix::process::Signal::TERM);
    let (code, said) = run.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("left    web-") && said.contains("gt run --resume cv-"), "{said}");
    assert!(!town.convoy().feed);
    fs::write(town.town.sandbox.join("go"), "").expect("writable");
    town.gt(&["run", "--resume"]).succeeds().says(&["2 of 2 landed"]);
    promises::hold(&town.town);
}

#[test]
fn a_run_that_is_killed_is_gone_on_with() {
    let town = Scripted::new(&(three() + WORKS));
    for moment in ["Wrote", "slung", "submitted"] {
        let arguments: &[&str] = if moment == "Wrote" { &["run", GOAL, "--yes"] } else { &["run", "--resume"] };
        let run = Running::start(&town, arguments);
        wait_for(moment, Duration::from_secs(30), || {
            (run.said().contains(moment) || run.said().contains("landed in")).then_some(())
        });
        run.signal(rustix::process::Signal::KILL);
        run.end();
        if town.convoy().closed.is_some() {
            break;
        }
    }
    if town.convoy().closed.is_none() {
        town.gt(&["run", "--resume"]).succeeds();
    }
    for title in ["Add a form", "Add a page", "Test the form"] {
        assert!(town.state(title).starts_with("closed as merged"), "{title} is {}", town.state(title));
    }
    promises::hold(&town.town);
}

#[test]
fn on_a_terminal_each_worker_has_a_line() {
    let town = Scripted::new("");
    town.play(&(three() + &waiting(&town.town)));
    let terminal = Terminal::shell(&town.town);
    terminal.line(&format!("export GT_SCRIPT={}", town.town.sandbox.join("script.toml").display()));
    terminal.begin("gt run 'Add login' --workers 2 --yes");
    terminal.wait("web/");
    let screen = terminal.wait("queue");
    assert!(screen.contains("0 of 3 done"), "{screen}");
    wait_until("both workers", || terminal.screen().lines().filter(|line| line.contains("web/")).count() >= 2);
    fs::write(town.town.sandbox.join("go"), "").expect("writable");
    let screen = terminal.ended(0);
    assert!(screen.contains("3 of 3 landed"), "{screen}");
    assert!(!screen.lines().any(|line| line.contains("queue  ")), "the moving lines are gone: {screen}");
}

#[test]
fn what_a_person_took_back_is_left_and_said() {
    let town = Scripted::new("");
    town.play(&(mayor(&login(), None) + &waiting(&town.town)));
    let run = Running::start(&town, &["run", GOAL, "--yes"]);
    run.wait("slung");
    let form = town.bead("Add a form").id;
    wait_until("a worker that can be stopped", || town.gt(&["unsling", form.as_str()]).code == Some(0));
    let (code, said) = run.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("a person took it back; `gt sling {form}`")), "{said}");
    promises::hold(&town.town);
}

#[test]
fn a_target_that_is_red_to_begin_with_is_said_and_the_run_ends() {
    let town = Scripted::new("");
    let red = town.town.repo("red");
    red.write("tests/broken.sh", "exit 1\n");
    red.commit("break it");
    town.gt(&["rig", "add", "red", red.url(), "--gate", "./test.sh"]).succeeds();
    town.play(&(mayor(&login(), None) + WORKS));
    let ran = town.gt(&["run", GOAL, "--rig", "red", "--yes"]).exits(1);
    ran.says(&["0 of 2 landed", "the target main itself is red"]);
    promises::hold(&town.town);
}

#[test]
fn what_cannot_be_delivered_waits_and_is_said() {
    let town = Scripted::new(&(mayor(&login(), None) + WORKS));
    town.project.write("README.md", "half a sentence\n");
    let ran = town.gt(&["run", GOAL, "--yes"]).succeeds().says(&["2 of 2 landed"]);
    ran.complains(&["landed work of web", "gt rig take web"]);
    assert_eq!(town.project.read("README.md").as_deref(), Some("half a sentence\n"));
    promises::hold(&town.town);
}

#[test]
fn a_remote_is_pushed_to_and_what_others_pushed_is_built_on() {
    let town = Scripted::new("");
    let remote = town.town.bare_copy(&town.project, "api.git");
    let url = format!("file://{}", remote.display());
    town.gt(&["rig", "add", "api", &url, "--gate", "./test.sh"]).succeeds();
    town.play(&(mayor(&login(), None) + WORKS));
    town.project.write("theirs.txt", "x\n");
    let theirs = town.project.commit("from somebody else");
    town.project.git(&["push", "--quiet", &url, "main"]);
    town.gt(&["run", GOAL, "--rig", "api", "--yes"]).succeeds().says(&["2 of 2 landed"]);
    let form = town.bead("Add a form");
    assert_eq!((form.id.prefix().as_str(), form.merge.map(|merge| merge.base)), ("api", Some(theirs)));
    town.project.git(&["fetch", "--quiet", &url, "main:landed"]);
    assert!(town.project.show("landed", &format!("{}.txt", form.id)).is_some());
    promises::hold(&town.town);
}

#[test]
fn a_goal_may_be_spread_over_rigs() {
    let town = Scripted::new("");
    let other = town.town.repo("api");
    town.gt(&["rig", "add", "api", other.url(), "--gate", "./test.sh"]).succeeds();
    let (mut form, mut test) = (draft("form", "Add a form", &[]), draft("test", "Test the form", &["form"]));
    form["rig"] = Value::from("web");
    test["rig"] = Value::from("api");
    town.play(&(mayor(&plan(&[form, test]), None) + WORKS));
    town.gt(&["run", GOAL, "--yes"]).succeeds().says(&["2 of 2 landed"]);
    assert_eq!(town.bead("Login").id.prefix().as_str(), "hq");
    assert!(town.project.read(&format!("{}.txt", town.bead("Add a form").id)).is_some());
    assert!(other.read(&format!("{}.txt", town.bead("Test the form").id)).is_some());
    promises::hold(&town.town);
}
