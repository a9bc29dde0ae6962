//! Gating: the rig's gates on exactly the tree that would land.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{Run, parse};
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::worktree::{self, State};
use crate::id::BeadId;
use crate::ops::Talk;
use crate::polecat::PolecatError;
use crate::refinery::{Event, Evidence, GateOutcome, Verdict, definition};
use crate::runtime::CommandResult;
use crate::store::NewEvent;
use crate::town::Gate;

/// The status of a command that SIGKILL ended.
const KILLED: i32 = 128 + 9;
/// How much of the end of a gate's output its document keeps.
const TAIL: usize = 2_000;

impl Run<'_> {
    pub(super) fn gate(&mut self, commit: &str, tree: &str, members: &[BeadId], talk: &mut dyn Talk) -> Outcome<()> {
        let what = match members {
            [] => format!("the target {}", self.target.branch),
            members => members.iter().map(BeadId::as_str).collect::<Vec<_>>().join(", "),
        };
        let event = match self.verdict(commit, tree, &what, talk) {
            Ok(verdict) => Event::Gated { tree: tree.to_owned(), verdict },
            Err(failure) => Event::GateBroken { reason: failure.to_string() },
        };
        self.core.apply(event);
        Ok(())
    }

    /// What the gates say, from documents where they exist; a tree is never gated twice with the same gates.
    pub(super) fn verdict(&mut self, commit: &str, tree: &str, what: &str, talk: &mut dyn Talk) -> Outcome<Verdict> {
        let mut known = Vec::new();
        let snapshot = self.open.snapshot()?;
        for gate in &self.rig.gates {
            let path = Evidence::path_of(&self.rig.name, tree, &definition(gate, &self.rig.setup));
            known.push(snapshot.document::<Evidence>(&path)?);
        }
        let mut all: Vec<Evidence> = known.iter().flatten().cloned().collect();
        if known.iter().any(Option::is_none) && !all.iter().any(|evidence| !evidence.passes()) {
            talk.step(&format!("gating {what}"));
            let missing: Vec<Gate> = self
                .rig
                .gates
                .iter()
                .zip(&known)
                .filter(|(_, known)| known.is_none())
                .map(|(gate, _)| gate.clone())
                .collect();
            let fresh = self.run_gates(&missing, commit, tree, what)?;
            self.report.gates_run += fresh.len();
            self.fresh.insert(tree.to_owned(), fresh.clone());
            all.extend(fresh);
        }
        Ok(match all.into_iter().find(|evidence| !evidence.passes()) {
            Some(red) => Verdict::Red { reason: red.sentence(), log: red.log },
            None => Verdict::Green,
        })
    }

    /// Runs gates in order until a required one is red.
    fn run_gates(&self, gates: &[Gate], commit: &str, tree: &str, what: &str) -> Outcome<Vec<Evidence>> {
        self.bench.lay(&parse(commit)?)?;
        match self.bench.set_up() {
            Ok(()) => {}
            // A set-up that fails is the tree's fault until the target's own set-up fails as well.
            Err(PolecatError::SetUp { command, how, log, tail }) => {
                let red = |gate: &Gate| {
                    self.evidence(
                        gate,
                        commit,
                        tree,
                        &SetUpFailed { command: &command, how: &how, log: &log, tail: &tail },
                    )
                };
                return Ok(gates.first().map(red).into_iter().collect());
            }
            Err(error) => return Err(error.into()),
        }
        let mut documents = Vec::new();
        for gate in gates {
            let name = format!("{}-{}", &tree[..12.min(tree.len())], gate.name);
            let given = BTreeMap::from([(env::BEAD.to_owned(), what.to_owned())]);
            self.open.record(&NewEvent {
                at: self.open.now(),
                kind: "gate.started".to_owned(),
                actor: self.actor.clone(),
                bead: None,
                rig: Some(self.rig.name.clone()),
                text: format!("{} on {what}", gate.name),
                json: Some(serde_json::json!({"gate": gate.name, "on": what})),
            });
            let result = self.bench.gate(gate, &name, &given)?;
            if result.status == Some(KILLED) && !result.timed_out {
                return Err(self.killed(gate));
            }
            let evidence =
                self.evidence(gate, commit, tree, &Ended { result: &result, changed: self.changed(&result)? });
            self.open.event(
                "gate.ended",
                &self.actor,
                None,
                Some(&self.rig.name),
                format!("{what}: {}", evidence.sentence()),
            );
            let over = !evidence.passes();
            documents.push(evidence);
            if over {
                break;
            }
        }
        Ok(documents)
    }

    /// A gate that somebody killed says nothing about the tree: the machine ran out of memory, or a person was at it.
    fn killed(&self, gate: &Gate) -> Failure {
        let message = format!("the gate {} was killed (SIGKILL) and says nothing about the tree", gate.name);
        Failure::new(Kind::Retryable, message)
            .hint("See whether the machine ran out of memory; the next run tries again.")
    }

    /// The tracked files that a gate that passed has changed: it passed another tree then.
    fn changed(&self, result: &CommandResult) -> Outcome<Vec<String>> {
        if !result.succeeded() {
            return Ok(Vec::new());
        }
        let look = worktree::look(&self.target.repo, &self.bench.folder)?;
        Ok(match look.state {
            State::Dirty { changed, .. } | State::Busy { changed, .. } => {
                changed.iter().map(|path| path.display().to_string()).collect()
            }
            State::Clean => Vec::new(),
            State::Missing | State::Foreign { .. } => {
                return Err(Failure::new(Kind::External, format!("a gate removed {}", self.bench.folder.display())));
            }
        })
    }

    fn evidence(&self, gate: &Gate, commit: &str, tree: &str, how: &dyn How) -> Evidence {
        let tail = how.tail();
        let from = tail.char_indices().rev().nth(TAIL).map_or(0, |(index, _)| index);
        let log = how.log().strip_prefix(self.open.town.runtime_dir()).ok().map(|path| path.display().to_string());
        Evidence {
            rig: self.rig.name.clone(),
            tree: tree.to_owned(),
            definition: definition(gate, &self.rig.setup),
            gate: gate.name.clone(),
            command: how.command().unwrap_or(&gate.run).to_owned(),
            required: gate.required,
            outcome: how.outcome(),
            exit: how.exit(),
            milliseconds: u64::try_from(how.duration().as_millis()).unwrap_or(u64::MAX),
            at: Evidence::time(self.open.now()),
            commit: commit.to_owned(),
            log,
            tail: if how.outcome() == GateOutcome::Passed { String::new() } else { tail[from..].to_owned() },
        }
    }
}

/// How something on the bench ended.
trait How {
    fn command(&self) -> Option<&str>;
    fn outcome(&self) -> GateOutcome;
    fn exit(&self) -> Option<i32>;
    fn duration(&self) -> Duration;
    fn log(&self) -> &Path;
    fn tail(&self) -> String;
}

struct Ended<'r> {
    result: &'r CommandResult,
    changed: Vec<String>,
}

impl How for Ended<'_> {
    fn command(&self) -> Option<&str> {
        None
    }

    fn outcome(&self) -> GateOutcome {
        match self.result {
            result if result.timed_out => GateOutcome::TimedOut,
            result if !result.succeeded() => GateOutcome::Failed,
            _ if !self.changed.is_empty() => GateOutcome::ChangedFiles,
            _ => GateOutcome::Passed,
        }
    }

    fn exit(&self) -> Option<i32> {
        self.result.status
    }

    fn duration(&self) -> Duration {
        self.result.duration
    }

    fn log(&self) -> &Path {
        &self.result.log
    }

    fn tail(&self) -> String {
        if self.changed.is_empty() {
            self.result.tail.clone()
        } else {
            format!("changed: {}\n", self.changed.join(", "))
        }
    }
}

struct SetUpFailed<'r> {
    command: &'r str,
    how: &'r str,
    log: &'r Path,
    tail: &'r str,
}

impl How for SetUpFailed<'_> {
    fn command(&self) -> Option<&str> {
        Some(self.command)
    }

    fn outcome(&self) -> GateOutcome {
        GateOutcome::Failed
    }

    fn exit(&self) -> Option<i32> {
        None
    }

    fn duration(&self) -> Duration {
        Duration::ZERO
    }

    fn log(&self) -> &Path {
        self.log
    }

    fn tail(&self) -> String {
        format!("set-up {}\n{}", self.how, self.tail)
    }
}
