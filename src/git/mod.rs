//! The only place that touches git: repositories, refs, worktrees, merges in memory, fetch and push.
//!
//! [`Git`] runs the real program, so the person's credentials, filters and hooks work. Everything takes
//! paths and ids as parameters; which rig, worker or bead they belong to is decided elsewhere, and so is
//! *when* something happens. No function here forces a ref that others can see.
//!
//! - [`bare`]: the bare repository of a rig: create, fetch, refs, history, push, delivery to a local checkout;
//! - [`worktree`]: cut, recycle, look at and remove worktrees;
//! - [`merge`]: merges in memory and commits without a worktree;
//! - [`changes`]: the files that differ between commits;
//! - [`pins`]: refs that keep work alive, and snapshots of uncommitted work;
//! - [`stale`]: lock files that a killed git left behind.

mod attributes;
pub mod bare;
pub mod changes;
mod durable;
mod error;
pub mod merge;
pub mod objects;
mod oid;
mod person;
pub mod pins;
mod program;
pub mod staging;
pub mod stale;
#[cfg(test)]
pub(crate) mod testing;
mod timed;
pub mod worktree;

pub use error::{Failed, GitError};
pub use oid::{InvalidOid, Oid};
pub use person::Person;
pub use program::{Git, GitOutput, OLDEST, Version, version};
