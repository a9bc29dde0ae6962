//! `gt refinery run`: works through the merge queue of one rig.
//!
//! What is decided is [`crate::refinery`]'s: this verb asks it, does what it says, and tells it what came of it.
//! A kill anywhere is recovered by the next run: a landing that was begun is closed when its commit is in the
//! target and taken back when it is not.

mod bounce;
mod evidence;
mod gate;
mod incoming;
mod job;
mod kept;
mod land;
mod offer;
mod origin;
mod own;
mod protect;
mod queue;
mod stack;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::bench::Bench;
use super::target::Target;
use super::{OpenTown, Report, Silence, Talk, escalate, pass};
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Oid, Person, bare};
use crate::id::{Actor, BeadId, RigName};
use crate::mail::Severity;
use crate::refinery::{self as decisions, Decision, Entry, Event, Evidence, Recovery, Rules, Subject, Waiting};
use crate::town::{Landing, Pairs, Phase, Remote, Rig, Settings};

pub(crate) use evidence::{gates_of, on_record};
pub(crate) use job::Job;
pub(crate) use kept::{kept, let_go};
pub use queue::{entries, every_entry};

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The rig.
    pub rig: String,
    /// Another process works through this queue; nothing was done here.
    pub busy: bool,
    /// What landed.
    pub landed: Vec<BeadId>,
    /// What was pushed as a branch, for somebody else to merge.
    pub offered: Vec<BeadId>,
    /// What was sent back, and why.
    pub bounced: Vec<(BeadId, String)>,
    /// What stays in the queue until a person acts, and why.
    pub set_aside: Vec<(BeadId, String)>,
    /// How many trees were gated; those whose verdict was known already are not counted.
    pub gate_runs: usize,
    /// How many gates that took.
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
    settings: Settings,
    entries: BTreeMap<BeadId, Entry>,
    /// Evidence that no transaction has recorded yet; on disk it is what is [`mod@kept`].
    fresh: BTreeMap<Subject, Vec<Evidence>>,
    /// What was looked up in the ledger already.
    recalled: BTreeSet<Subject>,
    /// The end of the output behind each log that was seen.
    tails: BTreeMap<String, String>,
    /// The trees of commits that were gated by themselves.
    trees: BTreeMap<String, String>,
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
    if run.has_news(talk)? {
        run.recover(true)?;
        run.take_incoming(talk)?;
    }
    // What lies in the way is the failure below.
    run.deliver(&mut Silence)?;
    run.see_to_letters()?;
    let Run { report, target, bench, .. } = run;
    bench.succeeded();
    let Some(reason) = report.undelivered.or(report.waiting) else { return target.tip() };
    let files: String = report.in_the_way.iter().map(|path| format!("\n  {}", path.display())).collect();
    Err(Failure::new(Kind::Refused, format!("landed work cannot come to {} yet: {reason}{files}", rig.url))
        .hint(format!("Commit or move away what is in the way, then `gt rig take {}`.", rig.name))
        .hint("Nothing was changed there; landing goes on in the rig's own target."))
}

/// Works through the queue of `rig` until nothing is left to decide; with `once`, until a bead or a batch has left it.
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
    if !report.landed.is_empty() || !report.bounced.is_empty() || (!once && queue::unseen(open, &rig, &entries)?) {
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
    // What was begun can be ended without news of the remote, as far as it is known here.
    let news = run.has_news(talk)?;
    run.recover(news)?;
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
        let settings = open.settings_for(rig)?;
        let target = Target::of(open, rig);
        let rules = Rules {
            batch: settings.batch_size as usize,
            before: gates_of(rig, Phase::Before).next().is_some(),
            offer: rig.merge.landing == Landing::Branch,
            pairs: rig.merge.pairs == Pairs::Always,
        };
        let mut run = Self {
            open,
            rig,
            bench,
            person: super::sandbox::person(&target.repo, &settings),
            actor: Actor::Refinery(rig.name.clone()),
            core: decisions::Refinery::new(rules),
            target,
            settings,
            entries: BTreeMap::new(),
            fresh: BTreeMap::new(),
            recalled: BTreeSet::new(),
            tails: BTreeMap::new(),
            trees: BTreeMap::new(),
            report: Ran { rig: rig.name.to_string(), ..Ran::default() },
        };
        run.take_over(&open.snapshot()?)?;
        Ok(run)
    }
}

impl Run<'_> {
    fn work(&mut self, once: bool, talk: &mut dyn Talk) -> Outcome<()> {
        if !self.has_news(talk)? {
            return Ok(());
        }
        self.recover(true)?;
        self.settle_offers(talk)?;
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
            let Ran { landed, offered, bounced, set_aside, .. } = &self.report;
            if once && landed.len() + offered.len() + bounced.len() + set_aside.len() > 0 {
                break;
            }
        }
        self.deliver(talk)?;
        self.see_to_letters()
    }

    /// Why a person wants nothing to be merged. It is read anew before each step, so that a pause does not wait for
    /// the end of a run.
    fn paused(&self) -> Outcome<Option<String>> {
        Ok(self.open.town.rig(&self.rig.name)?.paused)
    }

    fn carry_out(&mut self, decision: Decision, talk: &mut dyn Talk) -> Outcome<()> {
        match decision {
            Decision::ReadTarget => self.read_target(),
            Decision::Stack { base, members } => self.stack(&base, &members, talk),
            Decision::Gate { commit, subject, members } => self.gate(&commit, &subject, &members, talk),
            Decision::Land(stack) => self.land(&stack, talk),
            Decision::Offer(stack) => self.offer(&stack, talk),
            Decision::CloseAsMerged { member, landed } => self.close_as_merged(&member, &landed, talk),
            Decision::Bounce { member, cause } => self.bounce(&member, &cause, talk),
            Decision::SetAside { member, reason } => self.set_aside(&member, &reason, talk),
            Decision::Wait(_) => Ok(()),
        }
    }

    fn read_target(&mut self) -> Outcome<()> {
        if self.rig.remote == Remote::Remote {
            self.fetch_target()?;
        }
        let tip = self.target.tip()?;
        let tree = bare::tree_of(&self.target.repo, &tip)?;
        let (tip, tree) = (tip.to_string(), tree.to_string());
        let snapshot = self.open.snapshot()?;
        self.recall(&snapshot, &Subject::tree(&tree))?;
        self.core.apply(Event::Target(decisions::Target { tip, tree }));
        Ok(())
    }

    /// What a killed predecessor left between the intent and the close. Without news of a remote nobody knows what it
    /// does not have.
    fn recover(&mut self, news: bool) -> Outcome<()> {
        let all_known = news || self.rig.remote == Remote::Local;
        for bead in queue::submitted(self.open, &self.open.snapshot()?, self.rig)? {
            let Some(intent) = bead.merge.as_ref().and_then(|merge| merge.intent.clone()) else { continue };
            let tip = self.target.tip()?;
            let landed: Oid = parse(&intent.landed)?;
            // A commit that is nowhere is not in the target.
            let there = bare::rev_parse(&self.target.repo, landed.as_str())?.is_some()
                && bare::is_ancestor(&self.target.repo, &landed, &tip)?;
            let there = Some(there).filter(|there| *there || all_known);
            match decisions::recover(there) {
                Recovery::Close => self.close(std::slice::from_ref(&bead.id))?,
                Recovery::Drop => self.drop_intent(std::slice::from_ref(&bead.id))?,
                Recovery::Wait => {}
            }
        }
        Ok(())
    }

    fn wait(&mut self, waiting: &Waiting) -> Outcome<()> {
        let reason = match waiting {
            Waiting::Empty => return self.record_evidence(&format!("the queue of {}", self.rig.name)),
            Waiting::TargetRed { reason } => format!("the target {} itself is red: {reason}", self.target.branch),
            Waiting::Named(_) | Waiting::GateBroken { .. } => waiting.to_string(),
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

/// A commit that the ledger names.
fn parse(text: &str) -> Outcome<Oid> {
    text.parse().map_err(|error: crate::git::InvalidOid| Failure::new(Kind::Corrupt, error.to_string()))
}
