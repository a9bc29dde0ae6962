//! One gate run: gates on one commit, on the bench.

use std::collections::BTreeMap;

use super::evidence::limit_of;
use super::kept;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::worktree::{self, State};
use crate::id::{Actor, BeadId};
use crate::ops::OpenTown;
use crate::ops::bench::Bench;
use crate::polecat::PolecatError;
use crate::refinery::{Evidence, GateOutcome, Subject, Try, definition};
use crate::runtime::{CommandResult, CommandSpec, run_command};
use crate::store::NewEvent;
use crate::town::{Gate, Rig, Settings};

/// The status of a command that SIGKILL ended.
const KILLED: i32 = 128 + 9;
/// How much of the end of a gate's output its document keeps.
const TAIL: usize = 2_000;
/// How many files that a gate changed are named.
const NAMED: usize = 20;

/// What is gated, and where.
pub(crate) struct Job<'j> {
    /// The town.
    pub open: &'j OpenTown,
    /// The rig.
    pub rig: &'j Rig,
    /// Its settings.
    pub settings: &'j Settings,
    /// Its bench.
    pub bench: &'j Bench<'j>,
    /// Who gates.
    pub actor: &'j Actor,
    /// The commit that is checked out.
    pub commit: Oid,
    /// Its tree.
    pub tree: String,
    /// Under what the verdict is remembered.
    pub subject: Subject,
    /// The beads in it.
    pub beads: &'j [BeadId],
    /// What it is, for people.
    pub what: String,
    /// Whether each result is kept from the moment that it is known.
    pub keep: bool,
}

/// How one run of a command on the bench ended.
struct Ended {
    outcome: GateOutcome,
    result: CommandResult,
    /// The tracked files that it changed.
    changed: Vec<String>,
}

impl Job<'_> {
    /// Checks out the commit, sets it up, and runs `gates` in order until a required one is red.
    ///
    /// # Errors
    /// When they cannot be run. That one is red is no error.
    pub fn run(&self, gates: &[Gate]) -> Outcome<Vec<Evidence>> {
        for note in self.bench.lay(&self.commit)? {
            tracing::debug!("{}: {note}", self.rig.name);
        }
        match self.bench.set_up() {
            Ok(()) => {}
            // A set-up that fails is the tree's fault until the target's own set-up fails as well.
            Err(PolecatError::SetUp { command, how, log, tail }) => {
                let deciding = gates.iter().find(|gate| gate.required).or(gates.first());
                let red = |gate| Evidence {
                    command: command.clone(),
                    log: self.name_of(&log),
                    tail: last(&format!("set-up {how}\n{tail}")),
                    ..self.blank(gate, GateOutcome::Failed)
                };
                let red = deciding.map(red);
                red.iter().filter(|_| self.keep).for_each(|red| kept::keep(self.open, red));
                return Ok(red.into_iter().collect());
            }
            Err(error) => return Err(error.into()),
        }
        self.gate(gates, &mut |_| {})
    }

    /// Runs `gates` on what lies on the bench, in order, until a required one is red; `begins` is told of each.
    ///
    /// # Errors
    /// When they cannot be run. That one is red is no error.
    pub fn gate(&self, gates: &[Gate], begins: &mut dyn FnMut(&Gate)) -> Outcome<Vec<Evidence>> {
        let mut documents = Vec::new();
        let mut clean = true;
        for group in gates.chunk_by(|one, next| one.parallel && next.parallel) {
            if !clean {
                self.bench.lay(&self.commit)?;
            }
            group.iter().for_each(&mut *begins);
            let tried = self.try_group(group)?;
            clean = tried.iter().flatten().all(|ended| ended.changed.is_empty());
            documents.extend(group.iter().zip(tried).map(|(gate, tries)| self.evidence(gate, &tries)));
            if documents.iter().zip(gates).any(|(evidence, gate)| gate.required && !evidence.passed()) {
                break;
            }
        }
        Ok(documents)
    }

    /// Runs the gates of a group at the same time, then those that failed and may be tried again, one by one.
    fn try_group(&self, group: &[Gate]) -> Outcome<Vec<Vec<Ended>>> {
        let specs = group.iter().map(|gate| self.command(gate, 1)).collect::<Outcome<Vec<CommandSpec>>>()?;
        group.iter().for_each(|gate| self.tell_start(gate));
        let results = run_together(&specs)?;
        for (gate, result) in group.iter().zip(&results) {
            not_killed(gate, result)?;
        }
        let changed = self.changed()?;
        let mut tried: Vec<Vec<Ended>> =
            results.into_iter().map(|result| vec![ended(result, changed.clone())]).collect();
        for (gate, tries) in group.iter().zip(&mut tried) {
            while tries.last().is_some_and(|last| last.may_be_chance()) && tries.len() <= gate.retries as usize {
                self.bench.lay(&self.commit)?;
                let result = run_command(&self.command(gate, tries.len() + 1)?)?;
                not_killed(gate, &result)?;
                tries.push(ended(result, self.changed()?));
            }
        }
        Ok(tried)
    }

    fn command(&self, gate: &Gate, number: usize) -> Outcome<CommandSpec> {
        // With the time: a later run on the same tree must not take the place of the log that an attempt names.
        let name = format!("{}-{}-{}", short(&self.tree), gate.name, self.open.now().timestamp());
        let name = if number == 1 { name } else { format!("{name}-try{number}") };
        let mut given = BTreeMap::from([(env::BEAD.to_owned(), self.what.clone())]);
        given.extend(gate.env.clone());
        self.bench.command(gate, &name, &given)
    }

    /// The tracked files that lie otherwise on the bench than in the commit: what passed then was another tree.
    fn changed(&self) -> Outcome<Vec<String>> {
        let look = worktree::look_at_tracked(&self.open.town.rig_repo(&self.rig.name), &self.bench.folder)?;
        let mut changed: Vec<String> = match look.state {
            State::Dirty { changed, .. } | State::Busy { changed, .. } => {
                changed.iter().map(|path| path.display().to_string()).collect()
            }
            State::Clean => Vec::new(),
            State::Missing | State::Foreign { .. } => return Ok(vec![self.bench.folder.display().to_string()]),
        };
        if look.head.as_ref() != Some(&self.commit) {
            changed.push("HEAD".to_owned());
        }
        Ok(changed)
    }

    fn evidence(&self, gate: &Gate, tries: &[Ended]) -> Evidence {
        let last = tries.last().expect("a gate that ran was tried once at least");
        let one = |ended: &Ended| Try {
            outcome: ended.outcome,
            exit: ended.result.status,
            milliseconds: milliseconds(&ended.result),
            log: self.name_of(&ended.result.log),
        };
        let evidence = Evidence {
            exit: last.result.status,
            milliseconds: milliseconds(&last.result),
            log: self.name_of(&last.result.log),
            tail: last.tail(),
            tries: if tries.len() > 1 { tries.iter().map(one).collect() } else { Vec::new() },
            ..self.blank(gate, last.outcome)
        };
        if self.keep {
            kept::keep(self.open, &evidence);
        }
        self.tell("gate.ended", format!("{}: {}", self.what, evidence.sentence()));
        evidence
    }

    fn blank(&self, gate: &Gate, outcome: GateOutcome) -> Evidence {
        Evidence {
            rig: self.rig.name.clone(),
            tree: self.tree.clone(),
            definition: definition(gate, self.rig, limit_of(gate, self.settings), &self.subject),
            gate: gate.name.clone(),
            command: gate.run.clone(),
            required: gate.required,
            outcome,
            exit: None,
            milliseconds: 0,
            at: Evidence::time(self.open.now()),
            commit: self.commit.to_string(),
            beads: self.beads.to_vec(),
            log: None,
            tail: String::new(),
            tries: Vec::new(),
        }
    }

    fn name_of(&self, log: &std::path::Path) -> Option<String> {
        log.strip_prefix(self.open.town.runtime_dir()).ok().map(|path| path.display().to_string())
    }

    fn tell_start(&self, gate: &Gate) {
        self.open.record(&NewEvent {
            at: self.open.now(),
            kind: "gate.started".to_owned(),
            actor: self.actor.clone(),
            bead: None,
            rig: Some(self.rig.name.clone()),
            text: format!("{} on {}", gate.name, self.what),
            json: Some(serde_json::json!({"gate": gate.name, "on": self.what})),
        });
    }

    fn tell(&self, kind: &str, text: String) {
        self.open.event(kind, self.actor, None, Some(&self.rig.name), text);
    }
}

impl Ended {
    /// Whether another try could end otherwise.
    fn may_be_chance(&self) -> bool {
        !matches!(self.outcome, GateOutcome::Passed | GateOutcome::ChangedFiles)
    }

    fn tail(&self) -> String {
        match self.outcome {
            GateOutcome::Passed => String::new(),
            GateOutcome::ChangedFiles => {
                let named = self.changed.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("changed: {named}\n")
            }
            _ => last(&self.result.tail),
        }
    }
}

/// A gate that somebody killed says nothing about the tree: the machine ran out of memory, or a person was at it.
fn not_killed(gate: &Gate, result: &CommandResult) -> Outcome<()> {
    if result.status != Some(KILLED) || result.timed_out {
        return Ok(());
    }
    let message = format!("the gate {} was killed (SIGKILL) and says nothing about the tree", gate.name);
    Err(Failure::new(Kind::Retryable, message)
        .hint("See whether the machine ran out of memory; the next run tries again."))
}

fn ended(result: CommandResult, changed: Vec<String>) -> Ended {
    let outcome = if result.memory.is_some() {
        GateOutcome::OutOfMemory
    } else if result.timed_out {
        GateOutcome::TimedOut
    } else if !result.succeeded() {
        GateOutcome::Failed
    } else if !changed.is_empty() {
        GateOutcome::ChangedFiles
    } else {
        GateOutcome::Passed
    };
    Ended { outcome, result, changed }
}

fn run_together(specs: &[CommandSpec]) -> Outcome<Vec<CommandResult>> {
    if let [only] = specs {
        return Ok(vec![run_command(only)?]);
    }
    let results = std::thread::scope(|scope| {
        let running: Vec<_> = specs.iter().map(|spec| scope.spawn(|| run_command(spec))).collect();
        running.into_iter().map(|thread| thread.join().expect("running a command does not panic")).collect::<Vec<_>>()
    });
    Ok(results.into_iter().collect::<Result<_, _>>()?)
}

fn milliseconds(result: &CommandResult) -> u64 {
    u64::try_from(result.duration.as_millis()).unwrap_or(u64::MAX)
}

fn short(tree: &str) -> &str {
    &tree[..12.min(tree.len())]
}

/// The end of a text that a document keeps.
fn last(text: &str) -> String {
    let from = text.char_indices().rev().nth(TAIL).map_or(0, |(index, _)| index);
    text[from..].to_owned()
}
