//! What the integration tests stand on: a town of their own, driven through the real binary.
//!
//! Everything of a test lives in one temporary folder: the town, a HOME, the git configuration, the
//! projects, the tmux sockets. When the [`TestTown`] goes, every process that names this folder is ended
//! and the folder removed; whatever cannot be ended fails the test. Agents are the only thing that is
//! faked, by the scripts in `agents/`.
#![allow(dead_code, reason = "each test program uses its own part of this")]
#![allow(clippy::print_stderr, reason = "what a failed test says")]

pub mod converge;
pub mod history;
pub mod invocation;
pub mod kill;
pub mod normalise;
pub mod processes;
pub mod project;
pub mod promises;
pub mod ran;
pub mod random;
pub mod town;
pub mod wait;

#[allow(unused_imports, reason = "each program uses its own part of this")]
pub use invocation::Invocation;
pub use project::Project;
pub use ran::Ran;
pub use town::TestTown;
#[allow(unused_imports, reason = "each program uses its own part of this")]
pub use town::words;
#[allow(unused_imports, reason = "each program uses its own part of this")]
pub use wait::{GENEROUS, wait_for, wait_until};
