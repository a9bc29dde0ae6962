//! Whether a run goes on. Pure.

use crate::id::BeadId;

/// After so many ticks in a row that changed nothing, what only a tick could move stands still.
const PATIENCE: u32 = 3;

/// One bead of the convoy, as far as it decides whether the run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The bead.
    pub id: BeadId,
    /// Where it is.
    pub place: Place,
    /// Why it is not closed, for the summary.
    pub why: String,
}

/// Where a bead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is closed.
    Closed,
    /// A worker has it; it moves unless somebody was told that it does not.
    Hooked {
        /// Whether it is expected to go on by itself.
        moves: bool,
    },
    /// It is in the merge queue.
    Queued {
        /// Whether somebody works through that queue right now.
        active: bool,
    },
    /// It is ready, and the tick starts it when there is room.
    Ready,
    /// Only other beads, a date or a person make it go on.
    Blocked,
}

/// What will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Something goes on.
    Going,
    /// Everything is closed.
    Finished,
    /// Nothing goes on by itself.
    Stuck,
}

/// What will come of these members. `others_at_work`: workers are at beads outside of the convoy, so that room may
/// become free; `quiet`: how many ticks in a row changed nothing.
pub(super) fn outlook(members: &[Member], others_at_work: bool, quiet: u32) -> Outlook {
    if members.iter().all(|member| member.place == Place::Closed) {
        return Outlook::Finished;
    }
    let goes_on = |member: &Member| match member.place {
        Place::Closed | Place::Blocked => false,
        Place::Hooked { moves } => moves,
        Place::Queued { active } => active || quiet < PATIENCE,
        Place::Ready => others_at_work || quiet < PATIENCE,
    };
    if members.iter().any(goes_on) { Outlook::Going } else { Outlook::Stuck }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(place: Place) -> Member {
        Member { id: "web-abcde".parse().expect("valid"), place, why: String::new() }
    }

    #[test]
    fn a_run_goes_on_as_long_as_something_moves() {
        use Outlook::{Finished, Going, Stuck};
        use Place::{Blocked, Closed, Hooked, Queued, Ready};
        let (works, stands) = (Hooked { moves: true }, Hooked { moves: false });
        let (gated, waits) = (Queued { active: true }, Queued { active: false });
        let table: &[(&[Place], bool, u32, Outlook)] = &[
            (&[], false, 0, Finished),
            (&[Closed, Closed], true, 9, Finished),
            (&[Closed, works, Blocked], false, 99, Going),
            (&[stands, Blocked], false, 0, Stuck),
            (&[stands, gated], false, 99, Going),
            (&[waits], false, 2, Going),
            (&[waits], true, 3, Stuck),
            (&[Ready], false, 2, Going),
            (&[Ready], false, 3, Stuck),
            (&[Ready], true, 99, Going),
            (&[Blocked], true, 0, Stuck),
        ];
        for (places, others, quiet, expected) in table {
            let members: Vec<Member> = places.iter().map(|place| member(*place)).collect();
            assert_eq!(outlook(&members, *others, *quiet), *expected, "{places:?} {others} {quiet}");
        }
    }
}
