//! The built-in agent: a model, tools for files and commands, limits, and a log of what was done.
//!
//! [`run`] works on one prompt in one worktree. At a terminal it then stays for the next message, from a person or
//! from gt; elsewhere it ends. Does not belong here: endpoints ([`crate::model`]), which bead to work on and what
//! its prompt says (`agent`, `ops`), and where it runs ([`crate::runtime`]).

mod audit;
mod budget;
mod conversation;
mod ended;
mod inbox;
mod input;
mod line;
mod options;
mod screen;
mod session;
mod terminal;
mod tools;

pub use budget::Limits;
pub use ended::{Ended, HarnessOptions, Reason};
pub use options::Options;
pub use session::{run, run_unattended, start};
