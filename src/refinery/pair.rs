//! Two beads that are green alone and red together.
//!
//! A bead that is red on top of others of its batch is tried on the commit that the batch began from, without them.
//! When it is green there, the others are added by halves until the one is found that it does not go with.

use super::{Cause, Commit, Entry, Stack, Tree, Verdict};
use crate::id::BeadId;

/// What is known about a bead that is to be bounced, and those that landed before it.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The bead.
    pub culprit: BeadId,
    /// Why it is red on the target.
    pub reason: String,
    /// The log of that.
    pub log: Option<String>,
    /// The target's tip below the batch.
    pub base: Commit,
    /// Those of its batch that landed, in order.
    landed: Vec<BeadId>,
    /// Those of them that it does not need; the others are part of every trial.
    mates: Vec<BeadId>,
    /// With this many of the mates it is green; none while not even that is known of no mates at all.
    green: Option<usize>,
    /// With this many it is red.
    red: usize,
    /// The trial at hand.
    pub trial: Option<(Commit, Tree)>,
}

/// What a trial leaves to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Stack this and gate it.
    Try(Vec<BeadId>),
    /// This is what to say.
    Say(String),
}

impl Pair {
    /// Begins with a bead that is red on top of `landed`; nothing when it needs all of them.
    pub fn new(culprit: &Entry, base: Commit, landed: &[Entry], red: (String, Option<String>)) -> Option<Self> {
        let mut needed: Vec<&BeadId> = Vec::new();
        let mut wanted: Vec<&BeadId> = culprit.needs.iter().collect();
        while let Some(bead) = wanted.pop() {
            if let Some(mate) = landed.iter().find(|mate| mate.bead == *bead && !needed.contains(&bead)) {
                needed.push(&mate.bead);
                wanted.extend(&mate.needs);
            }
        }
        let landed: Vec<BeadId> = landed.iter().map(|mate| mate.bead.clone()).collect();
        let mates: Vec<BeadId> = landed.iter().filter(|mate| !needed.contains(mate)).cloned().collect();
        if mates.is_empty() {
            return None;
        }
        let (red_with, (reason, log), bead) = (mates.len(), red, culprit.bead.clone());
        Some(Self { culprit: bead, reason, log, base, landed, mates, green: None, red: red_with, trial: None })
    }

    /// What is to be done next.
    pub fn next(&self) -> Found {
        match self.green {
            None => Found::Try(self.with(0)),
            Some(green) if self.red - green > 1 => Found::Try(self.with(green + (self.red - green) / 2)),
            Some(green) => Found::Say(format!(
                "It is green without {mate} and red together with it; {mate} landed from the same batch.",
                mate = self.mates[green]
            )),
        }
    }

    /// What the trial at hand says. The answer is what to say when nothing more is to be found.
    pub fn learn(&mut self, verdict: &Verdict) -> Option<String> {
        self.trial = None;
        match (verdict, self.green) {
            (Verdict::Green, None) => self.green = Some(0),
            (Verdict::Red { .. }, None) => return Some("It is red without the others of its batch, too.".to_owned()),
            (Verdict::Green, Some(green)) => self.green = Some(green + (self.red - green) / 2),
            (Verdict::Red { .. }, Some(green)) => self.red = green + (self.red - green) / 2,
        }
        None
    }

    /// The trial that was asked for; the answer is what to say when it could not be made.
    pub fn accept(&mut self, stack: &Stack) -> Option<String> {
        match stack.tree().filter(|_| stack.left.is_empty()) {
            Some(tree) => self.trial = Some((stack.tip().clone(), tree.clone())),
            None => return Some(self.suspicion()),
        }
        None
    }

    /// Why the bead goes back, with what was found out about its mates.
    pub fn cause(&self, text: &str) -> Cause {
        Cause { reason: format!("{}\n{text}", self.reason), log: self.log.clone(), conflict: Vec::new() }
    }

    /// What can be said without a trial.
    pub fn suspicion(&self) -> String {
        suspicion(&self.mates[self.green.unwrap_or(0)..self.red], self.green.is_some())
    }

    fn with(&self, mates: usize) -> Vec<BeadId> {
        let out = &self.mates[mates..];
        self.landed.iter().filter(|mate| !out.contains(mate)).chain([&self.culprit]).cloned().collect()
    }
}

/// What can be said of a bead that is red on top of others and was not tried without them.
pub(super) fn suspicion(mates: &[BeadId], green_alone: bool) -> String {
    let names = super::decision::list(mates);
    if green_alone {
        format!("It is green alone and red together with one of {names}, which landed from the same batch.")
    } else {
        format!(
            "It is red on top of {names}, which landed from the same batch; whether it is without them was not tried."
        )
    }
}
