//! `gt run`: works on a convoy until every bead of it is closed, or nothing can go on by itself.
//!
//! The run itself moves nothing: ticks do, here in a thread of their own, in other processes at the same time. It looks
//! at the ledger and at the workers, tells what it sees, asks for ticks, and knows when it is over. It may be killed
//! and begun again at any time.

mod look;
mod outlook;
mod ticker;

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::agents::choose;
use super::target::Target;
use super::{OpenTown, Report, Talk, convoy, pass, refinery};
use crate::bead::{Bead, Resolution, State};
use crate::clock::Timestamp;
use crate::convoy::{Convoy, ConvoyId};
use crate::error::{Failure, Kind, Outcome};
use crate::git::bare;
use crate::id::{BeadId, RoleName};
use crate::store::Event;
use crate::town::{Remote, Rig};

use look::Looker;
use outlook::{Outlook, outlook};
use ticker::Ticker;

pub use look::{Picture, Queue, Worker};

/// How often is looked.
const STEP: Duration = Duration::from_millis(250);
/// How long what landed may take to reach the person's repository before the run ends without it.
const DELIVERY: Duration = Duration::from_secs(60);
/// How long to wait for a remote before work starts from what was fetched last.
const NETWORK: Duration = Duration::from_secs(60);
/// How long the next ticks may take to close a convoy whose beads are all closed.
const CLOSING: Duration = Duration::from_secs(10);
/// The exit code when not everything is as wished.
const UNFINISHED: u8 = 1;

/// What a run tells while it works.
#[derive(Debug)]
pub enum Told<'t> {
    /// Something happened to a bead of the convoy, with the bead's title, or to the target of its rig.
    Event(&'t Event, Option<&'t str>),
    /// How it stands now.
    Picture(&'t Picture),
    /// Something could not be done; it is tried again.
    Trouble(&'t str),
    /// No further bead is started. These still run.
    Stopping(&'t Picture),
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The convoy.
    pub convoy: ConvoyId,
    /// Its title.
    pub title: String,
    /// What landed.
    pub landed: Vec<Landed>,
    /// What was closed without landing anything, and as what.
    pub closed: Vec<Left>,
    /// What is not closed, and why.
    pub left: Vec<Left>,
    /// Whether the person stopped it.
    pub stopped: bool,
    /// Why landed work is not in the person's repository yet, by rig.
    pub undelivered: Vec<(String, String)>,
    /// How long it took.
    pub milliseconds: u64,
}

/// A bead that landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Landed {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// The commit.
    pub commit: String,
    /// How many attempts it took.
    pub attempts: u32,
}

/// A bead that did not land.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// Why.
    pub why: String,
}

impl Report for Ran {
    const SCHEMA: &'static str = "gt.run/1";

    fn exit_code(&self) -> u8 {
        if self.left.is_empty() { 0 } else { UNFINISHED }
    }
}

/// Works on a convoy. A message on `interrupts` stops the feeding, a second one ends the run at once.
///
/// # Errors
/// When the town cannot be read any more.
pub fn drive(
    open: &OpenTown,
    id: &ConvoyId,
    interrupts: &Receiver<()>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Outcome<Ran> {
    let mut run = Run::begin(open, id)?;
    loop {
        run.tell_events(tell)?;
        let outlook = run.look(tell)?;
        if run.is_over(outlook)? {
            return run.end(tell);
        }
        run.keep_ticking(tell)?;
        match interrupts.recv_timeout(STEP) {
            Ok(()) if run.stopped => {
                // The tick that it leaves may have hooked a bead that nobody has started yet.
                pass::hand_over(open);
                return run.end(tell);
            }
            Ok(()) => run.stop(tell)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::new(Kind::Internal, "nobody listens for Ctrl-C any more"));
            }
        }
    }
}

struct Run<'a> {
    open: &'a OpenTown,
    looker: Looker<'a>,
    ticker: Ticker,
    began: Instant,
    last_event: i64,
    /// What was told of troubles, so that each is told once.
    told: BTreeSet<String>,
    stopped: bool,
    over_since: Option<Instant>,
}

impl<'a> Run<'a> {
    fn begin(open: &'a OpenTown, id: &ConvoyId) -> Outcome<Self> {
        let last_event = open.state()?.last_events(1)?.last().map_or(0, |event| event.id);
        Ok(Self {
            open,
            looker: Looker::new(open, id.clone()),
            ticker: Ticker::start(open.again())?,
            began: Instant::now(),
            last_event,
            told: BTreeSet::new(),
            stopped: false,
            over_since: None,
        })
    }

    /// Events of the convoy since the last look; any event is a reason to tick.
    fn tell_events(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Outcome<()> {
        for event in super::feed::since(self.open, self.last_event)? {
            self.last_event = event.id;
            self.ticker.something_happened();
            if self.looker.is_about(&event) {
                tell(Told::Event(&event, event.what.bead.as_ref().and_then(|bead| self.looker.title(bead))));
            }
        }
        Ok(())
    }

    fn look(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Outcome<Outlook> {
        self.looker.look()?;
        let sight = self.looker.sight();
        tell(Told::Picture(&sight.picture));
        // What is not fed any more does not start when room becomes free.
        let others = sight.others_at_work && !self.stopped;
        // Where only a tick could move anything, the next ticks decide.
        self.ticker.hurry = outlook(&sight.members, others, u32::MAX) != Outlook::Going;
        Ok(outlook(&sight.members, others, self.ticker.quiet()))
    }

    /// Whether there is nothing more to wait for: what landed is given a while to reach the person's repository.
    fn is_over(&mut self, outlook: Outlook) -> Outcome<bool> {
        if outlook == Outlook::Going {
            self.over_since = None;
            return Ok(false);
        }
        let waited = self.over_since.get_or_insert_with(Instant::now).elapsed();
        if outlook == Outlook::Finished && self.looker.convoy()?.closed.is_none() && waited < CLOSING {
            return Ok(false);
        }
        Ok(waited >= DELIVERY || !self.looker.is_delivering()?)
    }

    fn keep_ticking(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Outcome<()> {
        let Some(ticked) = self.ticker.keep_going(self.open)? else { return Ok(()) };
        for trouble in ticked.troubles {
            if self.told.insert(trouble.clone()) {
                tell(Told::Trouble(&trouble));
            }
        }
        self.looker.held_back(ticked.held_back);
        Ok(())
    }

    fn stop(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Outcome<()> {
        convoy::feed(self.open, &self.looker.convoy, false, None)?;
        self.stopped = true;
        self.looker.look()?;
        tell(Told::Stopping(&self.looker.sight().picture));
        Ok(())
    }

    fn end(mut self, tell: &mut dyn FnMut(Told<'_>)) -> Outcome<Ran> {
        self.tell_events(tell)?;
        self.looker.look_anew()?;
        let convoy = self.looker.convoy()?;
        let reasons = self.looker.reasons();
        let (mut landed, mut closed, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let mut beads = self.looker.beads()?;
        beads.sort_by_key(closed_at);
        for bead in beads {
            match fate(&bead) {
                Fate::Landed(commit) => landed.push(Landed {
                    commit,
                    attempts: u32::try_from(bead.attempts.len()).unwrap_or(u32::MAX).saturating_add(1),
                    bead: bead.id,
                    title: bead.title,
                }),
                Fate::Closed(why) => closed.push(Left { bead: bead.id, title: bead.title, why }),
                Fate::Left => {
                    let why = reasons.get(&bead.id).cloned().unwrap_or_else(|| bead.state.describe());
                    left.push(Left { bead: bead.id, title: bead.title, why });
                }
            }
        }
        Ok(Ran {
            convoy: convoy.id,
            title: convoy.title,
            landed,
            closed,
            left,
            stopped: self.stopped,
            undelivered: self.looker.undelivered()?,
            milliseconds: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// What became of a bead.
enum Fate {
    Landed(String),
    Closed(String),
    Left,
}

fn closed_at(bead: &Bead) -> Option<Timestamp> {
    if let State::Closed(closing) = &bead.state { Some(closing.at) } else { None }
}

fn fate(bead: &Bead) -> Fate {
    let State::Closed(closing) = &bead.state else { return Fate::Left };
    match (closing.resolution, bead.merge.as_ref().and_then(|merge| merge.landed.clone())) {
        (Resolution::Merged, Some(commit)) => Fate::Landed(commit),
        _ => Fate::Closed(super::prime::word(closing.resolution)),
    }
}

/// What must hold before a run begins: somebody can work, and what the person committed last is what work starts from.
///
/// # Errors
/// When the rig is unknown, or its agent cannot be started.
pub fn begin(open: &OpenTown, rig: Option<&str>, workers: Option<u32>, talk: &mut dyn Talk) -> Outcome<()> {
    let rigs = match rig {
        Some(name) => vec![open.rig(name)?],
        None => open.town.rigs()?.into_iter().filter(|rig| !rig.parked).collect(),
    };
    if open.town.rig_names()?.is_empty() {
        return Err(Failure::new(Kind::NotFound, "the town has no rig yet").hint("Add one: gt rig add NAME URL|PATH"));
    }
    for rig in &rigs {
        choose::agent_of_role(open, rig, &RoleName::developer())?;
    }
    let capacity = open.settings.capacity;
    if let Some(workers) = workers.filter(|workers| *workers > capacity) {
        let advice = format!("`gt config set capacity {workers}` makes room");
        talk.warn(&format!("{workers} workers are wanted, and the town has room for {capacity}: {advice}"));
    }
    for rig in &rigs {
        talk.step(&format!("looking at {}", rig.name));
        if let Err(failure) = bring_up_to_date(open, rig, talk) {
            talk.warn(&format!("work in {} starts from what was fetched last: {failure}", rig.name));
        }
    }
    Ok(())
}

/// Fetches, and takes in what the person committed in their own repository, through the gates.
fn bring_up_to_date(open: &OpenTown, rig: &Rig, talk: &mut dyn Talk) -> Outcome<()> {
    let target = Target::of(open, rig);
    bare::fetch(&target.repo, Some(NETWORK))?;
    let (own, theirs) = (target.tip()?, bare::ref_tip(&target.repo, &target.tracking())?);
    if let (Remote::Local, Some(theirs)) = (rig.remote, theirs)
        && !bare::is_ancestor(&target.repo, &theirs, &own)?
    {
        refinery::run(open, &rig.name, false, talk)?;
    }
    Ok(())
}

/// The convoy to go on with: the one that the person named, else the newest that has not ended. It is fed again.
///
/// # Errors
/// When there is none, or it has ended.
pub fn resume(open: &OpenTown, named: Option<&str>, workers: Option<u32>) -> Outcome<Convoy> {
    let snapshot = open.snapshot()?;
    let convoy = match named {
        Some(text) => convoy::find(&snapshot, text)?,
        None => convoy::latest(&snapshot)?,
    };
    convoy::feed(open, &convoy.id, true, workers)
}
