//! One worker per bead, one bead per worker, however many sling at once.

use std::collections::BTreeSet;

use gt::bead::Status;

use crate::crowd;
use crate::support::random::{Random, for_each_seed};
use crate::support::{TestTown, history, promises};

/// A town whose sessions need no terminal and whose agent does nothing.
fn town(beads: usize) -> (TestTown, Vec<String>) {
    let (town, ids) = crowd::town(beads);
    town.gt(["config", "set", "--local", "runtime", "process"]).succeeds();
    town.work_with("idles");
    (town, ids)
}

fn sling(bead: &str, to: &str) -> Vec<Vec<String>> {
    vec![["sling", bead, to].map(str::to_owned).to_vec()]
}

#[test]
fn thirty_slings_of_one_bead_give_it_to_one_worker() {
    let (town, ids) = town(1);
    let said = crowd::run(&town, &vec![sling(&ids[0], "web"); 30]);
    let winners: Vec<_> = said.iter().filter(|(_, ran)| ran.code == Some(0)).collect();
    assert_eq!(winners.len(), 1, "{}", said.iter().map(|(_, ran)| ran.transcript()).collect::<Vec<_>>().join("\n"));
    for (_, ran) in said.iter().filter(|(_, ran)| ran.code != Some(0)) {
        ran.clone().exits(6).complains(&["is hooked to web/polecats/"]);
    }
    let history = history::of(&town);
    assert_eq!((history.findings, history.beads.len()), (Vec::new(), 1));
    promises::hold(&town);
    let agents = town.processes().into_iter().filter(|process| process.line.starts_with("sleep")).count();
    assert_eq!(agents, 1, "{:#?} {}", town.processes(), winners[0].1.transcript());
}

#[test]
fn ten_beads_for_three_workers_never_share_one() {
    for_each_seed(1, |seed| {
        let mut random = Random::of(seed);
        let (town, ids) = town(10);
        let workers = ["web/ada", "web/bob", "web/cyd"];
        let mut scripts: Vec<_> = ids.iter().flat_map(|id| workers.iter().map(|worker| sling(id, worker))).collect();
        scripts.sort_by_cached_key(|_| random.next());
        let said = crowd::run(&town, &scripts);
        let history = history::of(&town);
        assert_eq!(history.findings, Vec::<String>::new());
        let hooked: Vec<_> = history.beads.values().filter(|bead| bead.status() == Status::Hooked).collect();
        let holders: BTreeSet<_> = hooked.iter().filter_map(|bead| bead.claim().map(|claim| &claim.assignee)).collect();
        assert_eq!((hooked.len(), holders.len()), (3, 3), "{holders:?}");
        let told = said.iter().filter(|(_, ran)| ran.code == Some(0)).count();
        assert_eq!(told, 3, "each success is a hook: {said:#?}");
        promises::hold(&town);
        crowd::sound(&town);
    });
}
