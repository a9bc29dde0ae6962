use proptest::prelude::*;

use super::*;
use crate::bead::ready::{Context, account, queue};
use crate::bead::sample::{at, bead, id, worker};
use crate::bead::{Bead, Kind};

fn role(name: &str) -> RoleName {
    name.parse().expect("valid")
}

fn town(workers: &[(&str, &str, Option<&str>)]) -> Town {
    let rig = Rig {
        name: "web".parse().expect("valid"),
        prefix: "web".parse().expect("valid"),
        parked: false,
        limit: None,
        pools: BTreeMap::new(),
        free_names: ["nux", "slit", "ace"].map(|name| name.parse().expect("valid")).into(),
    };
    let workers = workers.iter().map(|(name, of, has)| Worker {
        who: worker(name),
        role: role(of),
        state: has.map_or(WorkerState::Free, |bead| WorkerState::Hooked(id(bead))),
    });
    Town { rigs: vec![rig], workers: workers.collect(), limit: None }
}

fn feed(members: &[&str], workers: Option<u32>) -> Feed {
    Feed { members: members.iter().map(|suffix| id(suffix)).collect(), workers }
}

fn shown(beads: &[Bead], town: &Town, feeds: &[Feed]) -> String {
    let rows: Vec<Row> = beads.iter().map(Row::from).collect();
    let plan = next(&queue(&rows, &Context::at(at(9))), town, feeds);
    let starts = plan
        .starts
        .iter()
        .map(|start| format!("{}->{}{}", start.bead.suffix(), if start.new { "new " } else { "" }, start.worker.name));
    let refusals = plan.refusals.iter().map(|(bead, why)| format!("{}: {why}", bead.suffix()));
    starts.chain(refusals).collect::<Vec<_>>().join("; ")
}

fn preferring(suffix: &str, name: &str) -> Bead {
    let mut bead = bead(suffix);
    bead.prefer = Some(worker(name));
    bead
}

#[test]
fn beads_go_to_free_workers_and_then_to_new_ones() {
    let beads = [bead("aaaa"), bead("bbbb"), bead("cccc")];
    let town = town(&[("toast", "developer", None), ("busy", "developer", Some("hhhh")), ("probe", "tester", None)]);
    let feeds = [feed(&["aaaa", "bbbb", "cccc"], None)];
    assert_eq!(shown(&beads, &town, &feeds), "aaaa->toast; bbbb->new nux; cccc->new slit");
}

#[test]
fn only_fed_convoys_start_by_themselves() {
    assert_eq!(shown(&[bead("aaaa"), bead("bbbb")], &town(&[]), &[feed(&["bbbb"], None)]), "bbbb->new nux");
    assert_eq!(shown(&[bead("aaaa")], &town(&[]), &[]), "");
}

#[test]
fn a_preferred_worker_is_kept_for_its_bead() {
    let beads = [bead("aaaa"), preferring("bbbb", "toast")];
    let feeds = [feed(&["aaaa", "bbbb"], None)];
    let two = town(&[("toast", "developer", None), ("zed", "developer", None)]);
    assert_eq!(shown(&beads, &two, &feeds), "aaaa->zed; bbbb->toast");
    let one = town(&[("toast", "developer", None)]);
    assert_eq!(shown(&beads, &one, &feeds), "aaaa->toast; bbbb->new nux");
    let busy = town(&[("toast", "developer", Some("hhhh")), ("zed", "developer", None)]);
    assert_eq!(shown(&[preferring("bbbb", "toast")], &busy, &feeds), "bbbb->zed");
}

#[test]
fn limits_are_named() {
    let beads = [bead("aaaa"), bead("bbbb")];
    let feeds = [feed(&["aaaa", "bbbb", "hhhh"], None)];
    type Case<'c> = (&'c str, &'c dyn Fn(&mut Town, &mut Feed));
    let cases: [Case<'_>; 6] = [
        ("aaaa->toast; bbbb: its convoy has 2 workers at work, as many as it may", &|_, feed| feed.workers = Some(2)),
        ("aaaa->toast; bbbb: the town has 2 workers at work, as many as it may", &|town, _| town.limit = Some(2)),
        ("aaaa->toast; bbbb: web has 2 workers at work, as many as it may", &|town, _| town.rigs[0].limit = Some(2)),
        ("aaaa->toast; bbbb: all 2 developer workers of web are at work", &|town, _| {
            town.rigs[0].pools.insert(role("developer"), 2);
        }),
        ("aaaa->toast; bbbb: web has no name left for a new worker; add names to its pool", &|town, _| {
            town.rigs[0].free_names.clear();
        }),
        ("aaaa: the rig web is parked; bbbb: the rig web is parked", &|town, _| town.rigs[0].parked = true),
    ];
    for (expected, change) in cases {
        let mut town = town(&[("toast", "developer", None), ("busy", "developer", Some("hhhh"))]);
        let mut feeds = feeds.clone();
        change(&mut town, &mut feeds[0]);
        assert_eq!(shown(&beads, &town, &feeds), expected);
    }
}

#[test]
fn a_pool_of_another_role_does_not_count() {
    let mut test = bead("aaaa");
    test.role = role("tester");
    let mut town = town(&[("busy", "developer", Some("hhhh"))]);
    town.rigs[0].pools = [(role("developer"), 1), (role("tester"), 1)].into();
    assert_eq!(shown(&[test], &town, &[feed(&["aaaa"], None)]), "aaaa->new nux");
}

fn slung(of: &Bead, others: &[Bead], town: &Town, name: Option<&str>, rig: Option<&str>) -> String {
    let rows: Vec<Row> = std::iter::once(of).chain(others).map(Row::from).collect();
    let accounts = account(&rows, &Context::at(at(9)));
    let worker = name.map(worker);
    let rig = rig.map(|rig| rig.parse().expect("valid"));
    let asked = Asked { row: &rows[0], account: &accounts[0], worker: worker.as_ref(), rig: rig.as_ref() };
    match admit(&asked, town) {
        Ok(start) => format!("{}{}", if start.new { "new " } else { "" }, start.worker.name),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn a_person_may_name_the_worker_but_not_break_the_rules() {
    let mut town = town(&[("toast", "developer", None), ("busy", "developer", Some("hhhh"))]);
    town.workers.push(Worker {
        who: worker("ill"),
        role: role("developer"),
        state: WorkerState::Unfit("its worktree is in the middle of a rebase".to_owned()),
    });
    let mut epic = bead("aaaa");
    epic.kind = Kind::Epic;
    let mut waiting = bead("aaaa");
    waiting.needs = [id("bbbb")].into();
    let foreign = Bead::new("api-aaaa".parse().expect("valid"), "x", at(0));
    let cases = [
        (slung(&bead("aaaa"), &[], &town, None, None), "toast"),
        (slung(&bead("aaaa"), &[], &town, Some("toast"), None), "toast"),
        (slung(&bead("aaaa"), &[], &town, Some("fresh"), None), "new fresh"),
        (slung(&bead("aaaa"), &[], &town, Some("busy"), None), "web/polecats/busy has web-hhhh on its hook"),
        (
            slung(&bead("aaaa"), &[], &town, Some("ill"), None),
            "web/polecats/ill cannot take work: its worktree is in the middle of a rebase",
        ),
        (slung(&epic, &[], &town, None, None), "it is an epic; its children start"),
        (slung(&waiting, &[bead("bbbb")], &town, None, None), "it is not ready: waits for web-bbbb (open)"),
        (slung(&foreign, &[], &town, None, None), "no rig has the prefix api; name the rig in which it is to start"),
        (slung(&foreign, &[], &town, None, Some("web")), "toast"),
        (slung(&foreign, &[], &town, None, Some("db")), "there is no rig db"),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

proptest! {
    /// However full the town is: nobody gets two beads, nothing starts twice, no limit is passed, every ready
    /// member of a fed convoy is either started or refused with a reason, and no epic starts.
    #[test]
    fn no_plan_breaks_a_rule(
        kinds in proptest::collection::vec((0..3usize, prop::bool::weighted(0.2), proptest::option::of(0..5usize)), 0..12),
        workers in proptest::collection::vec((0..2usize, 0..3usize), 0..5),
        limits in (proptest::option::of(0..5u32), proptest::option::of(0..5u32), proptest::option::of(0..3u32), proptest::option::of(0..5u32)),
    ) {
        let roles = ["developer", "tester", "reviewer"];
        let names = ["ann", "bob", "cid", "dan", "eve"];
        let letters = "abcdefghjkmn".as_bytes();
        let beads: Vec<Bead> = kinds.iter().enumerate().map(|(place, (of, epic, prefer))| {
            let mut bead = bead(&char::from(letters[place]).to_string().repeat(4));
            bead.role = role(roles[*of]);
            bead.kind = if *epic { Kind::Epic } else { Kind::Task };
            bead.prefer = prefer.map(|place| worker(names[place]));
            bead
        }).collect();
        let hooks = ["pppp", "qqqq", "rrrr", "ssss", "tttt"];
        let list: Vec<(&str, &str, Option<&str>)> = workers.iter().enumerate()
            .map(|(place, (busy, of))| (names[place], roles[*of], (*busy == 1).then_some(hooks[place]))).collect();
        let mut town = town(&list);
        (town.limit, town.rigs[0].limit) = (limits.0, limits.1);
        town.rigs[0].pools.extend(limits.2.map(|limit| (role("tester"), limit)));
        let feeds = [Feed { members: beads.iter().map(|bead| bead.id.clone()).collect(), workers: limits.3 }];
        let rows: Vec<Row> = beads.iter().map(Row::from).collect();
        let ready = queue(&rows, &Context::at(at(9)));
        let plan = next(&ready, &town, &feeds);

        prop_assert_eq!(plan.starts.len() + plan.refusals.len(), ready.len());
        let busy_before = list.iter().filter(|(_, _, has)| has.is_some()).count();
        let mut hands: BTreeSet<&WorkerRef> = town.workers.iter().filter(|w| w.state != WorkerState::Free).map(|w| &w.who).collect();
        for start in &plan.starts {
            prop_assert!(hands.insert(&start.worker), "{} has two beads", start.worker);
            prop_assert!(beads.iter().any(|bead| bead.id == start.bead && bead.kind != Kind::Epic));
            prop_assert_eq!(start.new, !town.workers.iter().any(|worker| worker.who == start.worker));
        }
        if !plan.starts.is_empty() {
            let at_work = busy_before + plan.starts.len();
            prop_assert!(limits.0.is_none_or(|limit| at_work <= limit as usize));
            prop_assert!(limits.1.is_none_or(|limit| at_work <= limit as usize));
            prop_assert!(limits.3.is_none_or(|limit| plan.starts.len() <= limit as usize));
        }
        if plan.starts.iter().any(|start| start.role == role("tester")) {
            let busy = town.workers.iter().filter(|w| w.role == role("tester") && w.state != WorkerState::Free).count();
            let testers = busy + plan.starts.iter().filter(|start| start.role == role("tester")).count();
            prop_assert!(limits.2.is_none_or(|limit| testers <= limit as usize));
        }
    }
}
