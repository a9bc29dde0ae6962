//! Worktrees of a rig's bare repository: cut, recycled, looked at, removed.
//!
//! Git's worktree registry breaks when it is changed from two sides at once, so every function that changes
//! it takes `lock`, a closure that gives the guard of the repository's registry lock; the guard is held for
//! milliseconds and never during a checkout.

mod add;
mod admin;
mod extras;
mod recycle;
mod remove;
mod state;
#[cfg(test)]
mod tests;

pub use add::{Cut, add};
pub use admin::{Registered, Registry, admin_dir, damage, mend};
pub use extras::{Extra, extras};
pub use recycle::{Recycled, recycle};
pub use remove::{discard, remove, sweep};
pub use state::{Look, Operation, State, look, look_at, look_at_tracked, paths_of};
