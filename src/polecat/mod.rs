//! Workers: their names, their sandboxes, and what keeps their work alive.
//!
//! A worker's name is permanent; its sandbox (a worktree) is kept warm and reused; sessions come and go.
//! Nothing here decides *when* a sandbox is made, reused or removed, and nothing here knows of beads beyond
//! their ids: [`crate::ops`] calls, with paths from [`crate::town`].
//!
//! Before anything is forgotten, everything is kept: [`secure()`] makes each commit that was ever a worker's
//! tip, and each uncommitted change, reachable from a ref. What cannot be kept that way is set aside on
//! disk instead of being deleted.

mod error;
mod furnish;
mod identity;
pub mod names;
mod sandbox;
mod secure;
mod setup;
#[cfg(test)]
mod tests;

pub use error::PolecatError;
pub use furnish::{Furnishing, furnish, hide};
pub use identity::{Identity, NO_PUSH, dress, undress};
pub use sandbox::{Prepared, Spec, branch_name, branches_of, prepare, remove};
pub use secure::{Place, Secured, secure};
pub use setup::{SetUp, SetUpOutcome, set_up};
