//! Everything is killed everywhere, and ticks alone lead to everything landed.
//!
//! Each drill takes a sample of the points to die at. `GT_KILL=all` takes all of them, `GT_SEEDS=N` other samples for N
//! seeds, `GT_SEED=n` the one that failed.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod disk;
mod messages;
mod points;
mod processes;
mod scene;
#[allow(dead_code, reason = "each program uses its own part of this")]
#[path = "../messages/scene.rs"]
mod talk;
