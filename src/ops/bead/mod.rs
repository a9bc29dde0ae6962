//! The verbs about beads as such: what does not need a worker, a worktree or a queue.

pub mod create;
