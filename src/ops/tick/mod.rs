//! The tick: observe, repair, start, merge. One function, called by everything that makes work go on.
//!
//! A tick may be killed anywhere and be run again: each of its steps looks at what is, not at what was done. One
//! worker's trouble never keeps the others waiting; it is noted and the tick goes on.

mod beads;
mod feed;
mod keep;
mod logs;
mod observe;
mod repair;
mod signs;
mod told;
mod used;

use std::time::Duration;

use serde::Serialize;

use super::target::Target;
use super::{OpenTown, Report, mailbox, message, pass, rig, session, transcripts};
use crate::bead::Status;
use crate::error::{Failure, Outcome};
use crate::id::{BeadId, RigName, WorkerRef};
use crate::ledger::BeadQuery;
use crate::runtime;
use crate::store::FileLock;
use crate::town::{Rig, Town};

pub use feed::is_taken_back;
pub use observe::{Panes, Seen, panes, seen, seen_beside};
pub(super) use repair::forget;

/// How long somebody who is about to end may still be at a tick.
const OTHERS: Duration = Duration::from_secs(60);

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ticked {
    /// Another process ticks; it will see what this one was called for.
    pub busy: bool,
    /// Sessions whose end was recorded now, by their names.
    pub ended: Vec<String>,
    /// What was done about workers, one sentence each.
    pub remedies: Vec<Remedied>,
    /// Beads that were started now.
    pub started: Vec<(BeadId, WorkerRef)>,
    /// Ready beads that were not started, and why.
    pub held_back: Vec<(BeadId, String)>,
    /// Beads that failed, as somebody was told now.
    pub escalated: Vec<BeadId>,
    /// Rigs whose repository was gone and was fetched anew.
    pub restored: Vec<RigName>,
    /// Epics that closed themselves.
    pub closed: Vec<BeadId>,
    /// Rigs whose merge queue is being worked through.
    pub merging: Vec<RigName>,
    /// What could not be done; it is tried again.
    pub troubles: Vec<String>,
}

/// One remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedied {
    /// Whom it was about.
    pub worker: WorkerRef,
    /// What was done and why.
    pub what: String,
}

impl Report for Ticked {
    const SCHEMA: &'static str = "gt.tick/1";
}

impl Ticked {
    /// Takes note of a step that failed, and goes on.
    fn note<T>(&mut self, what: &str, outcome: Outcome<T>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(failure) => {
                self.troubles.push(format!("{what}: {failure}"));
                None
            }
        }
    }

    fn absorb(&mut self, other: Self) {
        self.ended.extend(other.ended);
        self.remedies.extend(other.remedies);
        self.started.extend(other.started);
        self.held_back = other.held_back;
        self.escalated.extend(other.escalated);
        self.restored.extend(other.restored);
        self.closed.extend(other.closed);
        self.merging = other.merging;
        self.troubles = other.troubles;
    }
}

/// Ticks until nothing asks for more; at once when another process is at it.
///
/// # Errors
/// When the town cannot be read.
pub fn pass(open: &OpenTown) -> Outcome<Ticked> {
    let mut all = Ticked { busy: true, ..Ticked::default() };
    loop {
        // Whoever takes over after a tick of ours sees to the rest; that tick was made all the same.
        let Some(right) = pass::begin_or_ask(open)? else { return Ok(all) };
        all.busy = false;
        let answered = pass::requested(open);
        all.absorb(tick(open)?);
        if all.troubles.is_empty() {
            right.succeeded();
        } else {
            drop(right);
        }
        // Whoever asked while this tick ran found the lock taken and relies on another look.
        if pass::requested(open) == answered {
            return Ok(all);
        }
    }
}

/// The same once whoever is at it now has ended.
///
/// # Errors
/// As [`pass()`]; and when somebody is at it for long.
pub fn pass_after_others(open: &OpenTown) -> Outcome<Ticked> {
    pass::begin(open, OTHERS)?.succeeded();
    pass(open)
}

/// One tick. The caller has the right to, see [`pass::try_begin`].
///
/// # Errors
/// When the town cannot be read.
pub fn tick(open: &OpenTown) -> Outcome<Ticked> {
    let mut ticked = Ticked::default();
    // The rigs whose files can be read go on.
    let rigs: Vec<Rig> = open
        .town
        .rigs_each()?
        .into_iter()
        .filter_map(|rig| {
            let rig = rig.map_err(Failure::from);
            ticked.note(Town::RIGS_FOLDER, rig)
        })
        .collect();
    ticked.note(Town::LOCAL_FILE, open.keep_local());
    restore(open, &rigs, &mut ticked);
    // What a transaction that was killed had committed and not yet shown.
    ticked.note("the files of the ledger", open.ledger.settle());
    ticked.note("finding sessions", session::adopt(open));
    ticked.note("transcripts", transcripts::take_up(open));
    if let Some(ended) = ticked.note("sessions", session::settle(open)) {
        ticked.ended = ended.into_iter().map(|row| row.name).collect();
    }
    repair::workers(open, &rigs, &mut ticked)?;
    ticked.note("mail", mailbox::tell_of_untold(open));
    ticked.note("messages", message::see_to(open));
    beads::see_to(open, &rigs, &mut ticked)?;
    feed::start(open, &rigs, &mut ticked)?;
    merge(open, &rigs, &mut ticked)?;
    let kept = keep::see_to(open, &rigs, &mut ticked);
    ticked.note("snapshots", kept);
    ticked.note("commands of a killed gt", session::end_strays(open));
    ticked.note("run folders", session::sweep(open));
    ticked.note("old logs", logs::sweep(open));
    if open.ledger.wants_packing() {
        let packing = detach(open, &["ledger", "pack"]);
        ticked.note("packing the ledger", packing);
    }
    Ok(ticked)
}

/// Fetches the repositories anew that are gone from their places, as after `git clean -ffdx` in the town.
fn restore(open: &OpenTown, rigs: &[Rig], ticked: &mut Ticked) {
    for rig in rigs.iter().filter(|rig| rig::restore::is_gone(open, rig)) {
        let restored = rig::restore::restore(open, rig);
        if ticked.note(rig.name.as_str(), restored).is_some() {
            ticked.restored.push(rig.name.clone());
        }
    }
}

/// Sets a refinery going for each rig that has something to merge or to deliver, unless one is at it, or the
/// person wants to be asked (`auto_merge` off).
fn merge(open: &OpenTown, rigs: &[Rig], ticked: &mut Ticked) -> Outcome<()> {
    let query = BeadQuery::of(Status::Submitted);
    let submitted = open.snapshot()?.beads(&query)?;
    for rig in rigs.iter().filter(|rig| !rig.parked) {
        let queued = rig.paused.is_none() && submitted.iter().any(|bead| bead.id.prefix() == rig.prefix);
        if !queued && !ticked.note(rig.name.as_str(), Target::of(open, rig).is_undelivered()).unwrap_or_default() {
            continue;
        }
        if !open.merges && !open.settings_for(rig)?.auto_merge {
            continue;
        }
        if queued {
            ticked.merging.push(rig.name.clone());
        }
        ticked.note("starting the refinery", set_merging(open, &rig.name));
    }
    Ok(())
}

/// Whether a process works through the merge queue of a rig.
pub fn is_merging(open: &OpenTown, rig: &RigName) -> bool {
    // Only the record is read: taking the lock, for however short a time, could keep a refinery out.
    let owner = FileLock::recorded_owner(&open.town.refinery_lock(rig));
    owner.is_some_and(|owner| owner.process.is_alive())
}

/// Sets the refinery of a rig going, detached, unless one is at it.
fn set_merging(open: &OpenTown, rig: &RigName) -> Outcome<()> {
    if is_merging(open, rig) { Ok(()) } else { detach(open, &["refinery", "run", rig.as_str()]) }
}

/// Starts `gt ARGUMENTS` for this town, detached.
fn detach(open: &OpenTown, arguments: &[&str]) -> Outcome<()> {
    let program = open.program()?.display().to_string();
    let town = open.town.root.display().to_string();
    let mut argv = vec![program, "--town".to_owned(), town, "--quiet".to_owned()];
    argv.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    runtime::spawn_detached(&argv, &open.town.root, &pass::person_env(open))
        .map_err(|error| Failure::caused(crate::error::Kind::External, "a detached gt could not be started", error))
}
