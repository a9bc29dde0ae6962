//! Sessions and commands with real processes and a real tmux.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod attached;
mod commands;
mod ends;
mod place;
mod sessions;
mod terminal;
