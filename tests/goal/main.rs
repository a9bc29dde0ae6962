//! From a goal to merged code, through the real binary: plans, the mayor's session, runs.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "../support/endpoint.rs"]
mod endpoint;
#[path = "../support/mod.rs"]
mod support;
#[path = "../cli/terminal.rs"]
mod terminal;

mod mayor;
mod plan;
mod run;
mod scripted;
