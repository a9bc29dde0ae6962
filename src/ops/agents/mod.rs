//! The verbs about agents: which there are, which one works, what its program says, whether it does what its preset
//! claims.

pub mod add;
pub mod choose;
pub mod list;
pub(super) mod oneshot;
pub mod show;
pub mod trial;
pub(super) mod version;
