//! The promises that can be checked in a town at any moment, from its files alone: bead files at the ledger's
//! tip, the rigs' repositories, nothing that gt says about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gt::bead::{Bead, Resolution, State, Status};

use super::{Ran, TestTown};

/// Fails the test with every promise that is broken right now.
#[track_caller]
pub fn hold(town: &TestTown) {
    let broken = broken(town);
    assert!(broken.is_empty(), "broken promises:\n{}\n{}", broken.join("\n"), town.git(&["log", "--oneline", "-20"]));
}

/// Every promise that is broken right now, one line each.
pub fn broken(town: &TestTown) -> Vec<String> {
    let mut findings = Vec::new();
    let view = View::read(town, &mut findings);
    findings.extend(view.whole());
    findings.extend(view.one_worker_each());
    findings.extend(view.beads.iter().flat_map(|bead| view.landed(bead)));
    findings.extend(view.beads.iter().flat_map(|bead| view.pinned(bead)));
    findings.extend(view.rigs.values().flat_map(|rig| view.nothing_lost(rig)));
    findings.extend(view.rigs.iter().flat_map(|(name, rig)| view.always_green(name, rig)));
    findings
}

/// A rig as its file tells it.
struct Rig {
    prefix: String,
    branch: String,
    gated: bool,
    repository: PathBuf,
}

struct View<'a> {
    town: &'a TestTown,
    beads: Vec<Bead>,
    rigs: BTreeMap<String, Rig>,
    evidence: BTreeSet<String>,
}

impl<'a> View<'a> {
    fn read(town: &'a TestTown, findings: &mut Vec<String>) -> Self {
        let listed = town.git(&["ls-tree", "-r", "--name-only", "-z", "HEAD"]);
        let mut view = Self { town, beads: Vec::new(), rigs: BTreeMap::new(), evidence: BTreeSet::new() };
        for path in listed.split('\0').filter(|path| path.ends_with(".toml")) {
            let text = town.git(&["cat-file", "blob", &format!("HEAD:{path}")]) + "\n";
            match path.split('/').next() {
                Some("beads") => match Bead::parse(path, &text) {
                    Ok(bead) => view.beads.push(bead),
                    Err(error) => findings.push(format!("a bead file is broken: {error}")),
                },
                Some("rigs.d") => view.rigs.extend(rig(town, &text)),
                Some("gates") => drop(view.evidence.insert(path.to_owned())),
                _ => {}
            }
        }
        view
    }

    /// The ledger's repository is sound, and its folder shows the tip.
    fn whole(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let status = self.town.git(&["status", "--porcelain"]);
        if !status.is_empty() {
            findings.push(format!("the town's folder is not what its tip says:\n{status}"));
        }
        let fsck = self.run(&self.town.root, &["fsck", "--strict", "--no-dangling"]);
        if fsck.code != Some(0) {
            findings.push(format!("the ledger is damaged:\n{}", fsck.transcript()));
        }
        findings
    }

    /// Promise 3: no worker holds two beads.
    fn one_worker_each(&self) -> Vec<String> {
        let mut holders: BTreeMap<String, &Bead> = BTreeMap::new();
        let mut findings = Vec::new();
        for bead in self.beads.iter().filter(|bead| bead.status() == Status::Hooked) {
            let Some(claim) = bead.claim() else {
                findings.push(format!("{} is hooked to nobody", bead.id));
                continue;
            };
            if let Some(other) = holders.insert(claim.assignee.to_string(), bead) {
                findings.push(format!("{} holds {} and {}", claim.assignee, other.id, bead.id));
            }
        }
        findings
    }

    /// Promises 2 and 4: what is closed as merged is in the target, and gates passed on the way.
    fn landed(&self, bead: &Bead) -> Vec<String> {
        let State::Closed(closing) = &bead.state else { return Vec::new() };
        if closing.resolution != Resolution::Merged {
            return Vec::new();
        }
        let Some(rig) = self.rig_of(bead) else { return vec![format!("{} is merged into no rig", bead.id)] };
        let Some(merge) = &bead.merge else { return vec![format!("{} is merged without a record", bead.id)] };
        let mut findings = Vec::new();
        match &merge.landed {
            None => findings.push(format!("{} is merged and names no landed commit", bead.id)),
            Some(landed) if !self.is_in_target(rig, landed) => {
                findings.push(format!("{} is merged as {landed}, which is not in {}", bead.id, rig.branch));
            }
            Some(_) => {}
        }
        // What somebody else brought into the target was theirs to test.
        let by_us = merge.landed.as_ref() != Some(&merge.head);
        if rig.gated && by_us && merge.gates.is_empty() {
            findings.push(format!("{} is merged without evidence", bead.id));
        }
        let missing = merge.gates.iter().filter(|path| !self.evidence.contains(*path));
        findings.extend(missing.map(|path| format!("{} names evidence that is not there: {path}", bead.id)));
        findings
    }

    /// Promise 1: what was submitted is pinned.
    fn pinned(&self, bead: &Bead) -> Vec<String> {
        let (Status::Submitted, Some(merge), Some(rig)) = (bead.status(), &bead.merge, self.rig_of(bead)) else {
            return Vec::new();
        };
        let pins = self
            .run(&rig.repository, &["for-each-ref", "--format=%(objectname)", &format!("refs/gt/work/{}", bead.id)]);
        let pinned = pins.stdout.lines().any(|pin| pin == merge.head);
        (!pinned)
            .then(|| format!("{} is submitted with {}, which no pin holds", bead.id, merge.head))
            .into_iter()
            .collect()
    }

    /// Promise 1: whatever was the tip of a worker's branch or HEAD is reachable.
    fn nothing_lost(&self, rig: &Rig) -> Vec<String> {
        let mut tips = BTreeSet::new();
        let branches = files_below(&rig.repository.join("logs/refs/heads/polecat"));
        let workers = workers_of(&rig.repository);
        let heads = workers.iter().map(|folder| folder.join("logs/HEAD"));
        for log in branches.into_iter().chain(heads) {
            let text = fs::read_to_string(log).unwrap_or_default();
            tips.extend(text.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned));
        }
        tips.retain(|tip| tip.chars().any(|digit| digit != '0'));
        if tips.is_empty() {
            return Vec::new();
        }
        let mut arguments: Vec<String> = vec!["rev-list".into()];
        arguments.extend(tips);
        arguments.extend(["--not".into(), "--all".into()]);
        let names =
            workers.iter().filter_map(|folder| Some(format!("worktrees/{}/HEAD", folder.file_name()?.to_str()?)));
        arguments.extend(
            names.filter(|name| self.run(&rig.repository, &["rev-parse", "--verify", "-q", name]).code == Some(0)),
        );
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = self.run(&rig.repository, &arguments);
        if ran.code != Some(0) {
            return vec![format!("a worker's commit is gone from {}:\n{}", rig.repository.display(), ran.transcript())];
        }
        ran.stdout.lines().map(|lost| format!("{lost}, once a worker's tip, is reachable from no ref")).collect()
    }

    /// Promise 4: wherever the rig's own target ever was, it came by a fast-forward and to a tree that passed.
    fn always_green(&self, name: &str, rig: &Rig) -> Vec<String> {
        let log = rig.repository.join("logs/refs/heads").join(&rig.branch);
        let text = fs::read_to_string(log).unwrap_or_default();
        let mut findings = Vec::new();
        for line in text.lines() {
            let mut words = line.split(' ');
            let (Some(old), Some(new)) = (words.next(), words.next()) else { continue };
            if old.chars().all(|digit| digit == '0') {
                continue;
            }
            if self.run(&rig.repository, &["merge-base", "--is-ancestor", old, new]).code != Some(0) {
                findings.push(format!("{name}: {} went from {old} to {new}, which does not contain it", rig.branch));
            }
            let tree = self.run(&rig.repository, &["rev-parse", &format!("{new}^{{tree}}")]).stdout;
            let folder = format!("gates/{name}/{}/{}-", &tree[..2], tree.trim());
            let passed = self.evidence.iter().filter(|path| path.starts_with(&folder));
            let passed = passed.filter(|path| self.town.git(&["show", &format!("HEAD:{path}")]).contains("\"passed\""));
            if rig.gated && passed.count() == 0 {
                findings.push(format!(
                    "{name}: {} went to {new}, whose tree {} has no gate that passed",
                    rig.branch,
                    tree.trim()
                ));
            }
        }
        findings
    }

    fn is_in_target(&self, rig: &Rig, commit: &str) -> bool {
        let targets = [format!("refs/remotes/origin/{}", rig.branch), format!("refs/heads/{}", rig.branch)];
        targets
            .iter()
            .any(|target| self.run(&rig.repository, &["merge-base", "--is-ancestor", commit, target]).code == Some(0))
    }

    fn rig_of(&self, bead: &Bead) -> Option<&Rig> {
        let prefix = bead.id.prefix();
        self.rigs.values().find(|rig| rig.prefix == prefix.as_str())
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        let output = self.town.program("git").current_dir(folder).args(arguments).output().expect("git is there");
        Ran::new(format!("git {}", arguments.join(" ")), &output)
    }
}

fn rig(town: &TestTown, text: &str) -> Option<(String, Rig)> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let word = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let name = word("name")?;
    let rig = Rig {
        prefix: word("prefix")?,
        branch: word("branch")?,
        gated: table.get("gates").and_then(toml::Value::as_array).is_some_and(|gates| !gates.is_empty()),
        repository: town.root.join("rigs").join(&name).join(".git"),
    };
    Some((name, rig))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The repository's own folders of the worktrees of workers; that of the refinery holds no work.
fn workers_of(repository: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(repository.join("worktrees")).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_worker = |folder: &PathBuf| {
        let place = fs::read_to_string(folder.join("gitdir")).unwrap_or_default();
        place.contains("/polecats/") || place.contains("/crew/")
    };
    folders.filter(is_worker).collect()
}
