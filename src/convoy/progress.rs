//! How far a convoy is, from the accounts of its beads.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Convoy;
use crate::bead::Resolution;
use crate::bead::ready::{Account, Standing};
use crate::id::BeadId;

/// How many members stand where. Epics are not counted: they close themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// All members that are no epics.
    pub total: usize,
    /// Closed, in the target.
    pub merged: usize,
    /// Closed, done without a commit.
    pub done: usize,
    /// Closed as cancelled or duplicate.
    pub dropped: usize,
    /// In the merge queue.
    pub submitted: usize,
    /// With a worker.
    pub hooked: usize,
    /// Free to start.
    pub ready: usize,
    /// Waiting for something named.
    pub waiting: usize,
    /// Tried as often as allowed.
    pub failed: usize,
    /// Members of which there is no bead.
    pub missing: usize,
}

/// Whether a convoy goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Something is ready, with a worker, or in the merge queue.
    Going,
    /// Every member is closed.
    Finished,
    /// Nothing goes on by itself; each member that is not closed, with the reason.
    Stuck {
        /// Why, bead by bead.
        members: BTreeMap<BeadId, String>,
    },
}

impl Progress {
    /// Counts the members of `convoy`.
    pub fn of(convoy: &Convoy, accounts: &[Account]) -> Self {
        let accounts = by_id(accounts);
        let mut progress = Self::default();
        for member in &convoy.members {
            progress.add(accounts.get(member).copied());
        }
        progress
    }

    fn add(&mut self, account: Option<&Account>) {
        let place = match account.map(|account| &account.standing) {
            Some(Standing::Epic { .. }) => return,
            None => &mut self.missing,
            Some(Standing::Ready) => &mut self.ready,
            Some(Standing::Hooked { .. }) => &mut self.hooked,
            Some(Standing::Submitted { .. }) => &mut self.submitted,
            Some(Standing::Failed { .. }) => &mut self.failed,
            Some(Standing::Closed { resolution: Some(Resolution::Merged) }) => &mut self.merged,
            Some(Standing::Closed { resolution: Some(Resolution::Done) }) => &mut self.done,
            Some(Standing::Closed { .. }) => &mut self.dropped,
            Some(Standing::Waiting { .. } | Standing::BlockedAncestor { .. }) => &mut self.waiting,
            Some(Standing::Deferred { .. } | Standing::Parked { .. }) => &mut self.waiting,
        };
        *place += 1;
        self.total += 1;
    }

    /// How many members are closed.
    pub fn closed(&self) -> usize {
        self.merged + self.done + self.dropped
    }
}

impl Convoy {
    /// Whether it goes on. A member that is with a worker counts as going on; whether that worker does
    /// anything is the witness's to say.
    pub fn verdict(&self, accounts: &[Account]) -> Verdict {
        let accounts = by_id(accounts);
        let progress =
            self.members.iter().map(|member| (member, accounts.get(member).map(|account| &account.standing)));
        let mut stuck = BTreeMap::new();
        for (member, standing) in progress {
            match standing {
                Some(Standing::Ready | Standing::Hooked { .. } | Standing::Submitted { .. }) => return Verdict::Going,
                Some(Standing::Closed { .. } | Standing::Epic { .. }) => {}
                Some(_) => drop(stuck.insert(member.clone(), accounts[member].to_string())),
                None => drop(stuck.insert(member.clone(), "there is no such bead".to_owned())),
            }
        }
        if stuck.is_empty() { Verdict::Finished } else { Verdict::Stuck { members: stuck } }
    }
}

fn by_id(accounts: &[Account]) -> BTreeMap<&BeadId, &Account> {
    accounts.iter().map(|account| (&account.id, account)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::ready::{Context, Row, account};
    use crate::bead::sample::{at, bead, claim, id};
    use crate::bead::{Bead, Closing, Kind, State};

    fn closed(suffix: &str, resolution: Resolution) -> Bead {
        let mut bead = bead(suffix);
        bead.state = State::Closed(Closing { resolution, at: at(0) });
        bead
    }

    fn needing(suffix: &str, need: &str) -> Bead {
        let mut bead = bead(suffix);
        bead.needs = [id(need)].into();
        bead
    }

    fn look(beads: &[Bead], members: &[&str]) -> (Progress, Verdict) {
        let rows: Vec<Row> = beads.iter().map(Row::from).collect();
        let accounts = account(&rows, &Context::at(at(9)));
        let mut convoy = Convoy::new("cv-x7k2m".parse().expect("valid"), "x", at(0));
        convoy.members = members.iter().map(|suffix| id(suffix)).collect();
        (Progress::of(&convoy, &accounts), convoy.verdict(&accounts))
    }

    #[test]
    fn members_are_counted_once_and_epics_not() {
        let mut epic = bead("eeee");
        epic.kind = Kind::Epic;
        let mut hooked = bead("hhhh");
        hooked.state = State::Hooked(claim("toast"));
        let beads = [
            epic,
            hooked,
            bead("rrrr"),
            needing("wwww", "rrrr"),
            closed("mmmm", Resolution::Merged),
            closed("dddd", Resolution::Done),
            closed("cccc", Resolution::Cancelled),
            bead("zzzz"),
        ];
        let (progress, verdict) = look(&beads, &["eeee", "hhhh", "rrrr", "wwww", "mmmm", "dddd", "cccc", "gggg"]);
        let expected = Progress {
            total: 7,
            merged: 1,
            done: 1,
            dropped: 1,
            hooked: 1,
            ready: 1,
            waiting: 1,
            missing: 1,
            ..Progress::default()
        };
        assert_eq!((progress.closed(), progress, verdict), (3, expected, Verdict::Going));
    }

    #[test]
    fn a_convoy_ends_or_says_why_not() {
        let beads =
            [closed("cccc", Resolution::Cancelled), needing("wwww", "cccc"), closed("mmmm", Resolution::Merged)];
        assert_eq!(look(&beads, &["mmmm", "cccc"]).1, Verdict::Finished);
        assert_eq!(look(&beads, &[]).1, Verdict::Finished);
        let Verdict::Stuck { members } = look(&beads, &["mmmm", "wwww", "gggg"]).1 else { panic!("not stuck") };
        let reasons: Vec<&str> = members.values().map(String::as_str).collect();
        assert_eq!(reasons, ["there is no such bead", "waits for web-cccc (cancelled; remove or replace this need)"]);
    }
}
