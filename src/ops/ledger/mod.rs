//! The verbs about the ledger itself: what a person edited by hand, and git's side of the town.

pub mod adopt;
pub mod check_commit;
pub mod hook;
mod judge;
pub mod maintain;
pub mod restore;
pub mod status;

pub(in crate::ops) use judge::judge;
pub use judge::{Refusal, kind_word};
