//! What a person can do to the merge queue: pause it, change its order, look back, add to it, approve.

use serde_json::Value;

use crate::queued::{shown, submitted, town_that_waits};
use crate::support::{TestTown, promises, wait_until};

fn queue(town: &TestTown) -> Vec<String> {
    let list = town.json(["queue", "list"]);
    list.as_array().expect("a list").iter().filter_map(|row| Some(row["bead"].as_str()?.to_owned())).collect()
}

#[test]
fn a_paused_queue_lands_nothing_and_its_order_can_be_changed() {
    let (town, _project) = town_that_waits();
    submitted(&town, "First", &[]);
    submitted(&town, "Second", &[]);
    // Both may have been handed in within one second; then their ids decide.
    let [first, second]: [String; 2] = queue(&town).try_into().expect("both wait");
    town.gt(["queue", "pause", "web", "release", "day"]).succeeds().says(&["web is paused: release day"]);
    assert!(town.read("rigs.d/web.toml").is_some_and(|text| text.contains("paused = \"release day\"")));
    town.gt(["refinery", "run", "web"]).succeeds().says(&["0 landed"]).complains(&["paused: release day"]);
    town.gt(["queue", "list", "--why"]).succeeds().says(&["paused", "release day"]);
    town.gt(["status"]).succeeds().says(&["queue paused: release day"]);
    town.gt(["refinery", "status"]).succeeds().complains(&["release day", "gt queue resume web"]);

    assert_eq!(queue(&town), [first.as_str(), second.as_str()]);
    town.gt(["queue", "bump", &second]).succeeds().says(&["1 of 2"]);
    assert_eq!(queue(&town), [second.as_str(), first.as_str()]);
    town.gt(["queue", "list", "--why"]).succeeds().says(&["put forward by a person"]);
    town.gt(["queue", "lower", &second]).succeeds().says(&["2 of 2"]);
    assert_eq!(queue(&town), [first.as_str(), second.as_str()]);

    town.gt(["queue", "resume", "web"]).succeeds().says(&["goes on"]);
    town.gt(["queue", "resume", "web"]).succeeds().says(&["was not paused"]);
    town.gt(["config", "set", "batch_size", "1"]).succeeds();
    town.gt(["refinery", "run", "web", "--once"]).succeeds();
    town.gt(["queue", "reject", &second, "Not like this"]).succeeds();
    let log = town.gt(["queue", "log", "web"]).succeeds();
    log.says(&[&first, "landed", "test 0.", &second, "rejected", "Not like this"]);
    let log = town.json(["queue", "log"]);
    let how: Vec<&str> = log.as_array().expect("a list").iter().filter_map(|row| row["how"].as_str()).collect();
    assert_eq!(how, ["rejected", "landed"], "newest first");
    assert!(log[1]["gates"][0]["milliseconds"].is_u64() && log[1]["landed"].is_string());
    town.gt(["queue", "bump", &first]).exits(6).complains(&["not in the merge queue"]);
    town.gt(["queue", "pause", "wob"]).exits(3);
    promises::hold(&town);
}

#[test]
fn a_persons_own_branch_goes_through_the_gates_and_back_to_the_person() {
    let (town, project) = town_that_waits();
    project.git(&["checkout", "--quiet", "-b", "mine"]);
    project.write("mine.txt", "mine\n");
    project.write("tests/wrong.sh", "exit 1\n");
    project.commit("Add what I want");
    project.git(&["checkout", "--quiet", "main"]);
    town.gt(["queue", "add", "nothing"]).exits(3).complains(&["no branch"]);
    town.gt(["queue", "add", "main"]).exits(7).complains(&["no commit beyond"]);
    let added = town.json(["queue", "add", "mine"]);
    let id = added["bead"].as_str().expect("an id").to_owned();
    assert_eq!((added["title"].as_str(), added["commits"].as_u64()), (Some("Add what I want"), Some(1)));
    town.gt(["queue", "add", "mine"]).succeeds().says(&[&id, "already"]);
    assert_eq!(shown(&town, &id)["status"], "submitted");
    town.gt(["refinery", "run", "web"]).succeeds().says(&[&id, "bounced"]);
    let bead = shown(&town, &id);
    assert_eq!((&bead["status"], &bead["attempts"][0]["outcome"]), (&Value::from("open"), &Value::from("bounced")));
    town.gt(["escalation", "list"]).succeeds().says(&["your branch mine was sent back"]);
    town.gt(["config", "set", "auto_merge", "true"]).succeeds();
    town.gt(["tick"]).succeeds();
    assert_eq!(shown(&town, &id)["status"], "open", "no worker gets what is the person's");
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();

    project.git(&["checkout", "--quiet", "mine"]);
    project.git(&["rm", "--quiet", "tests/wrong.sh"]);
    project.git(&["commit", "--quiet", "--message", "Mend it"]);
    project.git(&["checkout", "--quiet", "main"]);
    town.gt(["queue", "add", "mine", "--bead", &id]).succeeds().says(&[&id, "2 commits"]);
    assert_eq!(town.json(["queue", "list"])[0]["standing"], "waiting", "the letter is settled");
    town.gt(["refinery", "run", "web"]).succeeds().says(&[&id, "landed"]);
    assert_eq!(project.show("main", "mine.txt").as_deref(), Some("mine\n"));
    town.gt(["queue", "add", "mine", "--bead", &id]).exits(7);
    promises::hold(&town);
}

#[test]
fn a_change_of_the_gates_waits_for_an_approval_and_a_watching_refinery_lands_it() {
    let (town, project) = town_that_waits();
    project.git(&["checkout", "--quiet", "-b", "ci"]);
    project.write("test.sh", "#!/bin/sh\nexit 0\n");
    project.commit("Tests are quicker now");
    project.git(&["checkout", "--quiet", "-b", "innocent", "main"]);
    project.write("mine.txt", "mine\n");
    project.commit("Add a file");
    project.git(&["checkout", "--quiet", "main"]);
    let id = town.json(["queue", "add", "ci"])["bead"].as_str().expect("an id").to_owned();
    let other = town.json(["queue", "add", "innocent"])["bead"].as_str().expect("an id").to_owned();
    let mut watching = town.command(["refinery", "run", "web", "--watch"]).start();
    wait_until("the innocent one to land", || shown(&town, &other)["status"] == "closed");
    wait_until("the other to wait", || town.json(["queue", "list"])[0]["standing"] == "set-aside");
    town.gt(["queue", "list", "--why"]).succeeds().says(&["waits for approval: touches test.sh"]);
    assert_eq!(shown(&town, &id)["status"], "submitted");
    town.gt(["queue", "approve", &other]).exits(6).complains(&["not in the merge queue"]);
    town.gt(["queue", "approve", &id]).succeeds().says(&[&id, "approved at"]);
    wait_until("the approved one to land", || shown(&town, &id)["status"] == "closed");
    let approved = &shown(&town, &id)["merge"]["approved"];
    assert_eq!((&approved["by"], &approved["head"]), (&Value::from("human"), &Value::from(project.tip("ci"))));
    let letters = town.json(["escalation", "list", "--all"]);
    assert_eq!(letters.as_array().map(Vec::len), Some(1), "it was said once");
    assert!(watching.try_wait().expect("it is our child").is_none(), "it goes on");
    let pid = i32::try_from(watching.id()).expect("a process id");
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).expect("not 0"), rustix::process::Signal::INT)
        .expect("it is there");
    watching.wait().expect("it ends");
    promises::hold(&town);
}
