//! The ledger under many hands at once: whatever thirty processes and a person do to it in whatever order, it is one
//! serial history in which nothing is lost and nothing doubled.
//!
//! `GT_SEEDS=N` tries N seeds instead of the few of every day, `GT_SEED=n` the one that failed.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "../support/mod.rs"]
mod support;

mod crowd;
mod hooks;
mod locks;
mod person;
mod power;
mod serial;
