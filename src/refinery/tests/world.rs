//! A world to decide in: trees are sets of words, one for each bead, and some sets are red.

use std::collections::{BTreeMap, BTreeSet};

use super::nature::{Nature, Words, name, set};
use super::*;
use crate::bead::sample::{at, id};
use crate::clock::Timestamp;
use crate::id::BeadId;

pub fn entry(suffix: &str, priority: u8, minute: i64, needs: &[&str]) -> Entry {
    Entry {
        bead: id(suffix),
        priority,
        submitted: at(60 * minute),
        head: suffix.to_owned(),
        needs: needs.iter().map(|need| id(need)).collect(),
        convoy: None,
        bounced: false,
        offered: false,
        place: 0,
        approved: false,
    }
}

/// The refinery, and everything outside of it. The submitted commit of a bead is the word that it adds.
#[derive(Debug)]
pub struct World {
    pub rules: Rules,
    pub nature: Nature,
    pub refinery: Refinery,
    /// What the ledger says: the queue, the evidence, and a landing that was begun.
    pub queue: BTreeMap<BeadId, Entry>,
    pub evidence: BTreeMap<Subject, Verdict>,
    pub intent: Option<Stack>,
    /// What git says.
    pub target: Words,
    pub now: i64,
    /// How often gates were run, however many tries each took.
    pub runs: usize,
    /// How often each subject was tried since red verdicts were last forgotten.
    pub tries: BTreeMap<Subject, usize>,
    pub log: Vec<String>,
    /// Words that landed, in order, and beads that were bounced, with the reason.
    pub landed: Vec<String>,
    pub bounced: Vec<(BeadId, String)>,
    pub aside: BTreeSet<BeadId>,
    /// What this refinery was told the verdict of.
    told: BTreeSet<Subject>,
    /// Whether a tree was ever found red that is not.
    pub bad_luck: bool,
}

impl World {
    pub fn new(batch: usize, red: &[&str]) -> Self {
        Self::of(
            Rules { batch, ..Rules::default() },
            Nature { red: red.iter().map(|text| set(text)).collect(), ..Nature::default() },
        )
    }

    pub fn of(rules: Rules, nature: Nature) -> Self {
        Self {
            rules,
            nature,
            refinery: Refinery::new(rules),
            queue: BTreeMap::new(),
            evidence: BTreeMap::new(),
            intent: None,
            target: Words::new(),
            now: 100_000,
            runs: 0,
            tries: BTreeMap::new(),
            log: Vec::new(),
            landed: Vec::new(),
            bounced: Vec::new(),
            aside: BTreeSet::new(),
            told: BTreeSet::new(),
            bad_luck: false,
        }
    }

    pub fn submit(&mut self, suffixes: &[&str]) {
        for (minute, suffix) in (0..).zip(suffixes) {
            self.enter(entry(suffix, 2, minute, &[]));
        }
    }

    pub fn submit_more(&mut self, suffixes: &[&str]) {
        suffixes.iter().for_each(|suffix| self.enter(entry(suffix, 2, 1_000, &[])));
    }

    pub fn enter(&mut self, entry: Entry) {
        self.queue.insert(entry.bead.clone(), entry.clone());
        self.refinery.apply(Event::Submitted(entry));
    }

    pub fn withdraw(&mut self, bead: &BeadId) {
        self.queue.remove(bead);
        self.aside.remove(bead);
        self.refinery.apply(Event::Withdrawn(bead.clone()));
    }

    pub fn knows_target_is_green(&mut self) {
        let subject = Subject::tree(&name(&self.target));
        self.evidence.insert(subject.clone(), Verdict::Green);
        self.refinery.apply(Event::Known { subject, verdict: Verdict::Green });
    }

    pub fn bounced_beads(&self) -> Vec<BeadId> {
        self.bounced.iter().map(|(bead, _)| bead.clone()).collect()
    }

    /// Reads the target, as every run does first.
    pub fn look(&mut self) {
        let (tip, tree) = (name(&self.target), name(&self.target));
        self.recall(&Subject::tree(&tree));
        self.refinery.apply(Event::Target(Target { tip, tree }));
    }

    /// Does what the refinery says until it waits.
    pub fn run(&mut self) -> Waiting {
        for _ in 0..1_000 {
            let decision = self.refinery.decide();
            assert_eq!(decision, self.refinery.decide(), "asking changes nothing");
            self.log.push(decision.to_string().replace("web-", ""));
            if let Decision::Wait(waiting) = decision {
                return waiting;
            }
            self.act(decision);
        }
        panic!("it never ends: {:#?}", &self.log[self.log.len() - 20..]);
    }

    pub fn act(&mut self, decision: Decision) {
        match decision {
            Decision::ReadTarget => self.look(),
            Decision::Stack { base, members } => {
                assert!(members.len() <= self.rules.batch.max(1), "{members:?} are more than a batch");
                let away =
                    |bead: &&BeadId| self.aside.contains(*bead) || self.queue.get(*bead).is_some_and(|e| e.offered);
                assert_eq!(members.iter().find(away), None, "it is set aside or offered");
                let stack = self.stack(base, &members);
                for member in &stack.members {
                    self.recall(&Subject::tree(&member.tree));
                }
                self.refinery.apply(Event::Stacked(stack));
            }
            Decision::Gate { subject, .. } => self.gate(subject),
            Decision::Land(stack) => {
                if self.begin(&stack) {
                    self.swap(&stack);
                    self.close(&stack);
                    self.refinery.apply(Event::Landed);
                } else {
                    self.refinery.apply(Event::Raced);
                }
            }
            Decision::Offer(stack) => {
                assert_eq!(stack.members.len(), 1, "an offer is one bead");
                let offered = self.queue.get_mut(&stack.members[0].bead).expect("what is offered is in the queue");
                offered.offered = true;
                self.refinery.apply(Event::Landed);
            }
            Decision::CloseAsMerged { member, landed } => {
                assert!(set(&landed).is_subset(&self.target), "{landed} is not in the target");
                let entry = self.queue[&member].clone();
                self.landed.push(entry.head);
                self.withdraw(&member);
            }
            Decision::Bounce { member, cause } => self.bounce(member, cause.reason),
            Decision::SetAside { member, .. } => {
                self.aside.insert(member.clone());
                self.refinery.apply(Event::SetAside(member));
            }
            Decision::Wait(_) => unreachable!("waiting is nothing to do"),
        }
    }

    /// Whether the first needs the second, at first or at second hand.
    pub fn is_needed(&self, one: &BeadId, other: &BeadId) -> bool {
        let mut found = BTreeSet::from([one.clone()]);
        loop {
            let needs = found.iter().filter_map(|bead| self.queue.get(bead)).flat_map(|entry| entry.needs.clone());
            let more: BTreeSet<BeadId> = needs.chain(found.iter().cloned()).collect();
            if more.contains(other) || more.len() == found.len() {
                return more.contains(other);
            }
            found = more;
        }
    }

    fn has_landed(&self, bead: &BeadId) -> bool {
        self.landed.iter().any(|word| bead_of(word) == *bead)
    }

    fn recall(&mut self, subject: &Subject) {
        if let Some(verdict) = self.evidence.get(subject).cloned() {
            self.told.insert(subject.clone());
            self.refinery.apply(Event::Known { subject: subject.clone(), verdict });
        }
    }

    fn gate(&mut self, subject: Subject) {
        assert!(self.told.insert(subject.clone()), "it was told of {subject:?} before: {:#?}", self.log);
        if self.evidence.contains_key(&subject) {
            // After a crash the refinery asks for what is on record; nothing has to run for that.
            self.recall(&subject);
            return;
        }
        self.runs += 1;
        self.now += 60;
        let words = set(&subject.id);
        let green = match subject.phase {
            Phase::After => self.nature.is_green(&words),
            Phase::Before => words.is_disjoint(&self.nature.red_before),
        };
        let red = Verdict::Red { reason: "tests failed".to_owned(), log: None, at: at(self.now - 60) };
        let verdict = if self.passes(&subject, green) { Verdict::Green } else { red };
        self.evidence.insert(subject.clone(), verdict.clone());
        self.refinery.apply(Event::Gated { subject, verdict });
    }

    /// Tries a gate until it passes or its retries are used up.
    fn passes(&mut self, subject: &Subject, green: bool) -> bool {
        let fails = self.nature.flaky.get(subject).copied().unwrap_or(0);
        let tries = self.tries.entry(subject.clone()).or_default();
        for number in 0..=self.nature.retries {
            *tries += 1;
            if green && number >= fails {
                return true;
            }
        }
        false
    }

    fn stack(&mut self, base: Commit, members: &[BeadId]) -> Stack {
        let mut tree = set(&base);
        let mut stack = Stack { base, members: Vec::new(), left: Vec::new() };
        for bead in members {
            let Some(entry) = self.entry(bead) else { continue };
            let out = |need: &&BeadId| stack.left.iter().any(|(left, why)| left == *need && why.keeps_out());
            if let Some(need) = entry.needs.iter().find(out) {
                stack.left.push((bead.clone(), Left::Follows(need.clone())));
                continue;
            }
            let word = entry.head;
            let left = if self.nature.gone.contains(&word) {
                Left::Unmergeable("its commit is gone".to_owned())
            } else if set(&stack.base).contains(&word) {
                Left::AlreadyIn { landed: format!("{{{word}}}") }
            } else if self.nature.conflict(&word, &tree) {
                let with_base = self.nature.conflict(&word, &set(&stack.base));
                Left::Conflict { with_base, reason: "conflict in a.txt".to_owned(), paths: vec!["a.txt".to_owned()] }
            } else {
                tree.insert(word);
                stack.members.push(Member { bead: bead.clone(), commit: name(&tree), tree: name(&tree) });
                continue;
            };
            stack.left.push((bead.clone(), left));
        }
        stack
    }

    /// A bead of the queue, or one that landed: trials stack those too.
    fn entry(&self, bead: &BeadId) -> Option<Entry> {
        let landed = || {
            let word = self.landed.iter().rev().find(|word| bead_of(word) == *bead)?;
            Some(Entry { head: word.clone(), ..entry(bead.suffix(), 2, 0, &[]) })
        };
        self.queue.get(bead).cloned().or_else(landed)
    }

    /// The first step of a landing, or not because somebody was faster.
    pub fn begin(&mut self, stack: &Stack) -> bool {
        let tree = stack.tree().expect("nothing is landed without members");
        let verdict = self.evidence.get(&Subject::tree(tree));
        assert_eq!(verdict, Some(&Verdict::Green), "{tree} lands without green gates");
        assert!(!self.rules.offer, "nothing lands where work is offered");
        for (place, member) in stack.members.iter().enumerate() {
            let entry = self.queue.get(&member.bead).expect("only what is in the queue lands");
            assert!(set(&member.tree).contains(&entry.head), "{} lands as another commit", member.bead);
            let before = &stack.members[..place];
            let missing = |need: &&BeadId| !before.iter().any(|other| other.bead == **need) && !self.has_landed(need);
            assert_eq!(entry.needs.iter().find(missing), None, "{} lands before it: {:#?}", member.bead, self.log);
        }
        for member in stack.members.iter().filter(|_| self.rules.before) {
            let own = Subject::commit(&self.queue[&member.bead].head);
            assert_eq!(self.evidence.get(&own), Some(&Verdict::Green), "{} lands without its own gates", member.bead);
        }
        if stack.base != name(&self.target) {
            return false;
        }
        self.intent = Some(stack.clone());
        true
    }

    pub fn swap(&mut self, stack: &Stack) {
        self.target = set(stack.tip());
    }

    /// The last step, which a run after a crash does as well when the target has the tip.
    pub fn close(&mut self, stack: &Stack) {
        assert!(set(stack.tip()).is_subset(&self.target), "{} is closed and not in the target", stack.tip());
        self.intent = None;
        for member in &stack.members {
            if let Some(entry) = self.queue.remove(&member.bead) {
                assert!(!self.landed.contains(&entry.head), "{} landed twice", member.bead);
                self.landed.push(entry.head);
            }
        }
    }

    fn bounce(&mut self, member: BeadId, reason: String) {
        assert!(!reason.is_empty(), "{member} is bounced without a reason");
        let word = &self.queue[&member].head;
        let green = |subject: &Subject| self.evidence.get(subject) == Some(&Verdict::Green);
        let red = |subject: &Subject| matches!(self.evidence.get(subject), Some(Verdict::Red { .. }));
        let turns_red = |subject: &Subject| {
            let mut with = set(&subject.id);
            with.insert(word.clone()) && red(&Subject::tree(&name(&with)))
        };
        let proven = if reason.starts_with("conflict") {
            self.nature.conflict(word, &self.target)
        } else if red(&Subject::commit(word)) {
            self.evidence.keys().any(|subject| subject.phase == Phase::Before && subject.id != *word && green(subject))
        } else {
            self.evidence.keys().any(|subject| subject.phase == Phase::After && green(subject) && turns_red(subject))
        };
        assert!(proven, "{member} is bounced without proof: {reason}: {:#?}", self.log);
        if let Some((_, rest)) = reason.split_once("green without web-").filter(|_| !self.bad_luck) {
            let mate = rest.split(' ').next().unwrap_or_default();
            let of_mate = |other: &String| bead_of(other) == id(mate);
            let named = |red: &Words| red.contains(word) && red.iter().any(of_mate);
            assert!(self.nature.red.iter().any(named), "{member} and {mate} are no pair: {:#?}", self.log);
        }
        self.bounced.push((member.clone(), reason));
        self.withdraw(&member);
    }

    /// A new process: it knows what the ledger and git say, and settles a landing that was begun.
    pub fn restart(&mut self) {
        if let Some(stack) = self.intent.take() {
            let landed = set(stack.tip()).is_subset(&self.target);
            match recover(Some(landed)) {
                Recovery::Close => self.close(&stack),
                Recovery::Drop => {}
                Recovery::Wait => unreachable!("the target can be read"),
            }
        }
        self.aside.clear();
        self.told.clear();
        self.refinery = Refinery::new(self.rules);
        for entry in self.queue.values() {
            self.refinery.apply(Event::Submitted(entry.clone()));
        }
    }

    /// A person asks to forget what was red.
    pub fn again(&mut self) {
        self.evidence.retain(|_, verdict| *verdict == Verdict::Green);
        self.aside.clear();
        self.told.retain(|subject| self.evidence.contains_key(subject));
        self.refinery.apply(Event::Again);
    }

    pub fn time(&self) -> Timestamp {
        at(self.now)
    }
}

/// The bead that a word is the work of: `aaaa` and, at the second attempt, `aaaa2`.
pub fn bead_of(word: &str) -> BeadId {
    id(&word[..4])
}
