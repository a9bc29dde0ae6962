//! Tests through the real binary, with real git and real tmux.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "../support/mod.rs"]
mod support;

mod advice;
mod agents;
mod attach;
mod beads;
mod builtin;
mod complete;
mod config;
mod continuity;
mod counts;
mod crew;
mod doctor;
mod face;
mod faults;
mod fresh;
mod gates;
mod harness;
mod health;
mod homes;
mod init;
mod interrupt;
mod ledger;
mod limits;
mod memory;
mod named;
mod primed;
mod promises;
mod queue;
mod queue_verbs;
mod queued;
mod remote;
mod rig;
mod rig_remove;
mod sandbox;
mod seance;
mod signs;
mod slinging;
mod status;
mod talking;
mod terminal;
mod why;
mod workers;
