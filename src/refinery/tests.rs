use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::bead::sample::{at, id};
use crate::id::BeadId;

fn entry(suffix: &str, priority: u8, minute: i64, needs: &[&str]) -> Entry {
    let needs = needs.iter().map(|need| id(need)).collect();
    let head = format!("head-{suffix}");
    Entry { bead: id(suffix), priority, submitted: at(60 * minute), head, needs, place: 0, approved: false }
}

#[test]
fn the_queue_has_an_order_and_says_why() {
    let entries = [
        entry("eeee", 2, 9, &[]),
        entry("aaaa", 2, 5, &["bbbb"]),
        entry("bbbb", 4, 7, &[]),
        entry("cccc", 2, 1, &[]),
        entry("dddd", 0, 8, &["gggg"]),
    ];
    let placed: Vec<String> = order(&entries).iter().map(|placed| format!("{}: {}", placed.bead, placed.why)).collect();
    let expected = [
        "web-dddd: priority 0, submitted 2027-01-15T08:08:00Z",
        "web-cccc: priority 2, submitted 2027-01-15T08:01:00Z",
        "web-eeee: priority 2, submitted 2027-01-15T08:09:00Z",
        "web-bbbb: priority 4, submitted 2027-01-15T08:07:00Z",
        "web-aaaa: priority 2, submitted 2027-01-15T08:05:00Z, after web-bbbb, which it needs",
    ];
    assert_eq!(placed, expected);
}

#[test]
fn a_person_changes_the_order_but_not_what_comes_before_what() {
    let at_place = |place, entry: Entry| Entry { place, ..entry };
    let entries = [
        entry("aaaa", 0, 1, &[]),
        at_place(-1, entry("bbbb", 4, 9, &[])),
        at_place(-2, entry("cccc", 2, 8, &["aaaa"])),
        at_place(1, entry("dddd", 0, 0, &[])),
    ];
    let placed: Vec<String> = order(&entries).iter().map(|placed| format!("{}: {}", placed.bead, placed.why)).collect();
    let expected = [
        "web-bbbb: put forward by a person, priority 4, submitted 2027-01-15T08:09:00Z",
        "web-aaaa: priority 0, submitted 2027-01-15T08:01:00Z",
        "web-cccc: put forward by a person, priority 2, submitted 2027-01-15T08:08:00Z, after web-aaaa, which it needs",
        "web-dddd: put back by a person, priority 0, submitted 2027-01-15T08:00:00Z",
    ];
    assert_eq!(placed, expected);
}

#[test]
fn beads_that_need_each_other_are_not_lost() {
    let entries = [entry("aaaa", 2, 2, &["bbbb"]), entry("bbbb", 2, 1, &["aaaa"])];
    assert_eq!(order(&entries).len(), 2);
}

/// A world of trees that are sets of beads, written like `{aaaa,bbbb}`; a person's commits are upper case.
struct World {
    refinery: Refinery,
    target: BTreeSet<String>,
    /// Sets that make a tree red.
    red: Vec<BTreeSet<String>>,
    /// Pairs that cannot be merged.
    conflicts: Vec<(String, String)>,
    gated: BTreeMap<Tree, bool>,
    /// How often gates were run.
    runs: usize,
    log: Vec<String>,
    landed: Vec<BeadId>,
    bounced: Vec<BeadId>,
    aside: BTreeSet<BeadId>,
}

fn name(set: &BTreeSet<String>) -> String {
    format!("{{{}}}", set.iter().cloned().collect::<Vec<_>>().join(","))
}

fn set(text: &str) -> BTreeSet<String> {
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl World {
    fn new(batch: usize, red: &[&str]) -> Self {
        Self {
            refinery: Refinery::new(Rules { batch }),
            target: BTreeSet::new(),
            red: red.iter().map(|text| set(text)).collect(),
            conflicts: Vec::new(),
            gated: BTreeMap::from([("{}".to_owned(), true)]),
            runs: 0,
            log: Vec::new(),
            landed: Vec::new(),
            bounced: Vec::new(),
            aside: BTreeSet::new(),
        }
    }

    fn submit(&mut self, suffixes: &[&str]) {
        for (minute, suffix) in (0..).zip(suffixes) {
            self.refinery.apply(Event::Submitted(entry(suffix, 2, minute, &[])));
        }
    }

    fn knows_target_is_green(&mut self) {
        self.refinery.apply(Event::Gated { tree: name(&self.target), verdict: Verdict::Green });
    }

    fn is_green(&self, tree: &BTreeSet<String>) -> bool {
        !self.red.iter().any(|red| red.is_subset(tree))
    }

    /// Does what the refinery says until it waits.
    fn run(&mut self) -> Waiting {
        for _ in 0..500 {
            let decision = self.refinery.decide();
            assert_eq!(decision, self.refinery.decide(), "asking changes nothing");
            self.log.push(decision.to_string().replace("web-", ""));
            if let Decision::Wait(waiting) = decision {
                return waiting;
            }
            self.act(decision);
        }
        panic!("it never ends: {:#?}", self.log);
    }

    fn act(&mut self, decision: Decision) {
        let event = match decision {
            Decision::ReadTarget => Event::Target(Target { tip: name(&self.target), tree: name(&self.target) }),
            Decision::Stack { base, members } if base == name(&self.target) => self.stack(base, &members),
            Decision::Stack { .. } => Event::Raced,
            Decision::Gate { tree, .. } => {
                self.runs += 1;
                let green = self.is_green(&set(tree.trim_matches(['{', '}'])));
                self.gated.insert(tree.clone(), green);
                let red = Verdict::Red { reason: "tests failed".to_owned(), log: None };
                Event::Gated { tree, verdict: if green { Verdict::Green } else { red } }
            }
            Decision::Land(stack) => self.land(&stack),
            Decision::CloseAsMerged { member, .. } => {
                self.landed.push(member.clone());
                Event::Withdrawn(member)
            }
            Decision::Bounce { member, reason, .. } => {
                assert!(!reason.is_empty(), "{member} is bounced without a reason");
                self.bounced.push(member.clone());
                Event::Withdrawn(member)
            }
            Decision::SetAside { member, .. } => {
                self.aside.insert(member.clone());
                Event::SetAside(member)
            }
            Decision::Wait(_) => unreachable!("waiting is nothing to do"),
        };
        self.refinery.apply(event);
    }

    fn stack(&self, base: Commit, members: &[BeadId]) -> Event {
        let mut tree = self.target.clone();
        let mut stacked: Vec<(BeadId, Commit)> = Vec::new();
        for member in members {
            let suffix = member.suffix().to_owned();
            if tree.contains(&suffix) {
                return Event::AlreadyIn(member.clone());
            }
            let conflicts =
                |(a, b): &(String, String)| (*a == suffix && tree.contains(b)) || (*b == suffix && tree.contains(a));
            if self.conflicts.iter().any(conflicts) {
                let after = stacked.into_iter().map(|(bead, _)| bead).collect();
                return Event::Conflict { member: member.clone(), after, reason: "conflict in a.txt".to_owned() };
            }
            tree.insert(suffix);
            stacked.push((member.clone(), name(&tree)));
        }
        Event::Stacked(Stacked { base, members: stacked, tip: name(&tree), tree: name(&tree) })
    }

    fn land(&mut self, stack: &Stacked) -> Event {
        if stack.base != name(&self.target) {
            return Event::Raced;
        }
        assert_eq!(self.gated.get(&stack.tree), Some(&true), "{} lands without green gates", stack.tree);
        self.target = set(stack.tree.trim_matches(['{', '}']));
        self.landed.extend(stack.beads());
        Event::Landed
    }
}

#[test]
fn one_after_the_other_lands() {
    let mut world = World::new(1, &[]);
    world.submit(&["aaaa", "bbbb"]);
    assert_eq!(world.run(), Waiting::Empty);
    let expected = [
        "read the target",
        "stack aaaa",
        "gate aaaa",
        "land aaaa",
        "stack bbbb",
        "gate bbbb",
        "land bbbb",
        "the queue is empty",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn a_red_bead_is_bounced_and_a_conflict_too() {
    let mut world = World::new(1, &["aaaa"]);
    world.conflicts = vec![("bbbb".to_owned(), "cccc".to_owned())];
    world.submit(&["aaaa", "bbbb", "cccc"]);
    world.run();
    assert_eq!((world.landed, world.bounced), (vec![id("bbbb")], vec![id("aaaa"), id("cccc")]));
    assert!(
        world.log.contains(&"gate the target itself".to_owned()),
        "nobody is blamed on a target that was never gated"
    );
}

#[test]
fn nobody_is_bounced_for_a_red_target_and_the_mender_lands() {
    let mut world = World::new(1, &["OOPS"]);
    world.target.insert("OOPS".to_owned());
    world.submit(&["aaaa", "bbbb"]);
    let reason = "tests failed".to_owned();
    assert_eq!(world.run(), Waiting::TargetRed { reason });
    assert_eq!((world.landed.len(), world.bounced.len(), world.runs), (0, 0, 3));
    world.target.clear();
    world.refinery.apply(Event::Target(Target { tip: "{}".to_owned(), tree: "{}".to_owned() }));
    assert_eq!(world.run(), Waiting::Empty);
    assert_eq!(world.landed, [id("aaaa"), id("bbbb")]);
}

#[test]
fn a_batch_of_eight_takes_one_run_and_a_bad_one_at_most_four_more() {
    let all = ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg", "hhhh"];
    for bad in std::iter::once("none").chain(all) {
        let mut world = World::new(8, &[bad]);
        world.knows_target_is_green();
        world.submit(&all);
        assert_eq!(world.run(), Waiting::Empty);
        let expected = if bad == "none" { 1 } else { 5 };
        assert!(world.runs <= expected, "{bad}: {} runs, {:#?}", world.runs, world.log);
        assert_eq!(world.landed.len(), if bad == "none" { 8 } else { 7 }, "{bad}");
    }
}

#[test]
fn two_green_ones_that_are_red_together_do_not_both_land() {
    let mut world = World::new(2, &["aaaa,bbbb"]);
    world.submit(&["aaaa", "bbbb"]);
    world.run();
    assert_eq!((world.landed, world.bounced), (vec![id("aaaa")], vec![id("bbbb")]));
}

#[test]
fn a_moved_target_is_stacked_upon_anew() {
    let mut world = World::new(1, &[]);
    world.submit(&["aaaa"]);
    for _ in 0..3 {
        world.act(world.refinery.decide());
    }
    assert!(matches!(world.refinery.decide(), Decision::Land(_)));
    world.target.insert("PERSON".to_owned());
    world.run();
    assert_eq!(world.target, set("PERSON,aaaa"));
    assert_eq!(world.runs, 2, "the merged tree is another one, and is gated too");
}

#[test]
fn broken_gates_are_no_verdict() {
    let mut world = World::new(1, &[]);
    world.submit(&["aaaa"]);
    for _ in 0..2 {
        world.act(world.refinery.decide());
    }
    let reason = "no space left on device".to_owned();
    world.refinery.apply(Event::GateBroken { reason: reason.clone() });
    assert_eq!(world.run(), Waiting::GateBroken { reason });
    world.refinery.apply(Event::Again);
    assert_eq!((world.run(), world.landed.len()), (Waiting::Empty, 1));
}

#[test]
fn what_is_set_aside_holds_up_only_what_needs_it() {
    let mut refinery = World::new(1, &[]);
    refinery.refinery.apply(Event::Submitted(entry("aaaa", 0, 0, &[])));
    refinery.refinery.apply(Event::Submitted(entry("bbbb", 0, 1, &["aaaa"])));
    refinery.refinery.apply(Event::Submitted(entry("cccc", 0, 2, &[])));
    refinery.act(refinery.refinery.decide());
    refinery.refinery.apply(Event::Unmergeable { member: id("aaaa"), reason: "its commit is gone".to_owned() });
    assert_eq!(refinery.run(), Waiting::SetAside(vec![id("aaaa")]));
    assert_eq!((refinery.landed, refinery.aside), (vec![id("cccc")], [id("aaaa")].into()));
}

#[test]
fn a_bead_that_is_in_the_target_is_closed_and_nothing_moves() {
    let mut world = World::new(1, &[]);
    world.target.insert("aaaa".to_owned());
    world.submit(&["aaaa"]);
    world.run();
    assert_eq!((world.landed.len(), world.runs, world.target), (1, 0, set("aaaa")));
}

#[test]
fn recovery_asks_the_target() {
    assert_eq!([Some(true), Some(false), None].map(recover), [Recovery::Close, Recovery::Drop, Recovery::Wait]);
}

#[derive(Debug, Clone)]
enum Step {
    Submit(usize, u8),
    Withdraw(usize),
    PersonMoves(usize),
    Break,
    Work(usize),
    TellTarget,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..8usize, 0..3u8).prop_map(|(bead, priority)| Step::Submit(bead, priority)),
        1 => (0..8usize).prop_map(Step::Withdraw),
        1 => (0..3usize).prop_map(Step::PersonMoves),
        1 => Just(Step::Break),
        6 => (1..5usize).prop_map(Step::Work),
        1 => Just(Step::TellTarget),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 0..60)
}

const BEADS: [&str; 8] = ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg", "hhhh"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// For any order of submissions, withdrawals, verdicts, restarts of the refinery and moves of the target:
    /// only trees that were gated green land ([`World::land`] asserts it), the target moves by us or the person
    /// only, nobody lands twice, and in the end each bead has landed, was bounced, or waits for a named reason.
    #[test]
    fn only_green_trees_land_and_nobody_is_forgotten(
        batch in 1..6usize,
        steps in steps(),
        red in proptest::collection::vec(proptest::collection::btree_set(0..8usize, 1..3), 0..3),
        conflicts in proptest::collection::vec((0..8usize, 0..8usize), 0..3),
        person_breaks in prop::bool::weighted(0.2),
    ) {
        let mut world = World::new(batch, &[]);
        world.red = red.iter().map(|set| set.iter().map(|place| BEADS[*place].to_owned()).collect()).collect();
        if person_breaks {
            world.red.push(set("PERSON2"));
        }
        world.conflicts = conflicts.iter().map(|(a, b)| (BEADS[*a].to_owned(), BEADS[*b].to_owned())).collect();
        let mut queued: BTreeMap<BeadId, Entry> = BTreeMap::new();
        let mut minute = 0;
        for step in steps {
            match step {
                Step::Submit(place, priority) => {
                    minute += 1;
                    let suffix = BEADS[place];
                    let new = entry(suffix, priority, minute, if place > 3 { &["aaaa"] } else { &[] });
                    let was_done = world.landed.contains(&new.bead) || queued.contains_key(&new.bead);
                    if !was_done {
                        world.bounced.retain(|bead| *bead != new.bead);
                        queued.insert(new.bead.clone(), new.clone());
                        world.refinery.apply(Event::Submitted(new));
                    }
                }
                Step::Withdraw(place) => {
                    queued.remove(&id(BEADS[place]));
                    world.refinery.apply(Event::Withdrawn(id(BEADS[place])));
                }
                Step::PersonMoves(which) => drop(world.target.insert(format!("PERSON{which}"))),
                Step::Break => world.refinery.apply(Event::GateBroken { reason: "no shell".to_owned() }),
                Step::TellTarget => {
                    let target = Target { tip: name(&world.target), tree: name(&world.target) };
                    world.refinery.apply(Event::Target(target));
                }
                Step::Work(count) => {
                    for _ in 0..count {
                        let decision = world.refinery.decide();
                        if !matches!(decision, Decision::Wait(_)) {
                            world.act(decision);
                        }
                    }
                }
                Step::Restart => {
                    world.refinery = Refinery::new(Rules { batch });
                    for entry in queued.values() {
                        if !world.landed.contains(&entry.bead) && !world.bounced.contains(&entry.bead) {
                            world.refinery.apply(Event::Submitted(entry.clone()));
                        }
                    }
                }
            }
            queued.retain(|bead, _| !world.landed.contains(bead) && !world.bounced.contains(bead));
        }
        world.refinery.apply(Event::Again);
        let target = Target { tip: name(&world.target), tree: name(&world.target) };
        world.refinery.apply(Event::Target(target));
        let end = world.run();
        queued.retain(|bead, _| !world.landed.contains(bead) && !world.bounced.contains(bead));
        let red_target = !world.is_green(&world.target);
        prop_assert_eq!(end == Waiting::Empty, queued.is_empty(), "{:?}: {:?}", world.log, queued.keys());
        prop_assert!(queued.is_empty() || red_target, "{:?} wait, and the target is green: {:?}", queued.keys(), world.log);
        let unique: BTreeSet<&BeadId> = world.landed.iter().collect();
        prop_assert_eq!(unique.len(), world.landed.len(), "somebody landed twice");
    }
}
