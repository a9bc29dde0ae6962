//! `gt refinery run`: works through the merge queue of one rig.
//!
//! What is decided is [`crate::refinery`]'s: this verb asks it, does what it says, and tells it what came of it.
//! A kill anywhere is recovered by the next run: a landing that was begun is closed when its commit is in the
//! target and taken back when it is not.

mod gate;
mod incoming;
mod land;
mod own;
mod protect;
mod stack;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::bench::Bench;
use super::target::Target;
use super::{OpenTown, Report, Talk, escalate, pass};
use crate::bead::transition::{Ending, Hold};
use crate::bead::{AttemptOutcome, Bead, Merge, State, Status};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Oid, Person, bare};
use crate::id::{Actor, BeadId, RigName};
use crate::ledger::{BeadQuery, Transaction};
use crate::mail::Severity;
use crate::refinery::{self as decisions, Decision, Entry, Event, Evidence, Recovery, Rules, Waiting};
use crate::town::{Remote, Rig};

/// How long a fetch or a push may take.
pub(super) const NETWORK: Duration = Duration::from_secs(120);

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The rig.
    pub rig: String,
    /// Another process works through this queue; nothing was done here.
    pub busy: bool,
    /// What landed.
    pub landed: Vec<BeadId>,
    /// What was sent back, and why.
    pub bounced: Vec<(BeadId, String)>,
    /// What stays in the queue until a person acts, and why.
    pub set_aside: Vec<(BeadId, String)>,
    /// How many gates were run; verdicts that were known already are not counted.
    pub gates_run: usize,
    /// Why the run ended although the queue is not empty.
    pub waiting: Option<String>,
    /// Why landed work is not in the person's own repository yet.
    pub undelivered: Option<String>,
    /// The files there that are in the way.
    pub in_the_way: Vec<PathBuf>,
}

impl Report for Ran {
    const SCHEMA: &'static str = "gt.refinery.run/1";
}

/// A run at work.
pub(super) struct Run<'a> {
    open: &'a OpenTown,
    rig: &'a Rig,
    target: Target,
    bench: Bench<'a>,
    person: Person,
    actor: Actor,
    core: decisions::Refinery,
    entries: BTreeMap<BeadId, Entry>,
    /// Evidence that no transaction has recorded yet, by tree.
    fresh: BTreeMap<String, Vec<Evidence>>,
    report: Ran,
}

/// How long a person waits for a run that is under way.
const PATIENCE: Duration = Duration::from_secs(600);

/// Brings what landed to the person's own repository, after taking in, through the gates, what they committed there.
/// Answers the commit that both have now.
///
/// # Errors
/// When the rig lands at a remote, or something is in the way: each file is named, and nothing was changed.
pub fn take(open: &OpenTown, rig: &RigName, talk: &mut dyn Talk) -> Outcome<Oid> {
    let rig = open.town.rig(rig)?;
    if rig.remote != Remote::Local {
        let message = format!("work of {} lands at {} itself: there is nothing to take", rig.name, rig.url);
        return Err(Failure::new(Kind::Refused, message).hint("`git pull` in your own clone of it."));
    }
    let mut run = Run::on(open, &rig, Bench::take(open, &rig, PATIENCE)?)?;
    run.fetch()?;
    run.recover()?;
    run.take_incoming(talk)?;
    run.deliver(talk)?;
    let Run { report, target, bench, .. } = run;
    bench.succeeded();
    let Some(reason) = report.undelivered else { return target.tip() };
    let files: String = report.in_the_way.iter().map(|path| format!("\n  {}", path.display())).collect();
    Err(Failure::new(Kind::Refused, format!("landed work cannot come to {} yet: {reason}{files}", rig.url))
        .hint(format!("Commit or move away what is in the way, then `gt rig take {}`.", rig.name))
        .hint("Nothing was changed there; landing goes on in the rig's own target."))
}

/// Works through the queue of `rig` until nothing is left to decide; with `once`, until one bead has left it.
///
/// # Errors
/// When the ledger, the repository or the bench cannot be used.
pub fn run(open: &OpenTown, rig: &RigName, once: bool, talk: &mut dyn Talk) -> Outcome<Ran> {
    let rig = open.town.rig(rig)?;
    let Some(mut run) = Run::begin(open, &rig)? else { return Ok(busy(&rig)) };
    let worked = run.work(once, talk);
    let Run { report, entries, bench, .. } = run;
    if worked.is_ok() && report.waiting.is_none() {
        bench.succeeded();
    } else {
        drop(bench);
    }
    if !report.landed.is_empty() || !report.bounced.is_empty() || (!once && unseen(open, &rig, &entries)?) {
        pass::request(open);
    }
    worked.map(|()| report)
}

/// Ends what a killed refinery of `rig` began, and delivers what landed. Nothing is merged and no gate runs.
///
/// # Errors
/// When the ledger or the repository cannot be used.
pub fn settle(open: &OpenTown, rig: &RigName, talk: &mut dyn Talk) -> Outcome<Ran> {
    let rig = open.town.rig(rig)?;
    let Some(mut run) = Run::begin(open, &rig)? else { return Ok(busy(&rig)) };
    // What was begun can be ended without news of the remote.
    if let Err(failure) = run.fetch() {
        run.report.waiting = Some(format!("{} cannot be read: {failure}", rig.url));
    }
    run.recover()?;
    run.deliver(talk)?;
    let Run { report, bench, .. } = run;
    if report.waiting.is_none() {
        bench.succeeded();
    }
    Ok(report)
}

fn busy(rig: &Rig) -> Ran {
    Ran { rig: rig.name.to_string(), busy: true, ..Ran::default() }
}

impl<'a> Run<'a> {
    /// Takes the refinery; nothing when another process has it.
    fn begin(open: &'a OpenTown, rig: &'a Rig) -> Outcome<Option<Self>> {
        let bench = match Bench::take(open, rig, Duration::ZERO) {
            Ok(bench) => bench,
            Err(failure) if failure.kind == Kind::Retryable => return Ok(None),
            Err(failure) => return Err(failure),
        };
        // A predecessor may have been killed between its last commit and the files, with nothing left to decide.
        open.ledger.settle()?;
        Self::on(open, rig, bench).map(Some)
    }

    fn on(open: &'a OpenTown, rig: &'a Rig, bench: Bench<'a>) -> Outcome<Self> {
        let target = Target::of(open, rig);
        let person = super::sandbox::person(&target.repo, &open.settings_for(rig)?);
        let actor = Actor::Refinery(rig.name.clone());
        let core = decisions::Refinery::new(Rules::default());
        let report = Ran { rig: rig.name.to_string(), ..Ran::default() };
        let (entries, fresh) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { open, rig, target, bench, person, actor, core, entries, fresh, report })
    }
}

impl Run<'_> {
    fn work(&mut self, once: bool, talk: &mut dyn Talk) -> Outcome<()> {
        if let Err(failure) = self.fetch() {
            self.report.waiting = Some(format!("{} cannot be read: {failure}", self.rig.url));
            return Ok(());
        }
        self.recover()?;
        self.take_incoming(talk)?;
        loop {
            if let Some(reason) = self.paused()? {
                self.report.waiting = Some(format!("its queue is paused: {reason}"));
                break;
            }
            self.read_queue()?;
            let decision = self.core.decide();
            tracing::debug!("{}: {decision}", self.rig.name);
            if let Decision::Wait(waiting) = decision {
                self.wait(&waiting)?;
                break;
            }
            self.carry_out(decision, talk)?;
            let left = self.report.landed.len() + self.report.bounced.len() + self.report.set_aside.len();
            if once && left > 0 {
                break;
            }
        }
        self.deliver(talk)
    }

    /// Why a person wants nothing to be merged. It is read anew before each step, so that a pause does not wait for
    /// the end of a run.
    fn paused(&self) -> Outcome<Option<String>> {
        Ok(self.open.town.rig(&self.rig.name)?.paused)
    }

    fn fetch(&self) -> Outcome<()> {
        Ok(bare::fetch(&self.target.repo, Some(NETWORK))?)
    }

    /// Tells the core what came into the queue and what left it since it was last read.
    fn read_queue(&mut self) -> Outcome<()> {
        let home = self.open.home()?.clone();
        let mut now = BTreeMap::new();
        for bead in self.submitted()? {
            let Some(merge) = &bead.merge else { continue };
            if bead.claim().is_some_and(|claim| claim.home == home) {
                now.insert(bead.id.clone(), entry(&bead, merge));
            }
        }
        for gone in self.entries.keys().filter(|id| !now.contains_key(*id)) {
            self.core.apply(Event::Withdrawn(gone.clone()));
        }
        for (id, entry) in &now {
            let before = self.entries.get(id);
            if before != Some(entry) {
                if before.is_some() {
                    self.core.apply(Event::Withdrawn(id.clone()));
                }
                self.core.apply(Event::Submitted(entry.clone()));
            }
        }
        self.entries = now;
        Ok(())
    }

    fn submitted(&self) -> Outcome<Vec<Bead>> {
        let query = BeadQuery {
            status: vec![Status::Submitted],
            prefix: vec![self.rig.prefix.clone()],
            ..BeadQuery::default()
        };
        self.open.snapshot()?.beads(&query)
    }

    fn carry_out(&mut self, decision: Decision, talk: &mut dyn Talk) -> Outcome<()> {
        match decision {
            Decision::ReadTarget => self.read_target(),
            Decision::Stack { base, members } => self.stack(&base, &members, talk),
            Decision::Gate { commit, tree, members } => self.gate(&commit, &tree, &members, talk),
            Decision::Land(stack) => self.land(&stack, talk),
            Decision::CloseAsMerged { member, landed } => self.close_as_merged(&member, &landed),
            Decision::Bounce { member, reason, log } => self.bounce(&member, &reason, log, talk),
            Decision::SetAside { member, reason } => self.set_aside(&member, &reason, talk),
            Decision::Wait(_) => Ok(()),
        }
    }

    fn read_target(&mut self) -> Outcome<()> {
        if self.rig.remote == Remote::Remote {
            self.fetch()?;
        }
        let tip = self.target.tip()?;
        let tree = bare::tree_of(&self.target.repo, &tip)?;
        self.core.apply(Event::Target(decisions::Target { tip: tip.to_string(), tree: tree.to_string() }));
        Ok(())
    }

    /// What a killed predecessor left between the intent and the close.
    fn recover(&mut self) -> Outcome<()> {
        for bead in self.submitted()? {
            let Some(intent) = bead.merge.as_ref().and_then(|merge| merge.intent.clone()) else { continue };
            let tip = self.target.tip()?;
            let landed: Oid = parse(&intent.landed)?;
            let there = bare::is_ancestor(&self.target.repo, &landed, &tip).ok();
            match decisions::recover(there) {
                Recovery::Close => self.close(std::slice::from_ref(&bead.id))?,
                Recovery::Drop => self.drop_intent(std::slice::from_ref(&bead.id))?,
                Recovery::Wait => {}
            }
        }
        Ok(())
    }

    /// The evidence of a tree goes into the transaction that acts on it.
    fn put_evidence(&self, tx: &mut Transaction, trees: &BTreeSet<String>) -> Vec<String> {
        let documents = trees.iter().filter_map(|tree| self.fresh.get(tree)).flatten();
        let mut paths = Vec::new();
        for evidence in documents {
            tx.put(evidence);
            paths.push(crate::ledger::Document::path(evidence));
        }
        paths
    }

    fn bounce(&mut self, member: &BeadId, reason: &str, log: Option<String>, talk: &mut dyn Talk) -> Outcome<()> {
        let home = self.open.home()?.clone();
        let trees: BTreeSet<String> = self.fresh.keys().cloned().collect();
        let tail = log.as_ref().and_then(|log| self.tail_of(log)).unwrap_or_default();
        let text = if tail.is_empty() { reason.to_owned() } else { format!("{reason}\n\n{tail}") };
        let own = self.own_branch(member)?;
        let bounced = self.open.ledger.transact(&self.actor, |tx| {
            self.put_evidence(tx, &trees);
            let mut bead = tx.bead(member)?;
            let ending = Ending { log: log.clone(), ..Ending::new(AttemptOutcome::Bounced, text.clone()) };
            bead.bounce(&self.actor, Hold { home: &home, lease: None }, ending)?;
            tx.put(&bead);
            tx.describe("bounce", format!("bounce {member}: {}", reason.lines().next().unwrap_or_default()));
            Ok(())
        });
        if let Err(failure) = bounced {
            return self.lost_hold(std::slice::from_ref(member), failure);
        }
        commit_point("bounce.recorded");
        self.fresh.clear();
        if let Some(branch) = own {
            self.tell_owner(member, &branch, &text)?;
        }
        self.open.event("bead.bounced", &self.actor, Some(member), Some(&self.rig.name), reason);
        talk.note(&format!("{member} bounced: {}", reason.lines().next().unwrap_or_default()));
        self.report.bounced.push((member.clone(), reason.to_owned()));
        Ok(())
    }

    fn tail_of(&self, log: &str) -> Option<String> {
        let evidence = self.fresh.values().flatten().find(|evidence| evidence.log.as_deref() == Some(log))?;
        Some(evidence.tail.clone())
    }

    /// The bead left the queue under our hands (a person closed or released it): the queue is read anew.
    fn lost_hold(&mut self, members: &[BeadId], failure: Failure) -> Outcome<()> {
        let snapshot = self.open.snapshot()?;
        let gone = members
            .iter()
            .any(|id| !matches!(snapshot.find(id), Ok(Some(bead)) if matches!(bead.state, State::Submitted(_))));
        if gone { Ok(()) } else { Err(failure) }
    }

    fn set_aside(&mut self, member: &BeadId, reason: &str, talk: &mut dyn Talk) -> Outcome<()> {
        let problem =
            escalate::problem(&self.actor, Some(member), Severity::Medium, format!("it cannot be merged: {reason}"));
        escalate::once(self.open, &problem)?;
        talk.warn(&format!("{member} set aside: {reason}"));
        self.report.set_aside.push((member.clone(), reason.to_owned()));
        self.core.apply(Event::SetAside(member.clone()));
        Ok(())
    }

    fn wait(&mut self, waiting: &Waiting) -> Outcome<()> {
        let reason = match waiting {
            Waiting::Empty => return Ok(()),
            Waiting::SetAside(members) => {
                format!("{} set aside", members.iter().map(BeadId::as_str).collect::<Vec<_>>().join(", "))
            }
            Waiting::TargetRed { reason } => format!("the target {} itself is red: {reason}", self.target.branch),
            Waiting::GateBroken { reason } => format!("the gates cannot be run: {reason}"),
        };
        if matches!(waiting, Waiting::TargetRed { .. } | Waiting::GateBroken { .. }) {
            escalate::once(
                self.open,
                &escalate::problem(&self.actor, None, Severity::High, format!("{}: {reason}", self.rig.name)),
            )?;
        }
        self.record_evidence(&format!("the queue of {}", self.rig.name))?;
        self.report.waiting = Some(reason);
        Ok(())
    }
}

/// Whether something came into the queue that a run did not know: it was submitted while the run ended.
fn unseen(open: &OpenTown, rig: &Rig, known: &BTreeMap<BeadId, Entry>) -> Outcome<bool> {
    let query = BeadQuery { status: vec![Status::Submitted], prefix: vec![rig.prefix.clone()], ..BeadQuery::default() };
    let home = open.home()?;
    let ours = |bead: &Bead| bead.claim().is_some_and(|claim| claim.home == *home);
    let beads = open.snapshot()?.beads(&query)?;
    Ok(beads.iter().filter(|bead| ours(bead)).any(|bead| {
        let merge = bead.merge.as_ref();
        merge.is_some_and(|merge| known.get(&bead.id) != Some(&entry(bead, merge)))
    }))
}

/// A submitted bead as the queue sees it.
pub(super) fn entry(bead: &Bead, merge: &Merge) -> Entry {
    Entry::new(bead, merge)
}

/// A commit that the ledger names.
fn parse(text: &str) -> Outcome<Oid> {
    text.parse().map_err(|error: crate::git::InvalidOid| Failure::new(Kind::Corrupt, error.to_string()))
}
