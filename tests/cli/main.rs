//! Tests through the real binary, with real git and real tmux.

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod harness;
mod init;
mod promises;
mod rig;
