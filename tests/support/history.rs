//! The history of a ledger, read as what it claims to be: one event after the other, each doing to the state before
//! it exactly what its verb says. If it is, the commits themselves are the serial order that all transactions equal.

use std::collections::{BTreeMap, BTreeSet};

use gt::bead::{Bead, State, Status};
use gt::git::Oid;
use gt::git::objects::{Change, Objects};

use super::TestTown;

/// One commit of the ledger.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub commit: String,
    /// Its first line.
    pub subject: String,
    /// What its trailers call it; empty for a commit that a person made by hand.
    pub verbs: Vec<String>,
    /// The beads that its trailers name.
    pub beads: Vec<String>,
    /// The paths that it changed.
    pub paths: Vec<String>,
}

/// A ledger's history, replayed.
#[derive(Debug, Default)]
pub struct History {
    /// Oldest first.
    pub events: Vec<Event>,
    /// The beads at the tip.
    pub beads: BTreeMap<String, Bead>,
    /// Where a commit does something else than it says, one line each.
    pub findings: Vec<String>,
}

/// Reads and replays the history of a town.
pub fn of(town: &TestTown) -> History {
    let objects = Objects::open(&town.root.join(".git")).expect("a town is a repository");
    let format = "%H%x1f%P%x1f%s%x1f%(trailers:key=Event,valueonly,separator=%x2c)%x1f\
                  %(trailers:key=Bead,valueonly,separator=%x2c)%x1e";
    let log = town.git(&["log", "--reverse", "--topo-order", &format!("--format={format}")]);
    let mut history = History::default();
    for record in log.split('\x1e').map(str::trim).filter(|record| !record.is_empty()) {
        let fields: Vec<&str> = record.split('\x1f').collect();
        let [commit, parents, subject, verbs, beads] = fields[..] else { panic!("git log wrote {record:?}") };
        let list = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let parents: Vec<&str> = parents.split(' ').filter(|parent| !parent.is_empty()).collect();
        let [old, new] = [parents.first().copied(), Some(commit)].map(|id| id.map(oid));
        let changes = objects.changes(old.as_ref(), new.as_ref()).expect("the objects of every commit are there");
        let event = Event {
            commit: commit[..10].to_owned(),
            subject: subject.to_owned(),
            verbs: list(verbs),
            beads: list(beads),
            paths: changes.iter().map(|change| change.path.clone()).collect(),
        };
        if parents.len() > 1 {
            history.findings.push(format!("{} has {} parents", event.commit, parents.len()));
        }
        history.replay(&objects, &event, &changes);
        history.events.push(event);
    }
    history
}

fn oid(text: &str) -> Oid {
    text.parse().expect("git prints object ids")
}

impl History {
    /// How many commits are of this verb.
    pub fn count(&self, verb: &str) -> usize {
        self.events.iter().filter(|event| event.verbs == [verb]).count()
    }

    fn replay(&mut self, objects: &Objects, event: &Event, changes: &[Change]) {
        let before = self.beads.clone();
        for change in changes.iter().filter(|change| change.path.starts_with("beads/")) {
            match &change.new {
                None => drop(self.beads.remove(&change.path)),
                Some(blob) => {
                    let bytes = objects.blob(blob).expect("the blob of a commit is there");
                    let text = String::from_utf8(bytes).expect("a bead is text");
                    match Bead::parse(&change.path, &text) {
                        Ok(bead) => drop(self.beads.insert(change.path.clone(), bead)),
                        Err(error) => self.findings.push(format!("{} breaks a bead: {error}", event.commit)),
                    }
                }
            }
        }
        let found = self.judge(event, &before);
        let told = |what: String| format!("{} ({}): {what}", event.commit, event.subject);
        self.findings.extend(found.into_iter().map(told));
    }

    /// What is wrong with one event, which led from `before` to the present state.
    fn judge(&self, event: &Event, before: &BTreeMap<String, Bead>) -> Vec<String> {
        let touched: BTreeSet<&String> = event.paths.iter().filter(|path| path.starts_with("beads/")).collect();
        let mut findings = Vec::new();
        match event.verbs.as_slice() {
            [] => {
                findings.extend(touched.iter().map(|path| format!("a person's commit puts {path} back")));
                return findings;
            }
            [_] => {}
            several => findings.push(format!("it is {} events: {several:?}", several.len())),
        }
        let named: BTreeSet<String> = event.beads.iter().map(|id| path_of(id)).collect();
        if named.iter().collect::<BTreeSet<_>>() != touched {
            findings.push(format!("it names {named:?} and touches {touched:?}"));
        }
        for path in touched {
            let (old, new) = (before.get(path), self.beads.get(path));
            if let Some(wrong) = wrong_step(&event.verbs[0], old, new) {
                findings.push(format!("{path}: {wrong}"));
            }
        }
        findings.extend(self.two_beads());
        findings
    }

    /// Promise 3, after every single commit.
    fn two_beads(&self) -> Option<String> {
        let mut holders = BTreeMap::new();
        for bead in self.beads.values().filter(|bead| bead.status() == Status::Hooked) {
            let holder = bead.claim()?.assignee.to_string();
            if let Some(other) = holders.insert(holder.clone(), &bead.id) {
                return Some(format!("{holder} holds {other} and {}", bead.id));
            }
        }
        None
    }
}

fn path_of(id: &str) -> String {
    id.parse::<gt::id::BeadId>().map_or_else(|_| id.to_owned(), |id| id.path())
}

/// Why `verb` does not lead from `old` to `new`.
fn wrong_step(verb: &str, old: Option<&Bead>, new: Option<&Bead>) -> Option<String> {
    let Some(new) = new else { return Some("it is gone".to_owned()) };
    // A person's own branch is put into the queue by the commit that makes its bead.
    let added = verb == "submit" && new.status() == Status::Submitted;
    let Some(old) = old else { return (verb != "create" && !added).then(|| format!("{verb} made it")) };
    let step = (old.status(), new.status());
    let fits = match verb {
        "create" => return Some("it was there before".to_owned()),
        "note" => {
            let mut shorter = new.clone();
            shorter.notes.pop();
            shorter == *old
        }
        "close" => step.0 != Status::Closed && step.1 == Status::Closed,
        "reopen" => step.1 == Status::Open,
        "sling" | "hook" => step == (Status::Open, Status::Hooked),
        "submit" => step.1 == Status::Submitted && step.0 != Status::Closed,
        "finish" => step == (Status::Hooked, Status::Closed),
        "begin-landing" => step == (Status::Submitted, Status::Submitted) && has_intent(new),
        "drop-landing" => step == (Status::Submitted, Status::Submitted) && has_intent(old) && !has_intent(new),
        "land" => step == (Status::Submitted, Status::Closed) && has_intent(old),
        "bounce" | "reject" => {
            step == (Status::Submitted, Status::Open) && new.attempts.len() == old.attempts.len() + 1
        }
        "release" => step.1 == Status::Open && new.attempts.len() == old.attempts.len() + 1,
        _ => {
            let kept = matches!((&old.state, &new.state), (State::Hooked(a), State::Hooked(b)) if a == b);
            kept || step.0 == step.1
        }
    };
    (!fits).then(|| format!("{verb} led from {} to {}", old.state.describe(), new.state.describe()))
}

fn has_intent(bead: &Bead) -> bool {
    bead.merge.as_ref().is_some_and(|merge| merge.intent.is_some())
}
