//! `gt` runs a town of coding agents over git repositories.
//!
//! A tour, from the ground up (the full table is in `docs/design/architecture.md`):
//!
//! - **words**: [`id`], [`clock`], [`mod@env`], [`error`];
//! - **doors**: [`git`], [`store`], [`runtime`], [`model`] are the only places that touch the world;
//! - **nouns**: [`town`], [`bead`], [`ledger`], [`convoy`], [`mail`], [`agent`], [`polecat`];
//! - **roles**: [`mayor`], [`scheduler`], [`witness`], [`refinery`], [`escalation`] decide and touch nothing;
//! - **verbs**: [`ops`], one file per verb: gather, decide, carry out, report;
//! - **faces**: [`harness`] (the built-in agent) and [`cli`].

pub mod agent;
pub mod bead;
pub mod cli;
#[allow(clippy::disallowed_methods, reason = "the one place that asks for the time")]
pub mod clock;
pub mod convoy;
pub mod env;
pub mod error;
pub mod escalation;
#[allow(clippy::disallowed_methods, reason = "a door: see clippy.toml")]
pub mod git;
pub mod harness;
pub mod id;
pub mod ledger;
pub mod mail;
pub mod mayor;
#[allow(clippy::disallowed_methods, reason = "a door: see clippy.toml")]
pub mod model;
pub mod ops;
pub mod polecat;
pub mod refinery;
#[allow(clippy::disallowed_methods, reason = "a door: see clippy.toml")]
pub mod runtime;
pub mod scheduler;
#[allow(clippy::disallowed_methods, reason = "a door: see clippy.toml")]
pub mod store;
pub mod town;
pub mod witness;
