//! A message is delivered when the agent accepted it, whatever the agent does: against a stand-in that plays dead Enter
//! keys, questions, slow starts, crashes and floods, with hooks and without.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "../support/mod.rs"]
mod support;

mod broadcast;
mod channel;
mod faults;
mod hands;
mod mail;
mod scene;
mod turns;
mod typing;
