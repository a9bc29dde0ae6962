//! `gt doctor`: checks the machine, the town and its rigs, and mends what needs no decision of a person.
//!
//! Checks only look. Each finding may carry a remedy; `--fix` carries the remedies out, calls the tick, and looks
//! again, all with the right to tick. No remedy deletes work: what cannot be kept by git is set aside.

mod beads;
mod finding;
mod ledger;
mod locks;
mod machine;
mod remedy;
mod repository;
mod sessions;
mod town;
mod worktrees;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{OpenTown, Report, Talk, pass, tick};
use crate::error::{Kind, Outcome};
use crate::ledger::Snapshot;
use crate::town::Rig;
use remedy::Remedy;

use finding::some as some_words;
pub use finding::{Finding, Verdict};

/// How long to wait for somebody else who ticks.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the doctor found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// The town; none when only the machine was looked at.
    pub town: Option<PathBuf>,
    /// What the checks found, after what was mended.
    pub findings: Vec<Finding>,
    /// What was mended.
    pub mended: Vec<String>,
    /// What could not be mended, and why.
    pub troubles: Vec<String>,
}

impl Report for Examined {
    const SCHEMA: &'static str = "gt.doctor/1";

    /// Not zero while a problem remains.
    fn exit_code(&self) -> u8 {
        let remains = self.findings.iter().any(|finding| finding.verdict == Verdict::Problem);
        if remains { Kind::Corrupt.exit_code() } else { 0 }
    }
}

impl Examined {
    /// How many findings have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

/// Looks at the machine alone, outside of a town.
pub fn machine() -> Examined {
    Examined { findings: machine::programs(None), ..Examined::default() }
}

/// Looks at everything; with `fix`, mends what can be mended.
///
/// # Errors
/// When another process keeps the right to tick. That something is wrong is no error, it is found.
pub fn doctor(open: &OpenTown, fix: bool, talk: &mut dyn Talk) -> Outcome<Examined> {
    let town = Some(open.town.root.clone());
    if !fix {
        return Ok(Examined { town, findings: examine(open, talk), ..Examined::default() });
    }
    let right = pass::begin(open, PATIENCE)?;
    let answered = pass::requested(open);
    let mut examined = Examined { town, ..Examined::default() };
    mend(open, &mut examined, talk);
    talk.step("looking after the town");
    match tick::tick(open) {
        Ok(ticked) => {
            examined.mended.extend(told(&ticked));
            examined.troubles.extend(ticked.troubles);
        }
        Err(failure) => {
            examined.troubles.push(format!("the town could not be looked after: {}", failure.full_message()));
        }
    }
    if examined.troubles.is_empty() {
        right.succeeded();
    } else {
        drop(right);
    }
    // Whoever asked meanwhile relies on another look of whoever had the right to tick.
    if pass::requested(open) != answered {
        pass::request(open);
    }
    examined.findings = examine(open, talk);
    Ok(examined)
}

/// Carries out the remedies. One may be what another needs (a repository that is back can be looked into), so it is
/// looked again until nothing new is mended.
fn mend(open: &OpenTown, examined: &mut Examined, talk: &mut dyn Talk) {
    const ROUNDS: usize = 3;
    let mut done: Vec<Remedy> = Vec::new();
    for _ in 0..ROUNDS {
        let remedies = examine(open, talk).into_iter().filter_map(|finding| finding.remedy);
        let fresh: Vec<Remedy> = remedies.filter(|remedy| !done.contains(remedy)).collect();
        if fresh.is_empty() {
            return;
        }
        for remedy in fresh {
            if done.contains(&remedy) {
                continue;
            }
            match remedy.carry_out(open, talk) {
                Ok(true) => examined.mended.push(remedy.past()),
                Ok(false) => {}
                Err(failure) => examined.troubles.push(failure.full_message()),
            }
            done.push(remedy);
        }
    }
}

/// What a tick did, one sentence each.
fn told(ticked: &tick::Ticked) -> Vec<String> {
    let ended = ticked.ended.iter().map(|name| format!("recorded the end of the session {name}"));
    let remedies = ticked.remedies.iter().map(|remedied| format!("{}: {}", remedied.worker.short(), remedied.what));
    let started = ticked.started.iter().map(|(bead, worker)| format!("started {bead} with {}", worker.short()));
    let restored = ticked.restored.iter().map(|rig| format!("fetched the repository of {rig} anew"));
    let escalated = ticked.escalated.iter().map(|bead| format!("told somebody that {bead} failed"));
    let closed = ticked.closed.iter().map(|bead| format!("closed the epic {bead}"));
    let merging = ticked.merging.iter().map(|rig| format!("set the refinery of {rig} going"));
    ended.chain(remedies).chain(started).chain(restored).chain(escalated).chain(closed).chain(merging).collect()
}

/// What the checks look at.
struct Look<'a> {
    open: &'a OpenTown,
    /// The ledger at one commit, when it can be read.
    snapshot: Outcome<Snapshot>,
    /// The rigs whose files can be read.
    rigs: Vec<Rig>,
}

fn examine(open: &OpenTown, talk: &mut dyn Talk) -> Vec<Finding> {
    // A damaged state.db is set aside by whoever opens it first: that has to be the check.
    let state = town::state(open);
    let rigs: Vec<Rig> = open.town.rigs_each().into_iter().flatten().filter_map(Result::ok).collect();
    talk.step("asking the remotes");
    let remotes = repository::ask_remotes(open, &rigs);
    let look = Look { open, snapshot: open.snapshot(), rigs };
    let mut findings = machine::programs(Some(open));
    findings.extend(machine::place(open));
    findings.extend(ledger::checks(&look));
    findings.extend(state);
    findings.extend(town::checks(&look));
    findings.extend(beads::checks(&look));
    findings.extend(sessions::checks(&look));
    for (rig, remote) in look.rigs.iter().zip(remotes) {
        findings.extend(repository::checks(&look, rig, remote));
    }
    finding::told_once(findings)
}
