//! The merge queue end to end: real git, real gates, the real binary.
//!
//! Work comes into the queue as a person's own branches, because that needs no session; from there on it goes the way
//! of everybody's work.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "../support/mod.rs"]
mod support;

mod attempts;
mod batches;
mod gates;
mod input;
mod kill;
mod network;
mod queue;
mod scene;
mod styles;
mod target;
