//! Landing in three steps: the intent, the swap, the close.

use std::collections::BTreeMap;

use super::evidence::{gates_of, verdict};
use super::{Run, parse};
use crate::bead::{Intent, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::bare::{self, Push};
use crate::git::changes::Comparer;
use crate::id::BeadId;
use crate::ops::Talk;
use crate::refinery::{Event, Stack, Subject, Verdict};
use crate::town::Phase;
use crate::town::Remote;

/// What became of the swap.
enum Swap {
    Moved,
    Raced,
    Refused(String),
}

impl Run<'_> {
    pub(super) fn land(&mut self, stack: &Stack, talk: &mut dyn Talk) -> Outcome<()> {
        let members = stack.beads();
        if let Err(failure) = self.write_intent(stack) {
            return self.lost_hold(&members, failure);
        }
        commit_point("land.intent");
        let swap = self.swap(stack)?;
        commit_point("land.swapped");
        match swap {
            Swap::Moved => {
                self.close(&members)?;
                for id in &members {
                    talk.note(&format!("{id} landed"));
                }
                self.core.apply(Event::Landed);
                Ok(())
            }
            Swap::Raced => {
                self.drop_intent(&members)?;
                self.core.apply(Event::Raced);
                Ok(())
            }
            Swap::Refused(reason) => {
                self.drop_intent(&members)?;
                members.iter().try_for_each(|id| self.set_aside(id, &reason, talk))
            }
        }
    }

    /// Step one: old tip, new tip and members, with the evidence that the tree is green.
    fn write_intent(&mut self, stack: &Stack) -> Outcome<()> {
        let members = stack.beads();
        let mut gates = BTreeMap::new();
        for member in &members {
            gates.insert(member.clone(), self.gates_of(stack, member)?);
        }
        self.open.ledger.transact(&self.actor, |tx| {
            self.put_evidence(tx);
            for member in &stack.members {
                let mut bead = self.held(tx, &member.bead)?;
                bead.begin_landing(
                    &self.actor,
                    Intent {
                        old: stack.base.clone(),
                        new: stack.tip().clone(),
                        landed: member.commit.clone(),
                        members: members.clone(),
                        extra: toml::Table::new(),
                    },
                )?;
                if let Some(merge) = &mut bead.merge {
                    merge.gates.clone_from(&gates[&member.bead]);
                }
                tx.put(&bead);
            }
            tx.describe("begin-landing", format!("begin to land {}", list(&members)));
            Ok(())
        })?;
        self.is_recorded();
        Ok(())
    }

    /// The documents that let a member land: those of the whole stack, and those of its own commit.
    pub(super) fn gates_of(&mut self, stack: &Stack, member: &BeadId) -> Outcome<Vec<String>> {
        let mut subjects: Vec<Subject> = stack.tree().map(Subject::tree).into_iter().collect();
        let head = self.entries.get(member).map(|entry| Subject::commit(&entry.head));
        subjects.extend(head.filter(|_| gates_of(self.rig, Phase::Before).next().is_some()));
        self.paths_of(&subjects)
    }

    /// Step two: the target moves from the base to the tip, or it does not.
    fn swap(&self, stack: &Stack) -> Outcome<Swap> {
        let (old, new): (Oid, Oid) = (parse(&stack.base)?, parse(stack.tip())?);
        let repo = &self.target.repo;
        if self.rig.remote == Remote::Local {
            let why = format!("gt: land {}", list(&stack.beads()));
            let moved = self.target.advance(&old, &new, &why)?;
            return Ok(if moved { Swap::Moved } else { Swap::Raced });
        }
        Ok(match bare::push_commit(repo, "origin", &new, &self.target.branch, self.network())? {
            Push::Landed => {
                self.fetch()?;
                Swap::Moved
            }
            Push::LostRace { .. } => Swap::Raced,
            Push::Refused { reason } => Swap::Refused(format!("{} refuses the push: {reason}", self.rig.url)),
            // Whether it took the push is not known: the next run reads the target and closes or takes back.
            Push::Unreachable { reason } => {
                return Err(Failure::new(Kind::Retryable, format!("{} cannot be reached: {reason}", self.rig.url))
                    .hint("The landing goes on at the next run."));
            }
        })
    }

    /// Step three: the beads are closed, because their commits are in the target. That is looked up, not believed.
    pub(super) fn close(&mut self, members: &[BeadId]) -> Outcome<()> {
        let tip = self.target.tip()?;
        let comparer = Comparer::open(&self.target.repo);
        self.open.ledger.transact(&self.actor, |tx| {
            for id in members {
                let mut bead = tx.bead(id)?;
                if bead.status() == Status::Closed {
                    continue;
                }
                let landed =
                    bead.merge.as_ref().and_then(|merge| merge.intent.as_ref()).map(|intent| intent.landed.clone());
                let landed = parse(&landed.unwrap_or_default())?;
                if comparer.fork(&landed, &tip)?.as_ref() != Some(&landed) {
                    return Err(Failure::new(
                        Kind::Internal,
                        format!("{} of {id} is not in {}", landed.short(), self.target.branch),
                    ));
                }
                bead.land(&self.actor, tx.now())?;
                tx.put(&bead);
            }
            tx.describe("land", format!("land {} in {}", list(members), self.target.branch));
            Ok(())
        })?;
        commit_point("land.closed");
        for id in members {
            self.open.event(
                "bead.landed",
                &self.actor,
                Some(id),
                Some(&self.rig.name),
                format!("in {} at {}", self.target.branch, tip.short()),
            );
        }
        self.report.landed.extend(members.iter().cloned());
        Ok(())
    }

    /// A landing that did not happen.
    pub(super) fn drop_intent(&self, members: &[BeadId]) -> Outcome<()> {
        self.open.ledger.transact(&self.actor, |tx| {
            for id in members {
                let mut bead = tx.bead(id)?;
                if bead.merge.as_ref().is_some_and(|merge| merge.intent.is_some()) {
                    bead.drop_landing(&self.actor)?;
                    tx.put(&bead);
                }
            }
            tx.describe("drop-landing", format!("take back the landing of {}", list(members)));
            Ok(())
        })?;
        Ok(())
    }

    /// A bead whose commit is in the target already: nothing moves between the two ledger steps.
    pub(super) fn close_as_merged(&mut self, member: &BeadId, landed: &str, talk: &mut dyn Talk) -> Outcome<()> {
        let tip = self.target.tip()?;
        let gates = self.vouching(&tip)?;
        let tip = tip.to_string();
        let written = self.open.ledger.transact(&self.actor, |tx| {
            let mut bead = self.held(tx, member)?;
            let intent = Intent {
                old: tip.clone(),
                new: tip.clone(),
                landed: landed.to_owned(),
                members: vec![member.clone()],
                extra: toml::Table::new(),
            };
            bead.begin_landing(&self.actor, intent)?;
            if let Some(merge) = bead.merge.as_mut().filter(|merge| merge.gates.is_empty()) {
                merge.gates.clone_from(&gates);
            }
            tx.put(&bead);
            tx.describe("begin-landing", format!("{member} is in {} already", self.target.branch));
            Ok(())
        });
        if let Err(failure) = written {
            return self.lost_hold(std::slice::from_ref(member), failure);
        }
        self.close(std::slice::from_ref(member))?;
        talk.note(&format!("{member} is in {} already", self.target.branch));
        Ok(())
    }
}

impl Run<'_> {
    /// The documents that say that the target is green as it is; none when nobody asked its gates.
    fn vouching(&mut self, tip: &Oid) -> Outcome<Vec<String>> {
        let subject = Subject::tree(&bare::tree_of(&self.target.repo, tip)?.to_string());
        let recorded = self.recorded(&self.open.snapshot()?, &subject)?;
        match verdict(&recorded) {
            Some(Verdict::Green) => self.paths_of(&[subject]),
            _ => Ok(Vec::new()),
        }
    }
}

fn list(members: &[BeadId]) -> String {
    members.iter().map(BeadId::as_str).collect::<Vec<_>>().join(", ")
}
