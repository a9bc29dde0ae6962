//! A bead is one unit of work: its fields, its life cycle, the graph it stands in, and what is ready.
//!
//! Everything here is pure. Where beads are stored is [`crate::ledger`]'s business; who may change
//! them when, beyond the table of transitions, is decided by the roles.

mod budget;
mod fields;
pub mod file;
pub mod filter;
pub mod graph;
pub mod lookup;
mod merge;
pub mod ready;
#[cfg(test)]
pub(crate) mod sample;
pub mod similar;
pub mod transition;

pub use budget::{Budget, Used};
pub use fields::{Attempt, AttemptOutcome, Bead, Claim, Closing, Kind, Note, Resolution, State, Status};
pub use file::FileError;
pub use merge::{Approval, Intent, Merge, Offer};
pub use ready::Standing;
pub use transition::{Ending, Hold, Refused};

/// The word of a value as files and arguments have it.
pub(crate) fn word<T: clap::ValueEnum>(value: T) -> String {
    value.to_possible_value().expect("no value of the room is hidden").get_name().to_owned()
}
