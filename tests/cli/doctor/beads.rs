//! Beads, the merge queue and what was landed.

use gt::bead::{Attempt, AttemptOutcome, Bead, Closing, Intent, Merge, Resolution, State};

use super::{
    bead, claim, commit_by_hand, complaints, healthy, is_clean, is_mended, merge, names, new_bead, put, rig_git,
};

#[test]
fn beads_that_wait_for_themselves_or_for_nothing_are_named_with_the_way_out() {
    let (town, _project) = healthy();
    let [one, two, three] = ["One", "Two", "Three"].map(|title| new_bead(&town, title));
    let path = |id: &str| format!("beads/web/{}/{id}.toml", &id[4..6]);
    let needing = |id: &str, need: &str| {
        let mut bead = Bead::parse(&path(id), &town.read(&path(id)).expect("there")).expect("sound");
        bead.needs.insert(need.parse().expect("an id"));
        put(&town, &bead);
    };
    needing(&one, &two);
    needing(&two, &one);
    needing(&three, "web-zzzzz");
    commit_by_hand(&town);
    names(&town, 10, &["problem beads/cycles", &one, &two, "gt bead dep remove"]);
    names(&town, 10, &["warning beads/hands", &three, "web-zzzzz", "no such bead"]);
    town.gt(["bead", "dep", "remove", &one, &two]).succeeds();
    town.gt(["bead", "dep", "remove", &three, "web-zzzzz"]).succeeds();
    is_clean(&town);
}

#[test]
fn a_bead_on_the_hook_of_nobody_is_taken_back() {
    let (town, _project) = healthy();
    put(&town, &Bead { state: State::Hooked(claim(&town, "web/polecats/ghost")), ..bead("web-abcde") });
    commit_by_hand(&town);
    let status = town.gt(["status", "--explain"]).succeeds();
    status.says(&["ghost", "unknown", "no rig has a worker of this name"]);
    is_mended(&town, 10, &["problem beads/claims", "web-abcde", "ghost"], "took web-abcde from a worker");
    // The tick gives it to a worker that exists.
    assert_ne!(town.json(["show", "web-abcde"])[0]["result"]["assignee"], "web/polecats/ghost");
}

#[test]
fn a_submitted_commit_is_pinned_and_a_lost_one_is_named() {
    let (town, project) = healthy();
    let submitted = |id: &str, head: &str| {
        let state = State::Submitted(claim(&town, "web/polecats/ghost"));
        put(&town, &Bead { state, merge: Some(merge(head)), ..bead(id) });
    };
    submitted("web-abcde", &project.tip("HEAD"));
    commit_by_hand(&town);
    is_mended(&town, 10, &["problem rig web/queue", "web-abcde", "nothing pins"], "pinned the commit of web-abcde");
    assert_eq!(rig_git(&town, &["rev-parse", "refs/gt/work/web-abcde/1"]), project.tip("HEAD"));
    submitted("web-bcdef", &"1".repeat(40));
    commit_by_hand(&town);
    names(&town, 10, &["problem rig web/queue", "web-bcdef", "is not in the repository", "gt queue reject web-bcdef"]);
}

#[test]
fn what_is_closed_as_merged_and_is_not_is_named() {
    let (town, project) = healthy();
    let closed = |id: &str, landed: &str| {
        let closing = Closing { resolution: Resolution::Merged, at: "2026-01-02T03:04:05Z".parse().expect("a time") };
        let merge = Merge { landed: Some(landed.to_owned()), ..merge(landed) };
        put(&town, &Bead { state: State::Closed(closing), merge: Some(merge), ..bead(id) });
    };
    closed("web-abcde", &project.tip("HEAD"));
    let elsewhere = rig_git(&town, &["commit-tree", "-m", "elsewhere", "main^{tree}"]);
    closed("web-bcdef", &elsewhere);
    closed("web-cdefg", &"1".repeat(40));
    commit_by_hand(&town);
    let found = complaints(&town.gt(["doctor", "--json"]).exits(10));
    let merged: Vec<&String> = found.iter().filter(|line| line.contains("rig web/merged")).collect();
    assert_eq!(merged.len(), 2, "{found:#?}");
    assert!(merged[0].contains("web-bcdef") || merged[1].contains("web-bcdef"), "{found:#?}");
}

#[test]
fn a_landing_that_was_begun_is_ended() {
    let (town, project) = healthy();
    let head = project.tip("HEAD");
    let id = "web-abcde";
    let intent = Intent {
        old: head.clone(),
        new: head.clone(),
        landed: head.clone(),
        members: vec![id.parse().expect("an id")],
        extra: toml::Table::new(),
    };
    let state = State::Submitted(claim(&town, "web/polecats/ghost"));
    rig_git(&town, &["update-ref", "refs/gt/work/web-abcde/1", &head]);
    put(&town, &Bead { state, merge: Some(Merge { intent: Some(intent), ..merge(&head) }), ..bead(id) });
    commit_by_hand(&town);
    is_mended(&town, 0, &["warning rig web/queue", "was begun and not ended"], "ended what was begun");
    assert_eq!(town.json(["show", id])[0]["result"]["closed_as"], "merged");
}

#[test]
fn landed_work_is_delivered_once_nothing_is_in_the_way() {
    let (town, project) = healthy();
    let base = project.tip("HEAD");
    let landed = rig_git(&town, &["commit-tree", "-p", &base, "-m", "landed", "main^{tree}"]);
    rig_git(&town, &["update-ref", "refs/heads/main", &landed]);
    project.write("greeting.txt", "mine\n");
    names(&town, 0, &["warning rig web/delivery", "1 landed commit", "gt rig take web"]);
    town.gt(["doctor", "--fix"]).succeeds();
    names(&town, 0, &["warning rig web/delivery", "greeting.txt"]);
    assert_eq!(project.read("greeting.txt").as_deref(), Some("mine\n"));
    project.git(&["checkout", "--quiet", "--", "greeting.txt"]);
    is_mended(&town, 0, &["warning rig web/delivery"], "delivered");
    assert_eq!(project.tip("HEAD"), landed);
}

#[test]
fn a_bead_that_failed_is_told_of_once() {
    let (town, _project) = healthy();
    let mut failed = bead("web-abcde");
    for number in 1..=3 {
        failed.record_attempt(Attempt::new(number, AttemptOutcome::Bounced, "gate test is red"));
    }
    put(&town, &failed);
    commit_by_hand(&town);
    is_mended(
        &town,
        10,
        &["problem beads/hands", "web-abcde", "failed after 3 attempts"],
        "told somebody that web-abcde",
    );
    let raised = town.json(["escalation", "list"]);
    assert_eq!(raised.as_array().map(Vec::len), Some(1), "{raised}");
    town.gt(["escalation", "ack", raised[0]["id"].as_str().expect("an id")]).succeeds();
    town.gt(["tick"]).succeeds();
    assert_eq!(town.json(["escalation", "list"]).as_array().map(Vec::len), Some(0));
}
