//! The edges, as methods of a bead.

use super::{Reason, Refused, Verb, Who};
use crate::bead::{
    Attempt, AttemptOutcome, Bead, Claim, Closing, Intent, Kind, Merge, Offer, Resolution, State, Status, word,
};
use crate::clock::Timestamp;
use crate::id::{Actor, HomeId, Lease, WorkerRef};

/// How a hooking ended, for the attempt that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why.
    pub reason: String,
    /// The pinned commit; that of `[merge]` when not given.
    pub head: Option<String>,
    /// Where the log is.
    pub log: Option<String>,
    /// The files that could not be merged.
    pub conflict: Vec<String>,
}

impl Ending {
    /// An ending without commit and log.
    pub fn new(outcome: AttemptOutcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into(), head: None, log: None, conflict: Vec::new() }
    }
}

/// What whoever takes a bead from its worker knows of the claim.
#[derive(Debug, Clone, Copy)]
pub struct Hold<'h> {
    /// The clone that acts.
    pub home: &'h HomeId,
    /// The lease that was judged or shown; `None` when whoever holds the bead is meant.
    pub lease: Option<&'h Lease>,
}

impl Bead {
    /// Gives it to a worker.
    ///
    /// # Errors
    /// See the table.
    pub fn hook(&mut self, by: &Actor, claim: Claim) -> Result<(), Refused> {
        self.allow(Verb::Hook, by, Some(&claim.assignee))?;
        if self.kind == Kind::Epic {
            return Err(self.refuse(Verb::Hook, Reason::Epic));
        }
        self.prefer = None;
        self.state = State::Hooked(claim);
        Ok(())
    }

    /// Hands its commits to the merge queue.
    ///
    /// # Errors
    /// See the table.
    pub fn submit(&mut self, by: &Actor, lease: &Lease, merge: Merge) -> Result<(), Refused> {
        let claim = self.leased(Verb::Submit, by, lease)?;
        self.merge = Some(merge);
        self.state = State::Submitted(claim);
        Ok(())
    }

    /// Ends it without a commit.
    ///
    /// # Errors
    /// See the table.
    pub fn finish(&mut self, by: &Actor, lease: &Lease, at: Timestamp) -> Result<(), Refused> {
        self.leased(Verb::Finish, by, lease)?;
        self.end(Resolution::Done, at);
        Ok(())
    }

    /// Writes down the landing that is about to happen.
    ///
    /// # Errors
    /// See the table.
    pub fn begin_landing(&mut self, by: &Actor, intent: Intent) -> Result<(), Refused> {
        self.allow(Verb::BeginLanding, by, None)?;
        self.not_landing(Verb::BeginLanding)?;
        if !intent.members.contains(&self.id) {
            return Err(self.refuse(Verb::BeginLanding, Reason::NotAMember));
        }
        let missing = self.refuse(Verb::BeginLanding, Reason::NoLanding);
        self.merge.as_mut().ok_or(missing)?.intent = Some(intent);
        Ok(())
    }

    /// Takes back a landing that did not happen.
    ///
    /// # Errors
    /// See the table.
    pub fn drop_landing(&mut self, by: &Actor) -> Result<(), Refused> {
        self.allow(Verb::DropLanding, by, None)?;
        let missing = self.refuse(Verb::DropLanding, Reason::NoLanding);
        let intent = self.merge.as_mut().and_then(|merge| merge.intent.take());
        intent.map(|_| ()).ok_or(missing)
    }

    /// Offers its work as a branch, says that the branch is pushed, or takes the offer back.
    ///
    /// # Errors
    /// See the table.
    pub fn offer(&mut self, by: &Actor, offer: Option<Offer>) -> Result<(), Refused> {
        self.allow(Verb::Offer, by, None)?;
        self.not_landing(Verb::Offer)?;
        let missing = self.refuse(Verb::Offer, Reason::NoLanding);
        self.merge.as_mut().ok_or(missing)?.offer = offer;
        Ok(())
    }

    /// Ends it because the commit of its intent is in the target.
    ///
    /// # Errors
    /// See the table.
    pub fn land(&mut self, by: &Actor, at: Timestamp) -> Result<(), Refused> {
        self.allow(Verb::Land, by, None)?;
        let missing = self.refuse(Verb::Land, Reason::NoLanding);
        let merge = self.merge.as_mut().ok_or_else(|| missing.clone())?;
        let intent = merge.intent.take().ok_or(missing)?;
        merge.landed = Some(intent.landed);
        merge.batch = if intent.members.len() > 1 { intent.members } else { Vec::new() };
        self.end(Resolution::Merged, at);
        Ok(())
    }

    /// Ends it because nobody wants it any more, or, while it is open, because it was done by hand or by
    /// its children.
    ///
    /// # Errors
    /// See the table.
    pub fn close(&mut self, by: &Actor, resolution: Resolution, at: Timestamp) -> Result<(), Refused> {
        self.allow(Verb::Close, by, None)?;
        self.not_landing(Verb::Close)?;
        let open = self.status() == Status::Open;
        if resolution == Resolution::Merged || (resolution == Resolution::Done && !open) {
            let reason = Reason::Resolution { status: word(self.status()), resolution: word(resolution) };
            return Err(self.refuse(Verb::Close, reason));
        }
        if matches!(by, Actor::Witness(_)) && self.kind != Kind::Epic {
            let reason = Reason::NotAllowed { actor: by.clone(), may: vec![Who::Person.words(), Who::Mayor.words()] };
            return Err(self.refuse(Verb::Close, reason));
        }
        self.end(resolution, at);
        Ok(())
    }

    /// Takes it from its worker.
    ///
    /// # Errors
    /// See the table.
    pub fn release(&mut self, by: &Actor, hold: Hold<'_>, ending: Ending) -> Result<(), Refused> {
        self.take_back(Verb::Release, by, hold, ending)
    }

    /// Sends it back from the merge queue; whatever the ending says, the attempt is recorded as bounced.
    ///
    /// # Errors
    /// See the table.
    pub fn bounce(&mut self, by: &Actor, hold: Hold<'_>, ending: Ending) -> Result<(), Refused> {
        self.take_back(Verb::Bounce, by, hold, Ending { outcome: AttemptOutcome::Bounced, ..ending })
    }

    /// Takes it up again: a closed one, or an open one that was tried as often as allowed.
    ///
    /// # Errors
    /// See the table.
    pub fn reopen(&mut self, by: &Actor, reason: impl Into<String>) -> Result<(), Refused> {
        self.allow(Verb::Reopen, by, None)?;
        if self.status() == Status::Open && self.counted_attempts() == 0 {
            return Err(self.refuse(Verb::Reopen, Reason::Stands(self.state.describe())));
        }
        let worker = self.prefer.clone();
        self.back_to_open(worker, Ending::new(AttemptOutcome::Reopened, reason));
        Ok(())
    }

    fn take_back(&mut self, verb: Verb, by: &Actor, hold: Hold<'_>, ending: Ending) -> Result<(), Refused> {
        self.allow(verb, by, None)?;
        let claim = self.claim().expect("the table lets only claimed beads through");
        if claim.home != *hold.home {
            let reason = Reason::HeldElsewhere { worker: claim.assignee.clone(), home: claim.home.clone() };
            return Err(self.refuse(verb, reason));
        }
        if hold.lease.is_some_and(|lease| *lease != claim.lease) {
            return Err(self.refuse(verb, Reason::StaleLease(claim.assignee.clone())));
        }
        self.not_landing(verb)?;
        let worker = claim.assignee.clone();
        self.back_to_open(Some(worker), ending);
        Ok(())
    }

    fn back_to_open(&mut self, worker: Option<WorkerRef>, ending: Ending) {
        let head = ending.head.or_else(|| self.merge.as_ref().map(|merge| merge.head.clone()));
        let mut attempt = Attempt::new(self.attempt_number(), ending.outcome, ending.reason);
        (attempt.worker, attempt.head, attempt.log) = (worker.clone(), head, ending.log);
        attempt.conflict = ending.conflict;
        self.record_attempt(attempt);
        self.merge = None;
        self.prefer = worker;
        self.state = State::Open;
    }

    /// A closed bead remembers in `prefer` who had it: that worker gets it again when it is reopened.
    fn end(&mut self, resolution: Resolution, at: Timestamp) {
        if let Some(claim) = self.claim() {
            self.prefer = Some(claim.assignee.clone());
        }
        self.state = State::Closed(Closing { resolution, at });
    }

    fn leased(&self, verb: Verb, by: &Actor, lease: &Lease) -> Result<Claim, Refused> {
        self.allow(verb, by, None)?;
        let claim = self.claim().expect("the table lets only claimed beads through");
        if claim.lease != *lease {
            return Err(self.refuse(verb, Reason::StaleLease(claim.assignee.clone())));
        }
        Ok(claim.clone())
    }

    fn allow(&self, verb: Verb, by: &Actor, claimant: Option<&WorkerRef>) -> Result<(), Refused> {
        let edge = verb.edge();
        if !edge.from.contains(&self.status()) {
            return Err(self.refuse(verb, Reason::Stands(self.state.describe())));
        }
        let holder = claimant.or(self.claim().map(|claim| &claim.assignee));
        let fits = |who: &Who| match (who, by) {
            (Who::Person, person) if person.is_person() => true,
            (Who::Mayor, Actor::Mayor) => true,
            (Who::Witness, Actor::Witness(_)) | (Who::Refinery, Actor::Refinery(_)) => true,
            (Who::Holder, Actor::Worker(worker)) => holder == Some(worker),
            _ => false,
        };
        if edge.who.iter().any(fits) {
            return Ok(());
        }
        let may = edge.who.iter().map(|who| who.words()).collect();
        Err(self.refuse(verb, Reason::NotAllowed { actor: by.clone(), may }))
    }

    fn not_landing(&self, verb: Verb) -> Result<(), Refused> {
        match self.merge.as_ref().and_then(|merge| merge.intent.as_ref()) {
            Some(intent) => Err(self.refuse(verb, Reason::Landing(intent.landed.clone()))),
            None => Ok(()),
        }
    }

    fn refuse(&self, verb: Verb, reason: Reason) -> Refused {
        let held_by = self.claim().map(|claim| claim.assignee.clone());
        Refused { bead: self.id.clone(), verb, status: self.status(), held_by, reason }
    }
}
