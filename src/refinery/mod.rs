//! The merge queue of a rig: its order and its decisions. Pure: values in, values out.
//!
//! [`Refinery`] is told what happened ([`Event`]) and says what is to be done next ([`Decision`]); the verb
//! does it and tells what came of it. Nothing here is stored: after a crash the queue is read from the ledger
//! and the verdicts from the gate documents, and the same decisions follow.
//!
//! Several beads are stacked and gated as one tree. A red one is searched for the bead that makes it red, with as
//! few runs as that takes; verdicts are remembered by tree, so that no tree is gated twice.

mod apply;
mod batch;
mod decide;
mod decision;
mod event;
mod evidence;
mod order;
mod pair;
pub mod protected;
mod search;
#[cfg(test)]
mod tests;

pub use decide::Refinery;
pub use decision::{Cause, Decision, Standing, Waiting};
pub use event::{Event, Left, Member, Rules, Stack, Subject, Target, Verdict};
pub use evidence::{Evidence, Outcome as GateOutcome, Try, definition};
pub use order::{Entry, Placed, order};

/// A commit, as hexadecimal digits.
pub type Commit = String;

/// A tree, as hexadecimal digits.
pub type Tree = String;

/// What becomes of a landing that was begun before a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Its tip is in the target: close its members.
    Close,
    /// It is not: take the intent back and stack anew.
    Drop,
    /// Nobody knows, because the target cannot be read: try again later.
    Wait,
}

/// What becomes of a landing that was begun, given whether its tip is in the target, if that is known.
pub fn recover(tip_is_in_target: Option<bool>) -> Recovery {
    match tip_is_in_target {
        Some(true) => Recovery::Close,
        Some(false) => Recovery::Drop,
        None => Recovery::Wait,
    }
}
