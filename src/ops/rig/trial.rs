//! Set-up and gates run once on the target of a new rig: is it green to begin with?

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::error::Outcome;
use crate::git::{Oid, bare};
use crate::id::Actor;
use crate::ops::bench::Bench;
use crate::ops::refinery::{Job, gates_of};
use crate::ops::{OpenTown, Talk};
use crate::polecat::PolecatError;
use crate::refinery::{Evidence, GateOutcome, Subject};
use crate::town::{Gate, Phase, Rig};

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
    let settings = open.settings_for(rig)?;
    let actor = Actor::Refinery(rig.name.clone());
    let tree = bare::tree_of(&open.town.rig_repo(&rig.name), commit)?.to_string();
    let mut evidence: Vec<Evidence> = Vec::new();
    for phase in [Phase::Before, Phase::After] {
        let subject = Subject { phase, id: if phase == Phase::Before { commit.to_string() } else { tree.clone() } };
        let what = format!("the target {}", rig.branch);
        let (commit, tree) = (commit.clone(), tree.clone());
        let job = Job {
            open,
            rig,
            settings: &settings,
            bench: &bench,
            actor: &actor,
            commit,
            tree,
            subject,
            beads: &[],
            what,
            keep: false,
        };
        let phase: Vec<Gate> = gates_of(rig, phase).cloned().collect();
        evidence.extend(job.gate(&phase, &mut |gate| talk.step(&format!("gate {}: {}", gate.name, gate.run)))?);
    }
    let of = |gate: &Gate| evidence.iter().find(|evidence| evidence.gate == gate.name);
    let gates: Vec<Tried> =
        rig.gates.iter().filter_map(|gate| of(gate).map(|evidence| tried(open, gate, evidence))).collect();
    let green = gates.iter().all(|tried| tried.passed || !tried.gate.required);
    if green {
        record(open, &actor, &evidence, rig)?;
    }
    bench.succeeded();
    Ok(Trial { green, set_up: None, gates })
}

fn tried(open: &OpenTown, gate: &Gate, evidence: &Evidence) -> Tried {
    let log = evidence.log.as_ref().map(|log| open.town.runtime_dir().join(log)).unwrap_or_default();
    Tried {
        gate: gate.clone(),
        passed: evidence.passed(),
        status: evidence.exit,
        timed_out: evidence.outcome == GateOutcome::TimedOut,
        milliseconds: evidence.milliseconds,
        log,
        tail: evidence.tail.clone(),
    }
}

/// Keeps what passed as evidence, so that the queue need not gate the target again. What did not pass is tried anew
/// when it matters: the machine may lack something that the person is about to install.
fn record(open: &OpenTown, actor: &Actor, evidence: &[Evidence], rig: &Rig) -> Outcome<()> {
    if !evidence.iter().any(Evidence::passed) {
        return Ok(());
    }
    open.ledger.transact(actor, |tx| {
        evidence.iter().filter(|evidence| evidence.passed()).for_each(|evidence| tx.put(evidence));
        tx.describe("gate", format!("gate the target {} of {}", rig.branch, rig.name));
        Ok(())
    })?;
    Ok(())
}
