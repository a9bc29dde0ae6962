//! What workers are told to remember.

use crate::support::TestTown;

#[test]
fn what_is_remembered_is_shown_to_those_whom_it_concerns() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("idles");
    town.gt(["remember", "--rig", "web", "The API answers in UTC."])
        .succeeds()
        .says(&["rigs/web/the-api-answers-in-utc"]);
    town.gt(["remember", "--role", "tester", "Tests never sleep."]).succeeds();
    town.gt(["remember", "--as", "licence", "Every file names the licence."]).succeeds();
    town.gt(["remember", "--as", "licence", "Every file begins with the licence."]).succeeds();
    town.gt(["new", "Something to do", "--rig", "web"]).succeeds();
    let id = town.json(["list"])[0]["id"].as_str().expect("a bead").to_owned();
    town.gt(["sling", &id, "web/toast"]).succeeds();
    let here = town.root.join("rigs/web/polecats/toast");
    let primed = town.command(["prime"]).current_dir(&here).run().succeeds();
    let primed = primed.says(&["Known here", "The API answers in UTC.", "begins with the licence"]);
    assert!(!primed.transcript().contains("Tests never sleep"), "a developer is told what is for testers");
}

#[test]
fn notes_are_found_by_their_words_and_git_keeps_what_is_forgotten() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["recall"]).succeeds();
    for _ in 0..2 {
        town.gt(["remember", "Use the v2 API."]).succeeds();
    }
    town.gt(["remember", "--rig", "web", "Ports above 8000."]).succeeds();
    assert_eq!(town.json(["recall", "api", "V2"]).as_array().map(Vec::len), Some(2));
    assert_eq!(town.json(["recall", "--rig", "web"])[0]["text"], "Ports above 8000.");
    town.gt(["forget", "use-the-v2-apo"]).exits(3).complains(&["no note is called use-the-v2-apo", "use-the-v2-api"]);
    town.gt(["forget", "use-the-v2-api-2"]).succeeds().says(&["town/use-the-v2-api-2"]);
    assert_eq!(town.json(["recall", "api"]).as_array().map(Vec::len), Some(1));
    let story = town.git(&["log", "--format=%s", "--", "memory"]);
    assert!(story.starts_with("forget town/use-the-v2-api-2\n"), "{story}");
    town.gt(["remember", "--as", "../x", "y"]).exits(2).complains(&["cannot name a note", "small letters"]);
    town.gt(["remember", "--role", "tetser", "y"]).exits(3).complains(&["there is no role \"tetser\"", "tester"]);
    town.gt(["remember", &"x".repeat(2_001)]).exits(5).complains(&["2001 bytes", "at most 2000"]);
    town.gt(["remember", " "]).exits(2).complains(&["nothing to remember"]);
}
