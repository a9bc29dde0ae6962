//! Sessions and commands with real processes and a real tmux.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test, at this line")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod ends;
mod place;
mod sessions;
mod terminal;
