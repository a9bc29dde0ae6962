//! The verbs about beads as such: what does not need a worker, a worktree or a queue.

pub mod brief;
pub mod close;
pub mod create;
pub mod cycle;
pub mod dep;
pub mod edit;
pub mod graph;
pub mod list;
pub mod note;
pub mod ready;
pub mod reopen;
pub mod show;
