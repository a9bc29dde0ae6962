//! Any interleaving equals some serial order.

use std::collections::BTreeSet;

use gt::clock::Clock;
use gt::ledger::Ledger;

use crate::crowd::{self, check};
use crate::support::random::{Random, for_each_seed};

#[test]
fn thirty_processes_make_one_serial_history() {
    for_each_seed(2, |seed| {
        let mut random = Random::of(seed);
        let (town, shared) = crowd::town(4);
        let scripts: Vec<_> = (0..30).map(|number| crowd::script(&mut random, number, 4, &shared)).collect();
        check(&town, &crowd::run(&town, &scripts));
    });
}

#[test]
fn six_hundred_commands_thirty_at_a_time_lose_nothing() {
    let (town, _) = crowd::town(0);
    let script = |number: usize| -> Vec<Vec<String>> {
        let title = |step: usize| format!("bead {number}-{step} of its own");
        (0..20).map(|step| vec!["new".into(), title(step), "--rig".into(), "web".into()]).collect()
    };
    let scripts: Vec<_> = (0..30).map(script).collect();
    let said = crowd::run(&town, &scripts);
    assert_eq!(said.len(), 600);
    assert!(said.iter().all(|(_, ran)| ran.code == Some(0)), "every one of them is made");
    let listed = town.json(["list", "--all", "--limit", "0"]);
    let ids: BTreeSet<&str> = listed.as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids.len(), 600);
    check(&town, &said);
}

#[test]
fn packing_beside_writers_changes_nothing() {
    for_each_seed(1, |seed| {
        let mut random = Random::of(seed);
        let (town, shared) = crowd::town(3);
        let scripts: Vec<_> = (0..10).map(|number| crowd::script(&mut random, number, 6, &shared)).collect();
        let said = std::thread::scope(|scope| {
            let writers = scope.spawn(|| crowd::run(&town, &scripts));
            let ledger = Ledger::at(&town.root, "main", Clock::System);
            while !writers.is_finished() {
                ledger.pack().expect("packed beside the writers");
            }
            writers.join().expect("the writers end")
        });
        check(&town, &said);
    });
}
