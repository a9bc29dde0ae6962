//! Set-up and gates run once on the target of a new rig: is it green to begin with?

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::error::Outcome;
use crate::git::worktree::{self, State};
use crate::git::{Oid, bare};
use crate::id::Actor;
use crate::ops::bench::Bench;
use crate::ops::{OpenTown, Talk};
use crate::polecat::PolecatError;
use crate::refinery::{Evidence, GateOutcome, definition};
use crate::town::{Gate, Rig};

/// How long to wait for a refinery that is at work already.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Whether set-up and every required gate passed.
    pub green: bool,
    /// Why set-up failed, with the end of its output; the gates did not run then.
    pub set_up: Option<String>,
    /// The gates in order; after a required one that failed, the rest did not run.
    pub gates: Vec<Tried>,
}

/// One gate that ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    /// The gate.
    #[serde(flatten)]
    pub gate: Gate,
    /// Whether it passed.
    pub passed: bool,
    /// Its exit status; none when it was stopped.
    pub status: Option<i32>,
    /// Whether it was stopped because its time was over.
    pub timed_out: bool,
    /// How long it ran.
    pub milliseconds: u64,
    /// Its whole output.
    pub log: PathBuf,
    /// The end of its output.
    pub tail: String,
}

/// Runs set-up and gates of `rig` at `commit` in the refinery's worktree.
///
/// # Errors
/// When the worktree cannot be made or a command not be started. That something is red is no error.
pub fn run(open: &OpenTown, rig: &Rig, commit: &Oid, talk: &mut dyn Talk) -> Outcome<Trial> {
    let bench = Bench::take(open, rig, PATIENCE)?;
    talk.step("checking out");
    for note in bench.lay(commit)? {
        talk.note(&note);
    }
    if !rig.setup.is_empty() {
        talk.step(&format!("set-up: {}", rig.setup.join("; ")));
    }
    match bench.set_up() {
        Ok(()) => {}
        Err(error @ PolecatError::SetUp { .. }) => {
            let reason = crate::error::Failure::from(error).message;
            return Ok(Trial { green: false, set_up: Some(reason), gates: Vec::new() });
        }
        Err(error) => return Err(error.into()),
    }
    let mut gates = Vec::new();
    for gate in &rig.gates {
        talk.step(&format!("gate {}: {}", gate.name, gate.run));
        let log = format!("{}-{}", &commit.as_str()[..12], gate.name);
        let result = bench.gate(gate, &log, &BTreeMap::new())?;
        let tried = Tried {
            gate: gate.clone(),
            passed: result.succeeded(),
            status: result.status,
            timed_out: result.timed_out,
            milliseconds: u64::try_from(result.duration.as_millis()).unwrap_or(u64::MAX),
            log: result.log,
            tail: result.tail,
        };
        let over = gate.required && !tried.passed;
        gates.push(tried);
        if over {
            break;
        }
    }
    let green = gates.iter().all(|tried| tried.passed || !tried.gate.required);
    if green {
        record(open, rig, commit, &bench, &gates)?;
    }
    bench.succeeded();
    Ok(Trial { green, set_up: None, gates })
}

/// Keeps what passed as evidence of the tree, unless a gate changed it. What did not pass is tried anew when it
/// matters: the machine may lack something that the person is about to install.
fn record(open: &OpenTown, rig: &Rig, commit: &Oid, bench: &Bench<'_>, gates: &[Tried]) -> Outcome<()> {
    let repo = open.town.rig_repo(&rig.name);
    if !matches!(worktree::look(&repo, &bench.folder)?.state, State::Clean) {
        return Ok(());
    }
    let tree = bare::tree_of(&repo, commit)?;
    let log = |tried: &Tried| Some(tried.log.strip_prefix(open.town.runtime_dir()).ok()?.display().to_string());
    let evidence = |tried: &Tried| Evidence {
        rig: rig.name.clone(),
        tree: tree.to_string(),
        definition: definition(&tried.gate, &rig.setup),
        gate: tried.gate.name.clone(),
        command: tried.gate.run.clone(),
        required: tried.gate.required,
        outcome: GateOutcome::Passed,
        exit: tried.status,
        milliseconds: tried.milliseconds,
        at: Evidence::time(open.now()),
        commit: commit.to_string(),
        log: log(tried),
        tail: String::new(),
    };
    let documents: Vec<Evidence> = gates.iter().filter(|tried| tried.passed).map(evidence).collect();
    open.ledger.transact(&Actor::Refinery(rig.name.clone()), |tx| {
        documents.iter().for_each(|document| tx.put(document));
        tx.describe("gate", format!("gate the target {} of {}", rig.branch, rig.name));
        Ok(())
    })?;
    Ok(())
}
